"""Data of the stages of an adaptive trial, each by itself, and their p-values for any effect as the null value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from opencro.design.errors import DesignError
from opencro.design.fixed.proportions import restricted_rates

Floats = NDArray[np.float64]


class Stages(Protocol):
    """Stage data that give one-sided p-values of effect <= theta."""

    def p_values(self, theta: float) -> Floats:
        """Of each stage by itself."""
        ...

    def pooled_p_values(self, theta: float) -> Floats:
        """Of all data up to each stage."""
        ...

    def estimate(self) -> Floats:
        """The effect in all data up to each stage."""
        ...

    def root_information(self, stage: int) -> tuple[Floats, float]:
        """Roots of the information of each stage up to this one, and of all their data, spread from all of them."""
        ...

    def range(self) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        ...


@dataclass(frozen=True)
class MeanStages:
    """Sizes, means and standard deviations of both arms at each stage; effect: difference of means.

    `known_variance`: normal in place of t distributions. Raises DES-402 for unequal lengths.
    """

    n_treatment: Sequence[float]
    n_control: Sequence[float]
    mean_treatment: Sequence[float]
    mean_control: Sequence[float]
    sd_treatment: Sequence[float]
    sd_control: Sequence[float]
    known_variance: bool = False

    def __post_init__(self) -> None:
        _same_length(*(getattr(self, f) for f in self.__dataclass_fields__ if f != "known_variance"))

    def _arrays(self) -> list[Floats]:
        names = ("n_treatment", "n_control", "mean_treatment", "mean_control", "sd_treatment", "sd_control")
        return [np.asarray(getattr(self, name), dtype=np.float64) for name in names]

    def _pooled(self) -> list[Floats]:
        n1, n0, m1, m0, s1, s0 = self._arrays()
        (m1, s1), (m0, s0) = _accumulate(n1, m1, s1), _accumulate(n0, m0, s0)
        return [np.cumsum(n1), np.cumsum(n0), m1, m0, s1, s0]

    def _p(self, arrays: list[Floats], theta: float) -> Floats:
        n1, n0, m1, m0, s1, s0 = arrays
        df = n1 + n0 - 2
        sd = np.sqrt(((n1 - 1) * s1**2 + (n0 - 1) * s0**2) / df)
        t = (m1 - m0 - theta) / (sd * np.sqrt(1 / n1 + 1 / n0))
        return np.asarray(ndtr(-t) if self.known_variance else stdtr(df, -t))

    def p_values(self, theta: float) -> Floats:
        """Of each stage by itself."""
        return self._p(self._arrays(), theta)

    def pooled_p_values(self, theta: float) -> Floats:
        """Of all data up to each stage."""
        return self._p(self._pooled(), theta)

    def estimate(self) -> Floats:
        """The effect in all data up to each stage."""
        pooled = self._pooled()
        return np.asarray(pooled[2] - pooled[3])

    def root_information(self, stage: int) -> tuple[Floats, float]:
        """Roots of the information of each stage up to this one, and of all their data, spread from all of them."""
        n1, n0, *_ = (a[:stage] for a in self._arrays())
        all1, all0, _, _, s1, s0 = (float(a[stage - 1]) for a in self._pooled())
        sd = np.sqrt(((all1 - 1) * s1**2 + (all0 - 1) * s0**2) / (all1 + all0 - 2))
        return np.sqrt(n1 * n0 / (n1 + n0)) / sd, float(np.sqrt(all1 * all0 / (all1 + all0)) / sd)

    def range(self) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        n1, n0, m1, m0, s1, s0 = self._arrays()
        reach = 60 * float(np.max(np.maximum(s1, s0) * np.sqrt(1 / n1 + 1 / n0)))
        middle = float((m1 - m0)[0])
        return middle - reach, middle + reach


@dataclass(frozen=True)
class RateStages:
    """Events and sizes of both arms at each stage; effect: difference of proportions, score test. Raises DES-402."""

    events_treatment: Sequence[float]
    n_treatment: Sequence[float]
    events_control: Sequence[float]
    n_control: Sequence[float]

    def __post_init__(self) -> None:
        _same_length(self.events_treatment, self.n_treatment, self.events_control, self.n_control)

    def _arrays(self) -> list[Floats]:
        names = ("events_treatment", "n_treatment", "events_control", "n_control")
        return [np.asarray(getattr(self, name), dtype=np.float64) for name in names]

    def p_values(self, theta: float) -> Floats:
        """Of each stage by itself."""
        return np.array([_score_p(row, theta) for row in np.column_stack(self._arrays())])

    def pooled_p_values(self, theta: float) -> Floats:
        """Of all data up to each stage."""
        return np.array([_score_p(row, theta) for row in np.cumsum(np.column_stack(self._arrays()), axis=0)])

    def estimate(self) -> Floats:
        """The effect in all data up to each stage."""
        x1, n1, x0, n0 = (np.cumsum(a) for a in self._arrays())
        return np.asarray(x1 / n1 - x0 / n0)

    def root_information(self, stage: int) -> tuple[Floats, float]:
        """Roots of the information of each stage up to this one, and of all their data, spread from all of them."""
        _, n1, _, n0 = (a[:stage] for a in self._arrays())
        x1, all1, x0, all0 = (float(np.sum(a[:stage])) for a in self._arrays())
        rate = (x1 + x0) / (all1 + all0)
        sd = np.sqrt(rate * (1 - rate))
        return np.sqrt(n1 * n0 / (n1 + n0)) / sd, float(np.sqrt(all1 * all0 / (all1 + all0)) / sd)

    def range(self) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        return -0.9999, 0.9999


def _score_p(row: Floats, theta: float) -> float:
    x1, n1, x0, n0 = (float(v) for v in row)
    p1, p0 = x1 / n1, x0 / n0
    if theta == 0:
        one = zero = (x1 + x0) / (n1 + n0)
    else:
        one, zero = restricted_rates(p1, p0, n1 / n0, theta)
    variance = one * (1 - one) / n1 + zero * (1 - zero) / n0
    return float(ndtr(-(p1 - p0 - theta) / np.sqrt(variance))) if variance > 0 else float(p1 - p0 <= theta)


@dataclass(frozen=True)
class LogRankStages:
    """Events of each stage and their log-rank statistics; effect: log hazard ratio in the direction of the statistic.

    `ratio`: treated for each control. Raises DES-402.
    """

    events: Sequence[float]
    z: Sequence[float]
    ratio: float = 1.0

    def __post_init__(self) -> None:
        _same_length(self.events, self.z)

    def _root(self, events: Floats | float) -> Floats:
        return np.asarray(np.sqrt(events * self.ratio) / (1 + self.ratio))

    def p_values(self, theta: float) -> Floats:
        """Of each stage by itself."""
        e, z = np.asarray(self.events, dtype=np.float64), np.asarray(self.z, dtype=np.float64)
        return np.asarray(ndtr(-(z - theta * self._root(e))))

    def _pooled(self) -> tuple[Floats, Floats]:
        e, z = np.asarray(self.events, dtype=np.float64), np.asarray(self.z, dtype=np.float64)
        total = np.cumsum(e)
        return total, np.cumsum(z * np.sqrt(e)) / np.sqrt(total)

    def pooled_p_values(self, theta: float) -> Floats:
        """Of all data up to each stage."""
        total, z = self._pooled()
        return np.asarray(ndtr(-(z - theta * self._root(total))))

    def estimate(self) -> Floats:
        """The effect in all data up to each stage."""
        total, z = self._pooled()
        return np.asarray(z / self._root(total))

    def root_information(self, stage: int) -> tuple[Floats, float]:
        """Roots of the information of each stage up to this one, and of all their data."""
        e = np.asarray(self.events, dtype=np.float64)[:stage]
        return self._root(e), float(self._root(e.sum()))

    def range(self) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        return -20.0, 20.0


@dataclass(frozen=True)
class Mirrored:
    """The same stages with the effect turned round: for treatments that should lower the outcome."""

    stages: Stages

    def p_values(self, theta: float) -> Floats:
        """Of each stage by itself."""
        return np.asarray(1 - self.stages.p_values(-theta))

    def pooled_p_values(self, theta: float) -> Floats:
        """Of all data up to each stage."""
        return np.asarray(1 - self.stages.pooled_p_values(-theta))

    def estimate(self) -> Floats:
        """The effect in all data up to each stage."""
        return np.asarray(-self.stages.estimate())

    def root_information(self, stage: int) -> tuple[Floats, float]:
        """As that of the stages."""
        return self.stages.root_information(stage)

    def range(self) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        low, high = self.stages.range()
        return -high, -low


def _accumulate(n: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of all values up to each stage."""
    total = np.cumsum(n)
    overall = np.cumsum(n * mean) / total
    squares = np.cumsum((n - 1) * sd**2 + n * mean**2) - total * overall**2
    return overall, np.sqrt(squares / (total - 1))


def _same_length(*columns: Sequence[float]) -> None:
    if len({len(c) for c in columns}) != 1 or not len(columns[0]):
        raise DesignError(
            "DES-402", f"{[len(c) for c in columns]} values", "one value a stage in each", "Give all stages."
        )
