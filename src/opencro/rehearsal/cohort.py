"""Who takes part: sites that open, people who come, fail screening, are randomized, leave.

Enrolment is Poisson with a rate for each site; randomization is by permuted blocks within each site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opencro.rehearsal.draws import Draws, Flags, Floats, Ints, by_arm, pick, to_working_day
from opencro.rehearsal.model import Leaving, Number, Persons, RehearsalPlan, Sites
from opencro.study import Study, Visit

DAYS_A_MONTH = 365.25 / 12
NEVER = np.iinfo(np.int64).max // 4
"""A day that does not come."""


@dataclass(frozen=True)
class SiteList:
    """Sites in order: id, opening day, enrolments a month, hours from UTC."""

    ids: tuple[str, ...]
    opens: Ints
    per_month: Floats
    hours: Ints


@dataclass(frozen=True)
class Cohort:
    """One element for each person, in order of consent; days count from 1970-01-01.

    `arm` indexes `arms`, -1 for those who failed screening; `block` numbers the permuted blocks of all sites;
    `leaves` is the study day from which a person does not want to go on, `NEVER` for the others.
    """

    sites: SiteList
    arms: tuple[str, ...]
    reasons: tuple[str, ...]
    site: Ints
    ids: tuple[str, ...]
    usubjids: tuple[str, ...]
    numbers: Ints
    consent: Ints
    first_dose: Ints
    randomized: Flags
    arm: Ints
    block: Ints
    leaves: Ints
    reason: Ints
    by_event: Flags
    died: Flags
    age: Ints
    birth: Ints
    sex: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def plan_sites(sites: Sites, participants: int, start: int, draws: Draws) -> SiteList:
    """The sites of a rehearsal of so many participants; the first opens on day `start`, each on a working day."""
    count = max(min(sites.count, participants), min(sites.most, -(-participants // sites.per_site)))
    random = draws.named("sites")
    opens = np.zeros(count, dtype=np.int64)
    if count > 1:
        opens[1:] = np.sort(random.integers(0, sites.opening_days + 1, count - 1))
    rates = sites.per_month * np.exp(random.normal(0, sites.spread, count))
    hours = np.asarray(sites.hours_from_utc)[random.integers(0, len(sites.hours_from_utc), count)]
    return SiteList(tuple(str(sites.first + i) for i in range(count)), to_working_day(start + opens), rates, hours)


def simulate_cohort(study: Study, plan: RehearsalPlan, participants: int, start: int, draws: Draws) -> Cohort:
    """People in order of their consent."""
    sites = plan_sites(plan.sites, participants, start, draws)
    site, consent = _enrol(sites, participants, draws)
    arms = tuple(arm.id for arm in study.protocol.design.arms)
    ratio = [arm.ratio for arm in study.protocol.design.arms]
    random = draws.named("screening")
    randomized = (random.random(participants) >= plan.visits.failures) & bool(sum(ratio))
    low, high = plan.visits.screening_days
    first_dose = to_working_day(consent + random.integers(low, high + 1, participants))
    arm, block = _randomize(site, first_dose, randomized, ratio, draws)
    leaves, reason, names = _leaving(plan.leaving, arms, arm, _last_day(study.protocol.schedule.visits), draws)
    kinds = [plan.leaving.reasons.get(name) for name in names]
    event = np.array([kind is not None and (kind.event or kind.death) for kind in kinds])
    death = np.array([kind is not None and kind.death for kind in kinds])
    numbers = _numbers(site)
    age, birth, sex = _persons(plan.persons, consent, draws)
    ids = tuple(
        study.file.participant.format(site=sites.ids[s], number=n, study=study.id)
        for s, n in zip(site.tolist(), numbers.tolist(), strict=True)
    )
    usubjids = tuple(
        study.file.usubjid.format(study=study.id, participant=p, site=sites.ids[s])
        for p, s in zip(ids, site.tolist(), strict=True)
    )
    return Cohort(
        sites, arms, names, site, ids, usubjids, numbers, consent, first_dose, randomized, arm, block, leaves, reason,
        event[reason], death[reason], age, birth, sex,
    )  # fmt: skip


def _enrol(sites: SiteList, participants: int, draws: Draws) -> tuple[Ints, Ints]:
    """Site and day of consent of the first `participants` who come anywhere."""
    random = draws.named("enrolment")
    length = 2 * participants // len(sites.ids) + 20
    gaps = DAYS_A_MONTH / sites.per_month[:, None]
    waits = random.exponential(1, (len(sites.ids), length)) * gaps
    while True:
        arrivals = sites.opens[:, None] + np.cumsum(waits, axis=1)
        ordered = np.argsort(arrivals, axis=None, kind="stable")[:participants]
        if arrivals.ravel()[ordered[-1]] <= arrivals[:, -1].min():
            break
        waits = np.hstack([waits, random.exponential(1, waits.shape) * gaps])
    site = (ordered // arrivals.shape[1]).astype(np.int64)
    day = to_working_day(np.floor(arrivals.ravel()[ordered]).astype(np.int64))
    order = np.argsort(day, kind="stable")
    return site[order], day[order]


def _numbers(site: Ints) -> Ints:
    """1, 2, 3, ... within each site, in order."""
    order = np.argsort(site, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(site))[:-1]])
    numbers = np.empty(len(site), dtype=np.int64)
    numbers[order] = np.arange(len(site)) - starts[site[order]] + 1
    return numbers


def _randomize(site: Ints, day: Ints, randomized: Flags, ratio: Sequence[int], draws: Draws) -> tuple[Ints, Ints]:
    """Arm and block of each person: blocks of once or twice the ratio, in random order, within each site."""
    arm, block = np.full(len(site), -1, dtype=np.int64), np.full(len(site), -1, dtype=np.int64)
    unit = np.repeat(np.arange(len(ratio)), ratio)
    next_block = 0
    for s in np.unique(site[randomized]):
        members = np.flatnonzero(randomized & (site == s))
        members = members[np.argsort(day[members], kind="stable")]
        random = draws.named("blocks", int(s))
        sizes = random.integers(1, 3, len(members))
        blocks = [random.permutation(np.tile(unit, size)) for size in sizes.tolist()]
        arm[members] = np.concatenate(blocks)[: len(members)]
        labels = np.repeat(np.arange(len(blocks)), [len(b) for b in blocks])[: len(members)]
        block[members] = next_block + labels
        next_block += len(blocks)
    return arm, block


def _last_day(visits: Sequence[Visit]) -> int:
    return max((v.day for v in visits if v.day is not None and v.epoch is not None and not v.unscheduled), default=1)


def _leaving(
    leaving: Leaving, arms: tuple[str, ...], arm: Ints, last_day: int, draws: Draws
) -> tuple[Ints, Ints, tuple[str, ...]]:
    """The study day of leaving, the reason's index, and the names of reasons: completed, failed, then the others."""
    random = draws.named("leaving")
    share = by_arm(leaving.share, arms, arm)
    goes = random.random(len(arm)) < share
    day = np.ceil(random.random(len(arm)) ** leaving.early * max(last_day - 1, 1)).astype(np.int64)
    names = (leaving.completed, leaving.failed, *leaving.reasons)
    weights = [reason.weight for reason in leaving.reasons.values()] or [0.0]
    why = 2 + pick(random.random(len(arm)), weights) if sum(weights) else np.zeros(len(arm), dtype=np.int64)
    goes &= (arm >= 0) & (why > 0)
    reason = np.where(arm < 0, 1, np.where(goes, why, 0))
    return np.where(goes, day, NEVER), reason, names


