"""Student's t tests: one sample, pairs, two samples with one variance or two; and for many trials at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.formula import t_limits, t_p_value
from opencro.stats.linear.fit import Floats
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class TTest(Result):
    """A t test: the mean or difference of means, its standard error, limits at 1 - alpha, the test against `null`."""

    title: ClassVar[str] = "t test"

    method: str
    n: tuple[int, ...]
    estimate: float
    se: float
    df: float
    lower: float
    upper: float
    t: float
    p_value: float
    null: float
    notes: tuple[Note, ...] = ()

    def columns(self) -> dict[str, object]:
        """One row; the sizes as text."""
        shown = dict(super().columns())
        return {**shown, "n": " + ".join(map(str, self.n))}


def t_test_one_sample(
    x: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided", alpha: float = 0.05
) -> TTest:
    """Is the mean of `x` (n,) `null`? Missing values are left out (Note STA-107).

    t = (mean - null) / (s / sqrt(n)) on n - 1 degrees of freedom. Without variation t is infinite or NaN (Note
    STA-108). Raises StatsError STA-106 for fewer than two values. Source: Student. Biometrika 1908; 6:1-25.

    >>> round(t_test_one_sample([1.0, 2.0, 4.0]).t, 4)
    2.6458
    """
    values, notes = _present(x)
    return _one(values, notes, "one sample", (null, alternative, alpha))


def t_test_paired(
    x: ArrayLike, y: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided", alpha: float = 0.05
) -> TTest:
    """Is the mean of x - y, pairs in the same order, `null`? A pair with a missing value is left out (Note STA-107).

    The one-sample test of the differences. Raises StatsError STA-106 for unequal lengths or fewer than two pairs.
    Source: Student. Biometrika 1908; 6:1-25.

    >>> t_test_paired([3.0, 5.0, 9.0], [1.0, 2.0, 5.0]).estimate
    3.0
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.shape != second.shape:
        raise StatsError("STA-106", f"{first.shape} and {second.shape}", "pairs", "Give both values of each pair.")
    values, notes = _present(first - second)
    return _one(values, notes, "paired", (null, alternative, alpha))


def t_test_pooled(
    x: ArrayLike, y: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided", alpha: float = 0.05
) -> TTest:
    """Is mean(x) - mean(y) `null`, both samples having one variance? Missing values are left out (Note STA-107).

    se^2 = s^2 (1/n1 + 1/n2), s^2 the pooled variance on n1 + n2 - 2 degrees of freedom. Raises StatsError STA-106
    without two values in one sample and one in the other. Source: Student. Biometrika 1908; 6:1-25.

    >>> round(t_test_pooled([5.0, 6, 8], [1.0, 2, 3]).t, 4)
    4.111
    """
    return _two(x, y, "pooled", (null, alternative, alpha))


def t_test_welch(
    x: ArrayLike, y: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided", alpha: float = 0.05
) -> TTest:
    """Is mean(x) - mean(y) `null`, the variances being unequal? Missing values are left out (Note STA-107).

    se^2 = s1^2/n1 + s2^2/n2 = v1 + v2 on (v1 + v2)^2 / (v1^2/(n1 - 1) + v2^2/(n2 - 1)) degrees of freedom (SAS:
    Satterthwaite). Raises StatsError STA-106 for fewer than two values in a sample. Source: Welch BL. Biometrika 1947;
    34:28-35; Satterthwaite FE. Biometrics Bulletin 1946; 2:110-114.

    >>> round(t_test_welch([5.0, 6, 8], [1.0, 2, 3]).df, 4)
    3.4483
    """
    return _two(x, y, "Welch", (null, alternative, alpha))


@dataclass(frozen=True)
class TTestBatch:
    """Vectors (trials,) of the two-sample t test."""

    estimate: Floats
    se: Floats
    df: Floats
    t: Floats
    p_value: Floats


def t_test_pooled_batch(
    x: ArrayLike, y: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided"
) -> TTestBatch:
    """`t_test_pooled` for many trials: `x` (trials, n1), `y` (trials, n2), NaN where a value is missing.

    >>> t_test_pooled_batch([[5.0, 6, 8]], [[1.0, 2, 3]]).t.round(4)
    array([4.111])
    """
    return _two_batch(x, y, pooled=True, null=null, alternative=alternative)


