"""Power of the multiple contrast test: an average over its numerators, the residual variance in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import ndtri
from scipy.stats import qmc

from opencro.stats.dose_response.contrasts import (
    Alternative,
    Candidate,
    maximum_critical_value,
    optimal_contrasts,
)
from opencro.stats.dose_response.shapes import Floats
from opencro.stats.dose_response.tails import factor_of
from opencro.stats.result import StatsError

POINTS_LOG2 = 15


def power_multiple_contrast_test(
    dose: ArrayLike,
    n: ArrayLike,
    mean: ArrayLike,
    candidates: Mapping[str, Candidate],
    *,
    sigma: float,
    alternative: Alternative = "greater",
    alpha: float = 0.025,
) -> Floats:
    """The probability that `multiple_contrast_test` finds a signal.

    `dose` (k,) ascending, `n` (k,) patients each, `mean` (k,) the true means or (scenarios, k), `sigma` the residual
    standard deviation. Tests have sum(n) - k degrees of freedom. Power is E of P(s < M / q) with M the largest
    numerator (normal, about its true value), s^2 df / sigma^2 chi-square, q the critical value. Returns (scenarios,),
    or one number's array. Raises StatsError STA-740 for shapes that don't fit.

    Source: Pinheiro J, Bornkamp B, Bretz F. J Biopharm Stat 2006; 16:639-656.

    >>> from opencro.stats.dose_response.contrasts import candidate
    >>> from opencro.stats.dose_response.shapes import LINEAR
    >>> flat = power_multiple_contrast_test([0, 1, 2], [20] * 3, [0, 0, 0], {"line": candidate(LINEAR)}, sigma=1)
    >>> flat.round(3).item()
    0.025
    """
    size, truth = np.asarray(n, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    if size.ndim != 1 or truth.shape[-1:] != size.shape or truth.ndim > 2 or not sigma > 0 or size.sum() <= len(size):
        raise StatsError("STA-740", f"n {size.shape}, mean {truth.shape}", "(k,) and (scenarios, k)", "One n per dose.")
    contrasts = optimal_contrasts(dose, candidates, weights=size)
    root = np.sqrt((contrasts**2 / size).sum(axis=1))
    correlation = (contrasts / size) @ contrasts.T / np.outer(root, root)
    np.fill_diagonal(correlation, 1.0)
    df, two = float(size.sum() - len(size)), alternative == "two-sided"
    critical = maximum_critical_value(correlation, df=df, two_sided=two, alpha=alpha)
    loading = factor_of(correlation)
    z = ndtri(qmc.Sobol(loading.shape[1], scramble=True, rng=20060101).random_base2(POINTS_LOG2)) @ loading.T
    shifts = np.atleast_2d(truth) @ contrasts.T / (root * sigma) * (-1.0 if alternative == "less" else 1.0)
    power = [_chance(np.abs(z + shift) if two else z + shift, critical, df) for shift in shifts]
    return np.array(power) if truth.ndim == 2 else np.asarray(power[0])


def _chance(numerators: Floats, critical: float, df: float) -> float:
    largest = np.maximum(numerators.max(axis=1), 0.0)
    return float(stats.chi2.cdf(df * (largest / critical) ** 2, df).mean())
