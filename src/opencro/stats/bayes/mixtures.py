"""Mixtures of conjugate distributions: a prior or posterior as a few weighted beta, normal or gamma densities.

Any proper prior is approximated by such a mixture as closely as wanted (Dalal and Hall 1983, J. Royal Statistical
Society B 45:278-286), and data update it in closed form: see `conjugate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from scipy.optimize import brentq

from opencro.stats.result import Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Self = TypeVar("Self", bound="Mixture")


@dataclass(frozen=True)
class Mixture(Result):
    """What beta, normal and gamma mixtures share: weights that sum to 1, and functions of the whole distribution."""

    weights: Floats

    def __post_init__(self) -> None:
        """Arrays of one length, weights scaled to sum to 1."""
        for field in fields(self):
            object.__setattr__(self, field.name, np.atleast_1d(np.asarray(getattr(self, field.name), dtype=np.float64)))
        columns = [getattr(self, field.name) for field in fields(self)]
        good = all(c.shape == columns[0].shape and c.ndim == 1 and np.isfinite(c).all() for c in columns)
        if not good or (self.weights < 0).any() or not self.weights.sum() > 0 or not self._proper():
            raise StatsError(
                "STA-801", f"a mixture of {[c.tolist() for c in columns][:4]}",
                "vectors of one length, weights of at least 0, positive shapes, rates and deviations", "Correct them.",
            )  # fmt: skip
        object.__setattr__(self, "weights", self.weights / self.weights.sum())

    def _proper(self) -> bool:
        raise NotImplementedError

    def _distribution(self) -> Any:
        """The components as one SciPy distribution whose parameters are vectors."""
        raise NotImplementedError

    @property
    def mean(self) -> float:
        """The expectation."""
        return float(self.weights @ self._distribution().mean())

    @property
    def sd(self) -> float:
        """The standard deviation."""
        parts = self._distribution()
        return float(np.sqrt(max(self.weights @ (parts.var() + parts.mean() ** 2) - self.mean**2, 0.0)))

    def pdf(self, x: ArrayLike) -> Floats:
        """The density at x, of any shape."""
        return self._sum(lambda d, v: d.pdf(v), x)

    def cdf(self, x: ArrayLike) -> Floats:
        """P(theta <= x)."""
        return self._sum(lambda d, v: d.cdf(v), x)

    def sf(self, x: ArrayLike) -> Floats:
        """P(theta > x), accurate in the upper tail."""
        return self._sum(lambda d, v: d.sf(v), x)

    def quantile(self, p: float) -> float:
        """The value below which theta lies with probability p, found between the components' quantiles."""
        ends = self._distribution().ppf(p)
        low, high = float(np.min(ends)), float(np.max(ends))
        if not high > low:
            return low
        upper = p > 0.5  # the smaller tail keeps the digits

        def gap(x: float) -> float:
            return float((1 - p) - self.sf(x)) if upper else float(self.cdf(x) - p)

        if gap(low) >= 0:
            return low
        return (
            high if gap(high) <= 0 else float(brentq(gap, low, high, xtol=1e-14 * max(abs(low), abs(high)), rtol=1e-13))
        )

    def plot(self, *, axes: Axes | None = None) -> Axes:
        """The density, and thinner the components by their weight."""
        import matplotlib.pyplot as plt  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        ax: Axes = axes if axes is not None else plt.subplots(figsize=(6, 3.5))[1]
        x = np.linspace(self.quantile(0.001), self.quantile(0.999), 400)
        if len(self.weights) <= 8:
            ax.plot(x, self._distribution().pdf(x[:, None]) * self.weights, color="0.7", linewidth=1)
        ax.plot(x, self.pdf(x), color="tab:blue")
        ax.set_xlabel("parameter")
        ax.set_ylabel("density")
        return ax

    def _sum(self, function: Callable[[Any, Floats], Floats], x: ArrayLike) -> Floats:
        at = np.asarray(x, dtype=np.float64)
        return np.asarray(function(self._distribution(), at[..., None]) @ self.weights)


@dataclass(frozen=True)
class BetaMixture(Mixture):
    """A mixture of beta densities for a probability: `weights`, `a`, `b` (k,)."""

    title: ClassVar[str] = "Beta mixture"

    a: Floats
    b: Floats

    def _proper(self) -> bool:
        return bool((self.a > 0).all() and (self.b > 0).all())

    def _distribution(self) -> Any:
        return stats.beta(self.a, self.b)


@dataclass(frozen=True)
class NormalMixture(Mixture):
    """A mixture of normal densities for a mean or a log ratio: `weights`, `location`, `scale` (k,)."""

    title: ClassVar[str] = "Normal mixture"

    location: Floats
    scale: Floats

    def _proper(self) -> bool:
        return bool((self.scale > 0).all())

    def _distribution(self) -> Any:
        return stats.norm(self.location, self.scale)


@dataclass(frozen=True)
class GammaMixture(Mixture):
    """A mixture of gamma densities for a rate: `weights`, `shape`, `rate` (k,); the mean of one is shape / rate."""

    title: ClassVar[str] = "Gamma mixture"

    shape: Floats
    rate: Floats

    def _proper(self) -> bool:
        return bool((self.shape > 0).all() and (self.rate > 0).all())

    def _distribution(self) -> Any:
        return stats.gamma(self.shape, scale=1 / self.rate)


@dataclass(frozen=True)
class Summary(Result):
    """A distribution in five numbers: mean, standard deviation, median and the equal-tailed interval."""

    title: ClassVar[str] = ""

    mean: float
    sd: float
    lower: float
    median: float
    upper: float


def summarize(distribution: Mixture, *, alpha: float = 0.05) -> Summary:
    """Mean, standard deviation, median and equal-tailed credible interval of a mixture.

    `distribution`: a beta, normal or gamma mixture, prior or posterior. `alpha`: the probability outside the interval.
    Example: `summarize(BetaMixture(1, 11, 32))`.
    """
    d = distribution
    low, middle, high = (d.quantile(p) for p in (alpha / 2, 0.5, 1 - alpha / 2))
    return Summary(d.mean, d.sd, low, middle, high)


def robustify(prior: Self, vague: Self, *, weight: float = 0.2) -> Self:
    """A prior with a vague component, which takes over when data and prior disagree.

    `prior` and `vague`: mixtures of one kind. `weight`: of the vague part, from 0 to 1. Raises STA-801.
    Source: Schmidli et al. 2014, Biometrics 70:1023-1032, section 3. R RBesT robustify.
    Example: `robustify(BetaMixture(1, 11, 32), BetaMixture(1, 1, 1), weight=0.2)`.
    """
    if not 0 <= weight <= 1 or type(prior) is not type(vague):
        raise StatsError("STA-801", f"weight {weight} of a {type(vague).__name__}", "0 to 1, one kind", "Correct them.")
    parts = {f.name: np.concatenate([getattr(prior, f.name), getattr(vague, f.name)]) for f in fields(prior)}
    parts["weights"] = np.concatenate([(1 - weight) * prior.weights, weight * vague.weights])
    return type(prior)(**parts)


def log_weights(weights: Floats, log_evidence: Floats) -> Floats:
    """Posterior weights of components from prior weights and the log probability that each gave to the data."""
    with np.errstate(divide="ignore"):
        total = np.log(weights) + log_evidence
    return np.asarray(np.exp(total - special.logsumexp(total)))
