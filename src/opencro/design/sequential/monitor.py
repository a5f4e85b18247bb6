"""A look at the accruing trial: bounds for the information that is there, decision, repeated intervals, what may
follow.

Information at a look is whatever came in; spending follows it, so that the error rate holds. When the trial stops,
p-value, median-unbiased estimate and interval follow from the stagewise ordering.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats, cross_bounds, cross_path, spend_above, spend_both
from opencro.design.sequential.families import solve_constant
from opencro.design.sequential.plan import GroupSequentialDesign
from opencro.design.sequential.spending import Spending
from opencro.stats import Result

POSTERIOR_NODES, POSTERIOR_WEIGHTS = np.polynomial.hermite_e.hermegauss(64)


@dataclass(frozen=True)
class Interim(Result):
    """Looks so far; a row a look. Effects stand on the scale whose information was given.

    `efficacy`, `futility`: bounds for the actual information; `lower`, `upper`: repeated confidence interval
    (two-sided, 1 - 2 alpha for a one-sided design); `repeated_p`: the level at which the same rule would just have
    stopped.
    """

    title: ClassVar[str] = "Interim analysis"
    aside: ClassVar[frozenset[str]] = frozenset({"alpha", "sided"})

    look: tuple[int, ...]
    information: Floats
    fraction: Floats
    z: Floats
    efficacy: Floats
    futility: Floats
    decision: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    repeated_p: Floats
    alpha: float
    sided: int


@dataclass(frozen=True)
class Final(Result):
    """The inference of a trial that stopped, by the stagewise ordering; one row."""

    title: ClassVar[str] = "Final analysis (stagewise ordering)"

    look: int
    z: float
    estimate: float
    median_unbiased: float
    lower: float
    upper: float
    p_value: float


def update_bounds(
    design: GroupSequentialDesign, fraction: ArrayLike, *, final: bool = False, alpha: float | None = None
) -> tuple[Floats, Floats]:
    """Efficacy and futility bounds for the information that there is.

    `fraction`: information of the looks over the planned maximum, rising, may run over 1; `final`: the last look is the
    last of the trial (it spends what is left); `alpha`: in place of the design's. A spending rule spends at the actual
    fractions; a family keeps its constant at interim looks and solves for the last bound. Raises DES-113.

    Source: Lan KKG, DeMets DL. Biometrika 1983; 70:659-663; Jennison & Turnbull (2000), section 7.4.
    """
    t = np.asarray(fraction, dtype=np.float64)
    if t.ndim != 1 or t.size == 0 or t[0] <= 0 or (np.diff(t) <= 0).any():
        raise DesignError("DES-113", f"information {t.tolist()}", "rising numbers above 0", "Give all looks so far.")
    level = design.alpha if alpha is None else alpha
    if design.sided == 2:
        upper = _follow(design, t, final, level, np.full(t.size, -math.inf))
        return upper, np.full(t.size, -math.inf)
    if isinstance(design.futility_rule, Spending):
        return _follow_both(design, t, final, level)
    lower = np.interp(t, design.information, design.futility) if design.futility_rule else np.full(t.size, -math.inf)
    binding = lower if design.binding else np.full(t.size, -math.inf)
    upper = _follow(design, t, final, level, binding)
    return upper, lower


def _spend(rule: Spending, t: Floats, total: float, final: bool) -> Floats:
    spent = rule.spend(np.minimum(t, 1.0), total)
    if final:
        spent[-1] = total
    return np.diff(spent, prepend=0.0)


def _follow(design: GroupSequentialDesign, t: Floats, final: bool, alpha: float, lower: Floats) -> Floats:
    rule, sided = design.efficacy_rule, design.sided
    if isinstance(rule, Spending):
        return np.asarray(spend_above(sided * _spend(rule, t, alpha / sided, final), lower, t, 0.0, sided == 2))
    planned = solve_constant(rule, design.information, alpha, sided, np.full(design.information.size, -math.inf))
    upper = np.interp(np.minimum(t, 1.0), design.information, planned)
    shaped = getattr(rule, "delta", None)
    if shaped is not None:
        upper = planned[-1] * np.minimum(t, 1.0) ** (shaped - 0.5)
    return _close(upper, t, alpha, sided, lower) if final else upper


def _close(upper: Floats, t: Floats, alpha: float, sided: int, lower: Floats) -> Floats:
    """The last bound takes what the earlier ones have left of alpha."""

    def excess(last: float) -> float:
        bounds = np.append(upper[:-1], last)
        above, below = cross_bounds(-bounds if sided == 2 else lower, bounds, t, 0.0)
        return float(above.sum() + (below.sum() if sided == 2 else 0.0)) - alpha

    return np.append(upper[:-1], float(brentq(excess, -5.0, 12.0, xtol=1e-11)))


def _follow_both(design: GroupSequentialDesign, t: Floats, final: bool, alpha: float) -> tuple[Floats, Floats]:
    free = _follow(design, t, final, alpha, np.full(t.size, -math.inf))
    rule = design.efficacy_rule
    parts = _spend(rule, t, alpha, final) if isinstance(rule, Spending) else np.zeros(t.size)
    assert isinstance(design.futility_rule, Spending)
    beta = _spend(design.futility_rule, t, design.beta, final)
    if not final:  # one more look, far away, so that this one has its futility bound too
        t, parts, beta, free = (
            np.append(t, t[-1] + 1),
            np.append(parts, 0.0),
            np.append(beta, 0.0),
            np.append(free, 9.0),
        )
    upper, lower, _ = spend_both(parts, beta, t, design.drift, design.binding, free)
    return (upper, lower) if final else (upper[:-1], lower[:-1])


def analyse(
    design: GroupSequentialDesign, information: Sequence[float], z: Sequence[float], *, max_information: float,
    final: bool = False,
) -> Interim:  # fmt: skip
    """The looks so far of an accruing trial: bounds, decisions, repeated intervals and p-values.

    `information`: at each look, on the scale of the effect (events / 4 for a log hazard ratio of equal arms, 1 / se^2
    elsewhere); `z`: statistics, positive for a benefit; `max_information`: planned; `final`: the last look is the last
    of the trial. Raises DES-113, DES-114. Source: Jennison & Turnbull (2000), chapter 9 (repeated intervals).

    >>> plan = group_sequential(2)
    >>> analyse(plan, [50.0], [2.0], max_information=100.0).decision
    ('continue',)
    """
    info, values = np.asarray(information, dtype=np.float64), np.asarray(z, dtype=np.float64)
    if values.shape != info.shape:
        raise DesignError("DES-114", f"{values.size} statistics at {info.size} looks", "one statistic a look",
                          "Give all looks so far.")  # fmt: skip
    t = info / max_information
    upper, lower = update_bounds(design, t, final=final)
    if final and design.sided == 1:
        lower = np.append(lower[:-1], upper[-1])
    estimate, half = values / np.sqrt(info), upper / np.sqrt(info)
    decisions = tuple(
        _decide(v, b, a, design, final and k + 1 == t.size)
        for k, (v, b, a) in enumerate(zip(values, upper, lower, strict=True))
    )
    repeated = np.array([compute_repeated_p(design, t[: k + 1], float(v), final and k + 1 == t.size)
                         for k, v in enumerate(values)])  # fmt: skip
    return Interim(
        tuple(range(1, t.size + 1)), info, t, values, upper, lower, decisions, estimate, estimate - half,
        estimate + half, repeated, design.alpha, design.sided,
    )  # fmt: skip


def _decide(z: float, upper: float, lower: float, design: GroupSequentialDesign, last: bool) -> str:
    if (abs(z) if design.sided == 2 else z) >= upper:
        return "reject and stop"
    if last:
        return "accept"
    return "stop for futility" if design.sided == 1 and z <= lower else "continue"


def compute_repeated_p(design: GroupSequentialDesign, t: Floats, z: float, final: bool) -> float:
    """The level at which the same rule just stops at the last of these looks with z.

    `t`: information fractions of the looks; `final`: the last look is the last of the trial. Source: Jennison &
    Turnbull (2000), section 9.2.
    """
    value = abs(z) if design.sided == 2 else z

    def excess(log_alpha: float) -> float:
        bound = update_bounds(design, t, final=final, alpha=math.exp(log_alpha))[0][-1]
        return float(min(bound, 40.0)) - value

    low, high = math.log(1e-12), math.log(0.5 * design.sided * (1 - 1e-9))
    if excess(high) >= 0:
        return math.exp(high)
    return math.exp(float(brentq(excess, low, high, xtol=1e-7))) if excess(low) > 0 else math.exp(low)


def compute_stagewise_p(
    upper: ArrayLike, lower: ArrayLike, information: ArrayLike, z: float, theta: float = 0.0
) -> float:
    """P(an outcome more extreme than stopping at the last of these looks with z), by the stagewise ordering.

    `upper`, `lower`: bounds of the looks before; `information`: of all looks, the last with z. Under an effect theta on
    the scale of the information. Overrunning (data that came in after the trial stopped): give z and the information of
    the last look with them. Source: Tsiatis AA, Rosner GL, Mehta CR. Biometrics 1984; 40:797-803; Hall WJ, Ding K.
    2008 (deletion of the interim look that stopped).
    """
    info = np.asarray(information, dtype=np.float64)
    high, low = np.append(np.asarray(upper, float), z), np.append(np.asarray(lower, float), -math.inf)
    return float(cross_bounds(low, high, info, theta)[0].sum())


def infer_final(
    design: GroupSequentialDesign, information: Sequence[float], z: Sequence[float], *, max_information: float,
    alpha: float | None = None,
) -> Final:  # fmt: skip
    """p-value, median-unbiased estimate and confidence interval (1 - 2 alpha, one-sided alpha) of a stopped trial.

    The trial stopped at the last of the looks; bounds of the looks before follow the actual information. The interval
    has `alpha` (the design's, halved for two sides) on either side. Raises DES-113. Source: as `compute_stagewise_p`.
    """
    info = np.asarray(information, dtype=np.float64)
    level = design.alpha / design.sided if alpha is None else alpha
    if info.size > 1:
        upper, futility = update_bounds(design, info[:-1] / max_information)
        lower = -upper if design.sided == 2 else (futility if design.binding else np.full(info.size - 1, -math.inf))
    else:
        upper = lower = np.empty(0)
    last = float(z[-1])

    def p(theta: float) -> float:
        return compute_stagewise_p(upper, lower, info, last, theta)

    naive, width = last / math.sqrt(info[-1]), 1 / math.sqrt(info[0])

    def invert(target: float) -> float:
        return float(brentq(lambda x: p(x) - target, naive - 12 * width, naive + 12 * width, xtol=1e-10 * width))

    p_value = p(0.0)
    if design.sided == 2:
        p_value = 2 * min(p_value, 1 - p_value)
    return Final(info.size, last, naive, invert(0.5), invert(level), invert(1 - level), p_value)


def compute_conditional_power(
    design: GroupSequentialDesign, look: int, z: float, *, drift: float | None = None
) -> float:
    """The probability of rejecting at a later look of the plan, given z at a look.

    `look`: 1, 2, ...; `drift`: the assumed theta sqrt(I_max), the current trend z / sqrt(t) if None. Futility stops
    count, for two sides rejection in the direction of benefit. Source: Jennison & Turnbull (2000), chapter 10.
    """
    t = design.information
    now = float(t[look - 1])
    theta = z / math.sqrt(now) if drift is None else drift
    rest = t[look:]
    above, _ = cross_path(design.lower[look:], design.efficacy[look:], rest, np.full(rest.size, theta), now, z)
    return float(above.sum())


def compute_predictive_power(
    design: GroupSequentialDesign, look: int, z: float, *, prior_mean: float = 0.0, prior_sd: float = math.inf
) -> float:
    """Conditional power, averaged over what is believed of the drift after the look.

    Normal prior of the drift theta sqrt(I_max), flat where `prior_sd` is infinite. Source: Spiegelhalter DJ, Freedman
    LS, Blackburn PR. Control Clin Trials 1986; 7:8-17.
    """
    t = float(design.information[look - 1])
    precision = t + (0.0 if math.isinf(prior_sd) else 1 / prior_sd**2)
    mean = (z * math.sqrt(t) + (0.0 if math.isinf(prior_sd) else prior_mean / prior_sd**2)) / precision
    points = mean + POSTERIOR_NODES / math.sqrt(precision)
    values = [compute_conditional_power(design, look, z, drift=float(d)) for d in points]
    return float(POSTERIOR_WEIGHTS @ np.array(values) / POSTERIOR_WEIGHTS.sum())


def compute_conditional_power_final(z: float, fraction: float, drift: float, critical: float = 1.959964) -> float:
    """Conditional power of one final test after a look: Phi((B_t + drift (1 - t) - c) / sqrt(1 - t)), B_t = z sqrt t.

    `drift`: theta sqrt(I_max), for the current trend z / sqrt t. Source: Lan KKG, Wittes J. Biometrics 1988;
    44:579-585.
    """
    rest = 1 - fraction
    return float(ndtr((z * math.sqrt(fraction) + drift * rest - critical) / math.sqrt(rest)))


def compute_predictive_power_final(z: float, fraction: float, critical: float = 1.959964) -> float:
    """Predictive power of one final test after a look, flat prior: Phi((z - c sqrt t) / sqrt(1 - t)).

    Source: Spiegelhalter DJ et al. Control Clin Trials 1986; 7:8-17.
    """
    return float(ndtr((z - critical * math.sqrt(fraction)) / math.sqrt(1 - fraction)))


def compute_conditional_error(design: GroupSequentialDesign, look: int, z: float) -> float:
    """The conditional rejection probability without an effect after a look: what an adapted rest may spend.

    Source: Müller HH, Schäfer H. Biometrics 2001; 57:886-891.
    """
    t = design.information
    rest = t[look:]
    low = np.full(rest.size, -math.inf) if not design.binding else design.lower[look:]
    above, _ = cross_path(low, design.efficacy[look:], rest, np.zeros(rest.size), float(t[look - 1]), z)
    return float(above.sum())
