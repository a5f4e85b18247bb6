"""Designs that look up one table, how many of how many: BOIN, Keyboard and mTPI-2.

At each dose with n treated and y toxic the table says escalate, stay, de-escalate, or de-escalate and never come back.
All use a uniform prior. They differ in the intervals compared: BOIN in two thresholds that minimize wrong decisions,
Keyboard and mTPI-2 in the interval of highest posterior density among equal ones (mTPI-2 also counts the cut ones at
both ends).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from opencro.design.early.isotonic import posterior_above
from opencro.design.early.tally import check_counts, check_target
from opencro.design.errors import DesignError
from opencro.stats import Result

ESCALATE, STAY, DEESCALATE, EXCLUDE, IMPOSSIBLE = 0, 1, 2, 3, 4
LETTERS = ("E", "S", "D", "DU", "")


@dataclass(frozen=True)
class IntervalDesign(Result):
    """A table of decisions: `decisions[y, n - 1]`, 0 escalate, 1 stay, 2 de-escalate, 3 and exclude, 4 impossible.

    `lower` and `upper`: escalate at or below, de-escalate at or above, for BOIN; the edges of the target interval
    otherwise.
    """

    title: ClassVar[str] = (
        "Decisions by number toxic (rows) and treated (columns): E escalate, S stay, D down, DU exclude"
    )

    name: str
    target: float
    lower: float
    upper: float
    exclude: float
    decisions: NDArray[np.int8]

    @property
    def largest(self) -> int:
        """The largest number treated at a dose that the table knows."""
        return int(self.decisions.shape[1])

    def letters(self) -> list[list[str]]:
        """The decisions as letters, one list a number toxic."""
        return [[LETTERS[d] for d in row] for row in self.decisions]

    def boundaries(self, treated: int) -> tuple[int | None, int | None, int | None]:
        """(escalate if at most, de-escalate if at least, exclude if at least) toxic of `treated`; None: never."""
        column = self.decisions[: treated + 1, treated - 1]
        up, down, out = (np.flatnonzero(c) for c in (column == ESCALATE, column >= DEESCALATE, column == EXCLUDE))
        return (
            int(up[-1]) if up.size else None, int(down[0]) if down.size else None, int(out[0]) if out.size else None
        )  # fmt: skip

    def columns(self) -> Mapping[str, Any]:
        """One row a number toxic."""
        table = self.letters()
        return {
            "toxic": list(range(len(table))),
            **{str(n + 1): [row[n] for row in table] for n in range(self.largest)},
        }


def boin(
    target: float, *, safe: float | None = None, toxic: float | None = None, largest: int = 30, exclude: float = 0.95
) -> IntervalDesign:
    """Bayesian optimal interval design.

    `target` risk; `safe` the highest risk that is too low (default 0.6 target), `toxic` the lowest that is too high
    (default 1.4 target); `largest` the number treated at a dose up to which decisions are tabled; `exclude`: posterior
    probability of a risk above target beyond which a dose with 3 or more participants is excluded.
    DesignError DES-502 to DES-505. Source: Liu & Yuan (2015), J R Stat Soc C 64, 507-523.

    >>> boin(0.3).boundaries(6)
    (1, 3, 4)
    """
    check_target(target)
    low, high = 0.6 * target if safe is None else safe, 1.4 * target if toxic is None else toxic
    if not 0 < low < target < high < 1:
        raise DesignError(
            "DES-504", f"safe {low:g}, target {target:g}, toxic {high:g}", "0 < safe < target < toxic < 1",
            "Move safe below and toxic above the target.",
        )  # fmt: skip
    down = _log_odds_threshold(low, target)
    up = _log_odds_threshold(target, high)
    y, n = _grid(largest, exclude)
    decisions = np.where(y <= down * n + 1e-9, ESCALATE, np.where(y >= up * n - 1e-9, DEESCALATE, STAY))
    return _finish("BOIN", target, down, up, exclude, decisions, y, n, first=3)


def keyboard(
    target: float, *, margins: tuple[float, float] = (0.05, 0.05), largest: int = 30, exclude: float = 0.95
) -> IntervalDesign:
    """Keyboard design: the key (interval of the target's width) of highest posterior probability is followed.

    `margins`: how far below and above the target the target key reaches; keys cut by 0 or 1 don't count. The rest as in
    `boin`. Source: Yan, Mandrekar & Yuan (2017), Clin Cancer Res 23, 3994-4003.

    >>> keyboard(0.3).boundaries(6)
    (1, 3, 4)
    """
    return _by_densest("Keyboard", target, margins, largest, exclude, cut=False, first=3)


def mtpi2(
    target: float, *, margins: tuple[float, float] = (0.05, 0.05), largest: int = 30, exclude: float = 0.95,
    exclude_from: Literal[1, 2, 3] = 2,
) -> IntervalDesign:  # fmt: skip
    """Modified toxicity probability interval design, second version.

    `margins`: the equivalence interval around the target; the rest of 0 to 1 is cut in intervals of its length, shorter
    ones at both ends. `exclude_from`: the number treated from which a dose may be excluded. The papers give no number:
    taken as they stand, 1 of 1 toxic excludes a dose for targets below 0.224 (`exclude_from=1`); 2, the default, keeps
    a single participant from closing a dose for good, and is what lrstat does; 3 is the custom of BOIN and Keyboard.
    The rest as in `boin`. Source: Guo, Wang, Yang, Lynn & Ji (2017), Contemp Clin Trials 58, 23-33.

    >>> mtpi2(0.3).boundaries(6)
    (1, 3, 4)
    """
    check_counts(exclude_from=exclude_from)
    return _by_densest("mTPI-2", target, margins, largest, exclude, cut=True, first=exclude_from)


def _by_densest(
    name: str, target: float, margins: tuple[float, float], largest: int, exclude: float, *, cut: bool, first: int
) -> IntervalDesign:
    check_target(target)
    low, high = target - margins[0], target + margins[1]
    if not 0 < low < high < 1:
        raise DesignError(
            "DES-504", f"interval {low:g} to {high:g} around {target:g}", "an interval inside 0 to 1",
            "Narrow the margins.",
        )  # fmt: skip
    edges = _cut_intervals(low, high, cut=cut)
    y, n = _grid(largest, exclude)
    possible = np.minimum(y, n)
    mass = np.diff([betainc(possible + 1, n - possible + 1, e) for e in edges], axis=0)
    density = mass / np.diff(edges)[:, None, None]
    middle = int(np.flatnonzero(np.isclose(edges, low))[0])
    densest = density.argmax(axis=0)
    decisions = np.where(densest < middle, ESCALATE, np.where(densest > middle, DEESCALATE, STAY))
    return _finish(name, target, low, high, exclude, decisions, y, n, first=first)


def _cut_intervals(low: float, high: float, *, cut: bool) -> NDArray[np.float64]:
    """Edges of equal intervals on both sides of the target's; with `cut`, also of the shorter ones at the ends."""
    width = high - low
    below, above = math.floor(low / width + 1e-9), math.floor((1 - high) / width + 1e-9)
    edges: NDArray[np.float64] = low + width * np.arange(-below, above + 2.0)
    if not cut:
        return edges
    head = [0.0] if edges[0] > 1e-9 else []
    tail = [1.0] if edges[-1] < 1 - 1e-9 else []
    return np.asarray(np.concatenate([head, edges, tail]), dtype=np.float64)


def _log_odds_threshold(low: float, high: float) -> float:
    """The observed risk at which two risks are equally likely."""
    return math.log((1 - low) / (1 - high)) / math.log(high * (1 - low) / (low * (1 - high)))


def _grid(largest: int, exclude: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    check_counts(largest=largest)
    if not 0.5 < exclude <= 1:
        raise DesignError(
            "DES-505", f"exclude {exclude:g}", "a probability above 0.5 and at most 1",
            "Give the certainty at which a dose is closed, e.g. 0.95; 1 closes none.",
        )  # fmt: skip
    y, n = np.meshgrid(np.arange(largest + 1), np.arange(1, largest + 1), indexing="ij")
    return y, n


def _finish(
    name: str, target: float, lower: float, upper: float, exclude: float,
    decisions: NDArray[Any], y: NDArray[np.int64], n: NDArray[np.int64], *, first: int,
) -> IntervalDesign:  # fmt: skip
    possible = np.minimum(y, n)
    closed = (n >= first) & (posterior_above(target, possible, n) > exclude)
    decisions = np.where(y > n, IMPOSSIBLE, np.where(closed, EXCLUDE, decisions))
    return IntervalDesign(name, target, lower, upper, exclude, decisions.astype(np.int8))
