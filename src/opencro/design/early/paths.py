"""What a model-based design would do next after every possible outcome of its first cohorts: its decision table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from opencro.design.early.blrm import LogisticDesign, assess_blrm
from opencro.design.early.crm import ReassessmentDesign, reassess
from opencro.design.early.tally import check_counts
from opencro.stats import Result


@dataclass(frozen=True)
class DosePaths(Result):
    """One row an outcome: dose and number toxic of each cohort, and the dose of the next one (0: the trial stops)."""

    title: ClassVar[str] = "Dose transition pathways"

    paths: tuple[tuple[int, ...], ...]
    cohorts: int

    def columns(self) -> Mapping[str, Any]:
        """`dose1`, `toxic1`, `dose2`, ... and `next`."""
        names = [f"{word}{k}" for k in range(1, self.cohorts + 1) for word in ("dose", "toxic")] + ["next"]
        return {name: [path[i] for path in self.paths] for i, name in enumerate(names)}


def dose_paths(
    design: ReassessmentDesign | LogisticDesign, *, cohorts: int = 2, cohort_size: int = 3, start: int = 1
) -> DosePaths:
    """The dose of each next cohort after every outcome of the first `cohorts`, by the rules of the simulator.

    `start` the first dose, 1 the lowest. Source: Yap, Billingham, Cheung, Craddock & O'Quigley (2017), Clin Cancer Res
    23, 7440-7447. DesignError DES-503.

    >>> from opencro.design.early import crm
    >>> dose_paths(crm([0.05, 0.12, 0.25, 0.4], 0.25), cohorts=1).to_frame()["next"].to_list()
    [2, 1, 1, 1]
    """
    check_counts(cohorts=cohorts, cohort_size=cohort_size, start=start)
    found: dict[tuple[int, ...], None] = {}
    for outcome in product(range(cohort_size + 1), repeat=cohorts):
        path, dose = [], start
        for toxic in outcome:
            path += [dose, toxic if dose else 0]
            dose = _next_dose(design, path, cohort_size) if dose else 0
        found[(*path, dose)] = None
    return DosePaths(tuple(found), cohorts)


def _next_dose(design: ReassessmentDesign | LogisticDesign, path: list[int], size: int) -> int:
    doses, toxic = path[::2], path[1::2]
    if isinstance(design, ReassessmentDesign):
        level = np.repeat(doses, size)
        outcome = np.concatenate([np.arange(size) < t for t in toxic])
        highest = doses[-1] + (toxic[-1] <= design.target * size)
        return min(reassess(design, level, outcome).mtd, highest, len(design.skeleton))
    treated, bad = np.zeros(len(design.doses)), np.zeros(len(design.doses))
    np.add.at(treated, np.array(doses) - 1, size)
    np.add.at(bad, np.array(doses) - 1, toxic)
    return assess_blrm(design, treated, bad, last=doses[-1]).next
