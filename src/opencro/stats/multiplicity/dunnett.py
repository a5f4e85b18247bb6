"""Several treatments against one control: Dunnett's distribution of the largest t statistic.

T_i = (mean_i - mean_0) / (s sqrt(1/n_i + 1/n_0)) have correlations l_i l_j with l_i = sqrt(n_i / (n_i + n_0)): given
the mean of the control and s they are independent, so that two integrals give the distribution (Dunnett 1955 JASA
50:1096).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammainccinv, gammaincinv, ndtr, stdtr, stdtrit

from opencro.stats.multiplicity.normal import check_correlation, compute_rectangle_probability
from opencro.stats.multiplicity.pvalues import AdjustedP, Floats, check_alpha, judge, name_hypotheses
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]
CONTROL_NODES, SCALE_NODES = 160, 64


@dataclass(frozen=True)
class DunnettResult(Result):
    """Comparisons with a control: estimates, simultaneous intervals and adjusted p-values, single-step and
    step-down."""

    title: ClassVar[str] = "Dunnett's comparisons with a control"

    comparison: tuple[str, ...]
    estimate: Floats
    se: Floats
    df: float
    t: Floats
    lower: Floats
    upper: Floats
    adjusted: Floats
    adjusted_step_down: Floats
    notes: tuple[Note, ...] = ()


def compute_dunnett_probability(
    bound: ArrayLike, n_treated: ArrayLike, n_control: float, df: float, *, alternative: Alternative = "two-sided"
) -> float:
    """P(all |T_i| <= bound_i), one-sided P(all T_i <= bound_i), when no treatment differs from the control.

    `bound`: a number or (k,); `n_treated` (k,), `n_control`: sizes; `df`: of the variance, inf if it is known.
    Error: STA-707. Source: Dunnett (1955) JASA 50:1096; unequal sizes: Dunnett (1964) Biometrics 20:482.
    Example: `compute_dunnett_probability(2.4414, [11, 11, 11], 11, 40)` is about 0.95.
    """
    loading = _loadings(n_treated, n_control, df)
    limit = np.broadcast_to(np.asarray(bound, dtype=np.float64), loading.shape)
    control, mass = _normal_rule(CONTROL_NODES, 9.0)
    scale, share = _scale_rule(df)
    shift, rest = loading[:, None, None] * control[:, None], np.sqrt(1 - loading**2)[:, None, None]
    high = limit[:, None, None] * scale
    inside = ndtr((high - shift) / rest)
    if alternative == "two-sided":
        inside = inside - ndtr((-high - shift) / rest)
    return float(min(mass @ inside.prod(axis=0) @ share, 1.0))


def _loadings(n_treated: ArrayLike, n_control: float, df: float) -> Floats:
    n = np.atleast_1d(np.asarray(n_treated, dtype=np.float64))
    if n.size == 0 or not (n > 0).all() or not n_control > 0 or not df > 0:
        raise StatsError(
            "STA-707", f"sizes {n.tolist()} and {n_control}, {df} degrees of freedom", "positive numbers",
            "Leave out arms without observations.",
        )  # fmt: skip
    return np.asarray(np.sqrt(n / (n + n_control)))


@cache
def _scale_rule(df: float) -> tuple[Floats, Floats]:
    if np.isinf(df):
        return np.ones(1), np.ones(1)
    v, mass = _normal_rule(SCALE_NODES, 8.5)  # the quantiles of chi-squared at even steps on the normal scale
    chi2 = np.where(v < 0, gammaincinv(df / 2, ndtr(v)), gammainccinv(df / 2, ndtr(-v)))
    return np.sqrt(2 * chi2 / df), mass


@cache
def _normal_rule(nodes: int, reach: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes on -reach to reach and their weights under the normal density."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    return reach * x, reach * w * np.exp(-((reach * x) ** 2) / 2) / np.sqrt(2 * np.pi)


def dunnett_critical_value(
    n_treated: ArrayLike, n_control: float, df: float, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> float:
    """The bound that the largest of the k statistics exceeds with probability `alpha`.

    Arguments as in `compute_dunnett_probability`. "less" and "greater" give the same positive bound. Errors: STA-701,
    STA-707. A simulator compares its t statistics with this number instead of computing adjusted p-values. Example:
    `dunnett_critical_value([11, 11, 11], 11, 40)` is 2.4414.
    """
    level = check_alpha(alpha)
    k = _loadings(n_treated, n_control, df).size

    def excess(c: float) -> float:
        return compute_dunnett_probability(c, n_treated, n_control, df, alternative=alternative) - (1 - level)

    sides = 2 if alternative == "two-sided" else 1
    low, high = -stdtrit(df, level / sides), -stdtrit(df, level / sides / k)  # one comparison, and Bonferroni
    return float(low if excess(low) >= 0 else brentq(excess, low, high + 1e-6, xtol=1e-12))


def _turn(t: ArrayLike, alternative: Alternative) -> Floats:
    values = np.atleast_1d(np.asarray(t, dtype=np.float64))
    return np.abs(values) if alternative == "two-sided" else -values if alternative == "less" else values


def adjust_dunnett(
    t: ArrayLike,
    n_treated: ArrayLike,
    n_control: float,
    df: float,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> AdjustedP:
    """Single-step Dunnett: adjusted p_i = P(largest statistic >= t_i).

    `t` (k,): statistics with a pooled variance; sizes and `df` as in `compute_dunnett_probability`; p shown is the
    unadjusted one. Errors: STA-701, STA-707. Source: Dunnett (1955). Example: `adjust_dunnett([2.5, 1.8], [20, 20],
    20, 57)`.
    """
    turned = _turn(t, alternative)
    adjusted = np.array(
        [1 - compute_dunnett_probability(b, n_treated, n_control, df, alternative=alternative) for b in turned]
    )
    return judge("Dunnett", _raw(turned, df, alternative), np.maximum(adjusted, 0.0), alpha, names)


def _raw(turned: Floats, df: float, alternative: Alternative) -> Floats:
    tail = np.asarray(ndtr(-turned) if np.isinf(df) else stdtr(df, -turned))
    return tail * (2 if alternative == "two-sided" else 1)


def adjust_dunnett_step_down(
    t: ArrayLike,
    n_treated: ArrayLike,
    n_control: float,
    df: float,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> AdjustedP:
    """Step-down Dunnett: the largest statistic against all k, the next against the k - 1 left, never below an earlier
    one.

    Arguments and errors as in `adjust_dunnett`. Each step uses the sizes of the arms left. Source: Dunnett & Tamhane
    (1991) Stat Med 10:939; Naik (1975). Example: `adjust_dunnett_step_down([2.5, 1.8], [20, 20], 20, 57)`.
    """
    turned = _turn(t, alternative)
    n = np.broadcast_to(np.asarray(n_treated, dtype=np.float64), turned.shape)
    left = list(np.argsort(-turned, kind="stable"))
    adjusted, highest = np.zeros(turned.size), 0.0
    while left:
        i = left[0]
        inside = compute_dunnett_probability(turned[i], n[left], n_control, df, alternative=alternative)
        highest = max(highest, 1 - inside)
        adjusted[i] = highest
        left.pop(0)
    return judge("Dunnett, step-down", _raw(turned, df, alternative), adjusted, alpha, names)


def adjust_max_t(
    t: ArrayLike,
    correlation: ArrayLike,
    df: float = np.inf,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> AdjustedP:
    """Single-step adjusted p-values of contrasts with any correlation: P(largest of the statistics >= t_i).

    `t` (k,); `correlation` (k, k) of the estimates, e.g. of an adjusted model's contrasts; `df`; the rest as in
    `adjust_dunnett`. Errors: STA-701, STA-704. Source: Hothorn, Bretz & Westfall (2008) Biom J 50:346 (R multcomp,
    which integrates by random numbers and so differs in the fourth digit). Example: `adjust_max_t([2.5, 1.8], [[1,
    0.5], [0.5, 1]], 57)`.
    """
    turned = _turn(t, alternative)
    r = check_correlation(correlation, turned.size)
    if alternative == "two-sided":
        lower = [np.full(turned.size, -b) for b in turned]
    else:
        lower = [np.full(turned.size, -np.inf)] * turned.size
    inside = [
        compute_rectangle_probability(np.full(turned.size, b), r, lower=low, df=df)
        for b, low in zip(turned, lower, strict=True)
    ]
    return judge("Single-step max-t", _raw(turned, df, alternative), 1 - np.array(inside), alpha, names)


def dunnett(
    treated: Sequence[ArrayLike],
    control: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> DunnettResult:
    """Dunnett's comparisons of k treatments with a control, from the observations.

    `treated`: k arrays; `control`: an array, same unit; `alternative`: of mean treated - mean control; `alpha`: of
    the simultaneous intervals; `names`: of the treatments. Formula: variance pooled over all k + 1 arms, interval
    estimate -+ c se. Errors: STA-701, STA-707. Source: Dunnett (1955, 1964). With covariates: the contrasts of the
    adjusted model and `adjust_max_t`. Example: `dunnett([[5.1, 6.0, 7.2], [6.9, 8.1, 9.0]], [4.2, 5.1, 4.9])`.
    """
    arms = [np.asarray(a, dtype=np.float64) for a in treated]
    base = np.asarray(control, dtype=np.float64)
    sizes, df = np.array([a.size for a in arms]), float(sum(a.size for a in [*arms, base]) - len(arms) - 1)
    pooled = sum(((a - a.mean()) ** 2).sum() for a in [*arms, base] if a.size) / max(df, 1)
    if (sizes < 1).any() or base.size < 1 or df < 1 or not np.isfinite(pooled) or pooled == 0:
        raise StatsError(
            "STA-707", f"arms of {sizes.tolist()} and {base.size}, pooled variance {pooled}", "finite values that vary",
            "Drop missing values and empty arms.",
        )  # fmt: skip
    estimate, se = np.array([a.mean() for a in arms]) - base.mean(), np.sqrt(pooled * (1 / sizes + 1 / base.size))
    c = dunnett_critical_value(sizes, base.size, df, alpha=alpha, alternative=alternative)
    lower = np.full(se.size, -np.inf) if alternative == "less" else estimate - c * se
    upper = np.full(se.size, np.inf) if alternative == "greater" else estimate + c * se
    one, down = (
        f(estimate / se, sizes, base.size, df, alternative=alternative)
        for f in (adjust_dunnett, adjust_dunnett_step_down)
    )
    label = name_hypotheses(len(arms), names)
    return DunnettResult(label, estimate, se, df, estimate / se, lower, upper, one.adjusted, down.adjusted)
