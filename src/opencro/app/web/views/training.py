"""Who is trained, and to whom an investigator delegated what: recorded by others than the person whom it is about.

Sources: 21 CFR 11.10(i); ICH E6(R3) section 2.12. What a role needs stands in conduct/training.yaml (docs/training.md).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.desk import Desk, missing_of
from opencro.app.web.models import DelegationRow, MembershipRow, TrainingRow
from opencro.capture import permissions, read_training_plan, roles
from opencro.ledger import Act, DelegationChanged, RecordKey, TrainingRecorded


@page("training/", needs=("people", "delegate"), name="training")
def training(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Everybody with a role that needs something: what is on record, what is missing."""
    plan, _wrong = read_training_plan(desk.study)
    today = datetime.now(UTC).date().isoformat()
    trained = defaultdict(list)
    for row in TrainingRow.objects.filter(study=desk.study.id).order_by("training"):
        trained[row.user].append(row)
    given = {(row.user, row.site): row for row in DelegationRow.objects.filter(study=desk.study.id)}
    lines = []
    for held in _memberships(desk):
        if held.role in plan.roles:
            title = roles()[held.role].title if held.role in roles() else held.role
            parts: dict[str, Any] = {"held": held, "title": title, "trained": trained[held.user]}
            parts |= {"given": given.get((held.user, held.site)), "missing": missing_of(desk.study.id, held.user)}
            lines.append(parts)
    context: dict[str, Any] = {
        "desk": desk,
        "study": desk.study,
        "tab": "people" if desk.may("people") else "training",
        "lines": lines,
        "plan": plan,
    }
    context |= {"tasks": [(t, permissions()[t]) for t in plan.gated if t in permissions()], "today": today}
    own = desk.sites("delegate")
    sites = {held.site for held in _memberships(desk) if held.site and (own is None or held.site in own)}
    context |= {"sites": sorted(sites)}
    return render(request, "web/training.html", context)


def _memberships(desk: Desk) -> list[MembershipRow]:
    """Those whom the person may know of: all for an administrator, people of her own sites for an investigator."""
    rows = MembershipRow.objects.filter(study=desk.study.id).order_by("user", "site")
    sites = desk.sites("delegate")
    return list(rows if desk.may("people") or sites is None else rows.filter(site__in=sites))


@page("training/record", needs="people", name="record_training", methods=("POST",))
def record(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Record that somebody else completed a training."""
    plan, _wrong = read_training_plan(desk.study)
    user, name = request.POST.get("user", "").strip(), request.POST.get("training", "")
    done, until = request.POST.get("completed_on", ""), request.POST.get("valid_until", "").strip()
    problem = _wrong_dates(done, until)
    if user == desk.user:
        problem = _("Somebody else records your own training.")
    elif name not in plan.trainings or all(held.user != user for held in _memberships(desk)):
        problem = _("Choose a person with a role, and a training of the study.")
    if not problem:
        desk.act(Act(TrainingRecorded(user, name, done, until)), desk.actor_for("people"))
    return _back(request, desk, problem)


@page("training/delegate", needs="delegate", name="delegate", methods=("POST",))
def delegate(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Delegate tasks at one's own site to somebody else, or take them all (no task ticked)."""
    plan, _wrong = read_training_plan(desk.study)
    user, at = request.POST.get("user", "").strip(), request.POST.get("site", "")
    tasks = [task for task in plan.gated if task in request.POST.getlist("task")]
    starts, ends = request.POST.get("starts_on", ""), request.POST.get("ends_on", "").strip()
    actor = desk.actor_for("delegate", at or None)
    problem = _wrong_dates(starts, ends)
    if user == desk.user:
        problem = _("Somebody else delegates to you.")
    elif all((held.user, held.site) != (user, at) for held in _memberships(desk)):
        problem = _("Choose a person with a role at your site.")
    if not problem:
        desk.act(Act(DelegationChanged(user, tasks, starts, ends), RecordKey(site=at)), actor)
    return _back(request, desk, problem)


def _wrong_dates(start: str, end: str) -> str:
    try:
        if date.fromisoformat(start) > datetime.now(UTC).date():
            return _("The first day is in the future.")
        if end and date.fromisoformat(end) < date.fromisoformat(start):
            return _("The last day is before the first.")
    except ValueError:
        return _("Give the date as YYYY-MM-DD, such as 2026-01-31.")
    return ""


def _back(request: HttpRequest, desk: Desk, problem: str) -> HttpResponse:
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, _("It is on record."))
    return redirect("training", study=desk.study.id)
