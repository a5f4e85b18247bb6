"""The audit trail, reviewed with marks and counts or taken away as CSV or PDF; casebooks on paper. All is on record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from opencro.app.casebook import PrintedForm, blank_forms, of_forms, render_casebook
from opencro.app.web.access import page
from opencro.app.web.catch_up import query_of, work_of
from opencro.app.web.desk import Desk, NotAllowed
from opencro.app.web.models import FormRow, Participant, QueryRow
from opencro.app.web.sight import MASK, Sight, mask_queries, readable_queries, seen_queries, sight_of
from opencro.app.web.views.participants import at_my_sites
from opencro.capture import QUERY_KINDS, TrailFilter, read_review_rules, read_sites, review_trail, trail_reviewed
from opencro.kernel.finding import Refused
from opencro.ledger import Act, DataExported, Fact, RecordKey
from opencro.ledger.export import AuditCount, write_audit_csv
from opencro.ledger.export_pdf import AuditScope, write_audit_pdf
from opencro.study import Study

MARKS = ("late", "after_query", "after_lock", "while_locked", "night", "weekend")
FILTERS = ("user", "role", "site", "participant", "kind", "since", "until", "reason")
SHOWN = 200
BLINDED = "(blinded)"


@page("audit/", needs="review-trail", name="audit", methods=("GET", "POST"))
def audit(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Choose what to review; a review that is run is itself a fact."""
    asked = {name: request.POST.get(name, "").strip() for name in FILTERS}
    mark = request.POST.get("mark", "")
    sites = sorted(
        at_my_sites(desk, Participant.objects.all(), "review-trail").values_list("site", flat=True).distinct()
    )
    context: dict[str, Any] = {"desk": desk, "study": desk.study, "tab": "audit", "sites": sites, "marks": MARKS}
    context |= {"asked": asked, "mark": mark, "may_export": desk.may("export")}
    allowed = desk.sites("review-trail")
    if request.method == "GET":
        return render(request, "web/audit.html", context)
    if allowed is not None and asked["site"] not in allowed:
        return render(request, "web/audit.html", {**context, "error": _("Choose one of your sites.")}, status=422)
    where = TrailFilter(**{name: text or None for name, text in asked.items()})
    rules, wrong_rules = read_review_rules(desk.study)
    zones, wrong_zones = read_sites(desk.study)
    if not (wrong_rules + wrong_zones).ok:
        raise Refused(wrong_rules + wrong_zones)
    review = review_trail(desk.study, desk.ledger, where, rules=rules, sites=zones)
    desk.act(trail_reviewed(review), desk.actor_for("review-trail", asked["site"] or None))
    facts = review.marked(mark) if mark in MARKS else review.facts
    shown = facts.sort("seq", descending=True).head(SHOWN)
    marks = [name for name in MARKS if name in shown.columns]
    lines = [{**row, "marks": [name for name in marks if row[name]]} for row in shown.iter_rows(named=True)]
    context |= {"review": review, "lines": lines, "found": facts.height, "counts": review.counts.to_dicts()}
    return render(request, "web/audit.html", context)


