"""Delta-adjusted analyses drawn: estimate and limits along one delta, p-values over two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opencro.stats.result import StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


def draw_tipping(
    arms: tuple[str, ...], deltas: Floats, estimate: Floats, limits: tuple[Floats, Floats], p: Floats, alpha: float
) -> Axes:
    """One arm: the estimate with its limits by delta. Two arms: a table of p-values, those above `alpha` bold."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    if len(arms) > 2:
        raise StatsError("STA-608", f"deltas of {len(arms)} arms", "one or two to draw", "Draw them two by two.")
    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    if len(arms) == 1:
        order = np.argsort(deltas[:, 0])
        x = deltas[order, 0]
        axes.fill_between(x, limits[0][order], limits[1][order], color="#0072b2", alpha=0.2, linewidth=0)
        axes.plot(x, estimate[order], color="#0072b2", marker="o", markersize=4)
        above = order[p[order] > alpha]
        axes.plot(deltas[above, 0], estimate[above], linestyle="", marker="x", color="#d55e00", label=f"p > {alpha:g}")
        axes.axhline(0, color="#1a1a1a", linewidth=0.8)
        axes.set(xlabel=f"delta {arms[0]}", ylabel="estimate with limits")
        if above.size:
            axes.legend(frameon=False)
        return axes
    for (first, second), value in zip(deltas, p, strict=True):
        beyond = value > alpha
        axes.text(
            first, second, "<0.001" if value < 0.0005 else f"{value:.3f}", ha="center", va="center", fontsize=9,
            fontweight="bold" if beyond else "normal", color="#d55e00" if beyond else "#0072b2",
        )  # fmt: skip
    axes.set(
        xticks=np.unique(deltas[:, 0]), yticks=np.unique(deltas[:, 1]), xlim=_around(deltas[:, 0]),
        ylim=_around(deltas[:, 1]), xlabel=f"delta {arms[0]}",
        ylabel=f"delta {arms[1]}", title=f"p-values; bold: above {alpha:g}",
    )  # fmt: skip
    return axes


def _around(values: Floats) -> tuple[float, float]:
    gap = 0.6 * (float(np.ptp(values)) / max(len(np.unique(values)) - 1, 1) or 1.0)
    return float(values.min()) - gap, float(values.max()) + gap
