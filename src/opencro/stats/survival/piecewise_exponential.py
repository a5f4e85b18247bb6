"""Hazards that are constant between cuts: rates of one group, and regression on covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.formula import ModelMatrix
from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.cox_data import CoxData, open_matrix, take_cox_data, with_columns
from opencro.stats.survival.newton import independent_columns, maximize
from opencro.stats.survival.sample import Bools, Floats, Sample, check_alpha, take_sample


@dataclass(frozen=True)
class PiecewiseRates(Result):
    """Events, time at risk and rate in each interval (start, end], limits on the log scale at level 1 - alpha."""

    title: ClassVar[str] = "Piecewise exponential rates"

    start: Floats
    end: Floats
    events: Floats
    exposure: Floats
    rate: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class PiecewiseFit(Result):
    """A piecewise exponential regression: one row per covariate; `rates` are those at x = 0."""

    title: ClassVar[str] = "Piecewise exponential regression"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "loglik", "rates"})

    term: tuple[str, ...]
    coef: Floats
    se: Floats
    hazard_ratio: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    covariance: Floats
    loglik: tuple[float, float]
    rates: PiecewiseRates
    notes: tuple[Note, ...] = ()


def piecewise_exponential(
    time: ArrayLike, event: ArrayLike, cuts: ArrayLike = (), *, entry: ArrayLike | None = None, alpha: float = 0.05
) -> PiecewiseRates:
    """Event rates between cuts.

    `time`, `event`, `entry` (n,) as in `kaplan_meier`; `cuts`: ascending times above 0 (StatsError STA-460); none gives
    one constant rate. An event at a cut belongs to the interval that ends there. rate = d/T, limits exp(log(d/T) -+
    z/sqrt d); an interval without events has rate 0 and no limits (note STA-461). Source: Friedman (1982), Ann Stat 10,
    101. SAS: PROC ICPHREG or GENMOD with an offset; R: eha `piecewise`.

    >>> piecewise_exponential([1, 2, 3, 4], [1, 1, 0, 1], [2]).rate.round(4).tolist()
    [0.2857, 0.3333]
    """
    check_alpha(alpha)
    sample = take_sample(time, event, entry=entry)
    start, end = _edges(cuts)
    exposure = _exposure(sample, start, end)
    place = np.searchsorted(end, sample.time, side="left")
    events = np.bincount(place[sample.event], minlength=end.size).astype(np.float64)
    with np.errstate(divide="ignore"):
        return _rates(start, end, events, exposure.sum(axis=0), 1 / events, alpha)


def fit_piecewise_exponential(
    time: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, cuts: ArrayLike = (), *,
    names: Sequence[str] | None = None, entry: ArrayLike | None = None, offset: ArrayLike | None = None,
    alpha: float = 0.05,
) -> PiecewiseFit:  # fmt: skip
    """Proportional hazards with a baseline that is constant between cuts, by maximum likelihood.

    `x` (n,), (n, p) or a `formula.model_matrix`; the rest as in `piecewise_exponential`. The rates are maximized out:
    rate_j = d_j/sum_i T_ij theta_i, which leaves a log likelihood of beta alone with the same estimates and errors as
    the Poisson model with an offset log T. Notes as in `fit_cox`. Source: Friedman (1982); Holford (1980).

    >>> fit_piecewise_exponential([1, 2, 3, 4], [1, 1, 1, 1], [0, 1, 0, 1]).coef.round(4).tolist()
    [-0.4055]
    """
    check_alpha(alpha)
    x, names, arrays = open_matrix(x, names, (time, event, entry, None, None, offset))
    data = take_cox_data(x, names, arrays)
    start, end = _edges(cuts)
    exposure = _exposure(data.sample, start, end)
    place = np.searchsorted(end, data.sample.time, side="left")
    events = np.bincount(place[data.sample.event], minlength=end.size).astype(np.float64)
    _, _, info = _evaluate(data, exposure, events, np.zeros(data.x.shape[1]))
    kept = independent_columns(info) if info.any() else np.zeros(data.x.shape[1], dtype=np.bool_)
    part = with_columns(data, np.flatnonzero(kept))
    found = maximize(lambda beta: _evaluate(part, exposure, events, beta), np.zeros(part.x.shape[1]), flat=1e-9)
    moving = found.moving
    cov = np.full((kept.size, kept.size), np.nan)
    if kept.any() and not moving.any():
        cov[np.ix_(kept, kept)] = np.linalg.inv(found.info) / np.outer(part.scale, part.scale)
    coef = np.full(kept.size, np.nan)
    with np.errstate(invalid="ignore"):
        coef[kept] = np.where(moving, np.sign(found.beta) * np.inf, found.beta) / part.scale
    rates = _baseline(part, exposure, events, found.beta, cov[np.ix_(kept, kept)], (start, end), alpha)
    return _result(data, kept, coef, cov, (found.start_value, found.value), rates, moving, alpha)


def _result(
    data: CoxData, kept: Bools, coef: Floats, cov: Floats, loglik: tuple[float, float], rates: PiecewiseRates,
    moving: Bools, alpha: float,
) -> PiecewiseFit:  # fmt: skip
    se = np.sqrt(np.diag(cov))
    half = stats.norm.isf(alpha / 2) * se
    with np.errstate(all="ignore"):
        z, ratios = coef / se, (np.exp(coef), np.exp(coef - half), np.exp(coef + half))
    names = [name for name, keep in zip(data.names, kept, strict=True) if keep]
    notes = [Note("STA-443", f"{name} is constant or a combination of others where events happen: no estimate.")
             for name, keep in zip(data.names, kept, strict=True) if not keep]  # fmt: skip
    notes += [Note("STA-442", f"The likelihood rises without end in {name}: its hazard ratio is 0 or infinite.")
              for name, far in zip(names, moving, strict=True) if far]  # fmt: skip
    if not data.sample.event.any():
        notes = [Note("STA-444", "No event: nothing can be estimated.")]
    return PiecewiseFit(
        data.names, coef, se, *ratios, z, 2 * stats.norm.sf(np.abs(z)), cov, loglik, rates, tuple(notes),
    )  # fmt: skip


def _edges(cuts: ArrayLike) -> tuple[Floats, Floats]:
    inner = np.atleast_1d(np.asarray(cuts, dtype=np.float64))
    if not np.isfinite(inner).all() or (inner <= 0).any() or (np.diff(inner) <= 0).any():
        raise StatsError("STA-460", f"cuts {inner.tolist()}", "ascending times above 0", "Sort the cuts.")
    return np.concatenate(([0.0], inner)), np.append(inner, np.inf)


def _exposure(sample: Sample, start: Floats, end: Floats) -> Floats:
    """Time at risk (n, intervals)."""
    entry = np.maximum(sample.entry, 0.0)[:, None]
    return np.asarray(np.clip(np.minimum(sample.time[:, None], end) - np.maximum(entry, start), 0.0, None))


def _evaluate(data: CoxData, exposure: Floats, events: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    eta = data.x @ beta + data.offset
    # each interval has its own shift, so that none loses its sum to rounding
    shift = np.where(exposure > 0, eta[:, None], -np.inf).max(axis=0)
    # an event at time 0 in an interval without any time at risk says nothing
    used = (events > 0) & exposure.any(axis=0)
    weight = exposure * np.exp(np.where(exposure > 0, eta[:, None] - np.where(used, shift, 0.0), -np.inf))
    total = weight.sum(axis=0)[used]
    mean = (weight[:, used].T @ data.x) / total[:, None]
    d = events[used]
    own = data.sample.event
    value = eta[own].sum() - d @ (np.log(total) + shift[used]) + (d * np.log(d)).sum() - d.sum()
    second = np.einsum("ij,ip,iq->pq", weight[:, used] * (d / total), data.x, data.x)
    info = second - np.einsum("j,jp,jq->pq", d, mean, mean)
    return float(value), np.asarray(data.x[own].sum(axis=0) - d @ mean), np.asarray(info)


def _baseline(
    data: CoxData, exposure: Floats, events: Floats, beta: Floats, cov: Floats, edges: tuple[Floats, Floats],
    alpha: float,
) -> PiecewiseRates:  # fmt: skip
    """Rates at x = 0; `exposure` of the table is the time at risk weighted by the hazard ratio against x = 0."""
    eta = data.x @ beta + data.offset + (data.centre / data.scale) @ beta
    with np.errstate(all="ignore"):
        weight = exposure * np.exp(eta)[:, None]
        total = weight.sum(axis=0)
        mean = (weight.T @ (data.x * data.scale + data.centre)) / total[:, None]
        variance = 1 / events + np.einsum("jp,pq,jq->j", mean, cov, mean)
    return _rates(*edges, events, total, variance, alpha)


def _rates(
    start: Floats, end: Floats, events: Floats, exposure: Floats, variance: Floats, alpha: float
) -> PiecewiseRates:
    none = events == 0
    with np.errstate(all="ignore"):
        rate = np.where(exposure > 0, events / exposure, np.nan)
        factor = np.exp(stats.norm.isf(alpha / 2) * np.sqrt(variance))
        lower, upper = np.where(none, np.nan, rate / factor), np.where(none, np.nan, rate * factor)
    notes = tuple(Note("STA-461", f"No event in ({a:g}, {b:g}]: the rate has no limits.")
                  for a, b, empty in zip(start, end, none, strict=True) if empty)  # fmt: skip
    return PiecewiseRates(start, end, events, exposure, rate, lower, upper, notes)
