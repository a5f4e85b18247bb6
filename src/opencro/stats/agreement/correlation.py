"""Agreement in one number: Lin's concordance correlation and the intraclass correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f, norm

from opencro.stats.agreement.pairs import Floats, check_alpha, check_pairs
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class Concordance(Result):
    """Lin's concordance correlation = Pearson's correlation times the bias correction."""

    title: ClassVar[str] = "Lin's concordance correlation"
    estimate: float
    lower: float
    upper: float
    correlation: float
    bias_correction: float
    location_shift: float
    scale_shift: float
    n: int
    alpha: float
    notes: tuple[Note, ...] = ()


def concordance_correlation(x: ArrayLike, y: ArrayLike, *, alpha: float = 0.05) -> Concordance:
    """Lin's concordance correlation: how near the pairs lie to the line of identity.

    Args:
        x, y: measurements of the same persons by two methods.
        alpha: 1 minus the confidence level.

    Returns:
        The coefficient with its interval by the Z transform, and its parts. Without variation NaN (STA-763); at exactly
        1 or without correlation the interval is NaN.

    Raises:
        StatsError: STA-760 for samples that don't fit, STA-761 alpha.

    Formula: 2 sxy / (sx² + sy² + (mean x - mean y)²), moments divided by n; variance of Z as corrected in 2000.

    Source: Lin, Biometrics 1989;45:255-268, correction 2000;56:324-325. R `epiR::epi.ccc`, `DescTools::CCC`.

    Example:
        >>> round(concordance_correlation([1, 2, 3, 4, 5], [1.1, 2.1, 2.9, 4.2, 5.1]).estimate, 4)
        0.9961
    """
    first, second = check_pairs(x, y, 4)
    n, z = first.size, float(norm.isf(check_alpha(alpha) / 2))
    sx, sy = float(first.std()), float(second.std())
    shift = float(first.mean() - second.mean())
    if sx == 0 or sy == 0:
        lost = float("nan")
        note = Note("STA-763", "a method doesn't vary")
        return Concordance(lost, lost, lost, lost, lost, lost, lost, n, alpha, (note,))
    covariance = float(((first - first.mean()) * (second - second.mean())).mean())
    c, r = 2 * covariance / (sx**2 + sy**2 + shift**2), covariance / (sx * sy)
    u = shift / np.sqrt(sx * sy)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (1 - r**2) * c**2 / ((1 - c**2) * r**2) + 2 * c**3 * (1 - c) * u**2 / (r * (1 - c**2) ** 2)
        spread = (parts - c**4 * u**4 / (2 * r**2 * (1 - c**2) ** 2)) / (n - 2)
        half = z * np.sqrt(spread)
        lower, upper = (float(np.tanh(np.arctanh(c) + side * half)) for side in (-1, 1))
    return Concordance(c, lower, upper, r, c / r if r else float("nan"), float(u), sx / sy, n, alpha)


@dataclass(frozen=True)
class Intraclass(Result):
    """The six intraclass correlations of Shrout and Fleiss, one a row."""

    title: ClassVar[str] = "Intraclass correlations"
    form: tuple[str, ...]
    meaning: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    f: Floats
    df1: Floats
    df2: Floats
    p_value: Floats
    alpha: float
    notes: tuple[Note, ...] = ()


_FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
_MEANINGS = (
    "one rating, other raters for each",
    "one rating, random raters, agreement",
    "one rating, these raters, consistency",
    "mean of k, other raters for each",
    "mean of k, random raters, agreement",
    "mean of k, these raters, consistency",
)


def intraclass_correlation(ratings: ArrayLike, *, alpha: float = 0.05) -> Intraclass:
    """The intraclass correlations of k ratings of each subject, single and averaged.

    Args:
        ratings: finite, of shape (subjects, raters), at least two of each.
        alpha: 1 minus the confidence level.

    Returns:
        The six forms with F intervals and F tests of 0; a perfect agreement has NaN intervals (STA-763).

    Raises:
        StatsError: STA-760 for another shape or missing values, STA-761 alpha.

    Formula: from the mean squares of subjects (B), raters (R), error (E) and within subjects (W):
    (B-W)/(B+(k-1)W), (B-E)/(B+(k-1)E+k(R-E)/n), (B-E)/(B+(k-1)E) and for means (B-W)/B, (B-E)/(B+(R-E)/n), (B-E)/B.

    Source: Shrout and Fleiss, Psychological Bulletin 1979;86:420-428; McGraw and Wong, Psychological Methods
    1996;1:30-46. R `psych::ICC`.

    Example:
        >>> intraclass_correlation([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]]).form[1]
        'ICC(2,1)'
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise StatsError("STA-760", f"shape {table.shape}", "(subjects, raters), all finite", "Leave gaps out.")
    n, k = table.shape
    b, r, e, w = _mean_squares(table)
    with np.errstate(divide="ignore", invalid="ignore"):
        fw, fe = np.float64(b) / w, np.float64(b) / e
        each = _single_forms(b, r, e, w, n, k)
        ratios, df2 = np.array([fw, fe, fe]), np.array([n * (k - 1.0), (n - 1.0) * (k - 1), (n - 1.0) * (k - 1)])
        low, high = _limits(table.shape, (b, r, e), ratios, df2, check_alpha(alpha))
        mean = [k * v / (1 + (k - 1) * v) for v in (each, low, high)]
        p = f.sf(ratios, n - 1, df2)
    note = (Note("STA-763", "no variation between or within subjects"),) if not w > 0 or not b > 0 else ()
    estimate, lower, upper = (np.concatenate(v) for v in zip((each, low, high), mean, strict=True))
    ratios, df1, df2, p = (np.tile(v, 2) for v in (ratios, np.full(3, n - 1.0), df2, p))
    return Intraclass(_FORMS, _MEANINGS, estimate, lower, upper, ratios, df1, df2, p, alpha, note)


