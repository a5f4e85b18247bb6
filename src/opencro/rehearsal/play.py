"""A whole trial, played through: from the opening of the first site to the last signature, in virtual time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta

import numpy as np

from opencro.ledger import (
    Act,
    Ledger,
    ParticipantEnrolled,
    ParticipantWithdrawn,
    RecordKey,
    RoleChanged,
    StudyPublished,
)
from opencro.rehearsal.clock import VirtualClock
from opencro.rehearsal.cohort import NEVER, Cohort, simulate_cohort
from opencro.rehearsal.desk import CENTRAL, EPOCH, Desk
from opencro.rehearsal.draws import Draws
from opencro.rehearsal.entering import Clerk
from opencro.rehearsal.firing import CheckBench
from opencro.rehearsal.model import DOCUMENT
from opencro.rehearsal.read import read_plan
from opencro.rehearsal.records import Recorder
from opencro.rehearsal.report import RehearsalReport
from opencro.rehearsal.visits import simulate_visits
from opencro.rehearsal.world import World, build_world
from opencro.study import Study, definition_hash

Progress = Callable[[str, float], None]
RECORDS_AT_ONCE = 15_000
WEEKLY_FROM = 2_000
"""From so many participants on, desks let work gather for a week: a small append costs as much as a hundred facts."""


def silent(step: str, share: float) -> None:
    """For programs that do not watch."""


@dataclass
class _Watch:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._since
        self._since = now


def rehearse(
    study: Study,
    ledger: Ledger,
    *,
    participants: int,
    seed: int,
    clock: VirtualClock,
    progress: Progress = silent,
    until: date | None = None,
) -> RehearsalReport:
    """Play `study` through with so many virtual participants into an empty ledger of purpose `rehearsal`.

    With `until` everything that would be entered after that day is left out: a trial in the middle of its life. The
    report still counts the people and visits of the whole trial.

    `clock` is the one with which the ledger was made; the same study, participants, seed and start of the clock give
    the same bytes. `progress` hears steps and the share that is done. Raises Refused with REH-001..007 for a plan that
    does not fit the study, and ValueError for fewer than 1 participant, a negative seed or a live ledger.
    """
    if participants < 1 or seed < 0 or ledger.purpose != "rehearsal":
        raise ValueError("a rehearsal needs a participant, a seed from 0 and a ledger of purpose rehearsal")
    watch = _Watch()
    plan = read_plan(study)
    draws = Draws(seed)
    start = (clock.now.astimezone(UTC) - EPOCH).days + 7
    cohort = simulate_cohort(study, plan, participants, start, draws)
    visits = simulate_visits(study, plan, cohort, draws)
    world = build_world(study, plan, cohort, visits, draws)
    definition = definition_hash(study)
    hours = dict(zip(cohort.sites.ids, cohort.sites.hours.tolist(), strict=True))
    desk = Desk(ledger, clock, study.file.version, hours, 1 if participants < WEEKLY_FROM else 7)
    clerk = Clerk(world, desk, CheckBench(study), definition)
    _open(world, desk, definition, start)
    watch.lap("people and visits")
    recorder = Recorder(world)
    end = NEVER if until is None else (until - EPOCH.date()).days + 1
    _play(world, recorder, clerk, watch, progress, end)
    return _report(world, recorder, clerk, watch, seed)


def _open(world: World, desk: Desk, definition: str, start: int) -> None:
    """The study is published, sites open, people get their roles; later everybody is enrolled and some withdraw."""
    published = StudyPublished(version=world.study.file.version, sha256=definition)
    desk.lay(start - 7, CENTRAL, "administrator", [Act(published)])
    cohort = world.cohort
    opened = desk.turn(cohort.sites.opens - 1).tolist()
    for site, day in zip(cohort.sites.ids, opened, strict=True):
        roles = [RoleChanged(f"{role}.{site}", "", role) for role in ("coordinator", "investigator")]
        desk.lay(day, CENTRAL, "administrator", [Act(role, RecordKey(site)) for role in roles])
    consent = desk.turn(cohort.consent).tolist()
    ended = desk.turn(world.visits.end).tolist()
    for person, participant in enumerate(cohort.ids):
        place = RecordKey(cohort.sites.ids[int(cohort.site[person])], participant)
        enrolled = ParticipantEnrolled(_iso(int(cohort.consent[person])))
        desk.lay(consent[person], place.site, "coordinator", [Act(enrolled, place)])
        if cohort.leaves[person] < NEVER:
            withdrawn = ParticipantWithdrawn(_iso(int(world.visits.end[person])), cohort.reasons[cohort.reason[person]])
            desk.lay(ended[person], place.site, "coordinator", [Act(withdrawn, place)])


def _play(world: World, recorder: Recorder, clerk: Clerk, watch: _Watch, progress: Progress, end: int) -> None:
    first, last = int(world.visits.day.min()), min(int(world.visits.day.max()) + 1, end)
    span = max(7 if clerk.desk.every > 1 else 1, min(56, RECORDS_AT_ONCE // len(world.cohort)))
    for block, day in enumerate(range(first, last, span)):
        for sheet in recorder.make_sheets(day, day + span):
            clerk.take(sheet, block)
        watch.lap("values")
        # What a block leads to lies on later days than the block itself, but the desks' turns may lie before its end.
        clerk.desk.work(min(day + span, last))
        watch.lap("ledger")
        progress("rehearse", (day - first) / (last - first))
    clerk.desk.work(end)
    watch.lap("ledger")
    progress("rehearse", 1.0)


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()


def _report(world: World, recorder: Recorder, clerk: Clerk, watch: _Watch, seed: int) -> RehearsalReport:
    study, cohort, desk = world.study, world.cohort, clerk.desk
    items = [f"{f.id}.{i.id}" for f in study.forms.values() for g in f.groups for i in g.items]
    expected_empty = {f"{form}.{item}" for form, plan in world.plans.items() for item in plan.left_empty}
    filled_forms = {form for form, n in clerk.by_form.items() if n}
    snapshot = desk.ledger.snapshot()
    fired = clerk.bench.fired
    return RehearsalReport(
        study=study.id,
        version=study.file.version,
        participants=len(cohort),
        seed=seed,
        sites=_by_site(cohort),
        screened=len(cohort),
        failed=int((~cohort.randomized).sum()) if cohort.arms else 0,
        arms=_by_arm(cohort),
        reasons={name: int((cohort.reason == i).sum()) for i, name in enumerate(cohort.reasons)},
        visits=world.visits.counts,
        first_day=_iso(int(world.visits.day.min())),
        last_day=_iso(int(world.visits.day.max())),
        facts=desk.facts,
        appends=desk.appends,
        position=snapshot.position,
        anchor=snapshot.anchor,
        entered=dict(clerk.counts),
        by_form=dict(clerk.by_form),
        checks=dict(fired),
        checks_silent=tuple(name for name, n in fired.items() if not n),
        checks_not_run=tuple(clerk.bench.not_run),
        forms_never_filled=tuple(form for form in study.forms if form not in filled_forms),
        items_never_filled=tuple(i for i in items if not clerk.filled.get(i) and i not in expected_empty),
        items_by_default=tuple(i for i in items if i in recorder.defaulted),
        seconds={step: round(s, 3) for step, s in watch.seconds.items()},
        own_plan=DOCUMENT in study.documents,
    )


def _by_site(cohort: Cohort) -> dict[str, int]:
    count = np.bincount(cohort.site, minlength=len(cohort.sites.ids)).tolist()
    return dict(zip(cohort.sites.ids, count, strict=True))


def _by_arm(cohort: Cohort) -> dict[str, dict[str, int]]:
    counts = {}
    for i, arm in enumerate(cohort.arms):
        here = cohort.arm == i
        left = int((here & (cohort.leaves < NEVER)).sum())
        counts[arm] = {"randomized": int(here.sum()), "completed": int(here.sum()) - left, "left": left}
    return counts
