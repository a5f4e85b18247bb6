"""Designs in closed form and interim analyses: seconds a call, on one core, after compilation.

The peer is rpact on the same kind of machine (two shared cores), measured beside this project: a survival sample size
58 ms, an interim analysis 1.4 s a call. The limit is one normal quantile of SciPy for each number that comes out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from scipy.special import ndtri

from opencro.design import fixed, sequential
from opencro.design.trial import TrialDesign, plan_trial

Row = tuple[str, float, float, float, float]
REPEATS, BATCH = 9, 5
RPACT_SURVIVAL, RPACT_ANALYSIS, NONE = 0.058, 1.4, float("nan")


def measure() -> list[Row]:
    """(name, ours, peer, ratio peer/ours, limit) in seconds a call; peer and ratio are NaN where none was measured."""
    plan = sequential.group_sequential(3)
    futile = sequential.HwangShihDeCani(-2)
    trial = TrialDesign.model_validate(
        {
            "title": "survival", "looks": [0.5, 0.75, 1],
            "endpoint": {"type": "survival", "hazard_ratio": 0.75, "control_median": 12, "accrual": [{"months": 24}],
                         "follow_up": 12},
        }
    )  # fmt: skip
    calls: list[tuple[str, Callable[[], object], float, int]] = [
        ("fixed design, two means by t: s", lambda: fixed.sample_size_means_t(0.5, 1), NONE, 2),
        ("group sequential design, 3 looks: s", lambda: sequential.group_sequential(3), NONE, 12),
        ("with futility by beta spending, 3 looks: s", lambda: sequential.group_sequential(3, futility=futile), NONE,
         15),
        ("survival design of a study, tables and curves: s", lambda: plan_trial("a", trial), RPACT_SURVIVAL, 60),
        ("interim analysis with repeated intervals, 2 looks: s",
         lambda: sequential.analyse(plan, [40, 70], [1.0, 2.2], max_information=100), RPACT_ANALYSIS, 20),
        ("final inference by stagewise ordering: s",
         lambda: sequential.infer_final(plan, [40, 70], [1.0, 2.7], max_information=100), RPACT_ANALYSIS, 4),
    ]  # fmt: skip
    return [_row(*call) for call in calls]


def _row(name: str, call: Callable[[], object], peer: float, numbers: int) -> Row:
    ours = _seconds(call)
    return name, ours, peer, peer / ours, numbers * _seconds(lambda: ndtri(0.975))


def _seconds(call: Callable[[], object]) -> float:
    """The median of CPU seconds; the first calls compile and are not counted."""
    call()
    call()
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(BATCH):
            call()
        found.append((time.process_time() - start) / BATCH)
    return statistics.median(found)
