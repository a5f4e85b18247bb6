"""Trials of proportions and rates by enumeration: one arm exactly, two arms with Fisher's test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import stats
from scipy.special import ndtri

from opencro.design.errors import DesignError
from opencro.design.fixed.clock import Floats
from opencro.design.fixed.sizes import check_error_rates, check_positive, check_probability
from opencro.stats import Result

SEARCHED = 20_000


@dataclass(frozen=True)
class ExactTest(Result):
    """A test by counts: the count from which it rejects, the error rate that it attains and its power."""

    title: ClassVar[str] = "Exact test"

    n: int
    critical: int
    attained_alpha: float
    power: float


def power_one_proportion(n: int, p0: float, p1: float, *, alpha: float = 0.025) -> ExactTest:
    """The exact binomial test of p <= p0 (p >= p0 where p1 < p0) with n participants, one-sided.

    Errors DES-202 to DES-204. Source: A'Hern RP. Stat Med 2001; 20:859-866.

    >>> power_one_proportion(25, 0.05, 0.2).critical
    5
    """
    check_probability(p0=p0, p1=p1)
    check_positive(n=n)
    if p1 > p0:
        critical = int(stats.binom.ppf(1 - alpha, n, p0)) + 1
        return ExactTest(
            n, critical, float(stats.binom.sf(critical - 1, n, p0)), float(stats.binom.sf(critical - 1, n, p1))
        )
    mirrored = power_one_proportion(n, 1 - p0, 1 - p1, alpha=alpha) if p1 < p0 else None
    if mirrored is None:
        raise DesignError("DES-202", f"p0 = p1 = {p0:g}", "an alternative apart from the null value", "Change p1.")
    return ExactTest(n, n - mirrored.critical, mirrored.attained_alpha, mirrored.power)


def sample_size_one_proportion(
    p0: float, p1: float, *, alpha: float = 0.025, power: float = 0.9, lasting: bool = True
) -> ExactTest:
    """The smallest exact one-arm trial of a proportion.

    Power of an exact test saws: `lasting` takes the first n from which every larger one has the power too (as
    gsDesign's conservative, lrstat, rpact), else the first n that has it. Errors DES-201 to DES-205. Source: A'Hern
    RP. Stat Med 2001; 20:859-866.
    """
    check_error_rates(alpha, 1, power)
    check_probability(p0=p0, p1=p1)
    middle = (p0 + p1) / 2
    rough = (ndtri(1 - alpha) + ndtri(power)) ** 2 * middle * (1 - middle) / (p1 - p0) ** 2 if p1 != p0 else math.inf
    if rough > SEARCHED:
        raise DesignError("DES-205", f"p0 {p0:g}, p1 {p1:g}", f"a trial of at most {SEARCHED} participants",
                          "The alternative is too near the null value for enumeration.")  # fmt: skip
    end = int(2 * rough + 60)
    reached = [power_one_proportion(n, p0, p1, alpha=alpha).power >= power for n in range(1, end)]
    n = (max((i for i, good in enumerate(reached) if not good), default=-1) + 2) if lasting else reached.index(True) + 1
    return power_one_proportion(n, p0, p1, alpha=alpha)


def power_one_rate(n: int, rate0: float, rate1: float, *, exposure: float = 1.0, alpha: float = 0.025) -> ExactTest:
    """The exact Poisson test of one arm: n participants with `exposure` each, null rate0, truth rate1, one-sided.

    `critical`: the largest total count that rejects where rate1 < rate0, the smallest where it is larger. Errors
    DES-202, DES-203. Source: Chapman DG. Ann Inst Stat Math 1952; 4:45-49 (the exact test of a Poisson mean).
    """
    check_positive(n=n, rate0=rate0, rate1=rate1, exposure=exposure)
    null, true = n * exposure * rate0, n * exposure * rate1
    if rate1 < rate0:
        critical = int(stats.poisson.ppf(alpha, null))
        critical -= int(stats.poisson.cdf(critical, null) > alpha)
        return ExactTest(
            n, critical, float(stats.poisson.cdf(critical, null)), float(stats.poisson.cdf(critical, true))
        )
    critical = int(stats.poisson.ppf(1 - alpha, null)) + 1
    return ExactTest(
        n, critical, float(stats.poisson.sf(critical - 1, null)), float(stats.poisson.sf(critical - 1, true))
    )


def power_fisher(n1: int, n2: int, p1: float, p2: float, *, alpha: float = 0.025, sided: int = 1) -> float:
    """Power of Fisher's exact test of two arms, by enumeration of all tables.

    One side: in the direction of p1 - p2; two sides: tables no more probable than the observed one count. Errors
    DES-203, DES-204. Source: Thomas RG, Conlon M. Stat Med 1992; 11:1187-1193.

    >>> round(power_fisher(25, 25, 0.6, 0.2), 4)
    0.7883
    """
    check_probability(p1=p1, p2=p2)
    check_positive(n1=n1, n2=n2)
    if sided == 1 and p1 < p2:
        return power_fisher(n1, n2, 1 - p1, 1 - p2, alpha=alpha)
    first, second = stats.binom.pmf(np.arange(n1 + 1), n1, p1), stats.binom.pmf(np.arange(n2 + 1), n2, p2)
    return float(sum(_rejected_mass(total, n1, n2, first, second, alpha, sided) for total in range(n1 + n2 + 1)))


def _rejected_mass(
    total: int,
    n1: int,
    n2: int,
    first: Floats,
    second: Floats,
    alpha: float,
    sided: int,
) -> float:
    x = np.arange(max(0, total - n2), min(n1, total) + 1)
    null = stats.hypergeom.pmf(x, n1 + n2, n1, total)
    upper = np.cumsum(null[::-1])[::-1]
    p = upper if sided == 1 else np.array([null[null <= q * (1 + 1e-7)].sum() for q in null])
    return float((first[x] * second[total - x])[p <= alpha * (1 + 1e-12)].sum())


def sample_size_fisher_corrected(
    p1: float, p2: float, *, alpha: float = 0.05, sided: int = 2, power: float = 0.8
) -> int:
    """Participants of each arm for Fisher's test by the continuity-corrected normal approximation.

    Its exact power: `power_fisher`. Errors DES-201, DES-204. Source: Casagrande JT, Pike MC, Smith PG. Biometrics 1978;
    34:483-486.
    """
    check_error_rates(alpha, sided, power)
    check_probability(p1=p1, p2=p2)
    d, middle = abs(p1 - p2), (p1 + p2) / 2
    root = ndtri(1 - alpha / sided) * math.sqrt(2 * middle * (1 - middle))
    a = float(root + ndtri(power) * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))) ** 2
    return math.ceil(a * (1 + math.sqrt(1 + 4 * d / a)) ** 2 / (4 * d * d))
