"""Effective doses from assay curves."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

from opencro.stats.dose_response.assay import AssayFit
from opencro.stats.dose_response.shapes import Floats
from opencro.stats.dose_response.targets import TargetDose
from opencro.stats.result import Note, StatsError

POINTS = 4001


def assay_dose(fit: AssayFit, share: float, *, alpha: float = 0.05) -> TargetDose:
    """The dose with `share` (between 0 and 1) of the way from no dose to an endless one: ED50, LC10.

    The smallest such dose; where low doses stimulate, on the falling side. Standard error by the delta method. Note
    STA-746 where no dose up to a thousand times the largest reaches it. Raises StatsError STA-747 for another share.

    Source: Ritz et al., PLoS ONE 2015; 10:e0146021.
    """
    if not 0 < share < 1:
        raise StatsError("STA-747", f"share {share}", "between 0 and 1", "ED50 is share 0.5.")
    name, theta = f"ED{100 * share:g}", fit.estimate
    dose = _solve(fit, theta, share)
    if not np.isfinite(dose):
        note = Note("STA-746", f"no dose reaches {name}")
        return TargetDose(name, share, np.nan, np.nan, np.nan, np.nan, (*fit.notes, note))
    step = 1e-5 * np.maximum(np.abs(theta), 1e-8)
    unit = np.eye(len(theta)) * step
    slope = (_share(fit, theta, dose * (1 + 1e-5)) - _share(fit, theta, dose * (1 - 1e-5))) / (2e-5 * dose)
    moved = [
        (_share(fit, theta + u, dose) - _share(fit, theta - u, dose)) / (2 * s) for u, s in zip(unit, step, strict=True)
    ]
    gradient = -np.array(moved) / slope
    se = float(np.sqrt(gradient @ fit.covariance @ gradient))
    half = float(stats.t.isf(alpha / 2, fit.df)) * se
    return TargetDose(name, share, dose, se, dose - half, dose + half, fit.notes)


def _share(fit: AssayFit, theta: Floats, dose: float) -> float:
    start, end = fit.curve.ends(theta)
    return (float(fit.curve.mean(np.array([dose]), theta)[0]) - start) / (end - start)


def _solve(fit: AssayFit, theta: Floats, share: float) -> float:
    largest = fit.largest_dose
    grid = np.concatenate([[0.0], np.geomspace(largest * 1e-6, largest * 1e3, POINTS)])
    start, end = fit.curve.ends(theta)
    reached = (fit.curve.mean(grid, theta) - start) / (end - start) >= share
    if not reached.any() or reached[0]:
        return np.nan
    i = int(np.argmax(reached))
    return float(optimize.brentq(lambda d: _share(fit, theta, d) - share, grid[i - 1], grid[i], xtol=1e-14, rtol=1e-13))
