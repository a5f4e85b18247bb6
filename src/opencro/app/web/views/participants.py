"""Participants: the way in to a study, the matrix of visits, one participant's forms, enrolment."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import Desk
from opencro.app.web.models import FormRow, MembershipRow, Participant, Progress, QueryRow
from opencro.app.web.schedule import Column, columns, compute_cell, log_forms
from opencro.app.web.sight import count_seen, seen_queries
from opencro.app.web.views.form import address_of
from opencro.capture import roles
from opencro.kernel.finding import Refused
from opencro.ledger import Act, ParticipantEnrolled, RecordKey

PER_PAGE = 50


def at_my_sites(desk: Desk, rows: QuerySet[Any], permission: str = "view") -> QuerySet[Any]:
    """Only rows of sites where the person may do this."""
    sites = desk.sites(permission)
    rows = rows.filter(study=desk.study.id)
    return rows if sites is None else rows.filter(site__in=sites)


@page("", needs=("view", "people"), name="home")
def home(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Where the person stands: what waits for her, and how the study goes."""
    typed = [form.id for form in desk.study.forms.values() if form.source == "site"]
    forms = at_my_sites(desk, FormRow.objects.filter(form__in=typed))
    found = dict(forms.values_list("state").annotate(Count("id")))
    counts = {state: found[state] for state in ("started", "complete", "verified", "signed") if state in found}
    context = {
        "desk": desk,
        "study": desk.study,
        "counts": counts,
        "forms": sum(counts.values()),
        "participants": at_my_sites(desk, Participant.objects.all()).count(),
        "sites": at_my_sites(desk, Participant.objects.all()).values("site").distinct().count(),
        "open": seen_queries(desk, at_my_sites(desk, QueryRow.objects.filter(state="open"))).count(),
        "answered": seen_queries(desk, at_my_sites(desk, QueryRow.objects.filter(state="answered"))).count(),
        "unsigned": forms.filter(state__in=("complete", "verified")).count(),
        "stale": forms.filter(stale=True).count(),
        "started": counts.get("started", 0),
        "roles": [(roles()[m.role].title if m.role in roles() else m.role, m.site) for m in desk.memberships],
        "tab": "home",
    }
    return render(request, "web/home.html", context)


