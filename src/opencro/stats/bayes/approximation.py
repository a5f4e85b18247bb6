"""A distribution as a small conjugate mixture: expectation-maximization on a weighted grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from opencro.stats.bayes.mixtures import BetaMixture, Floats, GammaMixture, NormalMixture

_POINTS = 1000


def compress(mixture: NormalMixture, *, reach: float = np.inf, points: int = _POINTS) -> tuple[Floats, Floats]:
    """A normal mixture of many components as equally spaced points with their probabilities.

    What lies further than `reach` from the median is counted at the ends.
    """

    def cdf(x: Floats) -> Floats:
        return np.asarray(special.ndtr((x[:, None] - mixture.location) / mixture.scale) @ mixture.weights)

    low = float((mixture.location - 9 * mixture.scale).min())
    high = float((mixture.location + 9 * mixture.scale).max())
    for _ in range(4):  # narrows the range to where the probability is
        coarse = np.linspace(low, high, 100)
        below = cdf(coarse)
        low = float(coarse[max(int((below < 1e-9).sum()) - 1, 0)])
        high = float(coarse[min(int((below < 1 - 1e-9).sum()), 99)])
    middle = mixture.quantile(0.5)
    edges = np.linspace(max(low, middle - reach), min(high, middle + reach), points + 1)
    weights = np.maximum(np.diff(cdf(edges)[1:-1], prepend=0.0, append=1.0), 0.0)
    return (edges[1:] + edges[:-1]) / 2, weights / weights.sum()


def fit_normal_mixture(points: Floats, weights: Floats, components: int) -> tuple[NormalMixture, float]:
    """Normal mixture of `components` nearest to weighted points, and the divergence from them."""

    def log_density(parameters: Floats) -> Floats:
        location, scale = parameters[:, 0], parameters[:, 1]
        z = (points[:, None] - location) / scale
        return np.asarray(-0.5 * z**2 - np.log(scale) - 0.5 * np.log(2 * np.pi))

    def improve(_parameters: Floats, share: Floats) -> Floats:
        total = share.sum(0)
        location = points @ share / total
        variance = ((points[:, None] - location) ** 2 * share).sum(0) / total
        return np.column_stack([location, np.sqrt(np.maximum(variance, 1e-300))])

    w, parameters, divergence = _maximize(points, weights, components, improve, log_density)
    return NormalMixture(w, parameters[:, 0], parameters[:, 1]), divergence


def fit_beta_mixture(theta: Floats, weights: Floats, components: int) -> tuple[BetaMixture, float]:
    """Beta mixture of `components` nearest to weighted points of the log odds, and the divergence from them."""
    p, log_p, log_q = special.expit(theta), special.log_expit(theta), special.log_expit(-theta)

    def log_density(parameters: Floats) -> Floats:
        a, b = parameters[:, 0], parameters[:, 1]
        # density of the log odds, whose Jacobian is p q, so that equal steps of it are equal steps of the grid
        return np.asarray(a * log_p[:, None] + b * log_q[:, None] - special.betaln(a, b))

    def improve(parameters: Floats, share: Floats) -> Floats:
        if not parameters.size:
            mean = p @ share / share.sum(0)
            variance = ((p[:, None] - mean) ** 2 * share).sum(0) / share.sum(0)
            size = np.maximum(mean * (1 - mean) / np.maximum(variance, 1e-12) - 1, 0.1)
            parameters = np.column_stack([mean * size, (1 - mean) * size])
        total = share.sum(0)
        return _beta_newton(parameters, log_p @ share / total, log_q @ share / total)

    w, parameters, divergence = _maximize(theta, weights, components, improve, log_density)
    return BetaMixture(w, parameters[:, 0], parameters[:, 1]), divergence


def fit_gamma_mixture(logs: Floats, weights: Floats, components: int) -> tuple[GammaMixture, float]:
    """Gamma mixture of `components` nearest to weighted points of the log rate, and the divergence from them."""
    points = np.exp(logs)

    def log_density(parameters: Floats) -> Floats:
        shape, rate = parameters[:, 0], parameters[:, 1]
        return np.asarray(
            shape * np.log(rate) - special.gammaln(shape) + shape * logs[:, None] - points[:, None] * rate
        )

    def improve(parameters: Floats, share: Floats) -> Floats:
        total = share.sum(0)
        mean, mean_log = points @ share / total, logs @ share / total
        gap = np.maximum(np.log(mean) - mean_log, 1e-12)
        shape = parameters[:, 0] if parameters.size else (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
        for _ in range(30):
            score = np.log(shape) - special.digamma(shape) - gap
            shape = shape * np.exp(-np.clip(score / (1 - shape * special.polygamma(1, shape)), -1, 1))
        return np.column_stack([shape, shape / mean])

    w, parameters, divergence = _maximize(logs, weights, components, improve, log_density)
    return GammaMixture(w, parameters[:, 0], parameters[:, 1]), divergence


def _beta_newton(parameters: Floats, mean_log_p: Floats, mean_log_q: Floats) -> Floats:
    """Maximum likelihood of beta parameters from the means of log p and log q, in the logarithms of a and b."""
    a, b = parameters[:, 0], parameters[:, 1]
    for _ in range(50):
        both = special.digamma(a + b)
        g1, g2 = a * (mean_log_p - special.digamma(a) + both), b * (mean_log_q - special.digamma(b) + both)
        shared = special.polygamma(1, a + b)
        h11 = a**2 * (shared - special.polygamma(1, a)) + g1
        h22 = b**2 * (shared - special.polygamma(1, b)) + g2
        h12 = a * b * shared
        determinant = h11 * h22 - h12**2
        good = (h11 < 0) & (determinant > 0)
        safe = np.where(good, determinant, 1.0)
        step1 = np.where(good, -(h22 * g1 - h12 * g2) / safe, np.sign(g1) * 0.5)
        step2 = np.where(good, -(h11 * g2 - h12 * g1) / safe, np.sign(g2) * 0.5)
        a, b = a * np.exp(np.clip(step1, -1, 1)), b * np.exp(np.clip(step2, -1, 1))
        if max(np.abs(step1).max(), np.abs(step2).max()) < 1e-10:
            break
    return np.column_stack([a, b])


def _maximize(
    grid: Floats, weights: Floats, components: int, improve: Callable[[Floats, Floats], Floats],
    log_density: Callable[[Floats], Floats],
) -> tuple[Floats, Floats, float]:  # fmt: skip
    """EM from two starts, components side by side and components nested by width; the better end is taken."""
    order = np.cumsum(weights) - weights / 2
    side = np.floor(order * components).astype(np.intp)[:, None] == np.arange(components)
    middle = float(grid @ weights)
    distance = np.abs(grid - middle) / np.sqrt(float(weights @ (grid - middle) ** 2))
    nested = np.exp(-0.5 * (distance[:, None] / (0.6 * 1.8 ** np.arange(components))) ** 2)
    ends = [_climb(weights, start / start.sum(1, keepdims=True).clip(1e-300), improve, log_density)
            for start in (side.astype(np.float64) + 1e-3, nested)]  # fmt: skip
    w, parameters, value = max(ends, key=lambda end: end[2])
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    entropy = float(special.xlogy(weights, weights / step).sum())
    return w, parameters, max(entropy - value, 0.0)


def _climb(
    weights: Floats, share: Floats, improve: Callable[[Floats, Floats], Floats],
    log_density: Callable[[Floats], Floats],
) -> tuple[Floats, Floats, float]:  # fmt: skip
    parameters, before, value = np.zeros((0, 2)), -np.inf, -np.inf
    w = np.zeros(share.shape[1])
    for _ in range(2000):
        part = share * weights[:, None]
        w = part.sum(0) / part.sum()
        parameters = improve(parameters, part)
        joint = log_density(parameters) + np.log(np.maximum(w, 1e-300))
        total = special.logsumexp(joint, axis=1)
        value = float(weights @ total)
        if value - before < 1e-8:
            break
        before = value
        share = np.exp(joint - total[:, None])
    return w, parameters, value
