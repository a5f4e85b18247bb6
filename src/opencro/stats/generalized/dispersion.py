"""The dispersion k of the negative binomial (NB2), Var(Y) = mu + k mu^2: its likelihood, many trials at once.

l(k) = sum_i [ sum_{j < y_i} log(1 + k j) - (y_i + 1/k) log(1 + k mu_i) + y_i log mu_i - log y_i! ] (Lawless 1987,
Canadian Journal of Statistics 15:209-225, eq. 2.3). The sum over j needs only how many rows exceed j.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.scoring import (
    Problem,
    Scored,
    newton_step,
    observed_information,
    score,
    working,
)

_SMALLEST = 1e-9
_FAR = 100.0  # a predictor beyond which a mean is 0 or nothing


@dataclass(frozen=True)
class _Tail:
    """For every trial the weighted number of rows with y > j, j = 0, 1, ..., and the rows' y."""

    exceed: Array

    def sums(self, k: Array) -> tuple[Array, Array]:
        """sum_i sum_{j < y} j / (1 + k j) and minus its derivative, (t,)."""
        j = np.arange(self.exceed.shape[1], dtype=np.float64)
        part = j / (1 + k[:, None] * j)
        return (self.exceed * part).sum(1), (self.exceed * part**2).sum(1)


def _tail(y: Array, weights: Array) -> _Tail:
    trials, n = y.shape
    width = int(y.max()) + 1
    place = (np.arange(trials)[:, None] * width + y.astype(np.intp)).ravel()
    spread = np.broadcast_to(weights, (trials, n)).ravel()
    counts = np.bincount(place, weights=spread, minlength=trials * width).reshape(trials, width)
    exceed = counts[:, ::-1].cumsum(1)[:, ::-1] - counts
    return _Tail(exceed.astype(np.float64))


def _curves(x: Array) -> tuple[Array, Array]:
    """h(x) = [log(1 + x) - x/(1 + x)] / x^2 and its derivative, by their series where x is small."""
    small = x < 1e-2
    safe = np.where(small, 1.0, np.minimum(x, 1e90))
    share = safe / (1 + safe)
    bracket = np.log1p(safe) - share
    h = bracket / safe**2
    slope = (share**2 - 2 * bracket) / safe**3
    if small.any():
        near, i = x[small], np.arange(9)
        terms = (-1.0) ** i * (i + 1) / (i + 2)
        h[small] = np.polynomial.polynomial.polyval(near, terms)
        slope[small] = np.polynomial.polynomial.polyval(near, (terms * i)[1:])
    return h, slope


def _k_derivatives(problem: Problem, tail: _Tail, mu: Array, k: Array) -> tuple[Array, Array]:
    """First and second derivative of the log-likelihood in k at given means, (t,)."""
    first, second = tail.sums(k)
    x = k[:, None] * mu
    h, slope = _curves(x)
    w, y = problem.weights, problem.y
    gradient = first + (w * (-y * mu / (1 + x) + mu**2 * h)).sum(1)
    bend = -second + (w * (y * (mu / (1 + x)) ** 2 + mu**3 * slope)).sum(1)
    return gradient, bend


def k_information(problem: Problem, beta: Array) -> tuple[Array, Array]:
    """Observed information of k, (t,), and its cross term with the coefficients, (t, p)."""
    mu = np.exp(problem.predictor(beta))
    k = np.broadcast_to(problem.k[:, 0], len(problem.y))
    _, bend = _k_derivatives(problem, _tail(problem.y, problem.weights), mu, k)
    cross = problem.weights * mu * (problem.y - mu) / (1 + problem.k * mu) ** 2
    return -bend, problem.score_sum(cross)


def score_negative_binomial(problem: Problem, iterations: int = 30) -> Scored:
    """Maximum likelihood of coefficients and k, by steps in turn; k = 0 where there is no overdispersion.

    At the Poisson fit the likelihood rises with k only if sum (y - mu)^2 - y is positive; else k = 0. Trials in which
    steps in turn do not settle (few and very uneven counts) are left to joint Newton steps that never go down.
    """
    trials = len(problem.y)
    poisson = score(replace(problem, k=np.zeros((trials, 1))))
    beta, converged = poisson.beta.copy(), poisson.converged.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        excess = (problem.weights * ((problem.y - poisson.mu) ** 2 - problem.y)).sum(1)
        squares = (problem.weights * poisson.mu**2).sum(1)
    over = converged & (excess > 0)
    k = np.where(over, np.clip(np.nan_to_num(excess) / np.where(over, squares, 1.0), 1e-3, 1e2), 0.0)
    start, active, used = k.copy(), np.flatnonzero(over), poisson.iterations
    converged[active] = False
    while active.size and used < iterations + poisson.iterations:
        used += 1
        part = replace(problem.take(active), k=k[active, None])
        beta[active], k[active], settled = _alternate(part, beta[active])
        converged[active[settled]] = True
        active = active[~settled]
    for t in active:
        part = problem.take(np.array([t]))
        beta[t], k[t], converged[t] = _ascend(part, poisson.beta[t], float(start[t]))
    beta = np.where((k == 0)[:, None], poisson.beta, beta)
    final = replace(problem, k=k[:, None])
    with np.errstate(over="ignore", invalid="ignore"):
        eta = final.predictor(beta)
        mu = np.exp(eta)
        information = final.cross_product(working(final, eta, mu)[1])
    return Scored(beta, mu, information, converged, used, k)


