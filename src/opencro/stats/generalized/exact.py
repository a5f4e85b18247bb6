"""Exact conditional logistic regression: the distribution of a sufficient statistic given those of all other terms.

The numbers of outcome vectors that give each value of the statistics are counted by adding one row at a time (Hirji,
Mehta and Patel 1987, JASA 82:1110-1117); states that can no longer reach the conditioned values are dropped on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from scipy.optimize import brentq

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.inputs import ModelData, check_binomial, read_model
from opencro.stats.result import Note, Result, StatsError

_STATES = 20_000_000  # expanded states that fit in a gigabyte


@dataclass(frozen=True)
class ExactLogisticFit(Result):
    """Conditional estimates with exact intervals and p-values, one row per term asked for.

    `median_unbiased` says that the conditional likelihood has its maximum at infinity and the estimate is the median
    unbiased one; `p` doubles the smaller tail, as the interval does; `p_probability` sums the probabilities that do not
    exceed the observed one (as Fisher's exact test does).
    """

    title: ClassVar[str] = "Exact conditional logistic regression"

    term: tuple[str, ...]
    estimate: Array
    lower: Array
    upper: Array
    p: Array
    p_probability: Array
    median_unbiased: tuple[bool, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Conditional:
    """The possible values of one sufficient statistic, log counts, and the place of the observed value."""

    values: Array
    log_counts: Array
    seen: int

    def tails(self, beta: float) -> tuple[float, float, float]:
        """P(T <= t), P(T >= t), P(T = t) at a log odds ratio."""
        log_p = self.log_counts + beta * (self.values - self.values[self.seen])
        total = special.logsumexp(log_p)
        down, up = special.logsumexp(log_p[: self.seen + 1]), special.logsumexp(log_p[self.seen :])
        return float(np.exp(down - total)), float(np.exp(up - total)), float(np.exp(log_p[self.seen] - total))

    def surplus(self, beta: float) -> float:
        """E(T) - t, the conditional score equation."""
        log_p = self.log_counts + beta * self.values
        return float((np.exp(log_p - special.logsumexp(log_p)) * self.values).sum() - self.values[self.seen])


def exact_logistic(
    y: ArrayLike, x: ArrayLike, terms: Sequence[int], *, trials: ArrayLike | None = None,
    names: Sequence[str] | None = None, alpha: float = 0.05, mid_p: bool = False,
) -> ExactLogisticFit:  # fmt: skip
    """Exact inference on single coefficients of a logistic regression, given the sufficient statistics of all others.

    `y` (n,): 0/1, or events where `trials` (n,) is given. `x` (n, p): the design with its intercept column. `terms`:
    the columns of interest. `mid_p`: count half of the observed value in each tail. The estimate solves E(T | b) = t;
    where t is the smallest or largest possible value it is the median unbiased one and one limit is infinite. A
    statistic with one possible value says nothing (STA-213). Cost grows with the number of distinct values: more than
    20 million states raise STA-214. As SAS PROC LOGISTIC exact / estimate=both.
    Source: Mehta and Patel 1995, Statistics in Medicine 14:2143-2160. Example: `exact_logistic(y, x, [1])`.
    """
    data = read_model(y, x, trials=trials, names=names)
    check_binomial(data)
    found = [_one_term(data, j, alpha, mid_p) for j in terms]
    notes = tuple(Note("STA-213", f"the statistic of {data.names[j]} has one possible value: nothing can be estimated")
                  for j, f in zip(terms, found, strict=True) if np.isnan(f[0]))  # fmt: skip
    columns = [np.array([f[i] for f in found]) for i in range(5)]
    return ExactLogisticFit(
        tuple(data.names[j] for j in terms), columns[0], columns[1], columns[2], columns[3], columns[4],
        tuple(bool(f[5]) for f in found), notes,
    )  # fmt: skip


def _one_term(data: ModelData, j: int, alpha: float, mid_p: bool) -> tuple[float, float, float, float, float, bool]:
    distribution = _distribution(data, j)
    last = len(distribution.values) - 1
    if last == 0:
        return np.nan, -np.inf, np.inf, 1.0, 1.0, False

    def tail(beta: float, side: int) -> float:
        tails = distribution.tails(beta)
        return tails[side] - (tails[2] / 2 if mid_p else 0.0)

    unit = 1.0 / float(distribution.values[-1] - distribution.values[0])
    at_bottom, at_top = distribution.seen == 0, distribution.seen == last
    lower = -np.inf if at_bottom else _root(lambda b: tail(b, 1) - alpha / 2, unit)
    upper = np.inf if at_top else _root(lambda b: tail(b, 0) - alpha / 2, unit)
    if at_bottom or at_top:
        estimate = _root(lambda b: tail(b, 0 if at_bottom else 1) - 0.5, unit)
    else:
        estimate = _root(distribution.surplus, unit)
    null = np.exp(distribution.log_counts - special.logsumexp(distribution.log_counts))
    p_probability = float(null[null <= null[distribution.seen] * (1 + 1e-7)].sum())
    p = min(1.0, 2 * min(tail(0.0, 0), tail(0.0, 1)))
    return estimate, lower, upper, p, min(1.0, p_probability), at_bottom or at_top


def _root(curve: Callable[[float], float], unit: float) -> float:
    """The zero of a monotone curve, bracketed in growing steps of the statistic's own unit."""
    reach = unit
    while np.sign(curve(-reach)) == np.sign(curve(reach)):
        reach *= 2
        if reach > 1e8 * unit:
            return float(np.nan)
    return float(brentq(curve, -reach, reach, xtol=1e-13 * unit, rtol=1e-13))


def _distribution(data: ModelData, j: int) -> _Conditional:
    """The statistic of column j given those of all others; states are vectors of whole grid steps."""
    x, events, trials = _patterns(data)
    others = [i for i in range(x.shape[1]) if i != j]
    grid = np.array([_grid(column) for column in x.T])
    steps, counts = np.rint(x / grid).astype(np.int64), trials.astype(np.int64)
    observed = events.astype(np.int64) @ steps
    nothing = np.zeros(x.shape[1], dtype=np.int64)
    least = np.vstack([(np.minimum(steps, 0) * counts[:, None])[::-1].cumsum(0)[::-1][1:], nothing])
    most = np.vstack([(np.maximum(steps, 0) * counts[:, None])[::-1].cumsum(0)[::-1][1:], nothing])
    states, logs = np.zeros((1, x.shape[1]), dtype=np.int64), np.zeros(1)
    for row, m, below, above in zip(steps, counts, least, most, strict=True):
        k = np.arange(m + 1)
        ways = special.gammaln(m + 1) - special.gammaln(k + 1) - special.gammaln(m - k + 1)
        grown = [_kept(states + i * row, logs + ways[i], observed, others, below, above) for i in k]
        states, logs = _merged(np.concatenate([g[0] for g in grown]), np.concatenate([g[1] for g in grown]))
    order = np.argsort(states[:, j])
    values = states[order, j]
    return _Conditional(values * grid[j], logs[order], int(np.abs(values - observed[j]).argmin()))


def _grid(column: Array) -> float:
    """The step of which all values of a column are whole multiples, else a ten-millionth of its size."""
    size = float(np.abs(column).max())
    values = np.unique(np.abs(column[column != 0]))
    step = float(values[0])
    for value in values[1:]:
        rest = float(value)
        while rest > 1e-7 * size:
            step, rest = rest, float(np.fmod(step, rest))
            rest = 0.0 if step - rest < 1e-7 * size else rest
    return max(step, 1e-7 * size)


def _kept(
    states: NDArray[np.int64], logs: Array, observed: NDArray[np.int64], others: Sequence[int],
    below: NDArray[np.int64], above: NDArray[np.int64],
) -> tuple[NDArray[np.int64], Array]:  # fmt: skip
    gap = observed - states
    keep = np.ones(len(states), dtype=np.bool_)
    for i in others:
        keep &= (gap[:, i] >= below[i]) & (gap[:, i] <= above[i])
    return states[keep], logs[keep]


def _merged(states: NDArray[np.int64], logs: Array) -> tuple[NDArray[np.int64], Array]:
    """Equal states joined, their counts added."""
    if len(states) > _STATES:
        raise StatsError(
            "STA-214", f"{len(states)} states of the sufficient statistics", f"at most {_STATES}",
            "Round or group continuous covariates, or use fit_firth_logistic.",
        )  # fmt: skip
    span = states.max(0) - states.min(0) + 1
    if np.prod(span.astype(np.float64)) < 2.0**62:
        radix = np.concatenate([[1], span[:-1].cumprod()])
        key = (states - states.min(0)) @ radix
        order = np.argsort(key, kind="stable")
        first = np.concatenate([[True], key[order][1:] != key[order][:-1]])
    else:
        order = np.lexsort(states.T)
        first = np.concatenate([[True], (states[order][1:] != states[order][:-1]).any(1)])
    states, logs = states[order], logs[order]
    starts = np.flatnonzero(first)
    peak = np.maximum.reduceat(logs, starts)
    total = np.add.reduceat(np.exp(logs - peak[np.cumsum(first) - 1]), starts)
    return states[starts], peak + np.log(total)


def _patterns(data: ModelData) -> tuple[Array, Array, Array]:
    """Rows of equal covariates joined: design, events, trials."""
    if (data.weights != 1).any() or (data.trials != np.floor(data.trials)).any():
        raise StatsError("STA-201", "fractional trials", "whole numbers", "Give counts.")
    x, group = np.unique(data.x, axis=0, return_inverse=True)
    group = group.ravel()
    trials = np.bincount(group, data.trials).astype(np.float64)
    return x, np.bincount(group, np.round(data.y * data.trials)).astype(np.float64), trials