def _mean_squares(table: Floats) -> tuple[float, float, float, float]:
    n, k = table.shape
    rows, columns, centre = table.mean(axis=1), table.mean(axis=0), table.mean()
    between = k * float(((rows - centre) ** 2).sum())
    raters = n * float(((columns - centre) ** 2).sum())
    within = float(((table - rows[:, None]) ** 2).sum())
    error = max(within - raters, 0.0)
    return between / (n - 1), raters / (k - 1), error / ((n - 1) * (k - 1)), within / (n * (k - 1))


def _single_forms(b: float, r: float, e: float, w: float, n: int, k: int) -> Floats:
    tops, bottoms = np.array([b - w, b - e, b - e]), np.array([b, b, b])
    bottoms = bottoms + (k - 1) * np.array([w, e, e]) + np.array([0, k * (r - e) / n, 0])
    return np.asarray(tops / bottoms, dtype=np.float64)


def _limits(
    shape: tuple[int, ...], squares: tuple[float, float, float], ratios: Floats, df2: Floats, alpha: float
) -> tuple[Floats, Floats]:
    """Limits of the single forms, of ICC(2,1) by Satterthwaite's degrees of freedom (McGraw and Wong, table 7)."""
    (n, k), (b, r, e) = shape, squares
    low_f, high_f = ratios / f.isf(alpha / 2, n - 1, df2), ratios * f.isf(alpha / 2, df2, n - 1)
    low, high = (low_f - 1) / (low_f + k - 1), (high_f - 1) / (high_f + k - 1)
    icc = (b - e) / (b + (k - 1) * e + k * (r - e) / n)
    ratio = r / e if e > 0 else np.inf
    top = k * icc * ratio + n * (1 + (k - 1) * icc) - k * icc
    df = (n - 1) * (k - 1) * top**2 / ((n - 1) * (k * icc * ratio) ** 2 + (n * (1 + (k - 1) * icc) - k * icc) ** 2)
    below, above = f.isf(alpha / 2, n - 1, df), f.isf(alpha / 2, df, n - 1)
    rest = k * r + (k * n - k - n) * e
    low[1] = n * (b - below * e) / (below * rest + n * b)
    high[1] = n * (above * b - e) / (rest + n * above * b)
    return low, high
