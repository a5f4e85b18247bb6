"""A graph of hypotheses drawn: circles with name and weight, arrows with the share that they pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Circle

INK, ACTIVE, REJECTED = (
    "#1a1a1a",
    "#cfe3f5",
    "#f2f2f2",
)  # light blue beside grey: told apart in any color vision, and by the rim
RADIUS = 0.34


def _places(m: int) -> NDArray[np.float64]:
    """Two rows where they suffice (as in the papers), a circle otherwise."""
    if m <= 3:
        return np.array([[1.9 * i, 0.0] for i in range(m)])
    if m % 2 == 0 and m <= 8:
        half = m // 2
        return np.array([[1.9 * (i % half), -1.9 * (i // half)] for i in range(m)])
    angle = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    return np.column_stack([np.cos(angle), np.sin(angle)]) * max(1.6, 0.42 * m)


def draw_graph(
    names: tuple[str, ...],
    weights: NDArray[np.float64],
    transitions: NDArray[np.float64],
    active: NDArray[np.bool_],
    axes: Axes | None,
) -> Axes:
    """Draws on `axes` (a new figure unless given) and gives the axes back."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    places = _places(len(names))
    if axes is None:
        width, height = np.ptp(places, axis=0) + 2
        _, axes = plt.subplots(figsize=(1.5 * width, 1.5 * height), layout="constrained")
    circles = [_draw_node(axes, *node) for node in zip(names, weights, places, active, strict=True)]
    for i, j in np.argwhere(transitions > 0):
        _draw_edge(axes, circles[i], circles[j], float(transitions[i, j]))
    low, high = places.min(axis=0) - 0.8, places.max(axis=0) + 0.8
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.set_axis_off()
    return axes


def _draw_node(axes: Axes, name: str, weight: float, place: NDArray[np.float64], alive: bool) -> Circle:
    from matplotlib.patches import Circle  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    circle = Circle(
        (float(place[0]), float(place[1])), RADIUS, facecolor=ACTIVE if alive else REJECTED, edgecolor=INK,
        linestyle="-" if alive else "--", linewidth=1.3, zorder=3,
    )  # fmt: skip
    axes.add_patch(circle)
    text = f"{name}\n{weight:.4g}" if alive else f"{name}\nrejected"
    axes.text(place[0], place[1], text, ha="center", va="center", fontsize=10 if alive else 8, color=INK, zorder=4)
    return circle


def _draw_edge(axes: Axes, source: Circle, target: Circle, share: float) -> None:
    """An arrow bent to the left of its direction, so that i -> j and j -> i stay apart; the share stands near its
    start."""
    from matplotlib.patches import FancyArrowPatch  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    bend, start, end = 0.18, np.array(source.center), np.array(target.center)
    arrow = FancyArrowPatch(
        source.center, target.center, connectionstyle=f"arc3,rad={-bend}", patchA=source, patchB=target,
        shrinkA=0, shrinkB=1, arrowstyle="-|>", color=INK, linewidth=1.1, mutation_scale=13, zorder=1,
    )  # fmt: skip
    axes.add_patch(arrow)
    along = end - start
    control = (start + end) / 2 + bend * np.array([-along[1], along[0]])
    at = min(0.5, (RADIUS + 0.38) / float(np.hypot(*along)))  # on the curve, just outside the circle of the start
    point = (1 - at) ** 2 * start + 2 * at * (1 - at) * control + at**2 * end
    axes.text(
        point[0], point[1], f"{share:.3g}", ha="center", va="center", fontsize=9, color=INK, zorder=2,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip
