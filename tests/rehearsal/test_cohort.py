"""Laws of who takes part: order of enrolment, balance within blocks, days in order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.rehearsal.cohort import NEVER, simulate_cohort
from opencro.rehearsal.draws import Draws, pick, to_working_day
from opencro.rehearsal.model import RehearsalPlan
from opencro.rehearsal.read import read_plan
from opencro.rehearsal.visits import simulate_visits
from opencro.study import Study

PEOPLE = st.integers(1, 400)
SEEDS = st.integers(0, 2**31)


@settings(max_examples=25, deadline=None)
@given(people=PEOPLE, seed=SEEDS)
def test_arms_are_balanced_within_each_whole_block(pilot: Study, people: int, seed: int) -> None:
    cohort = simulate_cohort(pilot, read_plan(pilot), people, 20_000, Draws(seed))
    blocks: dict[int, list[int]] = {}
    for block, arm, site in zip(cohort.block.tolist(), cohort.arm.tolist(), cohort.site.tolist(), strict=True):
        if arm >= 0:
            blocks.setdefault(block, []).append(site * 10 + arm)
    last_of_site = {}
    for block, members in blocks.items():
        assert len({m // 10 for m in members}) == 1
        last_of_site[members[0] // 10] = max(block, last_of_site.get(members[0] // 10, -1))
    for block, members in blocks.items():
        counts = Counter(m % 10 for m in members)
        if block != last_of_site[members[0] // 10]:
            assert set(counts.values()) in ({1}, {2})
            assert len(counts) == 3
        assert max(counts.values()) <= 2


@settings(max_examples=25, deadline=None)
@given(people=PEOPLE, seed=SEEDS)
def test_days_of_everybody_stand_in_order(pilot: Study, people: int, seed: int) -> None:
    plan = read_plan(pilot)
    cohort = simulate_cohort(pilot, plan, people, 20_000, Draws(seed))
    visits = simulate_visits(pilot, plan, cohort, Draws(seed))
    assert (cohort.birth < cohort.consent).all()
    assert (cohort.consent < cohort.first_dose).all()
    assert (np.diff(cohort.consent) >= 0).all()
    assert (cohort.consent >= cohort.sites.opens[cohort.site]).all()
    assert (visits.day >= cohort.consent[visits.person]).all()
    baseline = visits.day_of("BL")
    assert (baseline[cohort.randomized] == cohort.first_dose[cohort.randomized]).all()
    assert (baseline[~cohort.randomized] == NEVER).all()
    same = np.diff(visits.person) == 0
    assert (np.diff(visits.day)[same] > 0).all()
    assert np.bincount(visits.person[visits.last], minlength=people).tolist() == [1] * people
    assert (visits.end >= visits.day[visits.last]).all()


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_people_have_numbers_of_their_own(pilot: Study, seed: int) -> None:
    cohort = simulate_cohort(pilot, read_plan(pilot), 300, 20_000, Draws(seed))
    assert len(set(cohort.ids)) == len(set(cohort.usubjids)) == 300
    assert (cohort.age >= 51).all()
    assert (cohort.age <= 89).all()


def test_the_sizes_are_those_of_the_pilot(pilot: Study) -> None:
    plan = read_plan(pilot)
    cohort = simulate_cohort(pilot, plan, 30_600, 20_000, Draws(5))
    assert cohort.randomized.mean() == pytest.approx(254 / 306, abs=0.01)
    left = cohort.leaves < NEVER
    assert left[cohort.arm == 0].mean() == pytest.approx(0.33, abs=0.02)
    visits = simulate_visits(pilot, plan, cohort, Draws(5))
    assert len(visits.person) / 30_600 == pytest.approx(3559 / 306, rel=0.08)


def test_many_people_need_more_sites_and_few_need_fewer(pilot: Study) -> None:
    plan = RehearsalPlan.model_validate({"sites": {"count": 5, "per_site": 10, "most": 20}})
    sites = [len(simulate_cohort(pilot, plan, n, 0, Draws(1)).sites.ids) for n in (2, 40, 120, 9_000)]
    assert sites == [2, 5, 12, 20]


@given(weights=st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any), seed=SEEDS)
def test_what_has_no_weight_is_never_picked(weights: list[int], seed: int) -> None:
    picked = pick(np.random.default_rng(seed).random(200), weights)
    assert all(weights[i] > 0 for i in picked.tolist())


@given(day=st.integers(0, 40_000))
def test_working_days_are_near_and_no_weekends(day: int) -> None:
    moved = int(to_working_day(np.array([day]))[0])
    assert abs(moved - day) <= 1
    assert (moved + 3) % 7 < 5
