"""Which visits take place, and when: in and out of windows, missed, unscheduled, cut short, or after leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opencro.rehearsal.cohort import NEVER, Cohort
from opencro.rehearsal.draws import Draws, Flags, Ints, to_working_day
from opencro.rehearsal.model import RehearsalPlan, Visits
from opencro.study import Study, Visit

REMOTE = ("telephone", "remote")


@dataclass(frozen=True)
class VisitTable:
    """One element for each visit that took place, by person and day; `visit` indexes `visits`; days from 1970-01-01.

    `days` is persons x visits, `NEVER` where a visit did not take place; `end` is each person's last day in the trial;
    `last` marks the last visit of the schedule. `counts` are visits in and out of window, missed, and so on.
    """

    visits: tuple[Visit, ...]
    person: Ints
    visit: Ints
    day: Ints
    days: Ints
    end: Ints
    last: Flags
    counts: dict[str, int]

    def day_of(self, visit_id: str) -> Ints:
        """The day of a visit for each person, `NEVER` where it did not take place."""
        index = next(i for i, v in enumerate(self.visits) if v.id == visit_id)
        return self.days[:, index]


def planned_visits(study: Study, plan: RehearsalPlan) -> list[int]:
    """Indices of the visits of the schedule that everybody of an arm has, in order of their day."""
    later = {x.visit for x in plan.visits.later}
    visits = study.protocol.schedule.visits
    planned = [i for i, v in enumerate(visits) if not v.unscheduled and v.id not in later]
    if any(visits[i].day is not None for i in planned):
        planned = [i for i in planned if visits[i].day is not None]
    return sorted(planned, key=lambda i: (_day(visits, i), visits[i].number))


def _day(visits: tuple[Visit, ...], index: int) -> int:
    """The target day; visits without any day in the study follow one another every two weeks."""
    day = visits[index].day
    return 1 + 14 * index if day is None else day


def first_dose_column(study: Study, plan: RehearsalPlan, planned: list[int]) -> int:
    """The position among the planned visits of the one at which treatment starts."""
    visits = study.protocol.schedule.visits
    for position, i in enumerate(planned):
        if plan.visits.first_dose == visits[i].id or (plan.visits.first_dose is None and _day(visits, i) >= 1):
            return position
    return 0


def simulate_visits(study: Study, plan: RehearsalPlan, cohort: Cohort, draws: Draws) -> VisitTable:
    """The visits of everybody."""
    visits = study.protocol.schedule.visits
    planned = planned_visits(study, plan)
    column = first_dose_column(study, plan, planned)
    days, deviation, windowed = _dates(visits, planned, column, plan.visits, cohort, draws)
    due = _due(visits, planned, cohort)
    last = _last_column(visits, planned, due, cohort)
    missed = draws.named("missed").random(days.shape) < plan.visits.missed
    position = np.arange(len(planned))[None, :]
    missed &= ~np.isin([visits[i].id for i in planned], plan.visits.kept)[None, :]
    missed &= (position > 0) & (position != column) & (position != last[:, None])
    due &= position <= last[:, None]
    took_place = due & ~missed
    whole = np.full((len(cohort), len(visits)), NEVER, dtype=np.int64)
    whole[:, planned] = np.where(took_place, days, NEVER)
    end = days[np.arange(len(cohort)), last]
    end = np.where(cohort.died, end + draws.named("death").integers(0, 8, len(cohort)), end)
    counts = _count(took_place, due & missed, deviation, windowed)
    counts["unscheduled"] = _unscheduled(visits, planned, plan.visits, whole, draws)
    counts["after leaving"] = _later(visits, plan.visits, whole, end, cohort, draws)
    return _table(visits, whole, end, [planned[i] for i in last], counts)


def _dates(
    visits: tuple[Visit, ...], planned: list[int], column: int, plan: Visits, cohort: Cohort, draws: Draws
) -> tuple[Ints, Ints, Ints]:
    """Day of each planned visit, its deviation from the target, and both ends of the windows (0, 0 without)."""
    targets = np.array([_day(visits, i) for i in planned])
    offset = np.where(targets > 0, targets - 1, targets)
    target = cohort.first_dose[:, None] + offset[None, :]
    windows = np.array([visits[i].window or (0, 0) for i in planned])
    random = draws.named("windows")
    shape = target.shape
    inside = np.rint(random.triangular(0, 0.5, 1, shape) * (windows[:, 1] - windows[:, 0]) + windows[:, 0])
    beyond = np.where(
        random.random(shape) < 0.3,
        windows[:, 0] - random.integers(1, 4, shape),
        windows[:, 1] + random.integers(1, 8, shape),
    )
    has_window = np.array([visits[i].window is not None for i in planned])
    outside = (random.random(shape) < plan.outside) & has_window
    days = to_working_day(target + np.where(outside, beyond, inside).astype(np.int64))
    days[:, column:] = _increasing(days[:, column:], cohort.first_dose + offset[column])
    if column > 0:
        steps = np.arange(column)
        days[:, :column] = np.clip(
            days[:, :column], cohort.consent[:, None] + steps, cohort.first_dose[:, None] - column + steps
        )
        days[:, 0] = cohort.consent
        days[:, :column] = np.maximum.accumulate(days[:, :column] - steps, axis=1) + steps
    return days, days - target, np.where(has_window[:, None], windows, NEVER)


def _increasing(days: Ints, first: Ints) -> Ints:
    """Days that begin at `first` and are each later than the one before."""
    days = days.copy()
    days[:, 0] = first
    steps = np.arange(days.shape[1])
    return np.maximum.accumulate(days - steps, axis=1) + steps


def _due(visits: tuple[Visit, ...], planned: list[int], cohort: Cohort) -> Flags:
    """Which planned visits a person should have, leaving aside."""
    everybody = np.ones((len(cohort), len(planned)), dtype=bool)
    for position, i in enumerate(planned):
        if visits[i].arms:
            wanted = [a for a, arm in enumerate(cohort.arms) if arm in visits[i].arms]
            everybody[:, position] = np.isin(cohort.arm, wanted)
    if cohort.arms:
        failed = ~cohort.randomized
        everybody[failed] = False
        everybody[failed, 0] = True
    return everybody


def _last_column(visits: tuple[Visit, ...], planned: list[int], due: Flags, cohort: Cohort) -> Ints:
    """The position of each person's last visit: that of the schedule, or the next at the site after the wish to go."""
    targets = np.array([_day(visits, i) for i in planned])
    at_site = np.array([visits[i].contact not in REMOTE for i in planned])
    possible = due & at_site[None, :]
    width = len(planned)
    last = width - 1 - np.argmax(due[:, ::-1], axis=1)
    after = possible & (targets[None, :] >= cohort.leaves[:, None])
    leaving = np.where(after.any(axis=1), np.argmax(after, axis=1), last)
    column: Ints = np.minimum(last, leaving)
    return column


