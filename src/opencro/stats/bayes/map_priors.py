"""Meta-analytic-predictive priors: what historical trials say of the parameter of a new one, by exact integration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from opencro.stats.bayes.approximation import compress, fit_beta_mixture, fit_gamma_mixture, fit_normal_mixture
from opencro.stats.bayes.heterogeneity import TauPrior
from opencro.stats.bayes.hierarchy import Hierarchy, MeanPrior, Trials, solve_generalized, solve_normal
from opencro.stats.bayes.mixtures import Floats, Mixture, NormalMixture
from opencro.stats.bayes.weighted import summarize_points
from opencro.stats.result import Result, StatsError

_REACH = 20.0  # log odds or log rates further from the median than this are beyond any trial


@dataclass(frozen=True)
class MapPrior(Result):
    """A meta-analytic-predictive prior: posterior of tau and of the mean, and the prediction for a new trial.

    `prior` is the mixture to use, `exact` the distribution on the scale of the link (a normal mixture of many
    components) from which it was approximated, `divergence` the Kullback-Leibler divergence of the two in nats.
    """

    title: ClassVar[str] = "Meta-analytic-predictive prior"

    parameter: tuple[str, ...]
    mean: Floats
    sd: Floats
    lower: Floats
    median: Floats
    upper: Floats
    prior: Mixture
    exact: NormalMixture
    divergence: float
    log_evidence: float

    def columns(self) -> Mapping[str, Any]:
        """Parameter, mean, standard deviation, interval and median."""
        return {name: getattr(self, name) for name in ("parameter", "mean", "sd", "lower", "median", "upper")}


def map_prior_normal(
    estimate: ArrayLike, se: ArrayLike, tau: TauPrior, *, mean: MeanPrior | None = None, components: int = 2,
    alpha: float = 0.05,
) -> MapPrior:  # fmt: skip
    """MAP prior of a mean (or log ratio) from historical estimates with known standard errors.

    `estimate`, `se` (h,): e.g. means and sigma / sqrt(n). `tau`: prior of the between-trial deviation, e.g.
    `HalfNormal(sigma / 2)`. `mean`: location and deviation of the overall mean's normal prior, flat if not given (two
    or more trials). `components`: of the approximating mixture. Given tau all is normal in closed form; tau is
    integrated by Gauss-Legendre. Raises STA-802, STA-804. Sources: Neuenschwander et al. 2010, Clinical Trials
    7:5-18; Schmidli et al. 2014, Biometrics 70:1023-1032. R RBesT gMAP. Example: `map_prior_normal([-51, -49], [10.2,
    6.8], HalfNormal(44))`.
    """
    y, errors = read_estimates(estimate, se)
    if mean is None and len(y) < 2:
        raise StatsError(
            "STA-802", "one trial and a flat prior of the mean", "two trials or a proper prior", "Give `mean`."
        )
    found = solve_normal(y, errors, mean, tau)
    points, weights = compress(found.predicted)
    prior, divergence = fit_normal_mixture(points, weights, components)
    return _result(found, alpha, points, weights, prior, divergence, "new trial")


def map_prior_binomial(
    events: ArrayLike, n: ArrayLike, tau: TauPrior, *, mean: MeanPrior = (0.0, 2.0), components: int = 3,
    alpha: float = 0.05,
) -> MapPrior:  # fmt: skip
    """MAP prior of a probability from historical counts: logit p_h ~ N(mu, tau^2).

    `events`, `n` (h,). `tau`: prior of the between-trial deviation of the log odds, e.g. `HalfNormal(1)`. `mean`:
    location and deviation of mu's normal prior (as RBesT's beta.prior = 2). `components`: of the beta mixture fitted
    by EM. Integrated by adaptive Gauss-Hermite over each trial, trapezoids over mu, Gauss-Legendre over tau; no
    simulation. Raises STA-802, STA-804. Sources: Schmidli et al. 2014, Biometrics 70:1023-1032; Weber et al. 2021, J.
    Statistical Software 100(19) (R RBesT, which samples). Example: `map_prior_binomial([23, 12], [107, 44],
    HalfNormal(1)).prior`.
    """
    found = solve_generalized(binomial_trials(events, n), mean, tau)
    points, weights = compress(found.predicted, reach=_REACH)
    prior, divergence = fit_beta_mixture(points, weights, components)
    return _result(found, alpha, special.expit(points), weights, prior, divergence, "new trial, probability")


def map_prior_poisson(
    events: ArrayLike, exposure: ArrayLike, tau: TauPrior, *, mean: MeanPrior = (0.0, 2.0), components: int = 3,
    alpha: float = 0.05,
) -> MapPrior:  # fmt: skip
    """MAP prior of a rate from historical counts and exposures: log lambda_h ~ N(mu, tau^2).

    `events`, `exposure` (h,); the rest as in `map_prior_binomial`; the mixture is of gamma densities. The prior of mu
    is on the log rate per unit of exposure: set it to the unit. A prior of tau as wide as HalfNormal(0.5) leaves the
    predicted rate without a finite standard deviation, from HalfNormal(1) on without a mean: read its quantiles.
    Raises STA-802, STA-804. Source: Weber et al. 2021, J. Statistical Software 100(19).
    Example: `map_prior_poisson([7, 11], [20.5, 40.0], HalfNormal(0.25)).prior`.
    """
    found = solve_generalized(poisson_trials(events, exposure), mean, tau)
    points, weights = compress(found.predicted, reach=_REACH)
    prior, divergence = fit_gamma_mixture(points, weights, components)
    return _result(found, alpha, np.exp(points), weights, prior, divergence, "new trial, rate")


def _result(
    found: Hierarchy, alpha: float, points: Floats, weights: Floats, prior: Mixture, divergence: float, name: str
) -> MapPrior:
    rows = [
        summarize_points(found.tau_grid, found.tau_weights, alpha),
        summarize_points(found.mean, found.weights, alpha) if not found.effects else _normal_mean(found, alpha),
        summarize_points(points, weights, alpha),
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return MapPrior(
        ("tau", "mean", name), columns[0], columns[1], columns[2], columns[3], columns[4], prior, found.predicted,
        divergence, found.log_evidence,
    )  # fmt: skip


def _normal_mean(found: Hierarchy, alpha: float) -> tuple[float, float, float, float, float]:
    """The overall mean of the normal model, whose spread given tau is that of the prediction without tau."""
    spread = np.sqrt(np.maximum(found.predicted.scale**2 - found.tau**2, 1e-300))
    mixture = NormalMixture(found.weights, found.mean, spread)
    low, middle, high = (mixture.quantile(p) for p in (alpha / 2, 0.5, 1 - alpha / 2))
    return mixture.mean, mixture.sd, low, middle, high


def read_estimates(estimate: ArrayLike, se: ArrayLike) -> tuple[Floats, Floats]:
    """Estimates and their standard errors as vectors of one length."""
    y, errors = np.atleast_1d(np.asarray(estimate, dtype=np.float64)), np.atleast_1d(np.asarray(se, dtype=np.float64))
    if y.ndim != 1 or y.shape != errors.shape or not y.size or not np.isfinite(y).all() or not (errors > 0).all():
        raise StatsError(
            "STA-802", f"estimates {y.shape}, errors {errors.shape}", "one positive error each", "Correct."
        )
    return y, errors


def _counts(events: ArrayLike, size: ArrayLike, *, binomial: bool) -> tuple[Floats, Floats]:
    x, m = np.atleast_1d(np.asarray(events, dtype=np.float64)), np.atleast_1d(np.asarray(size, dtype=np.float64))
    good = x.ndim == 1 and x.shape == m.shape and x.size > 0 and np.isfinite(x).all() and np.isfinite(m).all()
    if not good or (x < 0).any() or not (m > 0).all() or (binomial and (x > m).any()):
        raise StatsError("STA-802", f"events {x.tolist()} of {m.tolist()}", "counts within their size", "Correct them.")
    return x, m


def binomial_trials(events: ArrayLike, n: ArrayLike) -> Trials:
    """Binomial likelihoods in the log odds."""
    x, m = _counts(events, n, binomial=True)
    ways = special.gammaln(m + 1) - special.gammaln(x + 1) - special.gammaln(m - x + 1)

    def likelihood(theta: Floats) -> tuple[Floats, Floats, Floats]:
        r, k = _along(x, theta), _along(m, theta)
        p = special.expit(theta)
        value = _along(ways, theta) + r * theta + k * special.log_expit(-theta)
        return value, r - k * p, -k * p * (1 - p)

    rate = (x + 0.5) / (m + 1)
    return Trials(likelihood, special.logit(rate), 1 / np.sqrt((m + 1) * rate * (1 - rate)))


def poisson_trials(events: ArrayLike, exposure: ArrayLike) -> Trials:
    """Poisson likelihoods in the log rate."""
    x, t = _counts(events, exposure, binomial=False)
    constant = x * np.log(t) - special.gammaln(x + 1)

    def likelihood(theta: Floats) -> tuple[Floats, Floats, Floats]:
        r, time = _along(x, theta), _along(t, theta)
        mu = time * np.exp(theta)
        return _along(constant, theta) + r * theta - mu, r - mu, -mu

    return Trials(likelihood, np.log((x + 0.5) / t), 1 / np.sqrt(x + 0.5))


def _along(values: Floats, theta: Floats) -> Floats:
    return values.reshape(-1, *([1] * (theta.ndim - 1)))
