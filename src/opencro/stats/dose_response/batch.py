"""Dose-response tests and curves for many trials of one design at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.dose_response.contrasts import (
    Alternative,
    Candidate,
    maximum_critical_value,
    optimal_contrasts,
)
from opencro.stats.dose_response.shapes import Floats, Shape
from opencro.stats.result import StatsError

ZOOMS = 26
POINTS = {1: 81, 2: 31}


@dataclass(frozen=True)
class ContrastBatch:
    """`statistic` (trials, m), `largest` and `signal` (trials,), and the `critical_value` of the design."""

    statistic: Floats
    largest: Floats
    signal: Floats
    critical_value: float


def multiple_contrast_test_batch(
    mean: ArrayLike,
    sigma: ArrayLike,
    dose: ArrayLike,
    n: ArrayLike,
    candidates: Mapping[str, Candidate],
    *,
    alternative: Alternative = "greater",
    alpha: float = 0.025,
) -> ContrastBatch:
    """`multiple_contrast_test` for many trials: `mean` (trials, k) at `dose` (k,) of `n` (k,) patients each.

    `sigma` (trials,) are the pooled residual standard deviations on sum(n) - k degrees of freedom, or one number that
    is known (then the normal distribution holds). A signal is a largest statistic above the critical value.

    >>> from opencro.stats.dose_response.contrasts import candidate
    >>> from opencro.stats.dose_response.shapes import LINEAR
    >>> shapes = {"linear": candidate(LINEAR)}
    >>> multiple_contrast_test_batch([[0, 1, 2]], 1.0, [0, 1, 2], [4, 4, 4], shapes).statistic.round(4)
    array([[2.8284]])
    """
    values, size = np.asarray(mean, dtype=np.float64), np.asarray(n, dtype=np.float64)
    spread = np.asarray(sigma, dtype=np.float64)
    if values.ndim != 2 or values.shape[1:] != size.shape or spread.shape not in ((), values.shape[:1]):
        raise StatsError(
            "STA-740", f"mean {values.shape}, n {size.shape}", "(trials, k) and (k,)", "One design for all."
        )
    contrasts = optimal_contrasts(dose, candidates, weights=size)
    root = np.sqrt((contrasts**2 / size).sum(axis=1))
    correlation = (contrasts / size) @ contrasts.T / np.outer(root, root)
    np.fill_diagonal(correlation, 1.0)
    statistic = values @ contrasts.T / root / (spread[:, None] if spread.ndim else spread)
    turned = {"greater": statistic, "less": -statistic, "two-sided": np.abs(statistic)}[alternative]
    df = float(size.sum() - len(size)) if spread.ndim else math.inf
    critical = maximum_critical_value(correlation, df=df, two_sided=alternative == "two-sided", alpha=alpha)
    largest = turned.max(axis=1)
    return ContrastBatch(statistic, largest, largest > critical, critical)


@dataclass(frozen=True)
class CurveBatch:
    """`estimate` (trials, p): location, scale, theta; `deviance` (trials,) the weighted distance of curve and means."""

    estimate: Floats
    deviance: Floats

    def at(self, shape: Shape, dose: ArrayLike) -> Floats:
        """The curves (trials, doses)."""
        values = np.asarray(dose, dtype=np.float64)
        return np.asarray(self.estimate[:, :1] + self.estimate[:, 1:2] * shape.curve(values, self.estimate[:, 2:]))


def fit_dose_response_batch(mean: ArrayLike, dose: ArrayLike, n: ArrayLike, shape: Shape) -> CurveBatch:
    """`fit_dose_response` for many trials: `mean` (trials, k) at `dose` (k,) of `n` (k,) patients each (any weights).

    Theta is found on a grid of its box, which then contracts about the best point; the estimates agree with the single
    fit to about six digits of the box. Raises StatsError STA-740 for shapes that don't fit.

    >>> from opencro.stats.dose_response.shapes import EMAX
    >>> curve = EMAX.mean([0, 1, 2, 4], 1.0, 2.0, 0.5)
    >>> fit_dose_response_batch([curve], [0, 1, 2, 4], [9, 9, 9, 9], EMAX).estimate.round(3)
    array([[1. , 2. , 0.5]])
    """
    y, d, w = (np.asarray(v, dtype=np.float64) for v in (mean, dose, n))
    if y.ndim != 2 or not y.shape[1:] == d.shape == w.shape:
        raise StatsError("STA-740", f"mean {y.shape}, dose {d.shape}", "(trials, k) and (k,)", "One design for all.")
    box = shape.bounds(float(d.max()))
    theta = np.zeros((len(y), 0)) if not len(box) else _search(y, d, w, shape, box)
    f = np.broadcast_to(shape.curve(d, theta), y.shape)
    share = w / w.sum()
    f_mean, y_mean = f @ share, y @ share
    off, rest = f - f_mean[:, None], y - y_mean[:, None]
    slope = np.einsum("tk,tk,k->t", off, rest, w) / np.einsum("tk,tk,k->t", off, off, w)
    deviance = ((rest - slope[:, None] * off) ** 2) @ w
    return CurveBatch(np.column_stack([y_mean - slope * f_mean, slope, theta]), deviance)


def _gains(y: Floats, w: Floats, f: Floats) -> Floats:
    """How much of each trial's variation the best curve explains: y (trials, k), f (trials or 1, points, k)."""
    share = w / w.sum()
    off = f - (f @ share)[..., None]
    power = np.einsum("...k,...k,k->...", off, off, w)
    along = np.einsum("tk,tgk->tg", (y - (y @ share)[:, None]) * w, np.broadcast_to(off, (len(y), *off.shape[1:])))
    return np.where(power > 1e-300, along**2 / np.where(power > 0, power, 1.0), 0.0)


