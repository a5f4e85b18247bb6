"""Work on a form that changes no value: verify, sign, freeze, lock, flag, and the queries of its items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.catch_up import work_of
from opencro.app.web.desk import Desk
from opencro.app.web.models import Participant, QueryRow
from opencro.app.web.saving import new_query_name
from opencro.app.web.sight import count_seen, seen_queries, sight_of
from opencro.app.web.signing import SignatureRefused, prove_identity
from opencro.app.web.views.form import HERE, find_place, show
from opencro.capture import refuse, signed_hash
from opencro.capture.workflow import Step
from opencro.ledger import (
    Act,
    FactKind,
    FormLocked,
    FormSigned,
    FormUnlocked,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    RecordKey,
    ReviewFlagged,
    SourceVerified,
)
from opencro.study import Form, capture_hash

MEANING = "I have reviewed this form; the data are complete and accurate."


def _step(desk: Desk, place: RecordKey, step: Step) -> str:
    """Why a step may not be taken, in words; "" when it may."""
    row = desk.form_row(place)
    if row and step == "sign":
        count_seen(desk, [row])
    waiting = (row.open_queries + row.answered_queries) if row and step == "lock" else (row.open_queries if row else 0)
    typed = desk.study.forms[place.form].source == "site"
    found = refuse(step, work_of(row), place, open_queries=waiting, wider_lock=desk.wider_lock(place), typed=typed)
    return f"{found.got}. {found.remedy}" if found else ""


def _answer(request: HttpRequest, desk: Desk, form: Form, place: RecordKey, problem: str, done: str) -> HttpResponse:
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, done)
    return show(request, desk, form, place, status=409 if problem else 200)


@page(HERE + "sign", needs="sign", name="sign", scope="participant", methods=("POST",))
def sign(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Sign a form: the exact values and definition, by somebody who proves who he is."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("sign", place.site)
    problem = _step(desk, place, "sign")
    if not problem:
        try:
            printed_name = prove_identity(request)
        except SignatureRefused as refused:
            problem = str(refused)
        else:
            records = [
                r
                for r in desk.ledger.standing(place.participant, place.form)
                if r.key._replace(group="", group_repeat=0) == place
            ]
            digest = signed_hash(capture_hash(desk.study), records)
            desk.act(Act(FormSigned(printed_name, MEANING, digest), place), actor)
    return _answer(request, desk, form, place, problem, _("Signed."))


@page(HERE + "verify", needs="verify", name="verify", scope="participant", methods=("POST",))
def verify(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Mark items as compared with the source: those named, or all that have a value."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("verify", place.site)
    problem = _step(desk, place, "verify")
    if not problem:
        filled = work_of(desk.form_row(place)).filled
        sight = sight_of(desk, place.site)
        named = set(request.POST.getlist("item"))
        acts = []
        for record, items in filled.items():
            group, _bracket, repeat = record.rstrip("]").partition("[")
            chosen = [i for i in items if sight.reads(form.id, i) and (not named or f"{record}.{i}" in named)]
            if chosen:
                acts.append(Act(SourceVerified(chosen), place._replace(group=group, group_repeat=int(repeat))))
        desk.append(acts, actor)
    return _answer(request, desk, form, place, problem, _("Verified."))


@page(HERE + "freeze", needs="freeze", name="freeze", scope="participant", methods=("POST",))
def freeze(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Freeze a form, or thaw it."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("freeze", place.site)
    frozen = work_of(desk.form_row(place)).frozen
    problem = "" if frozen else _step(desk, place, "freeze")
    if not problem:
        desk.act(Act(FormUnlocked("freeze", "") if frozen else FormLocked("freeze"), place), actor)
    return _answer(request, desk, form, place, problem, _("No longer frozen.") if frozen else _("Frozen."))


@page(HERE + "lock", needs="lock", name="lock", scope="participant", methods=("POST",))
def lock(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Lock a form that is signed and has no query."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("lock", place.site)
    problem = _step(desk, place, "lock")
    if not problem:
        desk.act(Act(FormLocked("lock"), place), actor)
    return _answer(request, desk, form, place, problem, _("Locked."))


@page(HERE + "flag", needs="flag", name="flag", scope="participant", methods=("POST",))
def flag(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Mark a form for review with a note, or take the mark off."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("flag", place.site)
    note = request.POST.get("note", "").strip()
    desk.act(Act(ReviewFlagged(note, bool(note)), place), actor)
    return _answer(request, desk, form, place, "", _("Marked for review.") if note else _("Mark taken off."))


@page(HERE + "ask", needs="ask", name="ask", scope="participant", methods=("POST",))
def ask(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Raise a query on an item."""
    form, place = find_place(desk, participant, **where)
    actor = desk.actor_for("ask", place.site)
    group, repeat, item = request.POST.get("group", ""), request.POST.get("repeat", "1"), request.POST.get("item", "")
    text = request.POST.get("text", "").strip()
    known = any(i.id == item for g in form.groups if g.id == group for i in g.items)
    known = known and sight_of(desk, place.site).sees(form.id, item)
    problem = "" if text and known and repeat.isdecimal() else _("Say what you ask, and of which item.")
    if not problem:
        at = place._replace(group=group, group_repeat=int(repeat))
        desk.act(Act(QueryRaised(new_query_name(), item, "", text), at), actor)
    return _answer(request, desk, form, place, problem, _("The query is raised."))


QUERY_STEPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "answer": ("answer", ("open",)),
    "close": ("close", ("open", "answered")),
    "reopen": ("ask", ("answered", "closed")),
    "cancel": ("ask", ("open", "answered")),
}
"""Each step of a query: the permission for it, and the states in which it may be taken."""


@page(HERE + "query", needs=("answer", "close", "ask"), name="query", scope="participant", methods=("POST",))
def query(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """Answer, close, reopen or cancel a query."""
    form, place = find_place(desk, participant, **where)
    name, step = request.POST.get("query", ""), request.POST.get("step", "")
    row = seen_queries(
        desk, QueryRow.objects.filter(study=desk.study.id, participant=place.participant, name=name)
    ).first()
    problem = take_query_step(desk, row, step, request.POST.get("text", "").strip())
    return _answer(request, desk, form, place, problem, _("Done."))


def take_query_step(desk: Desk, row: QueryRow | None, step: str, text: str) -> str:
    """Take a step with a query; what is wrong, in words, or ""."""
    if row is None or step not in QUERY_STEPS:
        return _("There is no such query.")
    permission, states = QUERY_STEPS[step]
    actor = desk.actor_for(permission, row.site)
    if row.state not in states:
        return _("Query %(name)s is %(state)s.") % {"name": row.name, "state": row.state}
    if step != "close" and not text:
        return _("Say it in words.")
    place = RecordKey(
        row.site, row.participant, row.event, row.event_repeat, row.form, row.form_repeat, row.group, row.group_repeat
    )
    steps: dict[str, Callable[[], FactKind]] = {
        "answer": lambda: QueryAnswered(row.name, text),
        "close": lambda: QueryClosed(row.name),
        "reopen": lambda: QueryReopened(row.name, text),
        "cancel": lambda: QueryCancelled(row.name, text),
    }
    desk.act(Act(steps[step](), place), actor)
    return ""
