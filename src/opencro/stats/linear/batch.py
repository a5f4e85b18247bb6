"""Least squares for many trials at once: one design for all, or one design each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.linear.fit import Floats
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class LinearBatch:
    """`beta`, `se` (trials, p), `covariance` (trials, p, p), `sigma` and `df` (trials,)."""

    beta: Floats
    se: Floats
    covariance: Floats
    sigma: Floats
    df: Floats


def fit_linear_batch(x: ArrayLike, y: ArrayLike) -> LinearBatch:
    """Least squares for many trials.

    `x` (n, p), one design for all trials, or (trials, n, p); `y` (trials, n). A row with a NaN in y or x is not
    analysed. Columns must be independent: a trial in which they are not has NaN throughout, as has one without
    residual degrees of freedom (only its coefficients are given).

    Normal equations of columns scaled to length 1, solved by Cholesky; b = (X'X)^-1 X'y. Centre covariates far from 0.
    Raises StatsError STA-110 for shapes that don't fit.

    >>> fit_linear_batch([[1.0, 0], [1, 1], [1, 2]], [[1.0, 2, 4]]).beta.round(4)
    array([[0.8333, 1.5   ]])
    """
    design, values = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    fits = values.ndim == 2 and design.ndim in (2, 3) and design.shape[-2] == values.shape[-1]
    if not fits or (design.ndim == 3 and len(design) != len(values)):
        raise StatsError("STA-110", f"x {design.shape}, y {values.shape}", "(n, p) or (trials, n, p), (trials, n)", "")
    here = ~np.isnan(values)
    whole = bool(here.all())
    if np.isnan(design).any():
        here = here & ~np.isnan(design).any(axis=-1)
        design, whole = np.nan_to_num(design), False
    z = values if whole else np.where(here, values, 0.0)
    gram, cross = _inner_products(design, z, None if whole else here)
    n = here.sum(axis=1).astype(np.float64)
    inverse, beta = _solve(gram, cross, len(values))
    fitted = beta @ design.T if design.ndim == 2 else np.einsum("tnp,tp->tn", design, beta)
    off = z - fitted if whole else np.where(here, z - fitted, 0.0)
    df = n - design.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(df > 0, np.einsum("tn,tn->t", off, off) / df, np.nan)
    covariance = variance[:, None, None] * inverse
    se = np.sqrt(np.einsum("tpp->tp", covariance))
    return LinearBatch(beta, se, covariance, np.sqrt(variance), np.where(df > 0, df, np.nan))


def _inner_products(x: Floats, z: Floats, here: NDArray[np.bool_] | None) -> tuple[Floats, Floats]:
    """X'X, (p, p) for all or (trials, p, p), and X'y (trials, p); rows that are not there count nothing."""
    if here is None:
        cross = z @ x if x.ndim == 2 else np.einsum("tnp,tn->tp", x, z)
        return np.swapaxes(x, -1, -2) @ x, cross
    masked = np.where(here[..., None], x, 0.0)
    return np.swapaxes(masked, -1, -2) @ masked, np.einsum("tnp,tn->tp", masked, z)


def _solve(gram: Floats, cross: Floats, trials: int) -> tuple[Floats, Floats]:
    """The inverse of X'X (trials, p, p) and the coefficients (trials, p); NaN where X'X is singular."""
    size = np.sqrt(np.einsum("...pp->...p", gram))
    size = np.where(size > 0, size, 1.0)
    scaled = gram / (size[..., :, None] * size[..., None, :])
    values = np.linalg.eigvalsh(scaled)
    bad = values[..., 0] < 1e-12
    scaled = np.where(bad[..., None, None], np.eye(gram.shape[-1]), scaled)
    inverse = np.linalg.inv(scaled) / (size[..., :, None] * size[..., None, :])
    inverse = np.where(bad[..., None, None], np.nan, inverse)
    inverse = np.broadcast_to(inverse, (trials, *gram.shape[-2:]))
    return inverse, np.einsum("tpq,tq->tp", inverse, cross)
