"""Weibull and exponential regression of exact, right-, left- and interval-censored times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.formula import ModelMatrix
from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.cox_data import open_matrix
from opencro.stats.survival.newton import independent_columns, maximize
from opencro.stats.survival.sample import Bools, Floats, check_alpha


@dataclass(frozen=True)
class WeibullFit(Result):
    """A fitted Weibull model: one row per coefficient of log time, limits at level 1 - alpha.

    `coef` acts on log time (accelerated failure time), exp(coef) is a ratio of times; `hazard_ratio` and its limits are
    those of the same covariate on the hazard, NaN for the intercept.
    """

    title: ClassVar[str] = "Weibull regression"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "loglik", "n", "se_shape"})

    term: tuple[str, ...]
    coef: Floats
    se: Floats
    z: Floats
    p: Floats
    hazard_ratio: Floats
    lower: Floats
    upper: Floats
    shape: float
    se_shape: float
    covariance: Floats
    loglik: float
    n: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ExponentialFit(WeibullFit):
    """A fitted exponential model: a `WeibullFit` of shape 1."""

    title: ClassVar[str] = "Exponential regression"


@dataclass(frozen=True)
class _Bounds:
    """Log bounds, -inf and inf where there is none; x with a leading column of 1."""

    low: Floats
    high: Floats
    exact: Bools
    x: Floats


def fit_weibull(
    lower: ArrayLike, upper: ArrayLike, x: ArrayLike | ModelMatrix | None = None, *,
    names: Sequence[str] | None = None, alpha: float = 0.05,
) -> WeibullFit:  # fmt: skip
    """Weibull regression by maximum likelihood.

    `lower`, `upper` (n,): the event lies in (lower, upper]; equal bounds are an exact time above 0, upper = inf is
    right-censored, lower = 0 left-censored (StatsError STA-470); `x` (n,), (n, p), a `formula.model_matrix`, or None.
    S(t) = exp(-exp(z)), z = shape (log t - b0 - x'b); hazard ratio exp(-shape b). Fitted in shape and shape b, in which
    the log likelihood is concave; errors of b by the delta method. Notes STA-442, STA-444, STA-445 as in `fit_cox`.
    Source: Kalbfleisch and Prentice (2002), section 3.7. R `survreg(Surv(type = "interval2"))`, whose scale is 1/shape;
    SAS LIFEREG.

    >>> round(fit_weibull([1, 2, 3, 4], [1, 2, 3, np.inf]).shape, 4)
    1.8315
    """
    return WeibullFit(*_fit(lower, upper, x, names, alpha, free=True))


def fit_exponential(
    lower: ArrayLike, upper: ArrayLike, x: ArrayLike | ModelMatrix | None = None, *,
    names: Sequence[str] | None = None, alpha: float = 0.05,
) -> ExponentialFit:  # fmt: skip
    """Exponential regression by maximum likelihood: `fit_weibull` with a shape of 1.

    Without covariates and with exact and right-censored times, exp(b0) is the time at risk per event.

    >>> fit_exponential([1, 2, 3, 4], [1, 2, 3, np.inf]).coef.round(4).tolist()
    [1.204]
    """
    return ExponentialFit(*_fit(lower, upper, x, names, alpha, free=False))


def _fit(
    lower: ArrayLike, upper: ArrayLike, x: ArrayLike | ModelMatrix | None, names: Sequence[str] | None, alpha: float,
    *, free: bool,
) -> tuple[Any, ...]:  # fmt: skip
    check_alpha(alpha)
    columns: ArrayLike | ModelMatrix = np.zeros((np.size(lower), 0)) if x is None else x
    columns, names, arrays = open_matrix(columns, names, (lower, upper))
    bounds, centre, scale = _take(arrays[0], arrays[1], np.asarray(columns, dtype=np.float64))  # type: ignore[arg-type]
    labels = ("(Intercept)", *(names if names is not None else [f"x{j + 1}" for j in range(centre.size)]))
    some = np.where(np.isfinite(bounds.high), bounds.high, 0.0)
    moment = np.median(np.where(np.isfinite(bounds.low), bounds.low, some))
    start = np.zeros(bounds.x.shape[1] + 1)
    start[0], start[-1] = moment, 1.0
    kept = np.ones(start.size, dtype=np.bool_)
    kept[:-1] = independent_columns(bounds.x.T @ bounds.x)
    kept[-1] = free

    def evaluate(part: Floats) -> tuple[float, Floats, Floats]:
        full = np.where(kept, 0.0, np.eye(start.size)[-1] if not free else 0.0)
        full[kept] = part
        value, score, info = _evaluate(bounds, full)
        return value, score[kept], info[np.ix_(kept, kept)]

    found = maximize(evaluate, start[kept])
    moving = bool(found.moving.any() or not independent_columns(found.info).all())
    known = np.isfinite(bounds.high).any() and not moving
    notes = _notes(bounds, labels, kept, moving, found.converged)
    theta = np.where(kept, 0.0, np.nan)
    theta[kept] = found.beta if known else np.nan
    theta[-1] = theta[-1] if free else 1.0
    cov = np.full((start.size, start.size), np.nan)
    if known:
        cov[np.ix_(kept, kept)] = np.linalg.inv(found.info)
    if not free:
        cov[-1], cov[:, -1] = 0.0, 0.0
    return _result(theta, cov, labels, centre, scale, alpha, found.value, notes, bounds.low.size)


def _take(lower: ArrayLike, upper: ArrayLike, x: Floats) -> tuple[_Bounds, Floats, Floats]:
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if low.ndim != 1 or low.shape != high.shape or not low.size or x.shape[0] != low.size or not np.isfinite(x).all():
        raise StatsError("STA-470", f"bounds of shapes {low.shape}, {high.shape} and x of shape {x.shape}",
                         "bounds and finite covariates for every row", "Drop or complete such rows.")  # fmt: skip
    bad = np.isnan(low) | np.isnan(high) | np.isinf(low) | (low < 0) | (low > high) | ((low == high) & (low == 0))
    if bad.any():
        raise StatsError("STA-470", f"row {int(np.flatnonzero(bad)[0])}: no interval of times",
                         "0 <= lower <= upper, exact times above 0", "upper = inf is right-censored.")  # fmt: skip
    centre, spread = x.mean(axis=0), x.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    with np.errstate(divide="ignore"):
        logs = np.log(low), np.log(high)
    return _Bounds(*logs, low == high, np.column_stack([np.ones(low.size), (x - centre) / scale])), centre, scale


def _evaluate(b: _Bounds, theta: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood in (shape b, shape), z = shape log t - x (shape b): concave, as its parts are log-concave."""
    p, shape = theta.size - 1, theta[-1]
    if shape <= 0:
        return -np.inf, np.zeros(p + 1), np.eye(p + 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        eta = b.x @ theta[:-1]
        h = [np.where(np.isfinite(t), np.exp(np.minimum(shape * t - eta, 700.0)), np.where(t > 0, np.inf, 0.0))
             for t in (b.low, b.high)]  # fmt: skip
        gap = h[1] - h[0]
        inside = -np.expm1(-gap)
        value = np.where(b.exact, np.log(shape) - b.low + np.log(h[0]) - h[0], -h[0] + np.log(inside))
        first = [np.where(b.exact, 1 - h[0], -h[0] / inside), np.where(b.exact, 0.0, _safe(h[1], np.expm1(gap)))]
        second = [
            np.where(b.exact, -h[0], (h[0] ** 2 - h[0]) / inside - first[0] ** 2),
            np.where(b.exact, 0.0, _safe(h[1] - h[1] ** 2, np.expm1(gap)) - first[1] ** 2),
        ]
    cross = np.where(b.exact, 0.0, -first[0] * first[1])
    # directions of z at both bounds; a bound at 0 or infinity has none
    ways = [np.column_stack([-b.x, np.where(np.isfinite(t), t, 0.0)]) for t in (b.low, b.high)]
    score = sum((w.T @ np.nan_to_num(f) for w, f in zip(ways, first, strict=True)), np.zeros(p + 1))
    parts = [(w * np.nan_to_num(s)[:, None]).T @ w for w, s in zip(ways, second, strict=True)]
    info = -parts[0] - parts[1]
    mixed = (ways[0] * np.nan_to_num(cross)[:, None]).T @ ways[1]
    info = info - mixed - mixed.T
    score[-1] += b.exact.sum() / shape
    info[-1, -1] += b.exact.sum() / shape**2
    return float(value.sum()), score, info


def _safe(top: Floats, bottom: Floats) -> Floats:
    """top/bottom, 0 where the bottom is infinite: survival past a far bound adds nothing."""
    return np.where(np.isinf(bottom), 0.0, top / bottom)


def _result(
    theta: Floats, cov: Floats, labels: tuple[str, ...], centre: Floats, scale: Floats, alpha: float, loglik: float,
    notes: tuple[Note, ...], n: int,
) -> tuple[Any, ...]:  # fmt: skip
    shape = theta[-1]
    unscale = np.diag(np.concatenate(([1.0], 1 / scale)))
    unscale[0, 1:] = -centre / scale
    a = np.nan_to_num(theta[:-1])
    coef = unscale @ np.where(np.isnan(theta[:-1]), 0.0, a) / shape
    jacobian = np.column_stack([unscale / shape, -coef / shape])
    full = jacobian @ np.nan_to_num(cov) @ jacobian.T
    lost = np.isnan(theta[:-1])
    coef = np.where(lost, np.nan, coef)
    se = np.where(lost, np.nan, np.sqrt(np.diag(full)))
    log_hr = np.where(np.arange(a.size) == 0, np.nan, -theta[:-1] * np.concatenate(([1.0], 1 / scale)))
    half = stats.norm.isf(alpha / 2) * np.sqrt(np.diag(cov)[:-1]) * np.concatenate(([1.0], 1 / scale))
    with np.errstate(all="ignore"):
        z, ratios = coef / se, (np.exp(log_hr), np.exp(log_hr - half), np.exp(log_hr + half))
    return (
        labels, coef, se, z, 2 * stats.norm.sf(np.abs(z)), *ratios,
        float(shape), float(np.sqrt(cov[-1, -1])), full, loglik, n, notes,
    )  # fmt: skip


def _notes(b: _Bounds, labels: tuple[str, ...], kept: Bools, moving: bool, converged: bool) -> tuple[Note, ...]:
    if not np.isfinite(b.high).any():
        return (Note("STA-444", "No event: nothing can be estimated."),)
    notes = [Note("STA-443", f"{name} is constant or a combination of others: no estimate.")
             for name, keep in zip(labels, kept[:-1], strict=True) if not keep]  # fmt: skip
    if moving:
        notes.append(Note("STA-442", "The likelihood rises without end: there is no finite estimate."))
    if not converged:
        notes.append(Note("STA-445", "No convergence of Newton's method."))
    return tuple(notes)
