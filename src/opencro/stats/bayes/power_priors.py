"""Power priors: historical data enter with a discount a0 between 0 (ignored) and 1 (pooled), known or estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from scipy import stats

from opencro.stats.bayes.comparisons import double_exponential_nodes
from opencro.stats.bayes.conjugate import update_binomial, update_normal, update_poisson
from opencro.stats.bayes.mixtures import BetaMixture, Floats, GammaMixture, Mixture, NormalMixture
from opencro.stats.result import Result, StatsError

Kind = TypeVar("Kind", bound=Mixture)


@dataclass(frozen=True)
class NormalizedPowerPrior(Result, Generic[Kind]):
    """A power prior with unknown discount: `mixture` has one component per quadrature node of `discount`.

    `expected_discount(posterior)` is E(a0 | data) after the mixture was updated with them.
    """

    title: ClassVar[str] = "Normalized power prior"

    mixture: Kind
    discount: Floats

    def columns(self) -> Mapping[str, Any]:
        """The prior in numbers."""
        return {"mean": self.mixture.mean, "sd": self.mixture.sd, "expected_a0": self.expected_discount(self.mixture)}

    def expected_discount(self, posterior: Kind) -> float:
        """E(a0), by the weights of the components."""
        return float(posterior.weights @ self.discount)


def power_prior_binomial(events: float, n: float, a0: float, *, initial: BetaMixture | None = None) -> BetaMixture:
    """Power prior of a probability: the initial prior times the historical likelihood to the power a0.

    `events` of `n` historical participants; `a0` from 0 to 1, fixed; `initial`: uniform if not given. Beta(a + a0 x,
    b + a0 (n - x)). a0 = 0 gives the initial prior, a0 = 1 pools. Raises STA-802, STA-805. Source: Ibrahim and Chen
    2000, Statistical Science 15:46-60. Example: `power_prior_binomial(23, 107, 0.5)`.
    """
    _check(a0)
    return update_binomial(initial or BetaMixture(1, 1, 1), a0 * events, a0 * n)  # type: ignore[arg-type]


def power_prior_normal(estimate: float, se: float, a0: float, *, initial: NormalMixture) -> NormalMixture:
    """Power prior of a mean: the historical standard error becomes se / sqrt(a0).

    `estimate`, `se`: historical; `a0` from 0 to 1; `initial`: a proper normal prior. Raises STA-802, STA-805.
    Source: Ibrahim and Chen 2000, Statistical Science 15:46-60.
    Example: `power_prior_normal(-50.0, 8.3, 0.5, initial=NormalMixture(1, 0, 100))`.
    """
    _check(a0)
    return update_normal(initial, estimate, se / a0**0.5) if a0 > 0 else initial


def power_prior_poisson(events: float, exposure: float, a0: float, *, initial: GammaMixture) -> GammaMixture:
    """Power prior of a rate: Gamma(shape + a0 x, rate + a0 t).

    `events` in `exposure`, historical; `a0` from 0 to 1; `initial`: a gamma prior. Raises STA-802, STA-805.
    Source: Ibrahim and Chen 2000, Statistical Science 15:46-60.
    Example: `power_prior_poisson(23, 51.5, 0.5, initial=GammaMixture(1, 0.5, 0.01))`.
    """
    _check(a0)
    return update_poisson(initial, a0 * events, a0 * exposure)


def normalized_power_prior_binomial(
    events: float, n: float, *, discount: tuple[float, float] = (1.0, 1.0), initial: BetaMixture | None = None
) -> NormalizedPowerPrior[BetaMixture]:
    """Power prior of a probability with a0 ~ Beta(`discount`), each a0's prior scaled to 1 before it is averaged.

    Arguments as in `power_prior_binomial`. The prior is the mixture over a0 of its power priors, by Gauss-Legendre
    nodes of a0's own probability; updating it (`update_binomial`) learns a0 from the agreement of now and then.
    Raises STA-802, STA-805. Source: Duan, Ye and Smith 2006, Environmetrics 17:95-106.
    Example: `normalized_power_prior_binomial(23, 107).mixture`.
    """
    a0, w = _nodes(discount)
    return _average([power_prior_binomial(events, n, float(a), initial=initial) for a in a0], a0, w)


def normalized_power_prior_normal(
    estimate: float, se: float, *, initial: NormalMixture, discount: tuple[float, float] = (1.0, 1.0)
) -> NormalizedPowerPrior[NormalMixture]:
    """Power prior of a mean with a0 ~ Beta(`discount`), each a0's prior scaled to 1 before it is averaged.

    Arguments as in `power_prior_normal`. Raises STA-802, STA-805. Source: Duan, Ye and Smith 2006, Environmetrics
    17:95-106. Example: `normalized_power_prior_normal(-50.0, 8.3, initial=NormalMixture(1, 0, 100))`.
    """
    a0, w = _nodes(discount)
    return _average([power_prior_normal(estimate, se, float(a), initial=initial) for a in a0], a0, w)


def normalized_power_prior_poisson(
    events: float, exposure: float, *, initial: GammaMixture, discount: tuple[float, float] = (1.0, 1.0)
) -> NormalizedPowerPrior[GammaMixture]:
    """Power prior of a rate with a0 ~ Beta(`discount`), each a0's prior scaled to 1 before it is averaged.

    Arguments as in `power_prior_poisson`. Raises STA-802, STA-805. Source: Duan, Ye and Smith 2006, Environmetrics
    17:95-106. Example: `normalized_power_prior_poisson(23, 51.5, initial=GammaMixture(1, 0.5, 0.01))`.
    """
    a0, w = _nodes(discount)
    return _average([power_prior_poisson(events, exposure, float(a), initial=initial) for a in a0], a0, w)


def _check(a0: float) -> None:
    if not 0 <= a0 <= 1:
        raise StatsError("STA-805", f"a0 = {a0}", "0 to 1", "0 ignores the historical data, 1 pools them.")


def _nodes(discount: tuple[float, float]) -> tuple[Floats, Floats]:
    if not min(discount) > 0:
        raise StatsError("STA-805", f"a0 ~ Beta{discount}", "positive parameters", "(1, 1) is uniform.")
    u, _, w = double_exponential_nodes(0.0, 1.0, 7)
    kept = w > 1e-16
    return np.asarray(stats.beta.ppf(u[kept], *discount)), w[kept]


def _average(priors: list[Kind], a0: Floats, w: Floats) -> NormalizedPowerPrior[Kind]:
    """One mixture of all; an initial prior of several components repeats its a0."""
    names = [field.name for field in fields(priors[0])]
    parts = {name: np.concatenate([getattr(prior, name) for prior in priors]) for name in names}
    parts["weights"] = np.concatenate([share * prior.weights for share, prior in zip(w, priors, strict=True)])
    size = len(priors[0].weights)
    return NormalizedPowerPrior(type(priors[0])(**parts), np.repeat(a0, size))
