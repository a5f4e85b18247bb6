"""Conjugate updates: prior mixture and data in, posterior mixture out, in closed form; and what the prior predicts.

Every component is updated on its own; its weight is multiplied by the probability that it gave to the data
(Bernardo and Smith 1994, Bayesian Theory, section 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from opencro.stats.bayes.mixtures import BetaMixture, Floats, GammaMixture, NormalMixture, log_weights
from opencro.stats.result import Result, StatsError


@dataclass(frozen=True)
class NormalInverseGamma(Result):
    """Mean and variance of a normal unknown: mean | v ~ N(location, v / n), 1/v ~ Gamma(shape, rate)."""

    title: ClassVar[str] = "Normal-inverse-gamma"

    location: float
    n: float
    shape: float
    rate: float

    def marginal(self) -> Floats:
        """Location, scale and degrees of freedom of the t distribution of the mean."""
        return np.array([self.location, np.sqrt(self.rate / (self.shape * self.n)), 2 * self.shape])

    def sf(self, x: float) -> float:
        """P(mean > x)."""
        location, scale, df = self.marginal()
        return float(stats.t.sf((x - location) / scale, df))

    def quantile(self, p: float) -> float:
        """The value below which the mean lies with probability p."""
        location, scale, df = self.marginal()
        return float(location + scale * stats.t.ppf(p, df))


def update_binomial(prior: BetaMixture, events: float, n: float) -> BetaMixture:
    """Posterior of a probability after `events` of `n`: Beta(a + x, b + n - x) in every component.

    `prior`: a beta mixture; 0 <= events <= n. Weights follow the beta-binomial probability of the data. Raises STA-802.
    Source: Bernardo and Smith 1994, section 5.2. R RBesT postmix. Example: `update_binomial(BetaMixture(1, 1, 1), 14,
    24)`.
    """
    if not 0 <= events <= n:
        raise StatsError("STA-802", f"{events} events of {n}", "0 to n", "Check the counts.")
    a, b = prior.a + events, prior.b + n - events
    return BetaMixture(log_weights(prior.weights, special.betaln(a, b) - special.betaln(prior.a, prior.b)), a, b)


def update_normal(prior: NormalMixture, estimate: float, se: float) -> NormalMixture:
    """Posterior of a mean after an estimate with known standard error: precisions add.

    `prior`: a normal mixture; `se` > 0, e.g. sigma / sqrt(n). Weights follow N(estimate; m, s^2 + se^2). Raises
    STA-802. Source: Bernardo and Smith 1994, section 5.2. Example: `update_normal(NormalMixture(1, -49, 20), -29, 88
    / 20**0.5)`.
    """
    if not se > 0:
        raise StatsError("STA-802", f"a standard error of {se}", "a positive number", "Check the data.")
    precision = 1 / prior.scale**2 + 1 / se**2
    location = (prior.location / prior.scale**2 + estimate / se**2) / precision
    evidence = stats.norm.logpdf(estimate, prior.location, np.hypot(prior.scale, se))
    return NormalMixture(log_weights(prior.weights, evidence), location, precision**-0.5)


def update_normal_unknown_variance(prior: NormalInverseGamma, y: ArrayLike) -> NormalInverseGamma:
    """Posterior of mean and variance after observations `y` (n,).

    n' = n + N, m' = (n m + sum y) / n', shape' = shape + N/2, rate' = rate + SS/2 + n N (ybar - m)^2 / (2 n').
    With a prior of n -> 0, shape -> -1/2, rate -> 0 it is the t interval. Raises STA-802 for missing values.
    Source: Gelman et al. 2013, Bayesian Data Analysis, section 3.3.
    Example: `update_normal_unknown_variance(NormalInverseGamma(0, 1, 2, 2), [1.2, 0.4, 2.2])`.
    """
    data = np.asarray(y, dtype=np.float64)
    if data.ndim != 1 or not data.size or not np.isfinite(data).all():
        raise StatsError("STA-802", f"data of shape {data.shape}", "finite numbers", "Remove missing values.")
    size, average = len(data), float(data.mean())
    n = prior.n + size
    squares = float(((data - average) ** 2).sum())
    gap = prior.n * size * (average - prior.location) ** 2 / n
    return NormalInverseGamma(
        (prior.n * prior.location + size * average) / n, n, prior.shape + size / 2, prior.rate + (squares + gap) / 2
    )


def update_poisson(prior: GammaMixture, events: float, exposure: float) -> GammaMixture:
    """Posterior of a rate after `events` in `exposure`: Gamma(shape + x, rate + t) in every component.

    `prior`: a gamma mixture; events from 0, exposure from 0. Weights follow the gamma-Poisson probability. Raises
    STA-802. Source: Bernardo and Smith 1994, section 5.2. Example: `update_poisson(GammaMixture(1, 2, 4), 7, 20.5)`.
    """
    if events < 0 or exposure < 0 or (exposure == 0 and events > 0):
        raise StatsError("STA-802", f"{events} events in {exposure}", "counts and times from 0", "Check the data.")
    shape, rate = prior.shape + events, prior.rate + exposure
    before = special.gammaln(prior.shape) - prior.shape * np.log(prior.rate)
    evidence = special.gammaln(shape) - shape * np.log(rate) - before
    return GammaMixture(log_weights(prior.weights, evidence), shape, rate)


def predict_binomial(distribution: BetaMixture, n: int) -> Floats:
    """Probabilities of 0, 1, ..., n events of n to come: a mixture of beta-binomials, (n + 1,).

    `distribution`: prior or posterior. Source: Bernardo and Smith 1994, section 5.2. Example:
    `predict_binomial(prior, 24)`.
    """
    x = np.arange(n + 1)[:, None]
    return np.asarray(stats.betabinom.pmf(x, n, distribution.a, distribution.b) @ distribution.weights)


def predict_normal(distribution: NormalMixture, se: float) -> NormalMixture:
    """The distribution of an estimate to come, whose standard error is `se`: variances add.

    `distribution`: prior or posterior. Source: Bernardo and Smith 1994, section 5.2. Example: `predict_normal(prior,
    12.0)`.
    """
    return NormalMixture(distribution.weights, distribution.location, np.hypot(distribution.scale, se))


def predict_poisson(distribution: GammaMixture, exposure: float, most: int) -> Floats:
    """Probabilities of 0, 1, ..., `most` events in an exposure to come: a mixture of negative binomials, (most + 1,).

    `distribution`: prior or posterior. Source: Bernardo and Smith 1994, section 5.2.
    Example: `predict_poisson(prior, 10.0, 30)`.
    """
    x = np.arange(most + 1)[:, None]
    share = distribution.rate / (distribution.rate + exposure)
    return np.asarray(stats.nbinom.pmf(x, distribution.shape, share) @ distribution.weights)
