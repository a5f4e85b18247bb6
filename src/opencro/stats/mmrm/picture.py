"""The picture of a fit: least squares means over visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opencro.stats.formula import LsMeans

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_means(means: LsMeans, arm: str, visit: str) -> Figure:
    """Means with confidence limits by visit, one line per level of `arm`, side by side so that none hides."""
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    visits = list(dict.fromkeys(cell[visit] for cell in means.cells))
    arms = list(dict.fromkeys(cell[arm] for cell in means.cells))
    for i, level in enumerate(arms):
        mine = np.array([k for k, cell in enumerate(means.cells) if cell[arm] == level])
        shift = 0.12 * (i - (len(arms) - 1) / 2)
        place = np.array([visits.index(means.cells[k][visit]) for k in mine]) + shift
        centre = means.estimate[mine]
        spread = np.stack([centre - means.lower[mine], means.upper[mine] - centre])
        axes.errorbar(place, centre, yerr=spread, marker="o", capsize=3, label=str(level))
    axes.set_xticks(range(len(visits)), [str(v) for v in visits])
    axes.set_xlabel(visit)
    axes.set_ylabel("least squares mean")
    axes.legend(title=arm, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
