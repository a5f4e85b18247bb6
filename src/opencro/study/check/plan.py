"""The phase "plan": arms, visits and forms make one schedule that can be carried out (STU-201..STU-212).

Source: SDTMIG 3.4 sections 7.2-7.3 (trial arms and visits) and 4.4.4 (no study day 0); ICH E9(R1) A.3.3 for endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from string import Formatter

from opencro.kernel.finding import Finding, suggest
from opencro.study.check.subject import DESIGN, OBJECTIVES, SCHEDULE, At, Subject
from opencro.study.model.protocol import Visit

_TEMPLATES = {"participant": ("site", "number", "study"), "usubjid": ("study", "participant", "site")}


def plan_findings(subject: Subject) -> list[Finding]:
    """Every finding of the phase."""
    found: list[Finding] = []
    for check in (
        _identity,
        _cells,
        _ratios,
        _numbers,
        _windows,
        _epoch_order,
        _forms,
        _twice,
        _transfers,
        _objectives,
    ):
        found += check(subject)
    return found


def _identity(subject: Subject) -> Iterator[Finding]:
    for name, known in _TEMPLATES.items():
        template = getattr(subject.study.file, name)
        try:
            fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
        except ValueError:
            fields = [template]
        for field in fields:
            if field not in known:
                remedy = suggest(field, known) or f"Use {', '.join('{' + k + '}' for k in known)}."
                got = f'"{{{field}}}" in {name}'
                yield subject.finding("STU-211", ("study.yaml", (name,)), got, "a known field", remedy)


def _cells(subject: Subject) -> Iterator[Finding]:
    design = subject.study.protocol.design
    given: set[tuple[str, str]] = set()
    for i, cell in enumerate(design.cells):
        if (cell.arm, cell.epoch) in given:
            got = f"arm {cell.arm} in epoch {cell.epoch} is given twice"
            yield subject.finding("STU-201", (DESIGN, ("cells", i)), got, "one cell", "Join the two cells.")
        given.add((cell.arm, cell.epoch))
    for i, arm in enumerate(design.arms):
        absent = [epoch.id for epoch in design.epochs if (arm.id, epoch.id) not in given]
        if absent and design.cells:
            got = f"arm {arm.id} has no cell for {', '.join(absent)}"
            remedy = "Say which elements the arm passes in each epoch."
            yield subject.finding("STU-201", (DESIGN, ("arms", i, "id")), got, "a cell for every epoch", remedy)


def _ratios(subject: Subject) -> Iterator[Finding]:
    arms = subject.study.protocol.design.arms
    if len(arms) > 1 and not any(arm.ratio for arm in arms):
        got = f"{len(arms)} arms and no arm with a ratio above 0"
        remedy = "Give each arm to which participants are randomized its share."
        yield subject.finding("STU-208", (DESIGN, ("arms", 0, "ratio")), got, "a share for an arm", remedy)


def _both(first: Visit, second: Visit) -> bool:
    """Whether some arm has both visits."""
    return not first.arms or not second.arms or bool(set(first.arms) & set(second.arms))


def _numbers(subject: Subject) -> Iterator[Finding]:
    visits = subject.study.protocol.schedule.visits
    for i, visit in enumerate(visits):
        if visit.day == 0:
            remedy = "The day before day 1 is day -1."
            yield subject.finding("STU-204", (SCHEDULE, ("visits", i, "day")), "study day 0", "any other day", remedy)
    for (_, first), (j, second) in combinations(enumerate(visits), 2):
        at = (SCHEDULE, ("visits", j, "number"))
        if not _both(first, second):
            continue
        if first.number == second.number:
            got = f"{second.id} has number {second.number:g}, as {first.id}"
            yield subject.finding("STU-202", at, got, "numbers that are unique", "Give it another number.")
        elif _against_the_days(first, second):
            mine, theirs = (f"{v.id} (number {v.number:g}, day {v.day})" for v in (second, first))
            remedy = "Number the visits in the order of their days."
            loose = first.window is None or second.window is None
            got, expected = f"{mine} against {theirs}", "numbers that rise with the day"
            yield subject.finding("STU-202", at, got, expected, remedy, warning=loose)


def _against_the_days(first: Visit, second: Visit) -> bool:
    if first.day is None or second.day is None or first.day == second.day or first.unscheduled or second.unscheduled:
        return False
    return (first.number < second.number) != (first.day < second.day)


def _span(visit: Visit) -> tuple[int, int]:
    """First and last permitted day as a count without the gap at day 0."""
    day = visit.day or 0
    count = day if day < 0 else day - 1
    earliest, latest = visit.window or (0, 0)
    return count + earliest, count + latest


def _windows(subject: Subject) -> Iterator[Finding]:
    for i, visit in enumerate(subject.study.protocol.schedule.visits):
        at = (SCHEDULE, ("visits", i, "window"))
        if visit.window is None:
            continue
        if not visit.window[0] <= 0 <= visit.window[1]:
            remedy = "Give days before (0 or less) and after (0 or more) the target."
            yield subject.finding("STU-205", at, f"window {list(visit.window)}", "[-before, after]", remedy)
        if visit.day is None:
            yield subject.finding("STU-205", at, f"{visit.id} has a window and no day", "a day", "Give the target day.")
    yield from _overlaps(subject)


def _overlaps(subject: Subject) -> Iterator[Finding]:
    """A visit without a window takes place when its start rule says so, and may fall into another's window."""
    visits = enumerate(subject.study.protocol.schedule.visits)
    planned = [(i, v) for i, v in visits if v.day and v.window and not v.unscheduled]
    for (_, first), (j, second) in combinations(planned, 2):
        (start, end), (start2, end2) = _span(first), _span(second)
        shared = min(end, end2) - max(start, start2) + 1
        if _both(first, second) and shared > 0:
            got = f"the windows of {first.id} and {second.id} overlap by {shared} day(s)"
            at = (SCHEDULE, ("visits", j, "window"))
            yield subject.finding("STU-203", at, got, "windows that do not overlap", "Make a window shorter.")


