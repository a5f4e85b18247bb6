"""MCP-Mod: a multiple contrast test for signal, then the curves behind it and the dose that is wanted.

Source: Bretz F, Pinheiro JC, Branson M. Biometrics 2005; 61:738-748; Pinheiro J, Bornkamp B, Glimm E, Bretz F. Stat
Med 2014; 33:1646-1661; EMA qualification opinion EMA/CHMP/SAWP/757052/2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.dose_response.contrasts import Candidate, ContrastTests, multiple_contrast_test
from opencro.stats.dose_response.estimates import DoseMeans
from opencro.stats.dose_response.fit import DoseFit, fit_dose_response
from opencro.stats.dose_response.picture import curve_doses, draw_curves
from opencro.stats.dose_response.shapes import Floats
from opencro.stats.dose_response.targets import TargetDose, target_dose
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Selection = Literal["aic", "max_t", "average"]


@dataclass(frozen=True)
class McpMod(Result):
    """The tests of all candidates, the fits of the significant ones, their weights, and the target dose.

    `selected` names the curve (or curves, when averaging) that the target dose comes from; `dose` is NaN without a
    signal or when no dose reaches the effect.
    """

    title: ClassVar[str] = "MCP-Mod"

    tests: ContrastTests
    fits: Mapping[str, DoseFit]
    selected: Mapping[str, float]
    targets: Mapping[str, TargetDose]
    dose: float
    means: DoseMeans
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """One row per candidate: its test, AIC, weight in the choice and target dose."""
        names = self.tests.name
        return {
            "candidate": list(names),
            "statistic": self.tests.statistic,
            "adjusted_p": self.tests.adjusted_p,
            "aic": [self.fits[n].criterion if n in self.fits else None for n in names],
            "weight": [self.selected.get(n) for n in names],
            "target_dose": [self.targets[n].dose if n in self.targets else None for n in names],
        }

    def plot(self) -> Figure:
        """The means with limits, every fitted curve, and the average where curves were averaged."""
        dose = curve_doses(self.means)
        curves = {name: fit.at(dose) for name, fit in self.fits.items()}
        if len(self.selected) > 1:
            curves["average"] = self.at(dose)
        return draw_curves(self.means, curves)

    def at(self, dose: ArrayLike) -> Floats:
        """The chosen curve, or the average of curves by their weights, at doses (k,)."""
        values = [weight * self.fits[name].at(dose) for name, weight in self.selected.items()]
        return np.sum(values, axis=0) if values else np.full(np.shape(dose), np.nan)


def mcp_mod(
    means: DoseMeans,
    candidates: Mapping[str, Candidate],
    *,
    effect: float,
    selection: Selection = "aic",
    direction: Literal["increasing", "decreasing"] = "increasing",
    alpha: float = 0.025,
) -> McpMod:
    """Tests for a signal, chooses a curve among the significant candidates and gives the dose with `effect`.

    `selection`: "aic" (smallest AIC), "max_t" (largest statistic) or "average" (weights exp(-AIC/2); the target dose
    is the weighted mean of those of the curves that reach the effect). Without a significant candidate nothing is
    fitted (Note STA-748). `alpha` is one-sided. Raises StatsError STA-747 for an effect of 0 or less, STA-749 for
    another selection.

    Source: Bretz, Pinheiro, Branson, Biometrics 2005; 61:738-748, sections 3 and 4.
    """
    if selection not in ("aic", "max_t", "average"):
        raise StatsError("STA-749", f"selection {selection!r}", "aic, max_t or average", "Choose one of them.")
    alternative: Literal["greater", "less"] = "greater" if direction == "increasing" else "less"
    tests = multiple_contrast_test(means, candidates, alternative=alternative, alpha=alpha)
    found = [n for n, p in zip(tests.name, tests.adjusted_p, strict=True) if p < alpha]
    fits = {name: fit_dose_response(means, candidates[name].shape) for name in found}
    selected = _select(tests, fits, selection)
    targets = {name: target_dose(fit, effect, direction=direction) for name, fit in fits.items()}
    notes = means.notes if found else (*means.notes, Note("STA-748", "no candidate is significant: no curve is fitted"))
    reached = [(weight, targets[n].dose) for n, weight in selected.items() if np.isfinite(targets[n].dose)]
    total = sum(weight for weight, _ in reached)
    dose = sum(weight * d for weight, d in reached) / total if total else np.nan
    return McpMod(tests, fits, selected, targets, float(dose), means, notes)


def _select(tests: ContrastTests, fits: Mapping[str, DoseFit], selection: Selection) -> dict[str, float]:
    if not fits:
        return {}
    names = list(fits)
    criterion = np.array([fits[n].criterion for n in names])
    if selection == "average":
        weight = np.exp(-(criterion - criterion.min()) / 2)
        return dict(zip(names, (weight / weight.sum()).tolist(), strict=True))
    if selection == "aic":
        return {names[int(np.argmin(criterion))]: 1.0}
    size = {n: abs(t) for n, t in zip(tests.name, tests.statistic, strict=True)}
    return {max(names, key=size.__getitem__): 1.0}