@page("audit/export", needs="export", name="audit_export", methods=("POST",))
def export(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The trail of a site, or of the study, as CSV or PDF."""
    site = request.POST.get("site", "")
    desk.actor_for("audit", site or None)
    if not site and desk.sites("audit") is not None:
        raise NotAllowed("audit")
    return _trail(desk, request.POST.get("format", "csv"), site=site)


@page(
    "participants/<str:participant>/audit",
    needs="export",
    name="participant_audit",
    scope="participant",
    methods=("POST",),
)
def export_participant(request: HttpRequest, desk: Desk, participant: Participant) -> HttpResponse:
    """The trail of a participant as CSV or PDF."""
    desk.actor_for("audit", participant.site)
    return _trail(desk, request.POST.get("format", "csv"), site=participant.site, participant=participant.participant)


def _trail(desk: Desk, kind: str, *, site: str = "", participant: str = "") -> HttpResponse:
    if kind not in ("csv", "pdf"):
        raise Http404
    name = participant or (f"site {site}" if site else "the whole study")
    at = desk.ledger.snapshot()
    facts = readable(desk, desk.ledger.facts(participant=participant or None, until=at.position))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"trail.{kind}"
        count: AuditCount
        if kind == "pdf":
            scope = AuditScope(desk.study.id, name, at.position, at.anchor)
            count = write_audit_pdf(facts, path, scope, site or None)
        else:
            count = write_audit_csv(facts, path, site or None)
        content = path.read_bytes()
    act = Act(DataExported(f"audit trail of {name}", kind, at.position, count.facts), RecordKey(site, participant))
    desk.act(act, desk.actor_for("export", site or None))
    return _file(content, kind, f"{desk.study.id}-{participant or site or 'study'}-audit")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    types = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(content, content_type=types[kind], headers=headers)


def readable(desk: Desk, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Facts without what is not for the reader: values that tell the treatment or who a participant is, and queries."""
    sights: dict[str, Sight] = {}
    queries: tuple[frozenset[str], frozenset[str]] | None = None
    for fact in facts:
        site = fact.key.site
        if site not in sights:
            sights[site] = sight_of(desk, site or None)
        sight = sights[site]
        if not sight.absent and not sight.masked:
            yield fact
            continue
        if fact.kind not in QUERY_KINDS:
            yield _masked(fact, sight)
            continue
        queries = queries or _query_names(desk)
        seen, read = queries
        if fact.payload["query"] in seen:
            words = fact.payload["query"] in read or fact.payload.get("rule") or "text" not in fact.payload
            yield fact if words else replace(fact, payload={**fact.payload, "text": MASK})


def _query_names(desk: Desk) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the queries that the reader sees, and of those whose words she reads."""
    rows = QueryRow.objects.filter(study=desk.study.id)
    found = (seen_queries(desk, rows), readable_queries(desk, rows))
    seen, read = (frozenset(some.values_list("name", flat=True)) for some in found)
    return seen, read


def _masked(fact: Fact, sight: Sight) -> Fact:
    items = fact.payload.get("items")
    if not isinstance(items, dict):
        return fact
    form = fact.key.form
    shown = {name: values if sight.reads(form, name) else [BLINDED, BLINDED] for name, values in items.items()}
    return replace(fact, payload={**fact.payload, "items": shown})


@page(
    "participants/<str:participant>/casebook", needs="export", name="casebook", scope="participant", methods=("POST",)
)
def casebook(request: HttpRequest, desk: Desk, participant: Participant) -> HttpResponse:  # noqa: ARG001
    """A participant's casebook as PDF."""
    actor = desk.actor_for("export", participant.site)
    sight = sight_of(desk, participant.site)
    forms = printed_forms(desk, participant.participant)
    content = render_casebook(
        desk.study,
        participant.participant,
        forms,
        shows=lambda form, item: sight.reads(form, item.id),
        printed=_printed(desk),
    )
    place = RecordKey(participant.site, participant.participant)
    desk.act(Act(DataExported("casebook", "pdf", desk.ledger.position, len(forms)), place), actor)
    return _file(content, "pdf", f"{desk.study.id}-{participant.participant}")


def printed_forms(desk: Desk, participant: str) -> list[PrintedForm]:
    """A participant's forms in the order of visits, with what is known of them."""
    records = of_forms(desk.ledger.standing(participant))
    rows = FormRow.objects.filter(study=desk.study.id, participant=participant)
    asked = seen_queries(desk, QueryRow.objects.filter(study=desk.study.id, participant=participant))
    queries = [query_of(row) for row in mask_queries(desk, asked)]
    order = _order(desk.study)
    forms = []
    for row in rows:
        place = RecordKey(row.site, row.participant, row.event, row.event_repeat, row.form, row.form_repeat)
        mine = [q for q in queries if q.key._replace(group="", group_repeat=0) == place]
        forms.append(PrintedForm(place, work_of(row), records.get(place, []), mine))
    return sorted(
        forms, key=lambda f: (order.get(f.place.event, -1.0), f.place.event_repeat, f.place.form, f.place.form_repeat)
    )


def _order(study: Study) -> dict[str, float]:
    return {visit.id: visit.number for visit in study.protocol.schedule.visits}


@page("forms/blank", needs="view", name="blank_casebook")
def blank(request: HttpRequest, desk: Desk) -> HttpResponse:  # noqa: ARG001  a view's signature
    """All forms of the study, blank."""
    content = render_casebook(
        desk.study, _("blank casebook"), blank_forms(desk.study), shows=lambda _form, _item: True, printed=desk.study.id
    )
    return _file(content, "pdf", f"{desk.study.id}-blank")


def _printed(desk: Desk) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"printed by {desk.user}, {now}"