def t_test_welch_batch(
    x: ArrayLike, y: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided"
) -> TTestBatch:
    """`t_test_welch` for many trials: `x` (trials, n1), `y` (trials, n2), NaN where a value is missing.

    >>> t_test_welch_batch([[5.0, 6, 8]], [[1.0, 2, 3]]).df.round(4)
    array([3.4483])
    """
    return _two_batch(x, y, pooled=False, null=null, alternative=alternative)


def _present(x: ArrayLike) -> tuple[Floats, tuple[Note, ...]]:
    values = np.asarray(x, dtype=np.float64).ravel()
    found = values[~np.isnan(values)]
    if np.isinf(found).any():
        raise StatsError("STA-106", "infinite values", "finite numbers", "Look at their origin.")
    gone = len(values) - len(found)
    note = Note("STA-107", f"{gone} of {len(values)} values are missing and not analysed")
    return found, (note,) if gone else ()


def _one(values: Floats, notes: tuple[Note, ...], method: str, options: tuple[float, Alternative, float]) -> TTest:
    n = len(values)
    if n < 2:
        raise StatsError("STA-106", f"{n} values", "two or more", "Check for missing values.")
    se = float(values.std(ddof=1)) / np.sqrt(n)
    return _finish(method, (n,), (float(values.mean()), float(se), n - 1.0), options, notes)


def _two(x: ArrayLike, y: ArrayLike, method: str, options: tuple[float, Alternative, float]) -> TTest:
    (first, some), (second, more) = _present(x), _present(y)
    n1, n2 = len(first), len(second)
    if min(n1, n2) < 1 or n1 + n2 < 3 or (method == "Welch" and min(n1, n2) < 2):
        raise StatsError("STA-106", f"{n1} and {n2} values", "two in each sample", "Check for missing values.")
    batch = _two_batch(first[None], second[None], pooled=method == "pooled", null=options[0], alternative=options[1])
    numbers = (float(batch.estimate[0]), float(batch.se[0]), float(batch.df[0]))
    return _finish(method, (n1, n2), numbers, options, (*some, *more))


def _finish(
    method: str,
    n: tuple[int, ...],
    numbers: tuple[float, float, float],
    options: tuple[float, Alternative, float],
    notes: tuple[Note, ...],
) -> TTest:
    null, alternative, alpha = options
    estimate, se, df = (np.array([v]) for v in numbers)
    lower, upper = t_limits(estimate, se, df, alpha, alternative)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (estimate - null) / se
    p = t_p_value(t, df, alternative)
    if not se[0] > 0:
        notes = (*notes, Note("STA-108", "no variation: the test is exact or impossible"))
    return TTest(method, n, *numbers, float(lower[0]), float(upper[0]), float(t[0]), float(p[0]), null, notes)


def _two_batch(x: ArrayLike, y: ArrayLike, *, pooled: bool, null: float, alternative: Alternative) -> TTestBatch:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        got = f"x {first.shape}, y {second.shape}"
        raise StatsError("STA-110", got, "(trials, n1) and (trials, n2)", "Give one row per trial.")
    (n1, m1, s1), (n2, m2, s2) = _row_moments(first), _row_moments(second)
    with np.errstate(divide="ignore", invalid="ignore"):
        if pooled:
            df = n1 + n2 - 2
            se = np.sqrt((s1 + s2) / df * (1 / n1 + 1 / n2))
        else:
            v1, v2 = s1 / (n1 - 1) / n1, s2 / (n2 - 1) / n2
            se = np.sqrt(v1 + v2)
            df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
        t = (m1 - m2 - null) / se
    return TTestBatch(m1 - m2, se, df, t, t_p_value(t, df, alternative))


def _row_moments(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, mean and sum of squares about it of the values of each row that are there."""
    here = ~np.isnan(x)
    n = here.sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(here, x, 0.0).sum(axis=1) / n
        off = np.where(here, x - mean[:, None], 0.0)
    return n, mean, np.einsum("ij,ij->i", off, off)
