"""Contrasts within subjects, and the linearized bound of FDA's scaled criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from opencro.stats.bioequivalence.crossover import Codes, Crossover, Floats
from opencro.stats.bioequivalence.variability import within_subject_variability
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class Contrasts:
    """Test minus reference of ln y with its error and df, and the reference's variance within subjects with its df."""

    difference: float
    se: float
    df: int
    variance: float
    df_variance: int

    @property
    def half(self) -> float:
        """Half the length of the 90 % interval of the difference."""
        return float(stats.t.isf(0.05, self.df)) * self.se

    @property
    def ratio(self) -> float:
        """The ratio of geometric means."""
        return math.exp(self.difference)

    @property
    def lower(self) -> float:
        """The lower 95 % limit of the ratio."""
        return math.exp(self.difference - self.half)

    @property
    def upper(self) -> float:
        """The upper 95 % limit of the ratio."""
        return math.exp(self.difference + self.half)

    @property
    def sd(self) -> float:
        """The reference's standard deviation within subjects."""
        return math.sqrt(self.variance)

    def criterion(self, theta: float) -> float:
        """The upper 95 % bound of (mT - mR)^2 - theta s^2, from the bounds of both parts (Howe)."""
        x, y = self.difference**2 - self.se**2, -theta * self.variance
        bound_x = (abs(self.difference) + self.half) ** 2
        bound_y = y * self.df_variance / float(stats.chi2.ppf(0.95, self.df_variance))
        return x + y + math.hypot(bound_x - x, bound_y - y)


@dataclass(frozen=True)
class _Subjects:
    """By subject: its sequence, how often each product was given, and the sums of ln y."""

    sequence: Codes
    given: tuple[Codes, Codes]
    total: tuple[Floats, Floats]

    @property
    def middle(self) -> Floats:
        """Mean of test minus mean of reference; NaN where one is missing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.total[0] / self.given[0] - self.total[1] / self.given[1])


def _by_subject(trial: Crossover) -> _Subjects:
    count = len(trial.subjects)
    sequence = np.zeros(count, dtype=np.intp)
    sequence[trial.subject] = trial.sequence
    rows = (trial.test, ~trial.test)
    given = [np.bincount(trial.subject[r], minlength=count) for r in rows]
    total = [np.asarray(np.bincount(trial.subject[r], trial.log_y[r], minlength=count), dtype=np.float64) for r in rows]
    return _Subjects(sequence, (given[0], given[1]), (total[0], total[1]))


def contrasts_of_subjects(trial: Crossover) -> Contrasts:
    """The subjects with both products as one sample; the variance is that of `within_subject_variability`."""
    middle = _by_subject(trial).middle
    middle = middle[np.isfinite(middle)]
    spread = within_subject_variability(trial)
    if math.isnan(spread.sd_reference) or len(middle) < 2:
        raise _not_repeated()
    se = float(middle.std(ddof=1)) / math.sqrt(len(middle))
    return Contrasts(float(middle.mean()), se, len(middle) - 1, spread.sd_reference**2, spread.df_reference)


def contrasts_by_sequence(trial: Crossover) -> Contrasts:
    """Means over sequences of equal weight; the difference only of subjects with every period of their sequence."""
    found = _by_subject(trial)
    whole = np.ones(len(found.sequence), dtype=bool)
    for given in found.given:
        planned = np.array([given[found.sequence == q].max(initial=0) for q in range(len(trial.sequences))])
        whole &= (given == planned[found.sequence]) & (given > 0)
    order = np.lexsort((trial.period, trial.subject))
    reference = order[~trial.test[order]]
    first = np.concatenate([[True], np.diff(trial.subject[reference]) > 0])
    sign = np.where(first, 1.0, -1.0)
    apart = np.bincount(trial.subject[reference], sign * trial.log_y[reference], minlength=len(found.sequence))
    twice = found.given[1] == 2
    if not twice.any():
        raise _not_repeated()
    difference, se, df, _ = _mean_of_sequences(found.middle[whole], found.sequence[whole])
    _, _, df_variance, variance = _mean_of_sequences(apart[twice], found.sequence[twice])
    return Contrasts(difference, se, df, variance / 2, df_variance)


def _not_repeated() -> StatsError:
    return StatsError(
        "STA-726", "no subject with the reference twice", "a replicate design", "Use fixed limits instead."
    )


def _mean_of_sequences(values: Floats, sequence: NDArray[np.intp]) -> tuple[float, float, int, float]:
    """The mean, its standard error, degrees of freedom and the variance within sequences."""
    _, codes = np.unique(sequence, return_inverse=True)
    n = np.bincount(codes)
    mean = np.bincount(codes, values) / n
    df = len(values) - len(n)
    variance = float(((values - mean[codes]) ** 2).sum()) / df if df > 0 else math.nan
    return float(mean.mean()), math.sqrt(variance * float((1 / n).sum())) / len(n), df, variance
