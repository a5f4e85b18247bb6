"""How far from what was assumed must the gaps be before the conclusion changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from opencro.stats.missing.analysis import analyse_ancova, delta_by_arm
from opencro.stats.missing.imputation import Imputed
from opencro.stats.missing.incomplete import Floats
from opencro.stats.missing.picture import draw_tipping
from opencro.stats.missing.rubin import Alternative
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class TippingGrid(Result):
    """The comparison for each combination of deltas."""

    title: ClassVar[str] = "Delta-adjusted analyses"
    aside: ClassVar[frozenset[str]] = frozenset({"arms", "deltas", "lower", "upper", "variance"})

    arms: tuple[str, ...]
    deltas: Floats  # (rows, arms)
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    variance: str
    notes: tuple[Note, ...] = ()

    def columns(self) -> dict[str, Floats]:
        """The deltas by arm, then estimate, standard error and p-value."""
        deltas = {f"delta {arm}": self.deltas[:, k] for k, arm in enumerate(self.arms)}
        return {**deltas, "estimate": self.estimate, "se": self.se, "p_value": self.p_value}

    def plot(self, *, alpha: float = 0.05) -> Axes:
        """One arm: the estimate with its limits by delta. Two arms: the p-values. Error: STA-608 for more."""
        return draw_tipping(self.arms, self.deltas, self.estimate, (self.lower, self.upper), self.p_value, alpha)


@dataclass(frozen=True)
class TippingPoint(Result):
    """The smallest delta at which p crosses `alpha`; NaN, with a note, where none was found."""

    title: ClassVar[str] = "Tipping point"

    delta: float
    estimate: float
    se: float
    p_value: float
    p_value_at_zero: float
    notes: tuple[Note, ...] = ()


def tipping_grid(
    imputed: Imputed, deltas: Mapping[str, ArrayLike], *, visit: str, what: str, alternative: Alternative = "two-sided"
) -> TippingGrid:
    """Repeats the analysis for every combination of deltas added to the imputed values of the arms at all visits.

    `imputed`: as for `analyse_ancova`, imputed once; `deltas`: arm to the numbers to try; `visit`, `what`: the row
    looked at, e.g. "DRUG - PLACEBO". Errors: STA-605 to STA-608. Source: Permutt (2016) Stat Med 35:2876. Example:
    `tipping_grid(imputed, {"DRUG": [0, 1, 2]}, visit="7", what="DRUG - PLACEBO")`.
    """
    combinations = np.array(list(itertools.product(*(np.atleast_1d(np.asarray(d, float)) for d in deltas.values()))))
    rows, text = [], ""
    for values in combinations:
        delta = delta_by_arm(imputed.data, dict(zip(deltas, values.tolist(), strict=True)))
        analysis = analyse_ancova(imputed, delta=delta, alternative=alternative)
        rows.append(analysis.row(visit, what))
        text = analysis.variance
    names = ("estimate", "se", "lower", "upper", "p_value")
    estimate, se, lower, upper, p = (np.array([row[name] for row in rows]) for name in names)
    return TippingGrid(tuple(deltas), combinations, estimate, se, lower, upper, p, text)


def tipping_point(
    imputed: Imputed,
    direction: ArrayLike,
    *,
    visit: str,
    what: str,
    search: Sequence[float] = (0.0, 20.0),
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
) -> TippingPoint:
    """Finds the smallest multiple of `direction` that, added to the imputed values, moves the p-value across `alpha`.

    `imputed`, `visit`, `what` as in `tipping_grid`; `direction` (n, T): e.g. `delta_by_arm(data, {"DRUG": 1.0})`;
    `search`: from and to, stepped through in 40 steps for the first crossing, which is then found to 1e-8. Note
    STA-611: no crossing. Errors: STA-605 to STA-608. Example: `tipping_point(imputed, direction, visit="7",
    what="DRUG - PLACEBO")`.
    """
    shift = np.asarray(direction, dtype=np.float64)

    def row(delta: float) -> dict[str, float]:
        return analyse_ancova(imputed, delta=delta * shift, alternative=alternative).row(visit, what)

    p_zero = row(0.0)["p_value"]
    found = _first_crossing(lambda d: row(d)["p_value"] - alpha, search)
    if found is None:
        note = Note("STA-611", f"p does not cross {alpha} for a delta from {search[0]:g} to {search[1]:g}")
        return TippingPoint(np.nan, np.nan, np.nan, np.nan, p_zero, (note,))
    there = row(found)
    return TippingPoint(found, there["estimate"], there["se"], there["p_value"], p_zero)


def _first_crossing(excess: Callable[[float], float], search: Sequence[float]) -> float | None:
    if len(search) != 2 or search[0] == search[1]:
        raise StatsError("STA-608", f"search {search}", "two different deltas", "Give from and to, e.g. (0, 20).")
    points = np.linspace(search[0], search[1], 41)
    last = excess(float(points[0]))
    for before, after in itertools.pairwise(points.tolist()):
        now = excess(after)
        if (last < 0) != (now < 0):
            return float(brentq(excess, before, after, xtol=1e-10))
        last = now
    return None