def _count(took_place: Flags, missed: Flags, deviation: Ints, windows: Ints) -> dict[str, int]:
    low, high = windows[None, :, 0], windows[None, :, 1]
    windowed = took_place & (low != NEVER)
    inside = windowed & (deviation >= low) & (deviation <= high)
    return {
        "in window": int(inside.sum()),
        "out of window": int((windowed & ~inside).sum()),
        "without window": int((took_place & (low == NEVER)).sum()),
        "missed": int(missed.sum()),
    }


def _unscheduled(visits: tuple[Visit, ...], planned: list[int], plan: Visits, days: Ints, draws: Draws) -> int:
    """Put unscheduled visits between those that took place; returns how many."""
    random = draws.named("unscheduled")
    numbers = [visits[i].number for i in planned]
    total = 0
    for i, visit in enumerate(visits):
        before = [p for p, number in zip(planned, numbers, strict=True) if number < visit.number]
        if not visit.unscheduled or not before:
            continue
        base = max(before, key=lambda p: visits[p].number)
        rank = sum(v.unscheduled and visits[base].number < v.number < visit.number for v in visits)
        start = days[:, base]
        following = np.where(days > start[:, None], days, NEVER).min(axis=1)
        day = to_working_day(start + random.integers(2, 9, len(start)))
        comes = (random.random(len(start)) < plan.unscheduled / 3**rank) & (start < NEVER)
        comes &= (day > start) & (day < following) & (following < NEVER)
        days[comes, i] = day[comes]
        total += int(comes.sum())
    return total


def _later(visits: tuple[Visit, ...], plan: Visits, days: Ints, end: Ints, cohort: Cohort, draws: Draws) -> int:
    """Put the visits of those who left early; returns how many."""
    left = (cohort.leaves < NEVER) & ~cohort.died
    ids = [v.id for v in visits]
    total = 0
    for later in plan.later:
        i = ids.index(later.visit)
        random = draws.named("later", later.visit)
        if later.days is None:
            target = visits[i].day or 1
            day = cohort.first_dose + target - (target > 0) + random.integers(-3, 4, len(end))
        else:
            day = end + random.integers(later.days[0], later.days[1] + 1, len(end))
        day = to_working_day(day)
        newest = np.where(days < NEVER, days, -1).max(axis=1)
        comes = left & (random.random(len(end)) < later.chance) & (day > np.maximum(end, newest) + 1)
        days[comes, i] = day[comes]
        total += int(comes.sum())
    return total


def _table(visits: tuple[Visit, ...], days: Ints, end: Ints, last: list[int], counts: dict[str, int]) -> VisitTable:
    person, visit = np.nonzero(days < NEVER)
    day = days[person, visit]
    order = np.lexsort((visit, day, person))
    person, visit, day = person[order], visit[order], day[order]
    is_last = visit == np.asarray(last, dtype=np.int64)[person]
    return VisitTable(visits, person.astype(np.int64), visit.astype(np.int64), day, days, end, is_last, counts)
