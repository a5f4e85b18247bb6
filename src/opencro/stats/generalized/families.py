"""Distributions and links of generalized linear models, on arrays of any shape (McCullagh and Nelder 1989, ch. 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]


@dataclass(frozen=True)
class Link:
    """A link by its inverse mu(eta), the two derivatives of the inverse, and the link itself."""

    name: str
    inverse: Curve
    slope: Curve
    curvature: Curve
    forward: Curve


@dataclass(frozen=True)
class Family:
    """A distribution by its variance function, the derivative of that, log-likelihood and deviance per row.

    `log_likelihood` and `deviance` take (y, mu, trials, k): y is a proportion for the binomial, trials is 1 elsewhere,
    k is the dispersion of the negative binomial, Var(Y) = mu + k mu^2, and is ignored elsewhere.
    """

    name: str
    variance: Callable[[Array, Array], Array]
    variance_slope: Callable[[Array, Array], Array]
    log_likelihood: Callable[[Array, Array, Array, Array], Array]
    deviance: Callable[[Array, Array, Array, Array], Array]
    lower: float
    upper: float


def _expit_slope(eta: Array) -> Array:
    return np.asarray(special.expit(eta) * special.expit(-eta))


def _expit_curvature(eta: Array) -> Array:
    p = special.expit(eta)
    return np.asarray(p * special.expit(-eta) * (1 - 2 * p))


def _ones(eta: Array) -> Array:
    return np.ones_like(eta)


def _same(eta: Array) -> Array:
    return eta


def _normal_density(eta: Array) -> Array:
    return np.asarray(np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi))


LOGIT = Link("logit", special.expit, _expit_slope, _expit_curvature, special.logit)
LOG = Link("log", np.exp, np.exp, np.exp, np.log)
IDENTITY = Link("identity", _same, _ones, np.zeros_like, _same)
PROBIT = Link("probit", special.ndtr, _normal_density, lambda eta: -eta * _normal_density(eta), special.ndtri)


def _binomial_log_likelihood(y: Array, mu: Array, trials: Array, _k: Array) -> Array:
    events = y * trials
    ways = special.gammaln(trials + 1) - special.gammaln(events + 1) - special.gammaln(trials - events + 1)
    total: Array = ways + special.xlogy(events, mu) + special.xlog1py(trials - events, -mu)
    return total


def _binomial_deviance(y: Array, mu: Array, trials: Array, _k: Array) -> Array:
    unit: Array = special.xlogy(y, y) - special.xlogy(y, mu) + special.xlog1py(1 - y, -y) - special.xlog1py(1 - y, -mu)
    return 2 * trials * unit


def _poisson_log_likelihood(y: Array, mu: Array, _trials: Array, _k: Array) -> Array:
    total: Array = special.xlogy(y, mu) - mu - special.gammaln(y + 1)
    return total


def _poisson_deviance(y: Array, mu: Array, _trials: Array, _k: Array) -> Array:
    unit: Array = special.xlogy(y, y) - special.xlogy(y, mu) - (y - mu)
    return 2 * unit


def _negative_binomial_log_likelihood(y: Array, mu: Array, trials: Array, k: Array) -> Array:
    small = k < 1e-10
    size = 1 / np.where(small, 1.0, k)
    ways = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
    value = ways + special.xlogy(y, mu) - special.xlogy(y, mu + size) - size * np.log1p(mu / size)
    return np.where(small, _poisson_log_likelihood(y, mu, trials, k), value)


def _negative_binomial_deviance(y: Array, mu: Array, trials: Array, k: Array) -> Array:
    small = k < 1e-10
    size = 1 / np.where(small, 1.0, k)
    unit = special.xlogy(y, y) - special.xlogy(y, mu) - (y + size) * (np.log(y + size) - np.log(mu + size))
    return np.where(small, _poisson_deviance(y, mu, trials, k), 2 * unit)


def _normal_log_likelihood(y: Array, mu: Array, _trials: Array, _k: Array) -> Array:
    return -0.5 * (y - mu) ** 2


BINOMIAL = Family(
    "binomial", lambda mu, _k: mu * (1 - mu), lambda mu, _k: 1 - 2 * mu,
    _binomial_log_likelihood, _binomial_deviance, 0.0, 1.0,
)  # fmt: skip
POISSON = Family(
    "poisson", lambda mu, _k: mu, lambda mu, _k: np.ones_like(mu),
    _poisson_log_likelihood, _poisson_deviance, 0.0, np.inf,
)  # fmt: skip
NEGATIVE_BINOMIAL = Family(
    "negative binomial", lambda mu, k: mu + k * mu**2, lambda mu, k: 1 + 2 * k * mu,
    _negative_binomial_log_likelihood, _negative_binomial_deviance, 0.0, np.inf,
)  # fmt: skip
NORMAL = Family(
    "normal", lambda mu, _k: np.ones_like(mu), lambda mu, _k: np.zeros_like(mu),
    _normal_log_likelihood, lambda y, mu, _t, _k: (y - mu) ** 2, -np.inf, np.inf,
)  # fmt: skip
