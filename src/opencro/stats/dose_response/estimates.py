"""What dose-response methods start from: one mean per dose and how precisely it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.dose_response.shapes import Floats
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class DoseMeans(Result):
    """Means (k,) at doses (k,), ascending, with `covariance` (k, k).

    From patients `precision` is the inverse covariance times the residual variance, `pure_error` the residual sum of
    squares about the means, `df` its degrees of freedom, `n` the patients and `adjusted` the number of covariate
    columns. From estimates `precision` is the inverse covariance and `df` infinite unless given.
    """

    title: ClassVar[str] = "Means by dose"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "precision", "pure_error", "n", "adjusted"})

    dose: Floats
    mean: Floats
    se: Floats
    df: float
    covariance: Floats
    precision: Floats
    pure_error: float = 0.0
    n: int = 0
    adjusted: int = 0
    notes: tuple[Note, ...] = ()


def compute_dose_means(
    dose: ArrayLike, response: ArrayLike, covariates: Mapping[str, ArrayLike] | None = None
) -> DoseMeans:
    """Means of a response by dose, adjusted for covariates.

    `dose` (n,) at least 0, `response` (n,) and `covariates` (n,) numbers each (factors as indicators); rows with a
    missing value are left out (Note STA-744). Adjusted means are at the average of the covariates; one residual
    variance for all doses. Raises StatsError STA-740 for unfit arrays or fewer than two doses. Source: Searle SR.
    Linear Models, 1971, section 8.2.

    >>> compute_dose_means([0, 0, 1, 1], [1.0, 2, 3, 5]).mean.tolist()
    [1.5, 4.0]
    """
    d, y = np.asarray(dose, dtype=np.float64), np.asarray(response, dtype=np.float64)
    given = [np.asarray(v, dtype=np.float64) for v in (covariates or {}).values()]
    if d.ndim != 1 or any(v.shape != d.shape for v in (y, *given)):
        raise StatsError("STA-740", f"dose {d.shape}, response {y.shape}", "equal lengths", "One value per patient.")
    here = np.isfinite(np.column_stack([d, y, *given])).all(axis=1)
    levels, code = np.unique(d[here], return_inverse=True)
    gone = len(d) - int(here.sum())
    notes = (Note("STA-744", f"{gone} of {len(d)} patients have a missing value"),) if gone else ()
    if len(levels) < 2 or levels[0] < 0:
        raise StatsError("STA-740", f"doses {levels.tolist()}", "two or more, none below 0", "Check the doses.")
    z = np.column_stack([v[here] - v[here].mean() for v in given]) if given else np.zeros((int(here.sum()), 0))
    indicator = np.eye(len(levels))[code]
    # the covariates are taken out of response and indicators alike (Frisch and Waugh)
    basis, singular, _ = np.linalg.svd(z, full_matrices=False)
    basis = basis[:, singular > 1e-10 * singular.max(initial=0.0)]
    rest, off = indicator - basis @ (basis.T @ indicator), y[here] - basis @ (basis.T @ y[here])
    precision = np.asarray(rest.T @ rest, dtype=np.float64)
    mean = np.asarray(np.linalg.solve(precision, rest.T @ off), dtype=np.float64)
    pure = float(((off - rest @ mean) ** 2).sum())
    df = int(here.sum()) - len(levels) - basis.shape[1]
    covariance: Floats = np.asarray((pure / df if df > 0 else math.nan) * np.linalg.inv(precision), dtype=np.float64)
    return DoseMeans(
        levels, mean, np.sqrt(np.diag(covariance)), df if df > 0 else math.nan, covariance, precision,
        pure, int(here.sum()), basis.shape[1], notes,
    )  # fmt: skip


def dose_means(dose: ArrayLike, mean: ArrayLike, covariance: ArrayLike, *, df: float = math.inf) -> DoseMeans:
    """Estimates `mean` (k,) at `dose` (k,) with `covariance` (k, k) from any model: logistic regression, MMRM, Cox.

    `df` are the degrees of freedom of tests of contrasts, infinite for a multivariate normal.
    Raises StatsError STA-740 for shapes that don't fit or a covariance that is not positive definite.

    >>> dose_means([0, 1], [0.2, 0.5], [[0.01, 0], [0, 0.04]]).se.tolist()
    [0.1, 0.2]
    """
    d, m, s = (np.asarray(v, dtype=np.float64) for v in (dose, mean, covariance))
    k = len(d)
    fits = k >= 2 and d.shape == m.shape == (k,) and s.shape == (k, k) and (d >= 0).all() and len(set(d.tolist())) == k
    if not fits or not np.allclose(s, s.T) or np.linalg.eigvalsh(s)[0] <= 0:
        raise StatsError(
            "STA-740", f"dose {d.shape}, mean {m.shape}, covariance {s.shape}", "two or more different doses",
            "The covariance must be positive definite.",
        )  # fmt: skip
    order = np.argsort(d)
    s = s[np.ix_(order, order)]
    return DoseMeans(d[order], m[order], np.sqrt(np.diag(s)), df, s, np.asarray(np.linalg.inv(s), dtype=np.float64))
