"""Simulated trials per CPU second on one core, beside what R packages reached.

R and its packages are not asked here: their numbers are those measured on two shared cores of another machine with R
4.2.2 (BOIN 2.7.2: 6 doses, 10 cohorts, 468; dfcrm 0.2-2.1: n = 30, 61; rpact 4.5: 2,450), and the table says so. The
limit is none but the generator: a trial needs so many random numbers at 3 ns each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks._process import cpu_seconds, run_alone
from opencro.design import early
from opencro.design import sequential as gs
from opencro.design import simulation as sim
from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms

Row = tuple[str, float, float, float, float]
SIX = [0.05, 0.1, 0.2, 0.3, 0.45, 0.6]
FIVE = [0.05, 0.12, 0.25, 0.4, 0.55]
# what: (title, trials per CPU second of the peer, random numbers a trial needs)
PEERS = {
    "boin": ("BOIN, 6 doses, 10 cohorts (BOIN 2.7.2)", 468.0, 10),
    "crm": ("CRM, 5 doses, n = 30 (dfcrm)", 61.0, 30),
    "days": ("log-rank, n = 600, 3 looks, participants by day (rpact)", 2450.0, 600),
    "records": ("log-rank, n = 600, 3 looks, full records (rpact)", 2450.0, 1200),
    "arms": ("3 arms, 2 stages, Dunnett, best of them (rpact)", 289.0, 12),
    "adaptive": ("response-adaptive, 3 arms, looks at 300 to 2,000, equal arms (adaptr)", 19.0, 4000),
    "scores": ("log-rank, 3 looks, score process (rpact)", 2450.0, 4),
}
NANOSECONDS = 3e-9


def measure() -> list[Row]:
    """(name, ours, peer, ratio, limit) in trials per CPU second; peers as measured elsewhere."""
    ours = run_alone("benchmarks.simulation")
    return [
        (f"{title}: trials per CPU s (peer: stated)", ours[key], peer, ours[key] / peer, 1 / (NANOSECONDS * numbers))
        for key, (title, peer, numbers) in PEERS.items()
    ]


def main() -> None:
    """Prints our numbers as JSON."""
    boin, crm, plan = early.boin(0.3), early.crm(FIVE, 0.25), _log_rank_plan()
    arms = sim.MultiArmPlan(3, (50, 50), tuple(gs.group_sequential(2).efficacy))
    adaptive = sim.AdaptivePlan(3, tuple(range(300, 2001, 100)))
    works: dict[str, tuple[int, Callable[[int], Any]]] = {
        "boin": (200_000, lambda n: early.simulate_interval(boin, SIX, cohorts=10, trials=n, seed=1)),
        "crm": (50_000, lambda n: early.simulate_crm(crm, FIVE, cohorts=30, trials=n, seed=1)),
        "days": (20_000, lambda n: sim.simulate_days(plan, trials=n, seed=1)),
        "records": (2_000, lambda n: sim.simulate_records(plan, trials=n, seed=1)),
        "arms": (500_000, lambda n: sim.simulate_multi_arm(arms, [0.4, 0.0, 0.0], trials=n, seed=1)),
        "adaptive": (3_000, lambda n: sim.simulate_adaptive_allocation(adaptive, [0.25] * 3, trials=n, seed=1)),
        "scores": (1_000_000, lambda n: sim.simulate_score_process(plan, trials=n, seed=1)),
    }
    print(json.dumps({key: _rate(work, trials) for key, (trials, work) in works.items()}))


def _log_rank_plan() -> sim.SurvivalPlan:
    """600 participants, 25 a month, control median 12, hazard ratio 0.75, 5 % dropout a year, looks at 150/225/300."""
    control, lost = Hazard.from_median(12), Hazard.from_probability(0.05, 12)
    trial = TwoArms(Arm(control.times(0.75), lost), Arm(control, lost), Accrual((25.0,), (24.0,)))
    return sim.SurvivalPlan(trial, (150, 225, 300), tuple(gs.group_sequential([0.5, 0.75, 1.0]).efficacy))


def _rate(work: Callable[[int], object], trials: int, times: int = 3) -> float:
    """Trials per CPU second of the fastest of some calls; a small one before them compiles."""
    work(2)
    return trials / min(cpu_seconds(lambda: work(trials)) for _ in range(times))


if __name__ == "__main__":
    main()
