"""Fine and Gray's proportional subdistribution hazards: regression of a cumulative incidence.

Those who had a competing event stay in the risk set with the weight of still being under observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.formula import ModelMatrix
from opencro.stats.result import Note, Result
from opencro.stats.survival.cox_data import CoxData, open_matrix, take_cox_data, with_columns
from opencro.stats.survival.cumulative_incidence import take_causes
from opencro.stats.survival.newton import Maximum, independent_columns, maximize
from opencro.stats.survival.risk_set import step_values
from opencro.stats.survival.sample import Bools, Floats, check_alpha


@dataclass(frozen=True)
class FineGrayFit(Result):
    """A fitted subdistribution hazards model: one row per covariate, robust errors, limits at level 1 - alpha."""

    title: ClassVar[str] = "Fine-Gray regression"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "loglik", "n", "events", "alpha"})

    term: tuple[str, ...]
    coef: Floats
    se: Floats
    subdistribution_hazard_ratio: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    covariance: Floats
    loglik: tuple[float, float]
    n: int
    events: int
    alpha: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Weighted:
    """The rows of the model with the censoring curve G: at event times (m,), and just before each row's own time."""

    data: CoxData
    own: Bools
    competing: Bools
    times: Floats
    deaths: Floats
    g_times: Floats
    g_own: Floats


def fit_fine_gray(
    time: ArrayLike, cause: ArrayLike, x: ArrayLike | ModelMatrix, *, of: int = 1, names: Sequence[str] | None = None,
    alpha: float = 0.05,
) -> FineGrayFit:  # fmt: skip
    """Fits the subdistribution hazard of one cause, h(t | x) = h0(t) exp(x'beta).

    `time`, `cause` (n,) as in `cumulative_incidence`; `x` (n,), (n, p) or a `formula.model_matrix`. A row with a
    competing event at X stays at risk after it with weight G(t-)/G(X-), G the Kaplan-Meier curve of censoring, in
    which those with an event at t count as at risk at t, as in R cmprsk (R `finegray` leaves them out); ties as
    Breslow. The errors include that G is estimated: var = I^-1 sum (eta_i + psi_i)(eta_i + psi_i)' I^-1. StatsError
    and notes as in `fit_cox`.
    Source: Fine and Gray (1999), JASA 94, 496. R cmprsk `crr`; SAS PHREG `eventcode=`.

    >>> fit_fine_gray([1, 2, 3, 4, 5, 6], [1, 2, 1, 0, 1, 2], [0, 1, 1, 0, 1, 0]).term
    ('x1',)
    """
    check_alpha(alpha)
    x, names, arrays = open_matrix(x, names, (time, cause))
    _, own = take_causes(arrays[0], arrays[1], of)  # type: ignore[arg-type]
    data = take_cox_data(x, names, (arrays[0], np.asarray(arrays[1]) > 0, None, None, None, None))
    model = _weigh(data, own)
    _, _, info = _evaluate(model, np.zeros(data.x.shape[1]))
    kept = independent_columns(info) if info.any() else np.zeros(data.x.shape[1], dtype=np.bool_)
    part = _weigh(with_columns(data, np.flatnonzero(kept)), own)
    found = maximize(lambda beta: _evaluate(part, beta), np.zeros(part.data.x.shape[1]), flat=1e-9)
    cov = np.full((kept.size, kept.size), np.nan)
    if kept.any() and not found.moving.any():
        scale = part.data.scale
        cov[np.ix_(kept, kept)] = _covariance(part, found) / np.outer(scale, scale)
    return _result(data, own, kept, found, cov, alpha)


def _result(data: CoxData, own: Bools, kept: Bools, found: Maximum, cov: Floats, alpha: float) -> FineGrayFit:
    coef = np.full(kept.size, np.nan)
    with np.errstate(invalid="ignore"):
        infinite = np.sign(found.beta) * np.inf
    coef[kept] = np.where(found.moving, infinite, found.beta) / data.scale[kept]
    se = np.sqrt(np.diag(cov))
    half = stats.norm.isf(alpha / 2) * se
    with np.errstate(all="ignore"):
        z = coef / se
        ratios = np.exp(coef), np.exp(coef - half), np.exp(coef + half)
    notes = [Note("STA-443", f"{name} is constant or a combination of others where events happen: no estimate.")
             for name, keep in zip(data.names, kept, strict=True) if not keep]  # fmt: skip
    names = [name for name, keep in zip(data.names, kept, strict=True) if keep]
    notes += [Note("STA-442", f"The likelihood rises without end in {name}: its hazard ratio is 0 or infinite.")
              for name, moving in zip(names, found.moving, strict=True) if moving]  # fmt: skip
    if not own.any():
        notes = [Note("STA-444", "No event: nothing can be estimated.")]
    return FineGrayFit(
        data.names, coef, se, *ratios, z, 2 * stats.norm.sf(np.abs(z)), cov, (found.start_value, found.value),
        data.sample.n, int(own.sum()), alpha, tuple(notes),
    )  # fmt: skip


def _weigh(data: CoxData, own: Bools) -> _Weighted:
    time, event = data.sample.time, data.sample.event
    times, deaths = np.unique(time[own], return_counts=True)
    moments, place = np.unique(time, return_inverse=True)
    left = np.bincount(place, ~event)
    curve = np.cumprod(1 - left / np.bincount(place)[::-1].cumsum()[::-1])
    before = np.concatenate(([1.0], curve[:-1]))
    g_times = before[np.searchsorted(moments, times)]
    return _Weighted(data, own, event & ~own, times, deaths.astype(np.float64), g_times, before[place])


