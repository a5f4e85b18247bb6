"""Closing: what keeps a study, site, participant or visit from being locked; locks that stand, and taking them off.

A lock is taken off by two people with a reason; both are in the trail (ICH E6(R3) 3.16.1(r); requirement 38).
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.checklist import check_lock
from opencro.app.web.access import page
from opencro.app.web.desk import Desk
from opencro.app.web.models import LockRow, Participant
from opencro.app.web.sight import mask_blockers
from opencro.app.web.signing import SignatureRefused, prove_second
from opencro.app.web.views.form import address_of
from opencro.app.web.views.participants import at_my_sites
from opencro.capture import changes_after_lock
from opencro.capture.checklist import BLOCKERS, Checklist
from opencro.ledger import Act, FormLocked, FormUnlocked, RecordKey

SHOWN = 100


@page("close/", needs=("lock", "freeze"), name="close")
def close(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The checklist of a scope, the locks that stand, and what moved after a lock."""
    scope, problem = read_scope(desk, request.GET)
    checklist = check_scope(desk, scope)
    rows = mask_blockers(desk, checklist.blockers.head(SHOWN).to_dicts())
    for row in rows:
        at = RecordKey(
            row["site"], row["participant"], row["event"], row["event_repeat"], row["form"], row["form_repeat"]
        )
        row["address"] = address_of(desk, at) if at.form else ""
    counts = [(BLOCKERS[code], code, n) for code, n in checklist.counts().items()]
    context: dict[str, Any] = {"desk": desk, "study": desk.study, "tab": "close", "scope": scope, "problem": problem}
    context |= {"checklist": checklist, "rows": rows, "counts": counts, "total": checklist.blockers.height}
    context |= {"locks": LockRow.objects.filter(study=desk.study.id).order_by("site", "participant", "event")}
    context |= {"sites": sorted(set(at_my_sites(desk, Participant.objects.all()).values_list("site", flat=True)))}
    context |= {"visits": desk.study.protocol.schedule.visits, "may_lock": desk.may("lock")}
    context |= {"changes": changes_after_lock(desk.ledger).to_dicts()}
    return render(request, "web/close.html", context)


def read_scope(desk: Desk, data: QueryDict) -> tuple[RecordKey, str]:
    """The place that is asked for; what is wrong with it, in words, or ""."""
    site, person, event = (data.get(name, "").strip() for name in ("site", "participant", "event"))
    found = Participant.objects.filter(study=desk.study.id, participant=person).first() if person else None
    if person and found is None:
        return RecordKey(site), _("There is no such participant.")
    if event and all(visit.id != event for visit in desk.study.protocol.schedule.visits):
        return RecordKey(site, person), _("There is no such visit.")
    if event and not person:
        return RecordKey(site), _("Name the participant of the visit.")
    return RecordKey(found.site if found else site, person, event, 1 if event else 0), ""


def check_scope(desk: Desk, scope: RecordKey) -> Checklist:
    """Everything that keeps a place from being locked."""
    return check_lock(desk.study, desk.ledger, scope)


@page("close/lock", needs=("lock", "freeze"), name="lock_place", methods=("POST",))
def lock_place(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Freeze a place, or lock one of which the checklist is empty."""
    level = "freeze" if request.POST.get("level") == "freeze" else "lock"
    scope, problem = read_scope(desk, request.POST)
    actor = desk.actor_for(level, scope.site or None)
    if not problem and level == "lock":
        checklist = check_scope(desk, scope)
        if not checklist.ok:
            named = ", ".join(f"{n} {BLOCKERS[code].what}" for code, n in checklist.counts().items())
            problem = _("It cannot be locked: %(named)s.") % {"named": named}
    if problem:
        messages.error(request, problem)
    else:
        desk.act(Act(FormLocked(level), scope), actor)
        messages.success(request, _("Frozen.") if level == "freeze" else _("Locked."))
    return _back(desk, scope)


@page("close/unlock", needs=("lock", "freeze"), name="unlock_place", methods=("POST",))
def unlock_place(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take a lock off: with a reason, and a second person who agrees with name and password."""
    level = "freeze" if request.POST.get("level") == "freeze" else "lock"
    scope, problem = read_scope(desk, request.POST)
    form = request.POST.get("form", "")
    if form in desk.study.forms and request.POST.get("form_repeat", "1").isdecimal():
        scope = scope._replace(form=form, form_repeat=int(request.POST.get("form_repeat", "1")))
    actor = desk.actor_for(level, scope.site or None)
    reason, second = request.POST.get("reason", "").strip(), ""
    if not problem and not reason:
        problem = _("Say why the lock is taken off.")
    if not problem and level == "lock":
        try:
            second = prove_second(request, desk.study.id, scope.site)
        except SignatureRefused as refused:
            problem = str(refused)
    if problem:
        messages.error(request, problem)
    else:
        desk.act(Act(FormUnlocked(level, second), scope, reason=reason), actor)
        messages.success(request, _("The lock is taken off."))
    return redirect(address_of(desk, scope)) if scope.form else _back(desk, scope)


def _back(desk: Desk, scope: RecordKey) -> HttpResponse:
    asked = QueryDict(mutable=True)
    asked.update({n: str(v) for n, v in zip(("site", "participant", "event"), scope[:3], strict=True) if v})
    answer = redirect("close", study=desk.study.id)
    answer["Location"] += f"?{asked.urlencode()}" if asked else ""
    return answer
