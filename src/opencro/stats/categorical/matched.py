"""Square tables of matched answers: McNemar's tests and Cohen's kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, chi2, norm

from opencro.stats.categorical.table import ChiSquareTest, Floats, check_alpha, check_table
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class ExactTest(Result):
    """An exact test without further statistic."""

    title: ClassVar[str] = "Exact test"
    method: str
    p_value: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Kappa(Result):
    """Agreement beyond chance: `se` for the interval, `se_null` for the test of kappa = 0."""

    title: ClassVar[str] = "Cohen's kappa"
    weights: str
    estimate: float
    se: float
    lower: float
    upper: float
    se_null: float
    z: float
    p_value: float
    alpha: float
    notes: tuple[Note, ...] = ()


def mcnemar(table: ArrayLike, *, correct: bool = False) -> ChiSquareTest:
    """McNemar's test that both answers of matched pairs have the same rate.

    Args:
        table: 2 x 2 counts of pairs, first answer in rows, second in columns.
        correct: Edwards' continuity correction (R's default; SAS never).

    Returns:
        Chi-square with one degree of freedom; without discordant pairs p is 1 (note STA-524).

    Raises:
        StatsError: STA-521 for what is no 2 x 2 table.

    Formula: (|b - c| - k)² / (b + c), b and c the discordant pairs, k = 0 or 1.

    Source: McNemar, Psychometrika 1947;12:153-157; Edwards, Psychometrika 1948;13:185-187.

    Example:
        >>> mcnemar([[212, 256], [144, 707]]).chi_square
        31.36
    """
    b, c = _discordant(table)
    method = "McNemar, continuity corrected" if correct else "McNemar"
    if b + c == 0:
        return ChiSquareTest(method, 0.0, 1, 1.0, (Note("STA-524", "no discordant pairs"),))
    value = max(abs(b - c) - (1.0 if correct else 0.0), 0.0) ** 2 / (b + c)
    return ChiSquareTest(method, value, 1, float(chi2.sf(value, 1)))


def mcnemar_exact(table: ArrayLike, *, mid_p: bool = False) -> ExactTest:
    """The exact McNemar test: the smaller number of discordant pairs is binomial with rate 1/2.

    Args:
        table: 2 x 2 counts of pairs, first answer in rows, second in columns.
        mid_p: count half of the probability of the observed number.

    Returns:
        Twice the smaller tail, at most 1; without discordant pairs 1 (note STA-524).

    Raises:
        StatsError: STA-521 for what is no 2 x 2 table.

    Source: Mosteller, Psychometrika 1952;17:171-176; mid-P: Fagerland et al., BMC Med Res Methodol 2013;13:91.

    Example:
        >>> mcnemar_exact([[10, 1], [6, 12]]).p_value
        0.125
    """
    b, c = _discordant(table)
    notes = (Note("STA-524", "no discordant pairs"),) if b + c == 0 else ()
    p = 2 * binom.cdf(min(b, c), b + c, 0.5)
    if mid_p:
        p -= binom.pmf(min(b, c), b + c, 0.5)
    return ExactTest("McNemar mid-P" if mid_p else "McNemar exact", float(min(p, 1.0)), notes)


def kappa(
    table: ArrayLike,
    *,
    weights: Literal["none", "linear", "quadratic"] = "none",
    variance: Literal["fleiss-cohen-everitt", "cohen"] = "fleiss-cohen-everitt",
    alpha: float = 0.05,
) -> Kappa:
    """Cohen's kappa, simple or weighted, with its asymptotic standard errors.

    Args:
        table: square counts of pairs, first rater in rows, second in columns, the categories in the same order.
        weights: "none"; "linear" 1 - |i-j|/(k-1) (Cicchetti-Allison, SAS's default); "quadratic" 1 - ((i-j)/(k-1))²
            (Fleiss-Cohen).
        variance: of `se`; "cohen" is Po(1-Po)/(n(1-Pe)²), for the unweighted kappa (R epiR); otherwise SAS's.
        alpha: 1 minus the confidence level.

    Returns:
        Estimate, Wald interval with `se`, test of 0 with `se_null`; NaN with note STA-524 if only one category occurs.

    Raises:
        StatsError: STA-521 for what is no square table, STA-526 for unknown options.

    Formula: (Po - Pe)/(1 - Pe), Po = sum w p_ij, Pe = sum w p_i. p_.j.

    Source: Cohen 1960, 1968; variances: Fleiss, Cohen and Everitt, Psychological Bulletin 1969;72:323-327.

    Example:
        >>> kappa([[45, 3], [5, 97]]).estimate
        0.87878...
    """
    check_alpha(alpha)
    counts = check_table(table, 2, square=True)
    w = _weights(len(counts), weights)
    estimate, se, se_null = _kappa(counts, w, variance, simple=weights == "none")
    lost = Note("STA-524", "all pairs are in one category: agreement beyond chance is undefined")
    half = float(norm.isf(alpha / 2)) * se
    z = estimate / se_null if se_null > 0 else float("nan")
    notes = (lost,) if np.isnan(estimate) else ()
    limits = estimate - half, estimate + half
    return Kappa(weights, estimate, se, *limits, se_null, z, float(2 * norm.sf(abs(z))), alpha, notes)


def _kappa(counts: Floats, w: Floats, variance: str, *, simple: bool) -> tuple[float, float, float]:
    """Kappa with its standard error and that under no agreement beyond chance."""
    if variance not in ("fleiss-cohen-everitt", "cohen") or (variance == "cohen" and not simple):
        expected = '"fleiss-cohen-everitt", or "cohen" without weights'
        raise StatsError("STA-526", f"variance={variance!r}", expected, "Leave it out to have SAS's.")
    size = counts.sum()
    p = counts / max(size, 1.0)
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = float((w * np.outer(rows, columns)).sum())
    if size == 0 or np.isclose(chance, 1.0, rtol=0, atol=1e-12):
        return float("nan"), float("nan"), float("nan")
    agreed = float((w * p).sum())
    estimate = (agreed - chance) / (1 - chance)
    both = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = (p * (w - both * (1 - estimate)) ** 2).sum() - (estimate - chance * (1 - estimate)) ** 2
    if variance == "cohen":
        spread = agreed * (1 - agreed)
    null = (np.outer(rows, columns) * (w - both) ** 2).sum() - chance**2
    se, se_null = (float(np.sqrt(max(float(v), 0.0) / size) / (1 - chance)) for v in (spread, null))
    return estimate, se, se_null


def _weights(k: int, kind: str) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / (k - 1)
    if kind == "none":
        return np.eye(k)
    if kind not in ("linear", "quadratic"):
        raise StatsError("STA-526", f"weights={kind!r}", '"none", "linear" or "quadratic"', "Name one of these.")
    return np.asarray(1 - (apart if kind == "linear" else apart**2), dtype=np.float64)


def _discordant(table: ArrayLike) -> tuple[float, float]:
    counts = check_table(table, 2, square=True)
    if counts.shape != (2, 2):
        raise StatsError("STA-521", f"shape {counts.shape}", "2 x 2", "Each pair has two answers, yes or no.")
    return float(counts[0, 1]), float(counts[1, 0])