def _risk_sums(model: _Weighted, values: Floats) -> Floats:
    """At each event time: the sum of `values` (n, ...) over rows at risk plus G(t-) times those of competing events
    before t divided by their G(X-)."""
    time = model.data.sample.time
    order = np.argsort(-time, kind="stable")
    zero = np.zeros((1, *values.shape[1:]))
    sums = np.concatenate([zero, values[order].cumsum(axis=0)])
    at_risk = sums[np.searchsorted(-time[order], -model.times, side="right")]
    rows = np.flatnonzero(model.competing)
    rows = rows[np.argsort(time[rows], kind="stable")]
    shape = (-1, *[1] * (values.ndim - 1))
    past = np.concatenate([zero, (values[rows] / model.g_own[rows].reshape(shape)).cumsum(axis=0)])
    gone = past[np.searchsorted(time[rows], model.times, side="left")]
    return np.asarray(at_risk + model.g_times.reshape(shape) * gone)


def _means(model: _Weighted, beta: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Risk scores, and the weighted sum and mean covariate of the risk set at each event time; the shift of eta."""
    eta = model.data.x @ beta
    shift = float(eta.max())
    theta = np.exp(eta - shift)
    # a likelihood without a maximum is followed until risk sets lose their weight to rounding
    s0 = np.maximum(_risk_sums(model, theta), 1e-300)
    return theta, s0, _risk_sums(model, theta[:, None] * model.data.x) / s0[:, None], shift


def _evaluate(model: _Weighted, beta: Floats) -> tuple[float, Floats, Floats]:
    x = model.data.x
    theta, s0, mean, shift = _means(model, beta)
    second = _risk_sums(model, theta[:, None, None] * x[:, :, None] * x[:, None, :]) / s0[:, None, None]
    value = float((x[model.own] @ beta).sum() - model.deaths @ (np.log(s0) + shift))
    score = x[model.own].sum(axis=0) - model.deaths @ mean
    info = np.einsum("t,tpq->pq", model.deaths, second - mean[:, :, None] * mean[:, None, :])
    return value, np.asarray(score), np.asarray(info)


def _covariance(model: _Weighted, found: Maximum) -> Floats:
    theta, s0, mean, _ = _means(model, found.beta)
    hazard = model.deaths / s0
    both = _eta(model, theta, hazard, mean) + _psi(model, theta, hazard, mean)
    inverse = np.linalg.inv(found.info)
    return np.asarray(inverse @ (both.T @ both) @ inverse)


def _eta(model: _Weighted, theta: Floats, hazard: Floats, mean: Floats) -> Floats:
    """Contributions to the score with G known: the sum of w (x - mean) dM."""
    x, time = model.data.x, model.data.sample.time
    jump = np.zeros_like(x)
    jump[model.own] = x[model.own] - mean[np.searchsorted(model.times, time[model.own])]
    h, hm = hazard.cumsum(), (hazard[:, None] * mean).cumsum(axis=0)
    g, gm = (model.g_times * hazard).cumsum(), ((model.g_times * hazard)[:, None] * mean).cumsum(axis=0)
    inside = step_values(model.times, h, time, 0.0)
    pull = _steps(model, hm, time)
    later = np.where(model.competing, (g[-1] - step_values(model.times, g, time, 0.0)) / model.g_own, 0.0)
    later_pull = np.where(model.competing[:, None], (gm[-1] - _steps(model, gm, time)) / model.g_own[:, None], 0.0)
    return jump - theta[:, None] * (x * (inside + later)[:, None] - pull - later_pull)


def _psi(model: _Weighted, theta: Floats, hazard: Floats, mean: Floats) -> Floats:
    """What the estimation of G adds: the sum of q(u)/pi(u) dM_c(u)."""
    x, time, event = model.data.x, model.data.sample.time, model.data.sample.event
    moments, place = np.unique(time, return_inverse=True)
    at_risk = np.bincount(place)[::-1].cumsum()[::-1].astype(np.float64)
    censored = np.bincount(place, ~event)
    share = np.where(model.competing, theta / model.g_own, 0.0)
    order = np.argsort(time, kind="stable")
    ends = np.searchsorted(time[order], moments, side="left")
    a0 = np.concatenate(([0.0], share[order].cumsum()))[ends]
    a1 = np.concatenate([np.zeros((1, x.shape[1])), (share[:, None] * x)[order].cumsum(axis=0)])[ends]
    # event times from u on
    g, gm = (model.g_times * hazard), (model.g_times * hazard)[:, None] * mean
    first = np.searchsorted(model.times, moments, side="left")
    b0 = np.append(g[::-1].cumsum()[::-1], 0.0)[first]
    b1 = np.vstack([gm[::-1].cumsum(axis=0)[::-1], np.zeros(x.shape[1])])[first]
    q = (a1 * b0[:, None] - a0[:, None] * b1) / at_risk[:, None]
    past = (q * (censored / at_risk)[:, None]).cumsum(axis=0)
    return np.asarray(np.where(event[:, None], 0.0, q[place]) - past[place])


def _steps(model: _Weighted, values: Floats, at: Floats) -> Floats:
    padded = np.concatenate([np.zeros((1, values.shape[1])), values])
    return np.asarray(padded[np.searchsorted(model.times, at, side="right")])
