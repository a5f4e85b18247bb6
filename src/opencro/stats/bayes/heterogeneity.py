"""Priors of the between-trial standard deviation tau, and quadrature over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.interpolate import CubicSpline

from opencro.stats.bayes.mixtures import Floats
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class TauPrior:
    """A prior of tau by its quantile function; `scale` is in the units of the parameter (log odds, log rate, mean)."""

    scale: float

    def __post_init__(self) -> None:
        """A scale of at least 0."""
        if not self.scale >= 0 or not np.isfinite(self.scale):
            raise StatsError(
                "STA-804", f"a scale of {self.scale}", "a finite number from 0", "Correct the prior of tau."
            )

    def quantile(self, u: Floats) -> Floats:
        """tau below which the prior has probability u."""
        raise NotImplementedError


@dataclass(frozen=True)
class HalfNormal(TauPrior):
    """tau = |Z| with Z normal of standard deviation `scale`."""

    def quantile(self, u: Floats) -> Floats:
        """tau below which the prior has probability u."""
        return np.asarray(self.scale * stats.halfnorm.ppf(u))


@dataclass(frozen=True)
class HalfCauchy(TauPrior):
    """tau = |C|, C Cauchy of scale `scale`, its median. Predictions have quantiles but no standard deviation."""

    def quantile(self, u: Floats) -> Floats:
        """tau below which the prior has probability u."""
        return np.asarray(self.scale * stats.halfcauchy.ppf(u))


@dataclass(frozen=True)
class UniformTau(TauPrior):
    """tau uniform from 0 to `scale`."""

    def quantile(self, u: Floats) -> Floats:
        """tau below which the prior has probability u."""
        return np.asarray(self.scale * u)


@dataclass(frozen=True)
class FixedTau(TauPrior):
    """tau known: 0 pools the trials, a large value separates them."""

    def quantile(self, u: Floats) -> Floats:
        """tau, whatever u."""
        return np.full_like(u, self.scale)


@dataclass(frozen=True)
class TauNodes:
    """Quadrature nodes of tau with their prior weights, in the prior's own probability u from `low` to `high`."""

    prior: TauPrior
    u: Floats
    tau: Floats
    weights: Floats
    low: float
    high: float

    def refine(self, log_evidence: Floats) -> tuple[Floats, Floats]:
        """The posterior of tau on a fine grid, by a spline of the log evidence: points and weights."""
        if len(self.u) == 1:
            return self.tau, np.ones(1)
        u = self.low + (self.high - self.low) * (np.arange(4000) + 0.5) / 4000
        log_density = CubicSpline(self.u, log_evidence)(u)
        weights = np.exp(log_density - log_density.max())
        return self.prior.quantile(u), weights / weights.sum()


def integrate_tau(prior: TauPrior, log_evidence: Callable[[Floats], Floats], nodes: int) -> TauNodes:
    """Gauss-Legendre nodes in the prior's own probability, where the evidence is.

    `log_evidence`: of tau, up to a constant, exact or near; it only says where nodes are needed.
    """
    if isinstance(prior, FixedTau):
        one = np.ones(1)
        return TauNodes(prior, one / 2, np.array([prior.scale]), one, 0.0, 1.0)
    u = (np.arange(2000) + 0.5) / 2000
    coarse = log_evidence(prior.quantile(u))
    needed = np.flatnonzero(coarse > coarse.max() - 30)
    low, high = float(needed[0]) / 2000, float(needed[-1] + 1) / 2000
    x, w = np.polynomial.legendre.leggauss(nodes)
    at = low + (high - low) * (x + 1) / 2
    return TauNodes(prior, at, prior.quantile(at), w / 2 * (high - low), low, high)
