"""Borrowing from named sources: hierarchical models of several trials or baskets, power and commensurate priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from opencro.stats.bayes.heterogeneity import TauPrior
from opencro.stats.bayes.hierarchy import Hierarchy, MeanPrior, solve_generalized, solve_normal
from opencro.stats.bayes.map_priors import binomial_trials, poisson_trials, read_estimates
from opencro.stats.bayes.mixtures import Floats, NormalMixture
from opencro.stats.bayes.weighted import summarize_points
from opencro.stats.result import Result, StatsError


@dataclass(frozen=True)
class HierarchicalFit(Result):
    """Parameters of the trials after borrowing from each other, then the overall mean and tau on the scale of the link.

    `observed` is the trial's own estimate. `posteriors` (normal model) are the trials' distributions as normal
    mixtures; `above(cut)` gives P(parameter > cut) per trial.
    """

    title: ClassVar[str] = "Hierarchical model"

    parameter: tuple[str, ...]
    observed: Floats
    mean: Floats
    sd: Floats
    lower: Floats
    median: Floats
    upper: Floats
    posteriors: tuple[NormalMixture, ...]
    points: Floats
    point_weights: Floats
    log_evidence: float

    def columns(self) -> Mapping[str, Any]:
        """Parameter, observed value, posterior mean, standard deviation, interval and median."""
        names = ("parameter", "observed", "mean", "sd", "lower", "median", "upper")
        return {name: getattr(self, name) for name in names}

    def above(self, cut: float) -> Floats:
        """P(parameter > cut) for every trial."""
        if self.posteriors:
            return np.array([float(p.sf(cut)) for p in self.posteriors])
        return np.asarray((self.point_weights * (self.points > cut)).sum(1) / self.point_weights.sum(1))


def normal_hierarchical(
    estimate: ArrayLike, se: ArrayLike, tau: TauPrior, *, mean: MeanPrior | None = None, alpha: float = 0.05
) -> HierarchicalFit:
    """Trials that borrow strength: y_h ~ N(theta_h, se_h^2), theta_h ~ N(mu, tau^2), tau integrated out.

    `estimate`, `se` (h,); `tau`: prior of the deviation between trials; `mean`: location and deviation of mu's normal
    prior, flat if not given. theta_h | tau is normal: shrunk by se_h^2 / (se_h^2 + tau^2) towards the mean.
    Raises STA-802, STA-804. Source: Spiegelhalter, Abrams and Myles 2004, Bayesian Approaches to Clinical Trials,
    section 3.17; Rover 2020, J. Statistical Software 93(6) (R bayesmeta). Example: `normal_hierarchical(y, se,
    HalfNormal(0.5))`.
    """
    y, errors = read_estimates(estimate, se)
    if mean is None and len(y) < 2:
        raise StatsError(
            "STA-802", "one trial and a flat prior of the mean", "two trials or a proper prior", "Give `mean`."
        )
    found = solve_normal(y, errors, mean, tau)
    rows = [_of_mixture(effect, alpha) for effect in found.effects]
    overall = NormalMixture(
        found.weights, found.mean, np.sqrt(np.maximum(found.predicted.scale**2 - found.tau**2, 1e-300))
    )
    return _fit(y, [*rows, _of_mixture(overall, alpha)], found, found.theta, alpha)


def exchangeable_binomial(
    events: ArrayLike, n: ArrayLike, tau: TauPrior, *, mean: MeanPrior = (0.0, 2.0), alpha: float = 0.05
) -> HierarchicalFit:
    """Baskets or trials with exchangeable response: x_h ~ Bin(n_h, p_h), logit p_h ~ N(mu, tau^2), all integrated out.

    `events`, `n` (h,); `tau`: prior of the deviation of the log odds; `mean`: normal prior of mu. Returns
    probabilities. Quadrature as in `map_prior_binomial`. Raises STA-802, STA-804. Source: Berry, Broglio, Groshen and
    Berry 2013, Clinical Trials 10:720-734. Example: `exchangeable_binomial([2, 5, 0], [20, 18, 12],
    HalfNormal(1)).above(0.15)`.
    """
    found = solve_generalized(binomial_trials(events, n), mean, tau)
    raw = np.asarray(events, dtype=np.float64) / np.asarray(n, dtype=np.float64)
    return _generalized(raw, found, special.expit(found.theta), alpha)


def exchangeable_poisson(
    events: ArrayLike, exposure: ArrayLike, tau: TauPrior, *, mean: MeanPrior = (0.0, 2.0), alpha: float = 0.05
) -> HierarchicalFit:
    """Trials or regions with exchangeable rates: x_h ~ Poisson(t_h lambda_h), log lambda_h ~ N(mu, tau^2).

    Arguments as in `exchangeable_binomial`, `exposure` (h,) in place of n. Returns rates. Raises STA-802, STA-804.
    Source: Weber et al. 2021, J. Statistical Software 100(19). Example: `exchangeable_poisson(x, t, HalfNormal(0.5))`.
    """
    found = solve_generalized(poisson_trials(events, exposure), mean, tau)
    raw = np.asarray(events, dtype=np.float64) / np.asarray(exposure, dtype=np.float64)
    return _generalized(raw, found, np.exp(found.theta), alpha)


def commensurate_prior(estimate: float, se: float, tau: TauPrior) -> NormalMixture:
    """Prior of a current mean from one historical estimate: theta ~ N(theta0, tau^2), theta0 ~ N(estimate, se^2).

    `tau`: prior of the difference between now and then, 0 for full borrowing. Returns a normal mixture over 200
    values of tau, to be updated by `update_normal`. Raises STA-802, STA-804. Source: Hobbs, Carlin, Mandrekar and
    Sargent 2011, Biometrics 67:1047-1056. Example: `commensurate_prior(-50.0, 8.3, HalfCauchy(10))`.
    """
    y, errors = read_estimates([estimate], [se])
    found = solve_normal(y, errors, (float(y[0]), 1e6 * float(errors[0])), tau)
    spread = np.sqrt(errors[0] ** 2 + found.tau**2)
    return NormalMixture(found.weights, np.full_like(spread, y[0]), spread)


def _of_mixture(mixture: NormalMixture, alpha: float) -> tuple[float, float, float, float, float]:
    low, middle, high = (mixture.quantile(p) for p in (alpha / 2, 0.5, 1 - alpha / 2))
    return mixture.mean, mixture.sd, low, middle, high


def _generalized(raw: Floats, found: Hierarchy, points: Floats, alpha: float) -> HierarchicalFit:
    rows = [summarize_points(p, w, alpha) for p, w in zip(points, found.theta_weights, strict=True)]
    return _fit(raw, [*rows, summarize_points(found.mean, found.weights, alpha)], found, points, alpha)


def _fit(
    raw: Floats, rows: list[tuple[float, float, float, float, float]], found: Hierarchy, points: Floats, alpha: float
) -> HierarchicalFit:
    rows = [*rows, summarize_points(found.tau_grid, found.tau_weights, alpha)]
    names = (*(f"trial {h + 1}" for h in range(len(raw))), "mean", "tau")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return HierarchicalFit(
        names, np.concatenate([raw, [np.nan, np.nan]]), columns[0], columns[1], columns[2], columns[3], columns[4],
        found.effects, points, found.theta_weights, found.log_evidence,
    )  # fmt: skip
