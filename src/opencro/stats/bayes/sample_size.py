"""How many participants a prior is worth: effective sample sizes by moments, by local information, and by curvature."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import special
from scipy.optimize import minimize_scalar

from opencro.stats.bayes.comparisons import double_exponential
from opencro.stats.bayes.mixtures import BetaMixture, Floats, GammaMixture, Mixture, NormalMixture
from opencro.stats.result import StatsError


def effective_sample_size_moment(prior: Mixture, *, sigma: float | None = None) -> float:
    """Size of the single conjugate prior with the same mean and variance.

    `prior`: a mixture; `sigma`: the standard deviation of one observation, for normal priors. Beta: m (1 - m) / v - 1;
    gamma: m / v (units of exposure); normal: sigma^2 / v. Small for heavy-tailed mixtures. Raises STA-806.
    Source: Neuenschwander et al. 2020, Biometrics 76:578-587, section 2. R RBesT ess(method = "moment").
    Example: `effective_sample_size_moment(BetaMixture(1, 11, 32))`.
    """
    mean, variance = prior.mean, prior.sd**2
    if isinstance(prior, BetaMixture):
        return mean * (1 - mean) / variance - 1
    if isinstance(prior, GammaMixture):
        return mean / variance
    return _sigma(sigma) ** 2 / variance


def effective_sample_size_elir(prior: Mixture, *, sigma: float | None = None) -> float:
    """Expected local-information-ratio: E[i(p) / i_F], i(p) = -(log p)'' of the prior, i_F the information of one unit.

    Arguments as in `effective_sample_size_moment`. The only one that is predictively consistent: after n units it
    rises by n on average. A single beta gives a + b, a single gamma its rate. A mixture with a shape below 1 has no
    finite value: raises STA-806. Source: Neuenschwander et al. 2020, Biometrics 76:578-587. R RBesT ess(method =
    "elir"). Example: `effective_sample_size_elir(BetaMixture([0.8, 0.2], [11, 1], [32, 1]))`.
    """
    if isinstance(prior, NormalMixture):
        unit = _sigma(sigma) ** 2
        return _expected(prior, lambda x: np.full_like(x, unit), -np.inf, np.inf)
    if isinstance(prior, BetaMixture):
        if len(prior.weights) == 1:
            return float(prior.a[0] + prior.b[0])
        _check_shapes(np.concatenate([prior.a, prior.b]))
        return _expected(prior, lambda x: x * (1 - x), 0.0, 1.0)
    if isinstance(prior, GammaMixture):
        if len(prior.weights) == 1:
            return float(prior.rate[0])
        _check_shapes(prior.shape)
        return _expected(prior, lambda x: x, 0.0, np.inf)
    raise StatsError("STA-806", type(prior).__name__, "a beta, normal or gamma mixture", "Approximate the prior first.")


def effective_sample_size_morita(prior: Mixture, *, sigma: float | None = None) -> float:
    """Size at which a vague prior's posterior is as curved, at the prior's mode, as the prior is.

    Arguments as in `effective_sample_size_moment`. Solves D_prior = D_vague + m D_unit at the mode, D = -(log
    density)'', the vague prior having the moments' shapes over 100, D_unit averaged over the prior prediction. Large
    for mixtures with a narrow component. Raises STA-806. Source: Morita, Thall and Muller 2008, Biometrics
    64:595-602. R RBesT ess(method = "morita"). Example: `effective_sample_size_morita(BetaMixture(1, 11, 32))`.
    """
    at = _mode(prior)
    curvature, mean = float(_information(prior, np.array([at]))[0]), prior.mean
    if isinstance(prior, BetaMixture):
        vague = -1 / at**2 - 1 / (1 - at) ** 2
        return (curvature - vague) / (mean / at**2 + (1 - mean) / (1 - at) ** 2)
    if isinstance(prior, GammaMixture):
        return (curvature + 1 / at**2) / (mean / at**2)
    return curvature * _sigma(sigma) ** 2


def _sigma(sigma: float | None) -> float:
    if sigma is None or not sigma > 0:
        raise StatsError("STA-806", f"sigma = {sigma}", "the standard deviation of one observation", "Give `sigma`.")
    return sigma


def _check_shapes(shapes: Floats) -> None:
    if (shapes < 1).any():
        raise StatsError("STA-806", f"shapes {shapes.tolist()}", "at least 1", "Use the moment method.")


def _pieces(prior: Mixture, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Log weighted densities of the components (n, k), and first and second derivatives of each log density."""
    at = x[:, None]
    if isinstance(prior, BetaMixture):
        a, b = prior.a - 1, prior.b - 1
        log_p = special.xlogy(a, at) + special.xlog1py(b, -at) - special.betaln(prior.a, prior.b)
        first, second = a / at - b / (1 - at), -a / at**2 - b / (1 - at) ** 2
    elif isinstance(prior, GammaMixture):
        s, r = prior.shape, prior.rate
        log_p = s * np.log(r) - special.gammaln(s) + special.xlogy(s - 1, at) - r * at
        first, second = (s - 1) / at - r, -(s - 1) / at**2
    elif isinstance(prior, NormalMixture):
        z = (at - prior.location) / prior.scale
        log_p = -0.5 * z**2 - np.log(prior.scale) - 0.5 * np.log(2 * np.pi)
        first, second = -z / prior.scale, -1 / prior.scale**2 + 0 * at
    else:
        raise StatsError("STA-806", type(prior).__name__, "a beta, normal or gamma mixture", "Approximate it first.")
    with np.errstate(divide="ignore"):
        return log_p + np.log(prior.weights), first, second


def _information(prior: Mixture, x: Floats) -> Floats:
    """-(log p)'' of a mixture: squared mean slope minus mean of slope^2 + bend, means over the components' shares."""
    log_p, first, second = _pieces(prior, x)
    share = special.softmax(log_p, axis=1)
    slope = (share * first).sum(1)
    return np.asarray(slope**2 - (share * (first**2 + second)).sum(1))


def _expected(prior: Mixture, unit: Callable[[Floats], Floats], low: float, high: float) -> float:
    """E[i(p) / i_F] with `unit` = 1 / i_F."""
    cuts = [prior.quantile(p) for p in (1e-13, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-13)]
    cuts = [low if np.isfinite(low) else cuts[0], *cuts[1:-1], high if np.isfinite(high) else cuts[-1]]

    def curve(x: Floats) -> Floats:
        return prior.pdf(x) * _information(prior, x) * unit(x)

    return float(sum(double_exponential(curve, float(a), float(b), 1e-8) for a, b in pairwise(cuts)))


def _mode(prior: Mixture) -> float:
    grid = np.linspace(prior.quantile(0.001), prior.quantile(0.999), 2000)
    best = int(np.argmax(prior.pdf(grid)))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(lambda x: -float(prior.pdf(x)), bounds=around, method="bounded", options={"xatol": 1e-10})
    return float(found.x)
