"""When participants and events come: Poisson-gamma enrolment over sites, and events of those at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta as beta_law
from scipy.stats import betabinom, nbinom

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Enrolment:
    """The total rate of `sites` that are alike and active: Gamma(shape, rate), in participants per unit of time.

    `of_sites` makes it from the rates of single sites, `updated` adds what was seen. Source: Anisimov VV, Fedorov VV.
    Stat Med 2007; 26:4958-4975.
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        if not (self.shape > 0 and self.rate > 0):
            raise DesignError("DES-306", f"shape {self.shape:g}, rate {self.rate:g}", "positive numbers",
                              "A site's mean rate is shape / rate.")  # fmt: skip

    @classmethod
    def of_sites(cls, sites: int, shape: float, rate: float) -> Enrolment:
        """Sites whose rates are independent Gamma(shape, rate)."""
        return cls(sites * shape, rate)

    def updated(self, count: int, exposure: float) -> Enrolment:
        """After `count` participants while every site was active for `exposure` (sites alike in that)."""
        return Enrolment(self.shape + count, self.rate + exposure)

    def mean(self, time: ArrayLike) -> Floats:
        """Expected participants in the next `time`."""
        return np.asarray(self.shape / self.rate * np.asarray(time, dtype=np.float64))

    def quantile(self, level: ArrayLike, time: float) -> Floats:
        """Quantiles of the participants in the next `time` (negative binomial)."""
        return np.asarray(nbinom.ppf(level, self.shape, self.rate / (self.rate + time)))

    def probability(self, target: int, time: float) -> float:
        """The probability that at least `target` come in the next `time`."""
        return float(nbinom.sf(target - 1, self.shape, self.rate / (self.rate + time)))

    def time_mean(self, target: int) -> float:
        """The expected time until `target`; infinite where the shape is 1 or less."""
        return target * self.rate / (self.shape - 1) if self.shape > 1 else float("inf")

    def time_quantile(self, level: ArrayLike, target: int) -> Floats:
        """Quantiles of the time until `target` (a ratio of gammas)."""
        share = beta_law.ppf(level, target, self.shape)
        return np.asarray(self.rate * share / (1 - share))


@dataclass(frozen=True)
class EnrolmentForecast(Result):
    """Participants expected by calendar times, with a prediction interval; a row a time."""

    title: ClassVar[str] = "Enrolment forecast"

    time: Floats
    mean: Floats
    lower: Floats
    upper: Floats


def forecast_enrolment(
    starts: Sequence[float], shape: float, rate: float, time: ArrayLike, *, level: float = 0.9
) -> EnrolmentForecast:
    """Participants by calendar times over sites that start at `starts`, rates Gamma(shape, rate) each.

    The sum over sites of negative binomials; its interval (probability `level`) by a negative binomial with the same
    mean and variance. Raises DES-306. Source: Anisimov VV, Fedorov VV. Stat Med 2007; 26:4958-4975.
    """
    Enrolment(shape, rate)
    t = np.atleast_1d(np.asarray(time, dtype=np.float64))
    active = np.clip(t[:, None] - np.asarray(starts, dtype=np.float64), 0.0, None)
    mean = shape / rate * active.sum(axis=1)
    variance = mean + shape / rate**2 * (active**2).sum(axis=1)
    spread = np.maximum(variance - mean, 1e-12)
    size = mean**2 / spread
    low, high = (
        np.where(mean > 0, nbinom.ppf(q, np.maximum(size, 1e-12), size / np.maximum(size + mean, 1e-12)), 0.0)
        for q in ((1 - level) / 2, (1 + level) / 2)
    )
    return EnrolmentForecast(t, mean, low, high)


@dataclass(frozen=True)
class EventForecast(Result):
    """New events among those at risk in the coming time, with the belief about the hazard integrated out."""

    title: ClassVar[str] = "Event forecast"

    expected_new: float
    lower: float
    upper: float
    hazard_mean: float


def forecast_events(
    events: int, exposure: float, at_risk: int, horizon: float, *, prior: tuple[float, float] = (0.5, 1e-6),
    level: float = 0.9,
) -> EventForecast:  # fmt: skip
    """Events in the next `horizon` among `at_risk`, after `events` in `exposure`, constant hazard with a gamma prior.

    Nobody drops out. The interval is that of a beta-binomial with the same first two moments. Raises DES-306. Source:
    Bagiella E, Heitjan DF. Stat Med 2001; 20:2055-2063.
    """
    shape, rate = prior[0] + events, prior[1] + exposure
    Enrolment(shape, rate)
    chance = 1 - (rate / (rate + horizon)) ** shape
    second = 1 - 2 * (rate / (rate + horizon)) ** shape + (rate / (rate + 2 * horizon)) ** shape
    spread = max(second - chance**2, 1e-12)
    size = max(chance * (1 - chance) / spread - 1, 1e-9)  # a beta with the same mean and variance of the chance
    low, high = betabinom.ppf([(1 - level) / 2, (1 + level) / 2], at_risk, chance * size, (1 - chance) * size)
    return EventForecast(at_risk * chance, float(low), float(high), shape / rate)
