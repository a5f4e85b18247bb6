"""Analysis of variance: sums of squares of types I to III, and comparisons of several means without a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.formula import (
    compute_type_i_contrasts,
    compute_type_ii_contrasts,
    compute_type_iii_contrasts,
    joint_tests,
)
from opencro.stats.linear.fit import Floats, LinearModel
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class AnovaTable(Result):
    """One row per term, the last one for the residuals: vectors (terms + 1,)."""

    title: ClassVar[str] = "Analysis of variance"

    term: tuple[str, ...]
    df: Floats
    sum_of_squares: Floats
    mean_square: Floats
    f: Floats
    p_value: Floats
    notes: tuple[Note, ...] = ()


def anova_type_i(fit: LinearModel) -> AnovaTable:
    """Each term after those before it; the sums of squares add up to the total.

    Source: Goodnight JH. SAS Technical Report R-101, 1978. F = (SS / df) / sigma^2.
    """
    return _table(fit, compute_type_i_contrasts(fit.matrix, weights=fit.weights))


def anova_type_ii(fit: LinearModel) -> AnovaTable:
    """Each term after all terms that don't contain it (see `formula.compute_type_ii_contrasts`).

    Source: Goodnight JH. SAS Technical Report R-101, 1978. F = (SS / df) / sigma^2.
    """
    return _table(fit, compute_type_ii_contrasts(fit.matrix, weights=fit.weights))


def anova_type_iii(fit: LinearModel) -> AnovaTable:
    """Each term whatever the cell counts (see `formula.compute_type_iii_contrasts`): SAS's default.

    Source: Goodnight JH. SAS Technical Report R-101, 1978. F = (SS / df) / sigma^2.
    """
    return _table(fit, compute_type_iii_contrasts(fit.matrix))


def _table(fit: LinearModel, hypotheses: Mapping[str, Floats]) -> AnovaTable:
    variance = fit.sigma**2
    tests = joint_tests(fit.matrix, fit.beta, variance * fit.unscaled, hypotheses, df=fit.df_residual or math.nan)
    squares = tests.f * tests.numerator_df * variance
    blank = np.array([np.nan])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = squares / tests.numerator_df
    return AnovaTable(
        (*tests.term, "Residuals"),
        np.append(tests.numerator_df, fit.df_residual),
        np.append(squares, fit.rss),
        np.append(mean, variance),
        np.concatenate([tests.f, blank]),
        np.concatenate([tests.p_value, blank]),
        (*fit.notes, *tests.notes),
    )


@dataclass(frozen=True)
class OneWay(Result):
    """A comparison of the means of k groups."""

    f: float
    numerator_df: float
    denominator_df: float
    p_value: float
    groups: tuple[Any, ...]
    n: Floats
    mean: Floats
    sd: Floats
    method: str
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """The test; the groups are in `groups`, `n`, `mean`, `sd`."""
        names = ("method", "f", "numerator_df", "denominator_df", "p_value")
        return {name: getattr(self, name) for name in names}


def one_way_anova(y: ArrayLike, group: ArrayLike) -> OneWay:
    """Fisher's F test of equal means, all groups having one variance.

    `y` (n,) and `group` (n,) labels; rows with a missing y or label are left out (Note STA-107). F = (between SS / (k
    - 1)) / (within SS / (n - k)). Without variation within the groups F is infinite, or NaN where the means agree too.
    Raises StatsError STA-106 for fewer than two groups.

    Source: Fisher RA. Statistical Methods for Research Workers, 1925, chapter 7.

    >>> round(one_way_anova([1, 2, 3, 5, 6, 8], ["a", "a", "a", "b", "b", "b"]).f, 4)
    16.9
    """
    labels, n, mean, variance, notes = _moments(y, group)
    k, total = len(n), float(n.sum())
    between = float(n @ (mean - n @ mean / total) ** 2)
    within = float((n - 1) @ variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = float(np.float64(between / (k - 1)) / np.float64(within / (total - k)))
    p = float(stats.f.sf(f, k - 1, total - k))
    return OneWay(f, k - 1, total - k, p, labels, n, mean, np.sqrt(variance), "one-way ANOVA", notes)


def welch_anova(y: ArrayLike, group: ArrayLike) -> OneWay:
    """Welch's F test of equal means without assuming one variance; arguments as `one_way_anova`.

    With w = n / s^2 and m the mean weighted by w: F = sum w (mean - m)^2 / (k - 1) / (1 + 2 (k - 2) a / (k^2 - 1)), a
    = sum (1 - w / W)^2 / (n - 1), on k - 1 and (k^2 - 1) / (3 a) degrees of freedom. A group without variation makes F
    NaN (Note STA-108).

    Source: Welch BL. On the comparison of several mean values: an alternative approach. Biometrika 1951; 38:330-336.
    """
    labels, n, mean, variance, notes = _moments(y, group)
    k = len(n)
    if (variance == 0).any() or (n < 2).any():
        more = Note("STA-108", "a group without variation: its weight in Welch's test has no bound")
        return OneWay(math.nan, k - 1, math.nan, math.nan, labels, n, mean, np.sqrt(variance), "Welch", (*notes, more))
    w = n / variance
    share = w / w.sum()
    a = float((((1 - share) ** 2) / (n - 1)).sum())
    f = float(w @ (mean - share @ mean) ** 2) / (k - 1) / (1 + 2 * (k - 2) * a / (k * k - 1))
    df = (k * k - 1) / (3 * a)
    return OneWay(f, k - 1, df, float(stats.f.sf(f, k - 1, df)), labels, n, mean, np.sqrt(variance), "Welch", notes)


def _moments(y: ArrayLike, group: ArrayLike) -> tuple[tuple[Any, ...], Floats, Floats, Floats, tuple[Note, ...]]:
    values, labels = np.asarray(y, dtype=np.float64), np.asarray(group)
    if values.ndim != 1 or values.shape != labels.shape:
        raise StatsError("STA-106", f"y {values.shape}, group {labels.shape}", "equal lengths", "One label per value.")
    missing = np.array([v is None or v != v for v in labels.tolist()], dtype=np.bool_) | np.isnan(values)
    known, codes = np.unique(labels[~missing], return_inverse=True)
    if len(known) < 2 or int((~missing).sum()) <= len(known):
        raise StatsError("STA-106", f"{len(known)} groups", "two or more, one with two values", "Check the labels.")
    found = values[~missing]
    n = np.bincount(codes).astype(np.float64)
    mean = np.bincount(codes, found) / n
    squares = np.bincount(codes, (found - mean[codes]) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(n > 1, squares / (n - 1), 0.0)
    gone = int(missing.sum())
    notes = (Note("STA-107", f"{gone} of {len(values)} values are missing and not analysed"),) if gone else ()
    return tuple(known.tolist()), n, mean, variance, notes