def _alternate(part: Problem, beta: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """One step in the coefficients, then one Newton step in log k; settled trials have short steps in both."""
    step, decrement = newton_step(part, beta)
    far = np.flatnonzero(~(decrement < 1.0))
    if far.size:  # a long step is cut to a change of at most 3 in any row's predictor
        some = part.take(far)
        reach = np.abs(some.predictor(step[far]) - some.offset).max(1)
        step[far] *= np.minimum(1.0, 3.0 / np.maximum(reach, 1e-300))[:, None]
    beta = beta + step
    mu = np.exp(np.clip(part.predictor(beta), -_FAR, _FAR))
    k = part.k[:, 0]
    gradient, bend = _k_derivatives(part, _tail(part.y, part.weights), mu, k)
    slope, curve = k * gradient, k * gradient + k**2 * bend
    move = np.clip(np.where(curve < 0, -slope / np.minimum(curve, -1e-300), np.sign(slope)), -2.0, 2.0)
    k = k * np.exp(move)
    vanished = k < _SMALLEST
    settled = ((decrement < 1e-16) & (move**2 * np.abs(curve) < 1e-16)) | vanished
    return beta, np.where(vanished, 0.0, k), settled


def _ascend(problem: Problem, start: Array, k: float) -> tuple[Array, float, bool]:
    """One trial by Newton steps in (coefficients, log k) jointly, halved until the likelihood does not fall."""
    tail = _tail(problem.y, problem.weights)
    place = np.concatenate([start, [np.log(k)]])
    value = _likelihood(problem, place)
    for _ in range(300):
        gradient, information = _joint_derivatives(problem, tail, place)
        if not np.isfinite(information).all() or abs(place[-1]) > 25:
            break
        scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
        values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
        inner = vectors.T @ (gradient / scale)
        step = vectors @ (inner / np.maximum(np.abs(values), 1e-8)) / scale
        reach = max(float(np.abs(problem.predictor(step[None, :-1]) - problem.offset).max()), abs(float(step[-1])))
        step *= min(1.0, 3.0 / max(reach, 1e-300))
        decrement = float(step @ gradient)
        for halvings in range(40):
            moved = place + step / 2**halvings
            after = _likelihood(problem, moved)
            if after >= value - 1e-11 * abs(value):
                break
        place, value = moved, after
        if place[-1] < np.log(_SMALLEST):
            return start, 0.0, True
        if decrement < 1e-14:
            return place[:-1], float(np.exp(place[-1])), bool((values > 0).all())
    return place[:-1], float(np.exp(place[-1])), False


def _likelihood(problem: Problem, place: Array) -> float:
    mu = np.exp(np.clip(problem.predictor(place[None, :-1]), -_FAR, _FAR))
    k = np.array([[np.exp(place[-1])]])
    return float((problem.weights * problem.family.log_likelihood(problem.y, mu, problem.trials, k)).sum())


def _joint_derivatives(problem: Problem, tail: _Tail, place: Array) -> tuple[Array, Array]:
    """Score and observed information in (coefficients, log k)."""
    k = np.exp(place[-1:])
    part = replace(problem, k=k[:, None])
    beta = place[None, :-1]
    eta = np.clip(part.predictor(beta), -_FAR, _FAR)
    mu = np.exp(eta)
    slope, bend = _k_derivatives(part, tail, mu, k)
    share = part.weights * mu * (part.y - mu) / (1 + part.k * mu) ** 2
    cross = part.score_sum(share)[0] * k[0]
    corner = -(k * slope + k**2 * bend)
    gradient = np.concatenate([part.score_sum(working(part, eta, mu)[0])[0], k * slope])
    block = observed_information(part, beta)[0]
    return gradient, np.block([[block, cross[:, None]], [cross[None, :], corner[:, None]]])
