"""How the pairs were decided, drawn: one bar for all pairs, then what each endpoint adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WON, UNDECIDED, LOST = "#0072b2", "#d9d9d9", "#d55e00"  # blue and vermilion: told apart in any color vision


def draw_decisions(
    endpoint: tuple[str, ...], won: NDArray[np.float64], lost: NDArray[np.float64], axes: Axes | None
) -> Axes:
    """Shares of all pairs won (from the left) and lost (from the right), by endpoint, in percent."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    if axes is None:
        _, axes = plt.subplots(figsize=(7, 1.2 + 0.5 * len(endpoint)), layout="constrained")
    names = ["all", *endpoint]
    shares = [(won.sum(), lost.sum()), *zip(won, lost, strict=True)]
    for row, (win, loss) in enumerate(shares):
        axes.barh(row, 100, color=UNDECIDED, height=0.6, label="not decided here" if row == 0 else None)
        axes.barh(row, 100 * win, color=WON, height=0.6, label="won" if row == 0 else None)
        axes.barh(row, 100 * loss, left=100 - 100 * loss, color=LOST, height=0.6, label="lost" if row == 0 else None)
        axes.text(
            1, row, f"{100 * win:.1f}", ha="left", va="center", fontsize=9, color="white" if win > 0.08 else "black"
        )
        axes.text(99, row, f"{100 * loss:.1f}", ha="right", va="center", fontsize=9, color="black")
    axes.set(yticks=range(len(names)), yticklabels=names, xlim=(0, 100), xlabel="pairs (%)")
    axes.invert_yaxis()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return axes
