"""The calendar of a trial with events: who enters when, who has an event or drops out, what is known by a day.

Accrual and hazards are piecewise constant, so that expected counts have a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from opencro.design.errors import DesignError

Floats = NDArray[np.float64]
FOREVER = 1e6


@dataclass(frozen=True)
class Hazard:
    """A piecewise constant hazard: `rates` per unit of time, each from its `starts` on (the first start is 0).

    Raises DES-206 for negative rates or starts that do not rise from 0.
    """

    rates: tuple[float, ...]
    starts: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.starts, self.starts[1:], strict=False))
        if len(self.rates) != len(self.starts) or self.starts[0] != 0 or not rising or min(self.rates) < 0:
            raise DesignError("DES-206", f"rates {self.rates} from {self.starts}", "a rate for each rising start",
                              "The first start is 0.")  # fmt: skip

    @classmethod
    def from_median(cls, median: float) -> Hazard:
        """A constant hazard with this median time."""
        return cls((math.log(2) / median,))

    @classmethod
    def from_medians(cls, medians: Sequence[float], durations: Sequence[float]) -> Hazard:
        """Hazards ln 2 / median of successive pieces; the last lasts for ever, whatever its duration."""
        starts = np.concatenate([[0.0], np.cumsum(durations)[: len(medians) - 1]])
        return cls(tuple(math.log(2) / m for m in medians), tuple(float(s) for s in starts))

    @classmethod
    def from_probability(cls, probability: float, time: float) -> Hazard:
        """A constant hazard under which the event happens by `time` with this probability."""
        return cls((-math.log1p(-probability) / time,))

    def times(self, ratio: float | Sequence[float]) -> Hazard:
        """The hazard times a ratio, or times one ratio for each piece."""
        factors = [ratio] * len(self.rates) if isinstance(ratio, int | float) else list(ratio)
        return Hazard(tuple(r * f for r, f in zip(self.rates, factors, strict=True)), self.starts)

    def at(self, time: ArrayLike) -> Floats:
        """The hazard at times since entry."""
        return np.asarray(self.rates)[np.searchsorted(self.starts, np.asarray(time), side="right") - 1]

    def cumulative(self, time: ArrayLike) -> Floats:
        """The cumulative hazard at times since entry."""
        t = np.asarray(time, dtype=np.float64)
        ends = np.append(self.starts[1:], np.inf)
        spent = np.clip(t[..., None], self.starts, ends) - np.asarray(self.starts)
        return np.asarray(spent @ np.asarray(self.rates))

    def survival(self, time: ArrayLike) -> Floats:
        """The survival function."""
        return np.asarray(np.exp(-self.cumulative(time)))


NEVER = Hazard((0.0,))


def restricted_mean(hazard: Hazard, horizon: float) -> float:
    """The mean time up to the horizon: the area under the survival curve."""
    total, survival = 0.0, 1.0
    edges = [s for s in hazard.starts if s < horizon] + [horizon]
    for rate, start, end in zip(hazard.rates, edges[:-1], edges[1:], strict=False):
        d = end - start
        total += survival * (d if rate == 0 else -math.expm1(-rate * d) / rate)
        survival *= math.exp(-rate * d)
    return total


@dataclass(frozen=True)
class Accrual:
    """Entry of participants: `rates` per unit of time for successive `durations`. Raises DES-207."""

    rates: tuple[float, ...]
    durations: tuple[float, ...]

    def __post_init__(self) -> None:
        possible = min(self.rates) >= 0 and min(self.durations) > 0 and sum(self.rates) > 0
        if not possible or len(self.rates) != len(self.durations):
            raise DesignError("DES-207", f"rates {self.rates} for {self.durations}", "a rate for each duration",
                              "Give participants per unit of time, and how long each rate lasts.")  # fmt: skip

    @property
    def duration(self) -> float:
        """From the first to the last participant."""
        return sum(self.durations)

    @property
    def total(self) -> float:
        """Participants in all."""
        return sum(r * d for r, d in zip(self.rates, self.durations, strict=True))

    def times(self, factor: float) -> Accrual:
        """The same pattern with other rates."""
        return Accrual(tuple(r * factor for r in self.rates), self.durations)

    def until(self, duration: float) -> Accrual:
        """The same rates, stopped at or (the last one) lasting until a duration."""
        rates, durations, left = [], [], duration
        for i, (r, d) in enumerate(zip(self.rates, self.durations, strict=True)):
            piece = left if i + 1 == len(self.rates) else min(d, left)
            if piece > 0:
                rates.append(r)
                durations.append(piece)
            left -= piece
        return Accrual(tuple(rates), tuple(durations))

    def entered(self, time: ArrayLike) -> Floats:
        """Participants that have entered by calendar times."""
        t = np.asarray(time, dtype=np.float64)
        edges = np.concatenate([[0.0], np.cumsum(self.durations)])
        spent = np.clip(t[..., None], edges[:-1], edges[1:]) - edges[:-1]
        return np.asarray(spent @ np.asarray(self.rates))


@dataclass(frozen=True)
class Arm:
    """The hazards of one arm: of the event and of dropping out."""

    event: Hazard
    dropout: Hazard = NEVER

    @cached_property
    def _pieces(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """Starts, event rate, total rate, survival, share with event and its integral at the start of each piece."""
        starts = np.array(sorted({*self.event.starts, *self.dropout.starts}))
        rate = self.event.at(starts)
        total = rate + self.dropout.at(starts)
        s, f, g = np.ones(starts.size), np.zeros(starts.size), np.zeros(starts.size)
        for i in range(starts.size - 1):
            d = starts[i + 1] - starts[i]
            s[i + 1] = s[i] * math.exp(-total[i] * d)
            share = rate[i] / total[i] * s[i] if total[i] else 0.0
            f[i + 1] = f[i] - share * math.expm1(-total[i] * d)
            g[i + 1] = g[i] + f[i] * d + (share * (d + math.expm1(-total[i] * d) / total[i]) if total[i] else 0.0)
        return starts, rate, total, s, f, g

    def event_area(self, time: ArrayLike) -> Floats:
        """The integral from 0 to `time` of the share with an observed event; 0 for negative times."""
        x = np.maximum(np.asarray(time, dtype=np.float64), 0.0)
        starts, rate, total, s, f, g = self._pieces
        i = np.searchsorted(starts, x, side="right") - 1
        d, h = x - starts[i], total[i]
        safe = np.where(h > 0, h, 1.0)
        more = np.where(h > 0, rate[i] / safe * s[i] * (d + np.expm1(-safe * d) / safe), 0.0)
        return np.asarray(g[i] + f[i] * d + more)

    def expected_events(self, accrual: Accrual, time: ArrayLike) -> Floats:
        """Expected events by calendar times when all of `accrual` enter this arm."""
        t = np.asarray(time, dtype=np.float64)
        edges = np.concatenate([[0.0], np.cumsum(accrual.durations)])
        areas = self.event_area(t[..., None] - edges[:-1]) - self.event_area(t[..., None] - edges[1:])
        return np.asarray(areas @ np.asarray(accrual.rates))

    def at_risk_share(self, time: ArrayLike) -> Floats:
        """The share without event or dropout at times since entry."""
        return self.event.survival(time) * self.dropout.survival(time)


@dataclass(frozen=True)
class TwoArms:
    """Two arms with `ratio` treated for each control, and their accrual."""

    treatment: Arm
    control: Arm
    accrual: Accrual
    ratio: float = 1.0

    @property
    def share(self) -> float:
        """The share of the treated."""
        return self.ratio / (1 + self.ratio)

    def expected_events_by_arm(self, time: ArrayLike) -> tuple[Floats, Floats]:
        """Expected events by calendar times: treated, controls."""
        one, zero = (arm.expected_events(self.accrual, time) for arm in (self.treatment, self.control))
        return self.share * one, (1 - self.share) * zero

    def expected_events(self, time: ArrayLike) -> Floats:
        """Expected events by calendar times."""
        one, zero = self.expected_events_by_arm(time)
        return one + zero

    def time_of_events(self, events: float) -> float:
        """The calendar time at which so many events are expected; raises DES-208 where they never come."""
        ever = float(self.expected_events(FOREVER))
        if ever < events:
            raise DesignError("DES-208", f"{events:g} events", f"at most {ever:.1f} that ever come",
                              "Enter more participants.")  # fmt: skip
        high = self.accrual.duration
        while float(self.expected_events(high)) < events:
            high *= 2
        return float(brentq(lambda t: float(self.expected_events(t)) - events, 0.0, high, xtol=1e-10))

    def pooled_survival(self, time: ArrayLike) -> Floats:
        """The survival of both arms together, at times since entry."""
        one, zero = (arm.event.survival(time) for arm in (self.treatment, self.control))
        return np.asarray(self.share * one + (1 - self.share) * zero)

    def times(self, factor: float) -> TwoArms:
        """The same trial with `factor` times as many participants."""
        return TwoArms(self.treatment, self.control, self.accrual.times(factor), self.ratio)
