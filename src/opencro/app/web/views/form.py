"""A form: shown, saved, kept as a draft while it is typed; the history of an item."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.desk import Desk
from opencro.app.web.form_page import Typed, build_form_page
from opencro.app.web.live import live_rules
from opencro.app.web.models import Participant, QueryRow
from opencro.app.web.saving import (
    Outcome,
    Posted,
    drop_draft,
    keep_draft,
    keep_files,
    read_draft,
    read_posted,
    save,
    why_closed,
)
from opencro.app.web.sight import seen_queries, sight_of
from opencro.capture import roles
from opencro.kernel.finding import Findings
from opencro.ledger import RecordKey
from opencro.study import Form, Visit

HERE = "participants/<str:participant>/forms/<str:event>/<int:event_repeat>/<str:form>/<int:form_repeat>/"
NO_VISIT = "-"
"""Stands in an address for the visit of a log form."""


def find_place(
    desk: Desk, participant: Participant, event: str, event_repeat: int, form: str, form_repeat: int
) -> tuple[Form, RecordKey]:
    """The form and its place; 404 for what the study does not have."""
    found = desk.study.forms.get(form)
    if found is None or form_repeat < 1 or (form_repeat > 1 and not found.repeating):
        raise Http404
    if found.participant_level:
        if event != NO_VISIT:
            raise Http404
        return found, RecordKey(participant.site, participant.participant, "", 0, form, form_repeat)
    if event_repeat < 1 or all(visit.id != event for visit in desk.study.protocol.schedule.visits):
        raise Http404
    return found, RecordKey(participant.site, participant.participant, event, event_repeat, form, form_repeat)


def address_of(desk: Desk, place: RecordKey, name: str = "form") -> str:
    """The address of a form's page."""
    where = {"event": place.event or NO_VISIT, "event_repeat": place.event_repeat}
    more = {"form": place.form, "form_repeat": place.form_repeat, "participant": place.participant}
    return reverse(name, kwargs={"study": desk.study.id, **where, **more})


@page(HERE, needs="view", posting="enter", name="form", scope="participant", methods=("GET", "POST"))
def form(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Show a form, or save it."""
    definition, place = find_place(desk, participant, **where)
    if request.method != "POST":
        return show(request, desk, definition, place)
    desk.actor_for("enter", participant.site)
    closed = why_closed(desk, definition, place)
    if closed is not None:
        messages.error(request, closed.got)
        return show(request, desk, definition, place, status=409)
    kept, wrong = keep_files(desk.study.root, definition, request.FILES.dict())
    posted = read_posted(definition, request.POST, kept)
    outcome = Outcome(False, Findings(tuple(wrong))) if wrong else save(desk, definition, place, posted)
    if outcome.saved:
        messages.success(request, _("Saved and complete.") if posted.complete else _("Saved."))
        return show(request, desk, definition, place)
    return _show_unsaved(request, desk, definition, place, posted, outcome)


def show(
    request: HttpRequest,
    desk: Desk,
    definition: Form,
    place: RecordKey,
    *,
    typed: Typed | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page of a form."""
    standing = desk.ledger.standing(place.participant)
    sight = sight_of(desk, place.site)
    shown = build_form_page(desk, definition, place, standing, typed)
    draft = read_draft(desk, place) if typed is None and shown.editable else None
    context = {
        "desk": desk,
        "study": desk.study,
        "page": shown,
        "place": place,
        "visit": _visit(desk, place),
        "address": address_of(desk, place),
        "draft": draft,
        "may": {
            p: desk.may(p, place.site)
            for p in ("ask", "close", "answer", "verify", "sign", "freeze", "lock", "flag", "audit")
        },
        "role": roles(),
        "rules": live_rules(desk.study, definition, place, standing, sight, get_language() or "en")
        if shown.editable
        else None,
        "tab": "participants",
        **more,
    }
    return render(request, "web/form.html", context, status=status)


def _visit(desk: Desk, place: RecordKey) -> Visit | None:
    return next((v for v in desk.study.protocol.schedule.visits if v.id == place.event), None)


def _show_unsaved(
    request: HttpRequest, desk: Desk, definition: Form, place: RecordKey, posted: Posted, outcome: Outcome
) -> HttpResponse:
    """The page with everything that was typed, and what keeps it from being saved."""
    typed_records = frozenset((r.group, r.repeat) for r in posted.records)
    typed = Typed(outcome.values or posted.values, outcome.findings, outcome.theirs, typed_records)
    status = 409 if outcome.theirs else 422
    more = {"outcome": outcome, "reason": posted.reason, "complete": posted.complete}
    return show(request, desk, definition, place, typed=typed, status=status, **more)


@page(HERE + "draft", needs="enter", name="draft", scope="participant", methods=("GET", "POST"))
def draft(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Keep, give back or drop what is typed and not saved."""
    definition, place = find_place(desk, participant, **where)
    if request.method == "GET":
        kept = read_draft(desk, place)
        return JsonResponse({"typed": kept.typed if kept else None})
    if request.POST.get("drop"):
        drop_draft(desk, place)
        return JsonResponse({"dropped": True})
    posted = read_posted(definition, request.POST)
    keep_draft(desk, place, dict(posted.values))
    return JsonResponse({"kept": len(posted.values)})


@page(HERE + "history", needs="audit", name="history", scope="participant")
def history(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Everything that happened to an item, newest first."""
    definition, place = find_place(desk, participant, **where)
    group, repeat, item = _asked(request, definition)
    key = place._replace(group=group, group_repeat=repeat)
    if not sight_of(desk, place.site).reads(definition.id, item):
        raise Http404
    changes = list(reversed(desk.ledger.history(key, item)))
    where = {n: getattr(key, n) for n in ("participant", "form", "form_repeat", "event", "event_repeat")}
    about = QueryRow.objects.filter(study=desk.study.id, **where, item=item, group=group, group_repeat=repeat)
    queries = seen_queries(desk, about)
    found = next(i for g in definition.groups if g.id == group for i in g.items if i.id == item)
    context = {"desk": desk, "study": desk.study, "changes": changes, "queries": queries, "item": found, "key": key}
    return render(request, "web/history.html", context)


def _asked(request: HttpRequest, definition: Form) -> tuple[str, int, str]:
    group, item = request.GET.get("group", ""), request.GET.get("item", "")
    if not any(i.id == item for g in definition.groups if g.id == group for i in g.items):
        raise Http404
    try:
        return group, int(request.GET.get("repeat", "1")), item
    except ValueError:
        raise Http404 from None
