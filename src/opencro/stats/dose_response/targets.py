"""Doses that reach a wanted effect, from a fitted curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy import optimize, stats

from opencro.stats.dose_response.fit import DoseFit
from opencro.stats.dose_response.shapes import Floats
from opencro.stats.result import Note, Result, StatsError

STEPS = 2001


@dataclass(frozen=True)
class TargetDose(Result):
    """A dose with limits by the delta method; NaN where no dose of the range reaches the effect."""

    title: ClassVar[str] = "Target dose"

    name: str
    effect: float
    dose: float
    se: float
    lower: float
    upper: float
    notes: tuple[Note, ...] = ()


def target_dose(
    fit: DoseFit, effect: float, *, direction: Literal["increasing", "decreasing"] = "increasing", alpha: float = 0.05
) -> TargetDose:
    """The smallest dose whose expected difference from dose 0 is `effect` (above 0): TD, or MED for a relevant effect.

    Only doses up to the largest that was given count (Note STA-746 where none reaches the effect). The standard error
    is |gradient of the difference at the dose| / slope there (delta method). Raises StatsError STA-747 for an effect
    of 0 or less.

    Source: Bretz, Pinheiro, Branson, Biometrics 2005; 61:738-748, section 4.
    """
    if effect <= 0:
        raise StatsError("STA-747", f"effect {effect}", "above 0", "A fall is direction='decreasing'.")
    wanted = effect if direction == "increasing" else -effect
    return _solve(fit, f"TD({effect:g})", wanted, wanted, alpha)


def effective_dose(
    fit: DoseFit, share: float, *, direction: Literal["increasing", "decreasing"] = "increasing", alpha: float = 0.05
) -> TargetDose:
    """The smallest dose with `share` (between 0 and 1) of the largest effect within the doses given: ED50 is share 0.5.

    The standard error takes the largest effect as known. Raises StatsError STA-747 for another share.

    Source: Bornkamp B et al. J Stat Softw 2009; 29(7), section 2.
    """
    if not 0 < share < 1:
        raise StatsError("STA-747", f"share {share}", "between 0 and 1", "ED50 is share 0.5.")
    grid = np.linspace(0, fit.means.dose.max(), STEPS)
    effects = fit.at(grid) - fit.at([0.0])
    largest = float(effects.max() if direction == "increasing" else effects.min())
    return _solve(fit, f"ED{100 * share:g}", share * largest, share * largest, alpha)


def _solve(fit: DoseFit, name: str, wanted: float, shown: float, alpha: float) -> TargetDose:
    grid = np.linspace(0, fit.means.dose.max(), STEPS)
    reached = (fit.at(grid) - fit.at([0.0])) / wanted >= 1 if wanted else np.zeros(STEPS, dtype=bool)
    if not reached.any():
        note = Note("STA-746", f"no dose up to {fit.means.dose.max():g} reaches {name}")
        return TargetDose(name, shown, np.nan, np.nan, np.nan, np.nan, (*fit.notes, note))
    i = int(np.argmax(reached))
    dose = float(optimize.brentq(lambda d: _effect(fit, d) - wanted, grid[max(i - 1, 0)], grid[i])) if i else 0.0
    se = _standard_error(fit, dose)
    half = float(stats.t.isf(alpha / 2, fit.df)) * se
    return TargetDose(name, shown, dose, se, dose - half, dose + half, fit.notes)


def _effect(fit: DoseFit, dose: float) -> float:
    return float(fit.at([dose])[0] - fit.at([0.0])[0])


def _standard_error(fit: DoseFit, dose: float) -> float:
    gradient: Floats = fit.gradient([dose])[0] - fit.gradient([0.0])[0]
    known = ~np.isnan(np.diag(fit.covariance))
    variance = gradient[known] @ fit.covariance[np.ix_(known, known)] @ gradient[known]
    step = 1e-5 * float(fit.means.dose.max())
    slope = (_effect(fit, dose + step) - _effect(fit, max(dose - step, 0.0))) / (step + min(dose, step))
    return float(np.sqrt(variance) / abs(slope)) if slope else np.nan