def _persons(persons: Persons, consent: Ints, draws: Draws) -> tuple[Ints, Ints, tuple[str, ...]]:
    random = draws.named("persons")
    age = np.rint(_bounded(persons.age, random.standard_normal(len(consent)))).astype(np.int64)
    birth = consent - np.floor(age * 365.25).astype(np.int64) - random.integers(2, 364, len(consent))
    codes = list(persons.sex)
    return age, birth, tuple(codes[i] for i in pick(random.random(len(consent)), list(persons.sex.values())))


def _bounded(number: Number, normal: Floats) -> Floats:
    """A person's number; who falls outside the bounds is mirrored back into them."""
    values = number.mean + np.hypot(number.person_sd, number.sd) * normal
    low = -np.inf if number.minimum is None else number.minimum
    high = np.inf if number.maximum is None else number.maximum
    values = np.where(values < low, 2 * low - values, values)
    values = np.where(values > high, 2 * high - values, values)
    bounded: Floats = np.clip(values, low, high)
    return bounded


def person_texts(cohort: Cohort, cause: Mapping[int, str]) -> dict[str, list[str]]:
    """What may be asked for by `person:`, one text for each person."""
    return {
        "participant": list(cohort.ids),
        "site": [cohort.sites.ids[s] for s in cohort.site.tolist()],
        "number": [str(n) for n in cohort.numbers.tolist()],
        "usubjid": list(cohort.usubjids),
        "sex": list(cohort.sex),
        "age": [str(a) for a in cohort.age.tolist()],
        "arm": [cohort.arms[a] if a >= 0 else "" for a in cohort.arm.tolist()],
        "reason": [cohort.reasons[r] for r in cohort.reason.tolist()],
        "cause": [cause.get(i, "") for i in range(len(cohort))],
    }
