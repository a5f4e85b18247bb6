"""The normal-normal and the generalized hierarchical model, integrated numerically over mean and heterogeneity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from opencro.stats.bayes.heterogeneity import TauPrior, integrate_tau
from opencro.stats.bayes.mixtures import Floats, NormalMixture

MeanPrior = tuple[float, float]  # location and standard deviation of the normal prior of the overall mean
_HERMITE = np.polynomial.hermite_e.hermegauss(32)


@dataclass(frozen=True)
class Hierarchy:
    """The joint posterior of (mean, tau), and that of every trial's parameter, as weighted points.

    `mean`, `tau`, `weights`: (g,); `tau_grid`, `tau_weights`: the posterior of tau alone, finer. `theta` and
    `theta_weights`: (trials, h); an exact normal-normal model has `effects`, its trials' posteriors as normal
    mixtures, instead.
    """

    mean: Floats
    tau: Floats
    weights: Floats
    tau_grid: Floats
    tau_weights: Floats
    predicted: NormalMixture
    effects: tuple[NormalMixture, ...]
    theta: Floats
    theta_weights: Floats
    log_evidence: float


@dataclass(frozen=True)
class Trials:
    """Log-likelihoods of the trials' parameters: value and two derivatives at theta, and crude estimates."""

    likelihood: Callable[[Floats], tuple[Floats, Floats, Floats]]
    estimate: Floats
    se: Floats


def normal_moments(y: Floats, se: Floats, tau: Floats, prior: MeanPrior | None) -> tuple[Floats, Floats, Floats]:
    """Posterior mean and variance of the overall mean given tau, and the log evidence of tau, each (t,)."""
    variance = se**2 + tau[:, None] ** 2
    w = 1 / variance
    location, spread = (0.0, np.inf) if prior is None else prior
    precision = w.sum(1) + 1 / spread**2
    mean = ((w * y).sum(1) + location / spread**2) / precision
    residual = (w * (y - mean[:, None]) ** 2).sum(1) + ((mean - location) ** 2 / spread**2 if prior else 0.0)
    constant = -np.log(spread) if prior else 0.0
    evidence = 0.5 * (np.log(w).sum(1) - np.log(precision) - residual) + constant
    return mean, 1 / precision, evidence


def solve_normal(y: Floats, se: Floats, prior: MeanPrior | None, tau_prior: TauPrior, nodes: int = 200) -> Hierarchy:
    """Normal-normal model: exact given tau, Gauss-Legendre over tau."""
    at = integrate_tau(tau_prior, lambda t: normal_moments(y, se, t, prior)[2], nodes)
    tau, w = at.tau, at.weights
    mean, variance, evidence = normal_moments(y, se, tau, prior)
    log_total = special.logsumexp(evidence + np.log(w))
    weights = np.exp(evidence + np.log(w) - log_total)
    predicted = NormalMixture(weights, mean, np.sqrt(np.maximum(variance + tau**2, 1e-300)))
    effects = []
    for value, error in zip(y, se, strict=True):
        shrink = tau**2 / (tau**2 + error**2)
        location = shrink * value + (1 - shrink) * mean
        spread = shrink * error**2 + (1 - shrink) ** 2 * variance
        effects.append(NormalMixture(weights, location, np.sqrt(np.maximum(spread, 1e-300))))
    nothing = np.zeros((len(y), 0))
    return Hierarchy(
        mean, tau, weights, *at.refine(evidence), predicted, tuple(effects), nothing, nothing, float(log_total)
    )


def solve_generalized(trials: Trials, prior: MeanPrior, tau_prior: TauPrior, nodes: int = 48) -> Hierarchy:
    """Any log-concave likelihood: trapezoids over the mean, adaptive Gauss-Hermite over each trial."""

    def crude(t: Floats) -> Floats:
        return normal_moments(trials.estimate, trials.se, t, prior)[2]

    at = integrate_tau(tau_prior, crude, nodes)
    tau, w_tau = at.tau, at.weights
    center, variance, _ = normal_moments(trials.estimate, trials.se, tau, prior)
    grid = np.linspace(-8.0, 8.0, 97)
    mean = center[:, None] + grid * np.sqrt(variance)[:, None]
    w_mean = np.sqrt(variance)[:, None] * (grid[1] - grid[0])
    log_likelihood, theta, log_theta = _marginal(trials, mean, np.maximum(tau, 1e-6)[:, None])
    joint = log_likelihood.sum(0) + stats.norm.logpdf(mean, *prior) + np.log(w_mean) + np.log(w_tau)[:, None]
    evidence = special.logsumexp(joint, axis=1) - np.log(w_tau)
    total = float(special.logsumexp(joint))
    weights = np.exp(joint - total)
    theta_weights = np.exp(log_theta - log_likelihood[..., None] + np.log(np.maximum(weights, 1e-300))[..., None])
    shape = (len(trials.estimate), -1)
    return Hierarchy(
        mean.ravel(), np.broadcast_to(tau[:, None], mean.shape).ravel(), weights.ravel(), *at.refine(evidence),
        _predicted(mean, tau, weights), (), theta.reshape(shape), theta_weights.reshape(shape), total,
    )  # fmt: skip


def _marginal(trials: Trials, mean: Floats, tau: Floats) -> tuple[Floats, Floats, Floats]:
    """log of the integral of likelihood times N(theta; mean, tau^2) for every trial, its nodes and log terms."""
    theta = trials.estimate[:, None, None] + 0 * mean
    precision = 1 / tau**2
    start = (theta / trials.se[:, None, None] ** 2 + mean * precision) / (1 / trials.se[:, None, None] ** 2 + precision)
    theta = start
    for _ in range(60):
        _, slope, bend = trials.likelihood(theta)
        step = (slope - precision * (theta - mean)) / (precision - bend)
        step = np.clip(step, -2.0, 2.0)
        theta = theta + step
        if np.abs(step * np.sqrt(precision - bend)).max() < 1e-8:
            break
    _, _, bend = trials.likelihood(theta)
    scale = (precision - bend) ** -0.5
    x, w = _HERMITE
    nodes = theta[..., None] + scale[..., None] * x
    value, _, _ = trials.likelihood(nodes)
    prior = stats.norm.logpdf(nodes, mean[..., None], np.broadcast_to(tau, mean.shape)[..., None])
    terms = value + prior + np.log(w) + x**2 / 2 + np.log(scale)[..., None]
    return np.asarray(special.logsumexp(terms, axis=-1)), nodes, terms


def _predicted(mean: Floats, tau: Floats, weights: Floats) -> NormalMixture:
    """theta of a new trial: N(mean, tau^2) over the joint posterior.

    Where tau is small beside the spacing of the points of the mean, each point is widened to a normal of one spacing
    and all are drawn together by as much, so that mean and variance stay: a smooth density without bias in either.
    """
    share = weights.sum(1, keepdims=True)
    middle = (weights * mean).sum(1, keepdims=True) / share
    variance = (weights * (mean - middle) ** 2).sum(1, keepdims=True) / share
    spacing = mean[:, 1:2] - mean[:, :1]
    wide = np.where(tau[:, None] < 2 * spacing, spacing, 0.0)
    drawn = middle + (mean - middle) * np.sqrt(np.maximum(1 - wide**2 / variance, 0.0))
    scale = np.broadcast_to(np.sqrt(tau[:, None] ** 2 + wide**2), mean.shape)
    keep = weights.ravel() > 1e-12
    return NormalMixture(weights.ravel()[keep], drawn.ravel()[keep], scale.ravel()[keep])
