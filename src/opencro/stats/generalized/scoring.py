"""Fisher scoring for many trials at once; a single fit is a batch of one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opencro.stats.generalized.families import Array, Family, Link
from opencro.stats.generalized.inputs import ModelData

_CANONICAL = {("binomial", "logit"), ("poisson", "log"), ("normal", "identity")}
_DECREMENT = 1e-14  # squared length of the last step in standard errors; the step after it is the square of this


@dataclass(frozen=True)
class Problem:
    """Trials to fit: y (t, n); x (n, p) or (t, n, p); offset, trials, weights (1, n) or (t, n); k (1, 1) or (t, 1)."""

    family: Family
    link: Link
    y: Array
    x: Array
    offset: Array
    trials: Array
    weights: Array
    k: Array

    def take(self, index: NDArray[np.intp]) -> Problem:
        """The same with some trials only."""

        def part(a: Array) -> Array:
            return a if len(a) == 1 else a[index]

        return replace(
            self, y=self.y[index], x=self.x[index] if self.x.ndim == 3 else self.x, offset=part(self.offset),
            trials=part(self.trials), weights=part(self.weights), k=part(self.k),
        )  # fmt: skip

    def predictor(self, beta: Array) -> Array:
        """eta = x beta + offset, (t, n)."""
        linear = beta @ self.x.T if self.x.ndim == 2 else np.matmul(self.x, beta[:, :, None])[:, :, 0]
        return np.asarray(linear + self.offset)

    def score_sum(self, residual: Array) -> Array:
        """x' r for every trial, (t, p)."""
        if self.x.ndim == 2:
            return residual @ self.x
        return np.asarray(np.matmul(residual[:, None, :], self.x)[:, 0, :])

    def cross_product(self, w: Array) -> Array:
        """x' diag(w) x for every trial, (t, p, p)."""
        p = self.x.shape[-1]
        if self.x.ndim == 2:
            pairs = (self.x[:, :, None] * self.x[:, None, :]).reshape(len(self.x), p * p)
            return (w @ pairs).reshape(-1, p, p)
        return np.asarray(np.matmul(np.swapaxes(self.x, 1, 2), w[:, :, None] * self.x))

    def log_likelihood(self, mu: Array) -> Array:
        """The log-likelihood of every trial, minus infinity where a mean is outside its range."""
        within = np.isfinite(mu) & (mu <= self.family.upper) & (mu >= self.family.lower)
        if self.link.name == "identity":
            within &= (mu < self.family.upper) & (mu > self.family.lower)
        inside: NDArray[np.bool_] = np.all(within, axis=1)
        safe = np.where(inside[:, None], mu, 0.5)
        total = (self.weights * self.family.log_likelihood(self.y, safe, self.trials, self.k)).sum(1)
        return np.where(inside, total, -np.inf)


@dataclass(frozen=True)
class Scored:
    """What scoring reached: coefficients (t, p), means (t, n), expected information (t, p, p), settled?, k (t,)."""

    beta: Array
    mu: Array
    information: Array
    converged: NDArray[np.bool_]
    iterations: int
    k: Array


def one_trial(data: ModelData, family: Family, link: Link, k: float = 0.0) -> Problem:
    """A single model as a batch of one."""
    return Problem(
        family, link, data.y[None], data.x, data.offset[None], data.trials[None], data.weights[None], np.array([[k]])
    )


def working(problem: Problem, eta: Array, mu: Array) -> tuple[Array, Array]:
    """Score residual w (y - mu) mu'/V and Fisher weight w mu'^2/V of every row."""
    w = problem.weights * problem.trials
    slope = problem.link.slope(eta)
    if (problem.family.name, problem.link.name) in _CANONICAL:
        return w * (problem.y - mu), w * slope
    variance = np.maximum(problem.family.variance(mu, problem.k), 1e-300)
    ratio = slope / variance
    return w * (problem.y - mu) * ratio, w * slope * ratio


def score(problem: Problem, start: Array | None = None, iterations: int = 60) -> Scored:
    """Maximum likelihood by Fisher scoring: quick steps first, halved steps for the trials that they leave over."""
    beta = start_values(problem) if start is None else start.copy()
    beta, converged, used = _steps(problem, beta, iterations, halve=needs_care(problem))
    if not converged.all() and not needs_care(problem):
        left = np.flatnonzero(~converged)
        part = problem.take(left)
        beta[left], converged[left], more = _steps(part, start_values(part), iterations, halve=True)
        used += more
    with np.errstate(over="ignore", invalid="ignore"):
        eta = problem.predictor(beta)
        mu = problem.link.inverse(eta)
        information = problem.cross_product(working(problem, eta, mu)[1])
    k = np.broadcast_to(problem.k[:, 0], len(beta))
    return Scored(beta, mu, information, converged, used, k)


