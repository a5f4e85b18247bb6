"""Descriptive statistics: of one sample, of groups, and of many samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.summary.quantiles import segment_quantiles
from opencro.stats.summary.segments import Segments, central_moments, order_statistics, split_groups, split_rows

Floats = NDArray[np.float64]
_QUARTILES = np.array([0.25, 0.5, 0.75])


@dataclass(frozen=True)
class Description(Result):
    """Descriptive statistics, vectors (k,) with one entry per group; `lower` and `upper` are limits of the mean."""

    title: ClassVar[str] = "Descriptive statistics"

    group: tuple[Any, ...]
    n: NDArray[np.intp]
    missing: NDArray[np.intp]
    mean: Floats
    sd: Floats
    se: Floats
    lower: Floats
    upper: Floats
    minimum: Floats
    q1: Floats
    median: Floats
    q3: Floats
    maximum: Floats
    skewness: Floats
    kurtosis: Floats
    notes: tuple[Note, ...] = ()

    def columns(self) -> dict[str, Any]:
        """All statistics; the group only where there are groups."""
        shown = dict(super().columns())
        if self.group == (None,):
            del shown["group"]
        return shown


@dataclass(frozen=True)
class GeometricDescription(Result):
    """Geometric mean with limits, geometric coefficient of variation (percent) and standard deviation: vectors (k,)."""

    title: ClassVar[str] = "Geometric means"

    group: tuple[Any, ...]
    n: NDArray[np.intp]
    missing: NDArray[np.intp]
    mean: Floats
    lower: Floats
    upper: Floats
    cv_percent: Floats
    sd: Floats
    notes: tuple[Note, ...] = ()

    def columns(self) -> dict[str, Any]:
        """All statistics; the group only where there are groups."""
        shown = dict(super().columns())
        if self.group == (None,):
            del shown["group"]
        return shown


def describe(x: ArrayLike, group: ArrayLike | None = None, *, kind: int = 2, alpha: float = 0.05) -> Description:
    """Count, mean, standard deviation, limits of the mean, quartiles, range, skewness and kurtosis.

    `x` (n,) numbers; `group` (n,) labels, then one row per label in sorted order. `kind` is the definition of the
    quartiles (see `quantile`; 2 is SAS's). A missing value is counted in `missing`; a row without a label is left out
    (Note STA-905). One value has no standard deviation; skewness needs three values and kurtosis four, all with
    variation, else NaN.

    sd^2 = sum (x - m)^2 / (n - 1); limits m -+ t(n - 1, 1 - alpha/2) sd / sqrt(n); skewness n / ((n-1)(n-2)) sum z^3;
    kurtosis n(n+1) / ((n-1)(n-2)(n-3)) sum z^4 - 3(n-1)^2 / ((n-2)(n-3)), z = (x - m) / sd. Raises StatsError STA-906
    for unequal lengths.

    Source: SAS 9.4 Base Procedures Guide, PROC MEANS, Keywords and Formulas (VARDEF=DF).

    >>> describe([1.0, 2.0, 4.0]).median.tolist()
    [2.0]
    """
    s, labels, notes = _split(x, group)
    return _describe(s, labels, kind, alpha, notes)


def describe_batch(x: ArrayLike, *, kind: int = 2, alpha: float = 0.05) -> Description:
    """`describe` of each row of `x` (rows, n), NaN where missing; `group` is the number of the row.

    >>> describe_batch([[1.0, 2.0], [3.0, 5.0]]).mean.tolist()
    [1.5, 4.0]
    """
    rows = _rows(x)
    return _describe(split_rows(rows), tuple(range(len(rows))), kind, alpha, ())


def describe_geometric(x: ArrayLike, group: ArrayLike | None = None, *, alpha: float = 0.05) -> GeometricDescription:
    """Geometric mean, its limits and the geometric coefficient of variation of positive numbers.

    Arguments as `describe`. With m, s the mean and standard deviation of ln x: mean exp(m), limits exp(m -+ t s /
    sqrt(n)), CV 100 sqrt(exp(s^2) - 1) percent, sd exp(s). A group with a value of 0 or less has NaN (Note STA-907).

    Source: Kirkwood TBL. Geometric means and measures of dispersion. Biometrics 1979; 35:908-909; Julious SA, Debarnot
    CAM. Why are pharmacokinetic data summarized by arithmetic means? J Biopharm Stat 2000; 10:55-71.

    >>> describe_geometric([1.0, 10.0, 100.0]).mean.round(6).tolist()
    [10.0]
    """
    s, labels, notes = _split(x, group)
    return _describe_geometric(s, labels, alpha, notes)


def describe_geometric_batch(x: ArrayLike, *, alpha: float = 0.05) -> GeometricDescription:
    """`describe_geometric` of each row of `x` (rows, n), NaN where missing.

    >>> describe_geometric_batch([[1.0, 100.0]]).mean.round(6).tolist()
    [10.0]
    """
    rows = _rows(x)
    return _describe_geometric(split_rows(rows), tuple(range(len(rows))), alpha, ())


def _rows(x: ArrayLike) -> Floats:
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2:
        raise StatsError("STA-906", f"x {rows.shape}", "(rows, n)", "One sample is described by describe().")
    return rows


def _split(x: ArrayLike, group: ArrayLike | None) -> tuple[Segments, tuple[Any, ...], tuple[Note, ...]]:
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1:
        raise StatsError("STA-906", f"x {values.shape}", "a vector", "Rows are described by describe_batch().")
    if group is None:
        return split_rows(values[None]), (None,), ()
    given = np.asarray(group)
    if given.shape != values.shape:
        raise StatsError("STA-906", f"x {values.shape}, group {given.shape}", "equal lengths", "One label per value.")
    known = np.array([v is not None and v == v for v in given.tolist()], dtype=bool)
    labels, codes = np.unique(given[known], return_inverse=True)
    gone = len(values) - int(known.sum())
    notes = (Note("STA-905", f"{gone} of {len(values)} values have no group and are left out"),) if gone else ()
    return split_groups(values[known], codes, len(labels)), tuple(labels.tolist()), notes


def _describe(s: Segments, labels: tuple[Any, ...], kind: int, alpha: float, notes: tuple[Note, ...]) -> Description:
    n = s.n.astype(np.float64)
    mean, squares, cubes, fourths = central_moments(s)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(n > 1, squares / (n - 1), np.nan)
        sd = np.sqrt(variance)
        se = sd / np.sqrt(n)
        half = stats.t.isf(alpha / 2, n - 1) * se
        skewness = np.where(n > 2, n / ((n - 1) * (n - 2)) * cubes / (variance * sd), np.nan)
        heavy = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * fourths / variance**2
        kurtosis = np.where(n > 3, heavy - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)), np.nan)
    quartiles = segment_quantiles(s, _QUARTILES, kind)
    low, high = order_statistics(s, np.ones(len(n), dtype=np.intp)), order_statistics(s, s.n)
    middle = (low, quartiles[:, 0], quartiles[:, 1], quartiles[:, 2], high)
    spread = (mean, sd, se, mean - half, mean + half)
    return Description(labels, s.n, s.missing, *spread, *middle, skewness, kurtosis, notes)


def _describe_geometric(
    s: Segments, labels: tuple[Any, ...], alpha: float, notes: tuple[Note, ...]
) -> GeometricDescription:
    bad = order_statistics(s, np.ones(len(s.n), dtype=np.intp)) <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(s.values)
        logs[bad[s.codes]] = np.nan
        n = s.n.astype(np.float64)
        mean, squares, *_ = central_moments(Segments(logs, s.codes, s.starts, s.n, s.missing))
        sd = np.sqrt(np.where(n > 1, squares / (n - 1), np.nan))
        half = stats.t.isf(alpha / 2, n - 1) * sd / np.sqrt(n)
    if bad.any():
        notes = (*notes, Note("STA-907", f"{int(bad.sum())} groups have a value of 0 or less: no geometric mean"))
    limits = (np.exp(mean), np.exp(mean - half), np.exp(mean + half))
    return GeometricDescription(labels, s.n, s.missing, *limits, 100 * np.sqrt(np.expm1(sd**2)), np.exp(sd), notes)


@dataclass(frozen=True)
class MeanInterval(Result):
    """A mean with its limits."""

    title: ClassVar[str] = "Confidence interval of a mean"

    n: int
    mean: float
    se: float
    df: float
    lower: float
    upper: float
    notes: tuple[Note, ...] = ()


def mean_interval(x: ArrayLike, *, sigma: float | None = None, alpha: float = 0.05) -> MeanInterval:
    """The mean of `x` (n,) with its limits by t, or with a known standard deviation `sigma` by the normal distribution.

    Missing values are left out. With one value and unknown sigma there are no limits (Note STA-908); without any value
    the mean is NaN. m -+ t(n - 1) s / sqrt(n), or m -+ z sigma / sqrt(n). Source: Student. Biometrika 1908; 6:1-25.

    >>> mean_interval([1.0, 2.0, 4.0]).mean.__round__(4)
    2.3333
    """
    values = np.asarray(x, dtype=np.float64).ravel()
    s = split_rows(values[None])
    n = int(s.n[0])
    mean, squares, *_ = (float(v[0]) for v in central_moments(s))
    df = np.inf if sigma is not None else float(n - 1)
    sd = sigma if sigma is not None else float(np.sqrt(squares / (n - 1))) if n > 1 else np.nan
    se = sd / np.sqrt(n) if n else np.nan
    half = float(stats.t.isf(alpha / 2, df)) * se if n else np.nan
    notes = () if np.isfinite(half) else (Note("STA-908", "too few values for limits"),)
    return MeanInterval(n, mean, float(se), df, mean - half, mean + half, notes)
