"""What befalls people: adverse events, conditions, medications, drawn from the study's lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opencro.rehearsal.cohort import NEVER, Cohort
from opencro.rehearsal.draws import Draws, Flags, Floats, Ints, by_arm, pick
from opencro.rehearsal.model import Episodes, Terms
from opencro.rehearsal.visits import VisitTable


@dataclass(frozen=True)
class EpisodeTable:
    """One element for each episode, by person and start; `first[p]:first[p+1]` are those of person p.

    `number` counts within the person from 1; `term` is a row of the list; `stop` is `NEVER` while it goes on.
    """

    person: Ints
    number: Ints
    term: Ints
    start: Ints
    stop: Ints
    first: Ints
    cause: Flags


def simulate_episodes(
    form: str, plan: Episodes, terms: Terms, cohort: Cohort, visits: VisitTable, who: Flags, draws: Draws
) -> EpisodeTable:
    """The episodes of everybody in `who`; a person who left for an event has at least one, which is the cause."""
    random = draws.named("episodes", form)
    mean = by_arm(plan.mean, cohort.arms, cohort.arm)
    count = np.where(who, random.poisson(mean), 0)
    leaves = plan.leads_to_leaving & cohort.by_event & who
    count = np.maximum(count, leaves)
    person = np.repeat(np.arange(len(cohort)), count)
    start, stop = _times(plan, cohort, visits, person, random)
    order = np.lexsort((start, person))
    start, stop = start[order], stop[order]
    weights = _weights(terms)
    term = pick(random.random(len(person)), weights.tolist())
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    number = np.arange(len(person)) - first[person] + 1
    cause = np.zeros(len(person), dtype=bool)
    cause[first[1:][leaves] - 1] = True
    stop = np.where(cause & cohort.died[person], visits.end[person], stop)
    return EpisodeTable(person, number, term, start, stop, first, cause)


def _times(
    plan: Episodes, cohort: Cohort, visits: VisitTable, person: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    consent, end = cohort.consent[person], visits.end[person]
    during = random.random(len(person)) < plan.during
    length = np.maximum(end - consent, 0)
    inside = consent + np.floor(random.random(len(person)) * (length + 1)).astype(np.int64)
    days = np.ceil(random.exponential(plan.before_years * 365.25, len(person))).astype(np.int64)
    before = np.maximum(consent - np.maximum(days, 1), cohort.birth[person] + 3650)
    start = np.where(during, inside, np.minimum(before, consent - 1))
    lasts = np.exp(random.normal(np.log(plan.duration), plan.spread, len(person))).astype(np.int64)
    stop = start + lasts
    goes_on = (random.random(len(person)) < plan.ongoing) | (stop > end)
    return start, np.where(goes_on, NEVER, stop)


def _weights(terms: Terms) -> Floats:
    if "weight" not in terms.columns:
        return np.ones(len(terms.rows))
    at = terms.columns.index("weight")
    return np.array([float(row[at] or 0) for row in terms.rows])