def _search(y: Floats, d: Floats, w: Floats, shape: Shape, box: Floats) -> Floats:
    q = len(box)
    axes = [np.linspace(low, high, POINTS[q]) for low, high in box]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, q)
    theta: Floats = grid[_gains(y, w, shape.curve(d, grid)[None]).argmax(axis=1)]
    width = (box[:, 1] - box[:, 0]) / (POINTS[q] - 1)
    around = np.stack(np.meshgrid(*[np.linspace(-1, 1, 5)] * q, indexing="ij"), axis=-1).reshape(-1, q)
    for _ in range(ZOOMS):
        near = np.clip(theta[:, None] + around * width, box[:, 0], box[:, 1])
        f = shape.curve(d, near.reshape(-1, q)).reshape(len(y), -1, len(d))
        theta = near[np.arange(len(y)), _gains(y, w, f).argmax(axis=1)]
        width = width * 0.55
    return theta


def trend_test_batch(
    mean: ArrayLike, sigma: ArrayLike, n: ArrayLike, scores: ArrayLike, *, alternative: Alternative = "greater"
) -> Floats:
    """`trend_test` for many trials: p values (trials,) of the trend with `scores` (k,), usually the doses.

    The other arguments are those of `multiple_contrast_test_batch`.

    >>> trend_test_batch([[0, 1, 2]], 1.0, [4, 4, 4], [0, 1, 2]).round(5)
    array([0.00234])
    """
    values, size, s = (np.asarray(v, dtype=np.float64) for v in (mean, n, scores))
    spread = np.asarray(sigma, dtype=np.float64)
    c = size * (s - (size @ s) / size.sum())
    statistic = values @ c / np.sqrt((c**2 / size).sum()) / spread
    turned = {"greater": statistic, "less": -statistic, "two-sided": np.abs(statistic)}[alternative]
    df = float(size.sum() - len(size)) if spread.ndim else math.inf
    return np.asarray(stats.t.sf(turned, df) * (2 if alternative == "two-sided" else 1))
