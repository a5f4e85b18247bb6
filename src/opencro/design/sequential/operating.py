"""How a group sequential design behaves: power, probabilities of stopping, expected information."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.design.sequential.crossing import Floats, cross_bounds_batch
from opencro.stats import Result


@dataclass(frozen=True)
class OperatingCharacteristics(Result):
    """Power and expected information at several drifts, by integration; a row a drift.

    `drift`: theta times the root of the maximal information; `expected_information`: a fraction of the maximal one;
    aside: `reject`, `futility` (drifts, looks), the probabilities of first crossing either bound at each look.
    """

    title: ClassVar[str] = "Operating characteristics (analytic)"
    aside: ClassVar[frozenset[str]] = frozenset({"reject", "futility", "information"})

    drift: Floats
    power: Floats
    expected_information: Floats
    reject: Floats
    futility: Floats
    information: Floats

    def columns(self) -> Mapping[str, Any]:
        """Power, expected information and the probability of having stopped by each interim look."""
        shown = {"drift": self.drift, "power": self.power, "expected_information": self.expected_information}
        stopped = np.cumsum(self.reject + self.futility, axis=1)[:, :-1]
        return shown | {f"stopped_by_{k + 1}": stopped[:, k] for k in range(stopped.shape[1])}


def compute_operating(
    information: ArrayLike, upper: ArrayLike, lower: ArrayLike, sided: int, drift: ArrayLike
) -> OperatingCharacteristics:
    """Operating characteristics of bounds at information fractions, for several drifts.

    `lower`: crossing it rejects too for two sides (in the other direction), accepts for one; the last lower bound of
    one side is the efficacy bound. Source: Jennison & Turnbull (2000), chapter 19.
    """
    t, b, a = (np.asarray(v, dtype=np.float64) for v in (information, upper, lower))
    d = np.atleast_1d(np.asarray(drift, dtype=np.float64))
    above, below = cross_bounds_batch(a, b, t, d)
    reject, futility = (above + below, np.zeros_like(below)) if sided == 2 else (above, below.copy())
    if sided == 1:
        futility[:, -1] = 0.0  # at the last look a lack of rejection is no stop
    stopped = (reject + futility)[:, :-1]
    rest = 1 - stopped.sum(axis=1)
    expected = stopped @ t[:-1] + rest * t[-1]
    return OperatingCharacteristics(d, reject.sum(axis=1), expected, reject, futility, t)