def _epoch_order(subject: Subject) -> Iterator[Finding]:
    order = {epoch.id: i for i, epoch in enumerate(subject.study.protocol.design.epochs)}
    visits = [(i, v) for i, v in enumerate(subject.study.protocol.schedule.visits) if v.day and v.epoch in order]
    for (_, first), (j, second) in combinations(visits, 2):
        (a, b) = (first, second) if (first.day or 0) <= (second.day or 0) else (second, first)
        if a.day != b.day and order[a.epoch or ""] > order[b.epoch or ""] and _both(a, b):
            got = f"{b.id} (day {b.day}) is in epoch {b.epoch}, {a.id} (day {a.day}) before it in {a.epoch}"
            at = (SCHEDULE, ("visits", j, "epoch"))
            yield subject.finding("STU-209", at, got, "epochs in their order", "Correct the epoch or the day.")


def _forms(subject: Subject) -> Iterator[Finding]:
    activities = subject.study.protocol.schedule.activities
    scheduled = {form for activity in activities if activity.visits for form in activity.forms}
    for form in subject.study.forms.values():
        if form.id not in scheduled and not form.participant_level:
            remedy = "Name it in an activity with visits, or make it participant_level."
            at: At = (subject.form_files[form.id], ("id",))
            yield subject.finding("STU-206", at, f"{form.id} is at no visit", "an activity", remedy, warning=True)
    for i, activity in enumerate(activities):
        if activity.forms and not activity.visits:
            at = (SCHEDULE, ("activities", i, "id"))
            got = f"{activity.id} has forms and no visits"
            log_forms = all(
                f in subject.study.forms and subject.study.forms[f].participant_level for f in activity.forms
            )
            if not log_forms:
                yield subject.finding("STU-207", at, got, "visits", "Say at which visits it is done.")


def _twice(subject: Subject) -> Iterator[Finding]:
    """A form that may be entered once must not be asked for twice: at one visit, or of a participant."""
    owner: dict[tuple[str, str], str] = {}
    for i, activity in enumerate(subject.study.protocol.schedule.activities):
        for j, name in enumerate(activity.forms):
            form = subject.study.forms.get(name)
            if form is None or form.repeating:
                continue
            at = (SCHEDULE, ("activities", i, "forms", j))
            if form.participant_level and not any(g.repeating for g in form.groups) and len(activity.visits) > 1:
                got = f"{name} is entered once per participant, but {activity.id} is at {len(activity.visits)} visits"
                remedy = "Make the form repeating, or not participant_level, or keep one visit."
                yield subject.finding("STU-207", at, got, "one visit", remedy)
            for visit in activity.visits:
                other = owner.setdefault((name, visit), activity.id)
                if other != activity.id:
                    got = f"{name} is asked for twice at {visit}: by {other} and {activity.id}"
                    remedy = "Take the form out of one activity, or make it repeating."
                    yield subject.finding("STU-207", at, got, "a form once at a visit", remedy)


def _transfers(subject: Subject) -> Iterator[Finding]:
    for transfer in subject.study.transfers.values():
        form = subject.study.forms.get(transfer.form)
        if form is None:
            continue
        at: At = (subject.transfer_files[transfer.id], ("event" if transfer.event else "form",))
        if not transfer.event and not form.participant_level:
            remedy = "Give event: the column or template that names the visit."
            yield subject.finding("STU-210", at, f"no event, and {form.id} belongs to a visit", "event", remedy)
        if transfer.event and form.participant_level:
            remedy = "Take event away, or make the form belong to visits."
            yield subject.finding("STU-210", at, f"an event, and {form.id} is a log form", "no event", remedy)
    filled = {transfer.form for transfer in subject.study.transfers.values()}
    for form in subject.study.forms.values():
        if form.source == "transfer" and form.id not in filled:
            at = (subject.form_files[form.id], ("source",))
            remedy = "Describe the file under conduct/transfers/."
            yield subject.finding("STU-210", at, f"no transfer fills {form.id}", "a transfer", remedy)


def _objectives(subject: Subject) -> Iterator[Finding]:
    for i, objective in enumerate(subject.study.protocol.objectives.objectives):
        if objective.level == "primary" and not objective.endpoints:
            got = f"primary objective {objective.id} has no endpoint"
            at = (OBJECTIVES, ("objectives", i, "id"))
            yield subject.finding(
                "STU-212", at, got, "an endpoint", "Say in which variable it is judged.", warning=True
            )
