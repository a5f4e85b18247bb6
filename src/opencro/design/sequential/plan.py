"""A group sequential design: looks, bounds, error rates spent, and the information that gives the power.

The theory needs only information: drift = theta sqrt(I_max). Sample sizes of endpoints come from `inflation`, the
maximal information as a multiple of that of a trial without looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats, cross_bounds, spend_above, spend_both
from opencro.design.sequential.families import Family, Futility, futility_bounds, solve_constant
from opencro.design.sequential.operating import OperatingCharacteristics, compute_operating
from opencro.design.sequential.spending import LanDeMetsOBrienFleming, Spending
from opencro.stats import Result


@dataclass(frozen=True)
class GroupSequentialDesign(Result):
    """Looks and bounds of a group sequential trial; a row a look.

    `information`: fractions; `efficacy`, `futility`: bounds on the Z scale (-inf: no stop); `nominal_p`: of the
    efficacy bound, `sided` sides; `alpha_spent`, `power`: cumulative, without an effect and at `drift` (theta times the
    root of the maximal information); `inflation`: that information over that of a trial without looks.
    """

    title: ClassVar[str] = "Group sequential design"
    aside: ClassVar[frozenset[str]] = frozenset(
        {"alpha", "sided", "beta", "binding", "drift", "inflation", "efficacy_rule", "futility_rule"}
    )

    look: tuple[int, ...]
    information: Floats
    efficacy: Floats
    futility: Floats
    nominal_p: Floats
    alpha_spent: Floats
    power: Floats
    alpha: float
    sided: int
    beta: float
    binding: bool
    drift: float
    inflation: float
    efficacy_rule: Spending | Family
    futility_rule: Spending | Futility | None

    def columns(self) -> Mapping[str, Any]:
        """Without futility bounds the table has no column of them."""
        shown = dict(super().columns())
        if self.futility_rule is None:
            del shown["futility"]
        return shown

    @property
    def lower(self) -> Floats:
        """The lower stopping bounds: mirrored efficacy for two sides, else futility; the last accepts."""
        if self.sided == 2:
            return -self.efficacy
        return np.append(self.futility[:-1], self.efficacy[-1])

    @property
    def stage_levels(self) -> Floats:
        """One-sided nominal levels of the efficacy bounds."""
        return np.asarray(ndtr(-self.efficacy))

    def operating(self, drift: ArrayLike | None = None) -> OperatingCharacteristics:
        """Power, stopping probabilities and expected information at drifts; 0, 1/2 and 1 times the planned if None."""
        multiples = self.drift * np.array([0.0, 0.5, 1.0]) if drift is None else np.atleast_1d(np.asarray(drift, float))
        return compute_operating(self.information, self.efficacy, self.lower, self.sided, multiples)

    def __str__(self) -> str:
        sides = "one-sided" if self.sided == 1 else "two-sided"
        rules = self.efficacy_rule.name()
        if self.futility_rule is not None:
            rules += f"; futility {'binding' if self.binding else 'non-binding'}, {self.futility_rule.name()}"
        foot = f"{sides} alpha {self.alpha:g}, power {1 - self.beta:g}, inflation {self.inflation:.5g}; {rules}"
        return f"{super().__str__()}\n{foot}"


def group_sequential(
    information: int | Sequence[float] = 2,
    *,
    alpha: float = 0.025,
    sided: int = 1,
    power: float = 0.9,
    efficacy: Spending | Family | None = None,
    futility: Spending | Futility | None = None,
    binding: bool = False,
    efficacy_stops: Sequence[bool] | None = None,
    unspent: Literal["carried", "forfeited"] = "carried",
    spending_time: Sequence[float] | None = None,
) -> GroupSequentialDesign:
    """A group sequential design.

    `information`: the number of equally spaced looks, or the information fractions (rising, the last 1); `alpha` in
    all, `sided` 1 or 2; `efficacy`: a spending function (Lan-DeMets of O'Brien-Fleming's type unless told) or a
    family; `futility` (one-sided only): a spending function for the type II error or bounds; `binding`: whether the
    efficacy bounds count on the futility stops; `efficacy_stops`: False where efficacy can't stop the trial, whose
    error is `unspent`: "carried" to the next look with a stop, or "forfeited" (later bounds as if it had been spent);
    `spending_time`: the fractions at which alpha and beta are spent, where they differ from the information (calendar
    time). Errors DES-103 to DES-112. Source: Jennison & Turnbull (2000), chapters 2 to 7.

    >>> group_sequential(3, efficacy=HwangShihDeCani(-4)).efficacy.round(3).tolist()
    [3.011, 2.547, 1.999]
    """
    t = _check(information, alpha, sided, power, futility)
    rule = LanDeMetsOBrienFleming() if efficacy is None else efficacy
    stops = np.ones(t.size, bool) if efficacy_stops is None else np.asarray(efficacy_stops, bool)
    time = t if spending_time is None else np.asarray(spending_time, dtype=np.float64)
    if stops.size != t.size or not stops[-1] or time.size != t.size:
        raise DesignError("DES-107", f"{stops.tolist()}, {time.tolist()}", f"{t.size} values, True for the last look",
                          "Give one value per look.")  # fmt: skip
    used = np.ones(t.size, bool) if unspent == "forfeited" else stops
    upper, lower, drift = _bounds(rule, futility, t, time, alpha, sided, power, binding, used)
    if unspent == "forfeited":
        upper = np.where(stops, upper, math.inf)
        drift = _drift(t, upper, -upper if sided == 2 else _accept(lower, upper), sided, power)
    return _finish(t, upper, lower, drift, alpha, sided, 1 - power, binding, rule, futility)


def _check(
    information: int | Sequence[float], alpha: float, sided: int, power: float, futility: Spending | Futility | None
) -> Floats:
    looks = information if isinstance(information, int) else None
    t = np.arange(1, looks + 1) / looks if looks else np.asarray(information, dtype=np.float64)
    if t.ndim != 1 or t.size == 0 or t[0] <= 0 or (np.diff(t) <= 0).any() or abs(t[-1] - 1) > 1e-9:
        raise DesignError("DES-108", f"information {information}", "rising fractions above 0 that end at 1",
                          "Divide the information of each look by the maximal information.")  # fmt: skip
    if not 0 < alpha < power < 1 or sided not in (1, 2) or (sided == 2 and futility is not None):
        raise DesignError(
            "DES-109", f"alpha {alpha:g}, power {power:g}, {sided} sides, futility {futility}",
            "0 < alpha < power < 1 and 1 or 2 sides, futility for one side only",
            "State a two-sided question with futility as one-sided at half the level.",
        )  # fmt: skip
    return t


def _increments(rule: Spending, time: Floats, total: float, stops: np.ndarray[Any, np.dtype[np.bool_]]) -> Floats:
    """What may be spent at each look; what a look without a stop would spend is kept for the next."""
    spent = rule.spend(time, total)
    spent[-1] = total
    taken, parts = 0.0, np.zeros(time.size)
    for k in np.flatnonzero(stops):
        parts[k], taken = spent[k] - taken, spent[k]
    return parts


def _bounds(
    rule: Spending | Family, futility: Spending | Futility | None, t: Floats, time: Floats, alpha: float, sided: int,
    power: float, binding: bool, stops: np.ndarray[Any, np.dtype[np.bool_]],
) -> tuple[Floats, Floats, float]:  # fmt: skip
    """Efficacy bounds, futility bounds and drift."""
    none = np.full(t.size, -math.inf)
    upper = _efficacy(rule, t, time, alpha, sided, none, stops)
    if futility is None:
        return upper, none, _drift(t, upper, -upper if sided == 2 else _accept(none, upper), sided, power)
    if isinstance(futility, Spending):
        if not isinstance(rule, Spending):
            if binding:
                raise DesignError("DES-110", f"{rule.name()} with a binding beta spending", "a spending function",
                                  "Spend alpha too, or make futility non-binding.")  # fmt: skip
            parts = np.zeros(t.size)
        else:
            parts = _increments(rule, time, alpha, stops)
        everywhere = np.ones(t.size, bool)
        beta = _increments(futility, time, 1 - power, everywhere)
        return _joint(parts, beta, t, binding, upper, 1 - power)
    lower = futility_bounds(futility, t, float(upper[-1]))
    for _ in range(50 if binding else 0):  # the final bound moves with the futility bounds that hang on it
        upper = _efficacy(rule, t, time, alpha, sided, np.append(lower[:-1], -math.inf), stops)
        moved = futility_bounds(futility, t, float(upper[-1]))
        if np.allclose(moved, lower, rtol=0, atol=1e-10):
            break
        lower = moved
    if (lower[:-1] > upper[:-1]).any():
        raise DesignError("DES-111", f"futility {lower.round(3).tolist()} above efficacy {upper.round(3).tolist()}",
                          "futility bounds below those of efficacy", "Lower the futility bounds.")  # fmt: skip
    return upper, lower, _drift(t, upper, _accept(lower, upper), sided, power)


def _accept(lower: Floats, upper: Floats) -> Floats:
    return np.append(lower[:-1], upper[-1])


def _efficacy(
    rule: Spending | Family, t: Floats, time: Floats, alpha: float, sided: int, lower: Floats,
    stops: np.ndarray[Any, np.dtype[np.bool_]],
) -> Floats:  # fmt: skip
    if isinstance(rule, Spending):
        # two sides spend half of alpha each: the function is read at alpha / 2, as for two one-sided tests
        spent = sided * _increments(rule, time, alpha / sided, stops)
        return np.asarray(spend_above(spent, lower, t, 0.0, sided == 2))
    if not stops.all():
        raise DesignError("DES-112", f"{rule.name()} without efficacy at some looks", "a spending function",
                          "A family has bounds at every look.")  # fmt: skip
    return solve_constant(rule, t, alpha, sided, lower)


def _drift(t: Floats, upper: Floats, lower: Floats, sided: int, power: float) -> float:
    def lack(drift: float) -> float:
        above, below = cross_bounds(lower, upper, t, drift)
        return float(above.sum() + (below.sum() if sided == 2 else 0.0)) - power

    return float(brentq(lack, 0.0, 20.0, xtol=1e-10))


def _joint(
    alpha: Floats, beta: Floats, t: Floats, binding: bool, start: Floats, missed: float
) -> tuple[Floats, Floats, float]:
    def lack(drift: float) -> float:
        return float(spend_both(alpha, beta, t, drift, binding, start)[2])

    low = float(ndtri(1 - missed)) * 0.5
    while lack(low) < 0 and low > 1e-3:
        low /= 2
    drift = float(brentq(lack, low, 20.0, xtol=1e-10))
    upper, lower, _ = spend_both(alpha, beta, t, drift, binding, start)
    return upper, lower, drift


def _finish(
    t: Floats, upper: Floats, lower: Floats, drift: float, alpha: float, sided: int, beta: float, binding: bool,
    rule: Spending | Family, futility: Spending | Futility | None,
) -> GroupSequentialDesign:  # fmt: skip
    stop = -upper if sided == 2 else _accept(lower, upper)
    level = stop if binding or sided == 2 else np.full(t.size, -math.inf)
    above, below = cross_bounds(level, upper, t, 0.0)
    won, lost = cross_bounds(stop, upper, t, drift)
    if sided == 2:
        above, won = above + below, won + lost
    fixed = float(ndtri(1 - alpha / sided) + ndtri(1 - beta))
    return GroupSequentialDesign(
        look=tuple(range(1, t.size + 1)), information=t, efficacy=upper, futility=lower,
        nominal_p=np.asarray(sided * ndtr(-upper)), alpha_spent=np.cumsum(above), power=np.cumsum(won), alpha=alpha,
        sided=sided, beta=beta, binding=binding, drift=drift, inflation=(drift / fixed) ** 2, efficacy_rule=rule,
        futility_rule=futility,
    )  # fmt: skip
