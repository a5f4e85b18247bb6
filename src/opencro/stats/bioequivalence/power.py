"""Power and sample size of two one-sided tests: exact, by one integral over the distribution of the residual variance.

Source: Phillips KF. Power of the two one-sided tests procedure in bioequivalence. J Pharmacokinet Biopharm 1990;
18:137-144; Owen DB. A special case of a bivariate non-central t-distribution. Biometrika 1965; 52:437-446; Hauschke D,
Steinijans V, Pigeot I. Bioequivalence Studies in Drug Development, 2007, chapter 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import ndtr

from opencro.stats.bioequivalence.crossover import Floats
from opencro.stats.bioequivalence.variability import compute_cv, compute_log_sd
from opencro.stats.result import StatsError

NODES, WEIGHTS = np.polynomial.legendre.leggauss(96)
REACH = 1e-15  # of the distribution of the variance, at either end


@dataclass(frozen=True)
class TrialDesign:
    """How a design spreads its patients: variance of the difference = factor sum(1 / patients per sequence) sigma^2.

    Degrees of freedom are `df_per_patient` n - `df_used`.
    """

    name: str
    sequences: int
    factor: float
    df_per_patient: int
    df_used: int


# the variance factors follow from the designs: with n patients in s equal sequences, factor s^2 / n = sum of squares
DESIGNS = {
    design.name: design
    for design in (
        TrialDesign("parallel", 2, 1.0, 1, 2),
        TrialDesign("paired", 1, 2.0, 1, 1),
        TrialDesign("2x2", 2, 1 / 2, 1, 2),
        TrialDesign("3x3", 3, 2 / 9, 2, 4),
        TrialDesign("3x6x3", 6, 1 / 18, 2, 4),
        TrialDesign("4x4", 4, 1 / 8, 3, 6),
        TrialDesign("2x2x3", 2, 3 / 8, 2, 3),
        TrialDesign("2x2x4", 2, 1 / 4, 3, 4),
        TrialDesign("2x4x4", 4, 1 / 16, 3, 4),
        TrialDesign("2x3x3", 3, 1 / 6, 2, 3),
    )
}


def design_of(name: str) -> TrialDesign:
    """The design of that name (products x sequences x periods); raises StatsError STA-727 for another.

    >>> design_of("2x2x4").sequences
    2
    """
    if name not in DESIGNS:
        raise StatsError("STA-727", f"design {name!r}", f"one of {', '.join(DESIGNS)}", "Names as in PowerTOST.")
    return DESIGNS[name]


def _spread(n: ArrayLike, design: TrialDesign) -> tuple[Floats, Floats]:
    """Variance factor and degrees of freedom for n patients, spread over the sequences as evenly as possible."""
    size = np.asarray(n)
    each, more = size // design.sequences, size % design.sequences
    with np.errstate(divide="ignore"):
        inverse = (design.sequences - more) / each + more / (each + 1)
    return np.asarray(design.factor * inverse), np.asarray(
        design.df_per_patient * size - design.df_used, dtype=np.float64
    )


def power_tost(
    cv: ArrayLike,
    n: ArrayLike,
    *,
    ratio: ArrayLike = 0.95,
    limits: tuple[float, float] = (0.8, 1.25),
    design: str = "2x2",
    alpha: float = 0.05,
) -> Floats:
    """The probability that two one-sided tests find equivalence, exactly.

    `cv` (0.3 is 30 %) within subjects (total in a parallel design), `n` patients in all, `ratio` the true ratio; the
    three broadcast. `design` is one of `DESIGNS`; patients are spread over sequences as evenly as possible. Too few
    patients give 0.

    E over u of Phi(-t u - d2) - Phi(t u - d1), u = s / sigma (chi), d = (ln ratio - ln limit) / se, where positive.
    Raises StatsError STA-727 for an unknown design.

    Source: Phillips KF. J Pharmacokinet Biopharm 1990; 18:137-144.

    >>> power_tost(0.2, 20).round(6).item()
    0.83468
    """
    factor, df = _spread(n, design_of(design))
    se = compute_log_sd(cv) * np.sqrt(factor)
    lower = np.log(np.asarray(ratio, dtype=np.float64)) - math.log(limits[0])
    upper = np.log(np.asarray(ratio, dtype=np.float64)) - math.log(limits[1])
    low, high, v = np.broadcast_arrays(lower / se, upper / se, df)
    return _integrate(low, high, v, alpha)


def _integrate(lower: Floats, upper: Floats, df: Floats, alpha: float) -> Floats:
    good = (df > 0) & np.isfinite(lower) & np.isfinite(upper)
    v = np.where(good, df, 1.0)
    t = stats.t.isf(alpha, v)
    start = np.sqrt(stats.chi2.ppf(REACH, v) / v)
    # beyond this u the two tests can't both reject
    end = np.minimum(np.sqrt(stats.chi2.isf(REACH, v) / v), np.where(good, lower - upper, 0.0) / (2 * t))
    half = np.maximum(end - start, 0.0) / 2
    u = start[..., None] + half[..., None] * (NODES + 1)
    with np.errstate(divide="ignore"):
        log_density = stats.chi2.logpdf(v[..., None] * u**2, v[..., None]) + np.log(2 * v[..., None] * u)
    inside = ndtr(-t[..., None] * u - upper[..., None]) - ndtr(t[..., None] * u - lower[..., None])
    found = (np.exp(log_density) * np.maximum(inside, 0.0)) @ WEIGHTS * half
    return np.asarray(np.where(good, np.clip(found, 0.0, 1.0), 0.0))


def sample_size_tost(
    cv: float,
    *,
    ratio: float = 0.95,
    power: float = 0.8,
    limits: tuple[float, float] = (0.8, 1.25),
    design: str = "2x2",
    alpha: float = 0.05,
) -> int:
    """The smallest number of patients, equal in all sequences, whose exact power reaches `power`.

    Arguments as `power_tost`.     Raises StatsError STA-728 where the ratio lies outside the limits, or no million
    patients are enough. Source: Hauschke D, Steinijans V, Pigeot I. Bioequivalence Studies in Drug Development, 2007,
    section 5.4.

    >>> sample_size_tost(0.2)
    20
    """
    if not limits[0] < ratio < limits[1]:
        raise StatsError("STA-728", f"ratio {ratio}", f"within {limits}", "No number of patients shows equivalence.")
    step = design_of(design).sequences

    def enough(patients: Sequence[int]) -> NDArray[np.bool_]:
        return power_tost(cv, patients, ratio=ratio, limits=limits, design=design, alpha=alpha) >= power

    return _smallest(step, enough)


def sample_size_noninferiority(
    cv: float,
    *,
    ratio: float = 0.95,
    margin: float = 0.8,
    power: float = 0.8,
    design: str = "2x2",
    alpha: float = 0.025,
) -> int:
    """The smallest number of patients, equal in all sequences, to show non-inferiority by one test.

    The ratio is shown to be above `margin`, or below it where the margin is above 1; other arguments as
    `sample_size_tost`.

    Power by the noncentral t distribution. Raises StatsError STA-728 where the ratio lies beyond the margin.
    Source: Julious SA. Stat Med 2004; 23:1921-1986, section 5.

    >>> sample_size_noninferiority(0.2)
    24
    """
    apart = math.log(ratio) - math.log(margin)
    if (apart <= 0) if margin < 1 else (apart >= 0):
        raise StatsError(
            "STA-728", f"ratio {ratio}", f"on the good side of {margin}", "Non-inferiority can't be shown."
        )

    def enough(patients: Sequence[int]) -> NDArray[np.bool_]:
        factor, df = _spread(patients, design_of(design))
        shift = abs(apart) / (float(compute_log_sd(cv)) * np.sqrt(factor))
        found = stats.nct.sf(stats.t.isf(alpha, np.maximum(df, 1)), np.maximum(df, 1), shift)
        return np.asarray(np.where(df > 0, found, 0.0) >= power)

    return _smallest(design_of(design).sequences, enough)


def _smallest(step: int, enough: Callable[[Sequence[int]], NDArray[np.bool_]]) -> int:
    """The least multiple of `step` that is enough, found in blocks that grow."""
    start, block = 1, 64
    while start * step < 1_000_000:
        patients = [step * k for k in range(start, start + block)]
        good = np.flatnonzero(enough(patients))
        if len(good):
            return patients[int(good[0])]
        start, block = start + block, min(2 * block, 4096)
    raise StatsError("STA-728", "no sample size below a million", "a power that can be reached", "Look at the ratio.")


def interval_from_cv(
    ratio: ArrayLike, cv: ArrayLike, n: ArrayLike, *, design: str = "2x2", alpha: float = 0.05
) -> tuple[Floats, Floats]:
    """The interval at 1 - 2 alpha that a trial with this observed ratio and CV has; arguments as `power_tost`.

    exp(ln ratio -+ t(1 - alpha, df) sd sqrt(factor)).

    >>> [v.round(4).item() for v in interval_from_cv(0.95, 0.3, 24)]
    [0.8213, 1.0988]
    """
    factor, df = _spread(n, design_of(design))
    half = stats.t.isf(alpha, df) * compute_log_sd(cv) * np.sqrt(factor)
    middle = np.log(np.asarray(ratio, dtype=np.float64))
    return np.asarray(np.exp(middle - half)), np.asarray(np.exp(middle + half))


def cv_from_interval(
    lower: ArrayLike, upper: ArrayLike, n: ArrayLike, *, design: str = "2x2", alpha: float = 0.05
) -> Floats:
    """The CV behind a published interval at 1 - 2 alpha of n patients; arguments as `power_tost`.

    The interval of `interval_from_cv`, solved for the CV.

    >>> cv_from_interval(0.8213, 1.0988, 24).round(3).item()
    0.3
    """
    factor, df = _spread(n, design_of(design))
    width = np.log(np.asarray(upper, dtype=np.float64)) - np.log(np.asarray(lower, dtype=np.float64))
    return compute_cv(width / (2 * stats.t.isf(alpha, df) * np.sqrt(factor)))
