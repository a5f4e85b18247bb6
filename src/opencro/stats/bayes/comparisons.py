"""Probabilities that one parameter exceeds another, exact or by quadrature to rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from scipy import special, stats

from opencro.stats.bayes.mixtures import BetaMixture, Floats, GammaMixture, Mixture, NormalMixture
from opencro.stats.result import StatsError


def probability_greater(first: Mixture, second: Mixture, *, margin: float = 0.0) -> float:
    """P(theta1 - theta2 > margin) for independent parameters.

    `first`, `second`: mixtures of one kind, usually posteriors. Normal mixtures: a sum of normal probabilities. Gamma
    mixtures without margin: a sum of incomplete beta functions. Otherwise the integral of f1(x) F2(x - margin), by
    double-exponential quadrature (Takahasi and Mori 1974, Publ. RIMS Kyoto 9:721-741) refined to 1e-11.
    Raises STA-803 for different kinds. Source: Cook 2003, MD Anderson report UTMDABTR-005-03 (beta).
    R RBesT pmixdiff. Example: `probability_greater(BetaMixture(1, 14.5, 11), BetaMixture(1, 12, 37))`.
    """
    if isinstance(first, NormalMixture) and isinstance(second, NormalMixture):
        gap = first.location[:, None] - second.location - margin
        chance = stats.norm.cdf(gap / np.hypot(first.scale[:, None], second.scale))
        return float(first.weights @ chance @ second.weights)
    if isinstance(first, GammaMixture) and isinstance(second, GammaMixture):
        if margin == 0:
            return probability_ratio_greater(first, second)
        return _rates_above(first, second, margin)
    if isinstance(first, BetaMixture) and isinstance(second, BetaMixture):
        return float(probability_greater_batch([first], [second], margin=margin)[0, 0])
    raise StatsError(
        "STA-803", f"a {type(first).__name__} and a {type(second).__name__}", "two of a kind", "Use one likelihood."
    )


def probability_greater_batch(
    first: Sequence[BetaMixture], second: Sequence[BetaMixture], *, margin: float = 0.0
) -> Floats:
    """P(theta1 - theta2 > margin) for every pair of two lists of beta mixtures, (len(first), len(second)).

    The integrals of `probability_greater` on shared nodes, doubled in number until no probability moves by 1e-10.
    Source: as there. Example: `probability_greater_batch([drug0, drug1], [placebo])`.
    """
    low, high = max(0.0, margin), min(1.0, 1.0 + margin)
    if low >= high:
        return np.full((len(first), len(second)), 1.0 if margin < 0 else 0.0)
    sure = np.array([float(d.sf(high)) for d in first]) if high < 1 else np.zeros(len(first))
    mass = np.array([float(d.cdf(high)) - float(d.cdf(low)) for d in first])
    before = np.full((len(first), len(second)), np.inf)
    for level in range(8, 17):
        x, from_high, weight = double_exponential_nodes(low, high, level)
        density = np.array([_beta_density(d, x, from_high + (1.0 - high)) * weight for d in first])
        value = density @ np.array([d.cdf(x - margin) for d in second]).T + sure[:, None]
        if np.abs(value - before).max() < 1e-10 and np.abs(density.sum(1) - mass).max() < 1e-8:
            break
        before = value
    return np.asarray(np.clip(value, 0.0, 1.0))


def _beta_density(d: BetaMixture, x: Floats, rest: Floats) -> Floats:
    """The density at x with 1 - x = `rest` given apart, which keeps its digits near 1."""
    logs = (d.a - 1) * np.log(x)[:, None] + (d.b - 1) * np.log(rest)[:, None] - special.betaln(d.a, d.b)
    return np.asarray(np.exp(logs) @ d.weights)


def probability_ratio_greater(first: GammaMixture, second: GammaMixture, *, ratio: float = 1.0) -> float:
    """P(lambda1 / lambda2 > ratio) for independent rates, in closed form.

    `first`, `second`: gamma mixtures. With lambda = G / rate, G1 / (G1 + G2) is Beta(shape1, shape2).
    Source: Price and Bonett 2000, Biometrical J. 42:855-865. Example: `probability_ratio_greater(drug, placebo,
    ratio=0.8)`.
    """
    cut = ratio * first.rate[:, None] / (ratio * first.rate[:, None] + second.rate)
    chance = special.betaincc(first.shape[:, None], second.shape, cut)
    return float(first.weights @ chance @ second.weights)


def _rates_above(first: GammaMixture, second: GammaMixture, margin: float) -> float:
    """E[F2(lambda1 - margin)] over the values of lambda1 above the margin."""
    low = max(0.0, margin)
    high = low + 2 * first.quantile(1 - 1e-14)
    cuts = np.unique(np.clip([low, *(first.quantile(p) for p in (1e-6, 0.5, 1 - 1e-6)), high], low, high))
    total = sum(
        double_exponential(lambda x: first.pdf(x) * second.cdf(x - margin), float(a), float(b))
        for a, b in pairwise(cuts)
    )
    return float(np.clip(total, 0.0, 1.0))


def double_exponential(curve: Callable[[Floats], Floats], low: float, high: float, tolerance: float = 1e-11) -> float:
    """The integral of a curve that is smooth inside (low, high) and may be infinite at its ends."""
    before = np.inf
    for level in range(4, 12):
        x, _, weight = double_exponential_nodes(low, high, level)
        inside = x < high
        value = float((curve(x[inside]) * weight[inside]).sum())
        if abs(value - before) < tolerance * max(1.0, abs(value)):
            return value
        before = value
    return value


def double_exponential_nodes(low: float, high: float, level: int) -> tuple[Floats, Floats, Floats]:
    """Double-exponential nodes inside (low, high), their distances from the upper end, and their weights."""
    t = np.linspace(-5.0, 5.0, 2**level + 1)
    arm = np.pi / 2 * np.sinh(t)
    near = np.exp(-np.abs(arm)) / (2 * np.cosh(arm))  # distance from the nearer end, as a share
    width = high - low
    x = np.where(t < 0, low + width * near, high - width * near)
    from_high = np.where(t < 0, width * (1 - near), width * near)
    weight = width * np.pi / 4 * np.cosh(t) / np.cosh(arm) ** 2 * (t[1] - t[0])
    inside = (x > low) & (from_high > 0) & (weight > 0)
    return x[inside], from_high[inside], weight[inside]