def observed_information(problem: Problem, beta: Array) -> Array:
    """Minus the second derivative of the log-likelihood in the coefficients, (t, p, p); k is held."""
    eta = problem.predictor(beta)
    mu = problem.link.inverse(eta)
    residual, fisher = working(problem, eta, mu)
    if (problem.family.name, problem.link.name) in _CANONICAL:
        return problem.cross_product(fisher)
    slope = np.where(problem.link.slope(eta) == 0, 1e-300, problem.link.slope(eta))
    variance = np.maximum(problem.family.variance(mu, problem.k), 1e-300)
    bend = problem.link.curvature(eta) / slope - slope * problem.family.variance_slope(mu, problem.k) / variance
    return problem.cross_product(fisher - residual * bend)


def needs_care(problem: Problem) -> bool:
    return problem.link.name == "identity" or (problem.family.name, problem.link.name) == ("binomial", "log")


def _steps(problem: Problem, beta: Array, iterations: int, *, halve: bool) -> tuple[Array, NDArray[np.bool_], int]:
    beta = beta.copy()
    converged = np.zeros(len(beta), dtype=np.bool_)
    active = np.arange(len(beta))
    part, used = problem, 0
    while used < iterations:
        used += 1
        step, decrement = newton_step(part, beta[active])
        if halve:
            beta[active] = _halved(part, beta[active], step)
        else:
            beta[active] += step
        settled = decrement < _DECREMENT
        converged[active[settled]] = True
        going = ~settled & np.isfinite(decrement) & (np.abs(beta[active]).max(1) < 1e8)
        if not going.any():
            break
        if not going.all():
            active = active[going]
            part = problem.take(active)
    return beta, converged, used


def newton_step(problem: Problem, beta: Array) -> tuple[Array, Array]:
    eta = problem.predictor(beta)
    with np.errstate(over="ignore", invalid="ignore"):
        mu = problem.link.inverse(eta)
        residual, fisher = working(problem, eta, mu)
        gradient, information = problem.score_sum(residual), problem.cross_product(fisher)
        step = solve(information, gradient)
        return step, (step * gradient).sum(1)


def solve(information: Array, right: Array) -> Array:
    """Solves every system after scaling it to a unit diagonal; a singular one gives NaN."""
    scale = np.sqrt(np.maximum(np.einsum("tii->ti", information), 1e-300))
    with np.errstate(invalid="ignore"):
        scaled = information / (scale[:, :, None] * scale[:, None, :])
    good = np.isfinite(scaled).all((1, 2))
    answer = np.full_like(right, np.nan)
    try:
        answer[good] = np.linalg.solve(scaled[good], (right / scale)[good][:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        for t in np.flatnonzero(good):
            if np.linalg.matrix_rank(scaled[t]) == len(scaled[t]):
                answer[t] = np.linalg.solve(scaled[t], right[t] / scale[t])
    return np.asarray(answer / scale)


def inverse(information: Array) -> Array:
    """The inverse of every matrix of a stack, scaled first; NaN where there is none."""
    scale = np.sqrt(np.maximum(np.einsum("tii->ti", information), 1e-300))
    outer = scale[:, :, None] * scale[:, None, :]
    with np.errstate(invalid="ignore"):
        scaled = information / outer
    answer = np.full_like(scaled, np.nan)
    good = np.isfinite(scaled).all((1, 2))
    try:
        answer[good] = np.linalg.inv(scaled[good])
    except np.linalg.LinAlgError:
        for t in np.flatnonzero(good):
            if np.linalg.matrix_rank(scaled[t]) == len(scaled[t]):
                answer[t] = np.linalg.inv(scaled[t])
    return np.asarray(answer / outer)


def _halved(problem: Problem, beta: Array, step: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        before = problem.log_likelihood(problem.link.inverse(problem.predictor(beta)))
        size = np.ones((len(beta), 1))
        for _ in range(40):
            after = problem.log_likelihood(problem.link.inverse(problem.predictor(beta + size * step)))
            worse = ~(after >= before - 1e-10 * (1 + np.abs(before)))
            if not worse.any():
                break
            size[worse] /= 2
    size[worse] = 0.0
    return np.asarray(beta + size * step)


def start_values(problem: Problem) -> Array:
    """Least squares on the link scale: of shrunken outcomes where the link allows it, else of the overall mean."""
    w = np.broadcast_to(problem.weights * problem.trials, problem.y.shape)
    family, link = problem.family, problem.link
    if needs_care(problem) and family.name != "normal":
        average = (w * problem.y).sum(1, keepdims=True) / w.sum(1, keepdims=True)
        mu = np.broadcast_to(np.clip(average, 0.05, 0.95 if family.upper == 1 else None), problem.y.shape)
    elif family.name == "binomial":
        mu = (problem.trials * problem.y + 0.5) / (problem.trials + 1)
    else:
        mu = problem.y if family.name == "normal" else problem.y + 0.1
    eta = link.forward(mu)
    slope = link.slope(eta)
    fisher = w * slope**2 / family.variance(mu, problem.k)
    target = problem.score_sum(fisher * (eta - problem.offset))
    return np.nan_to_num(solve(problem.cross_product(fisher), target))