@page("participants/", needs="view", name="participants")
def matrix(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Participants by visits, fifty at a time, with what is open."""
    people = at_my_sites(desk, Participant.objects.order_by("site", "participant"))
    sites = list(people.values_list("site", flat=True).distinct().order_by("site"))
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "site", "show")}
    people = _filter(people, asked, desk)
    shown = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    visits = columns(desk.study)
    rows = _matrix_rows(desk, [p.participant for p in shown], visits)
    lines = [(person, rows[person.participant]) for person in shown]
    context = {
        "desk": desk,
        "study": desk.study,
        "columns": visits,
        "lines": lines,
        "page": shown,
        "tab": "participants",
    }
    return render(request, "web/matrix.html", {**context, "sites": sites, **asked})


def _filter(people: QuerySet[Participant], asked: dict[str, str], desk: Desk) -> QuerySet[Participant]:
    if asked["q"]:
        people = people.filter(participant__icontains=asked["q"])
    if asked["site"]:
        people = people.filter(site=asked["site"])
    names = {
        "queries": seen_queries(desk, QueryRow.objects.filter(study=desk.study.id, state="open")),
        "unsigned": FormRow.objects.filter(study=desk.study.id, state__in=("complete", "verified")),
    }.get(asked["show"])
    return people if names is None else people.filter(participant__in=names.values("participant"))


def _matrix_rows(desk: Desk, people: list[str], visits: tuple[Column, ...]) -> dict[str, dict[str, Any]]:
    forms: dict[tuple[str, str], list[FormRow]] = defaultdict(list)
    rows = FormRow.objects.filter(study=desk.study.id, participant__in=people).defer("work")
    for row in count_seen(desk, rows):
        forms[row.participant, row.event].append(row)
    made = {}
    for person in people:
        cells = [compute_cell(column, forms.get((person, column.visit.id), ())) for column in visits]
        logs = forms.get((person, ""), [])
        made[person] = {"cells": cells, "log_queries": sum(row.open_queries for row in logs)}
    return made


@page("participants/enrol", needs="enrol", name="enrol", methods=("GET", "POST"))
def enrol(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Enrol a participant at one's own site under the next number."""
    allowed = desk.sites("enrol")
    sites = sorted(allowed if allowed is not None else _known_sites(desk))
    context: dict[str, Any] = {"desk": desk, "study": desk.study, "sites": sites, "today": date.today().isoformat()}
    context["tab"] = "participants"
    if request.method == "GET":
        return render(request, "web/enrol.html", context)
    at = request.POST.get("site", "")
    day = request.POST.get("enrolled_on", "")
    if at not in sites:
        return render(request, "web/enrol.html", {**context, "error": _("Choose one of your sites.")}, status=422)
    try:
        date.fromisoformat(day)
    except ValueError:
        problem = _("Give the date as YYYY-MM-DD, such as 2026-01-31.")
        return render(request, "web/enrol.html", {**context, "error": problem, "site": at}, status=422)
    try:
        name = enrol_next(desk, at, day)
    except Refused as refused:
        return render(request, "web/enrol.html", {**context, "error": str(refused), "site": at}, status=422)
    messages.success(request, _("Participant %(name)s is enrolled.") % {"name": name})
    return redirect("participant", study=desk.study.id, participant=name)


def enrol_next(desk: Desk, at: str, day: str) -> str:
    """Enrol under the site's next number; two at once get two numbers, since each waits for the other."""
    actor = desk.actor_for("enrol", at)
    with transaction.atomic():
        Progress.objects.select_for_update().get(study=desk.study.id)
        catch_up(desk.ledger)
        name = _next_name(desk, at)
        desk.act(Act(ParticipantEnrolled(day), RecordKey(site=at, participant=name)), actor)
    return name


def _known_sites(desk: Desk) -> set[str]:
    people = set(Participant.objects.filter(study=desk.study.id).values_list("site", flat=True))
    return people | set(
        MembershipRow.objects.filter(study=desk.study.id).exclude(site="").values_list("site", flat=True)
    )


def _next_name(desk: Desk, at: str) -> str:
    """The site's next free number in the study's pattern."""
    taken = set(Participant.objects.filter(study=desk.study.id).values_list("participant", flat=True))
    number = Participant.objects.filter(study=desk.study.id, site=at).count() + 1
    while (name := desk.study.file.participant.format(site=at, number=number, study=desk.study.id)) in taken:
        number += 1
    return name


@page("participants/<str:participant>/", needs="view", name="participant", scope="participant")
def participant(request: HttpRequest, desk: Desk, participant: Participant) -> HttpResponse:
    """All forms of a participant: the visits in order, the logs, unscheduled visits."""
    rows: dict[tuple[str, int], dict[str, list[FormRow]]] = defaultdict(lambda: defaultdict(list))
    own = FormRow.objects.filter(study=desk.study.id, participant=participant.participant).defer("work")
    found = count_seen(desk, own.order_by("form", "form_repeat"))
    for row in found:
        rows[row.event, row.event_repeat][row.form].append(row)
    context = {
        "desk": desk,
        "study": desk.study,
        "person": participant,
        "visits": _visit_lines(desk, rows),
        "logs": [(form, rows["", 0].get(form.id, [])) for form in log_forms(desk.study)],
        "unscheduled": [v for v in desk.study.protocol.schedule.visits if v.unscheduled and (v.id, 1) not in rows],
        "queries": sum(row.open_queries for row in found),
        "may_enter": desk.may("enter", participant.site),
        "may_export": desk.may("export", participant.site),
        "may_audit": desk.may("audit", participant.site),
        "tab": "participants",
    }
    return render(request, "web/participant.html", context)


def _visit_lines(desk: Desk, rows: dict[tuple[str, int], dict[str, list[FormRow]]]) -> list[dict[str, Any]]:
    lines = []
    planned = {column.visit.id: column for column in columns(desk.study)}
    for visit in sorted(desk.study.protocol.schedule.visits, key=lambda v: v.number):
        repeats = sorted({n for event, n in rows if event == visit.id} | ({1} if visit.id in planned else set()))
        for repeat in repeats:
            here = rows.get((visit.id, repeat), {})
            expected = planned[visit.id].forms if visit.id in planned else _open_forms(desk)
            names = [*expected, *(name for name in here if name not in expected and name in desk.study.forms)]
            forms = [(desk.study.forms[name], here.get(name, [])) for name in names]
            lines.append({"visit": visit, "repeat": repeat, "forms": forms})
    return lines


def _open_forms(desk: Desk) -> tuple[str, ...]:
    """Forms that may be filled in at an unscheduled visit: all that a site types at visits."""
    forms = desk.study.forms.values()
    return tuple(form.id for form in forms if form.source == "site" and not form.participant_level)


@page("participants/<str:participant>/visit", needs="enter", name="add_visit", scope="participant", methods=("POST",))
def add_visit(request: HttpRequest, desk: Desk, participant: Participant) -> HttpResponse:
    """Open the first form of an unscheduled visit; nothing is written before something is entered."""
    visits = {visit.id for visit in desk.study.protocol.schedule.visits if visit.unscheduled}
    event, forms = request.POST.get("visit", ""), _open_forms(desk)
    if event not in visits or not forms:
        return redirect("participant", study=desk.study.id, participant=participant.participant)
    place = RecordKey(participant.site, participant.participant, event, 1, request.POST.get("form") or forms[0], 1)
    return redirect(address_of(desk, place))
