"""The picture of a dose-response analysis: means with their limits, and the curves through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from opencro.stats.dose_response.estimates import DoseMeans
from opencro.stats.dose_response.shapes import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 201


def curve_doses(means: DoseMeans) -> Floats:
    """Doses (201,) from 0 to the largest, at which curves are drawn."""
    return np.linspace(0.0, float(means.dose.max()), STEPS)


def draw_curves(
    means: DoseMeans, curves: Mapping[str, Floats], band: tuple[Floats, Floats] | None = None, alpha: float = 0.05
) -> Figure:
    """Means with limits at 1 - alpha, and curves (201,) at `curve_doses`, the first perhaps with a band."""
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    dose = curve_doses(means)
    if band is not None:
        axes.fill_between(dose, *band, alpha=0.15, linewidth=0)
    for name, curve in curves.items():
        axes.plot(dose, curve, label=name)
    half = stats.t.isf(alpha / 2, means.df) * means.se
    axes.errorbar(means.dose, means.mean, yerr=half, fmt="o", color="black", capsize=3)
    axes.set_xlabel("dose")
    axes.set_ylabel("response")
    if curves:
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
