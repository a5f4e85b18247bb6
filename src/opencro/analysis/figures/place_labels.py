"""Words beside points such that they lie neither on each other nor on the points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from opencro.analysis.figures.style import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE, WIDTH, HEIGHT = 7.5, 0.62, 1.25
"""Size of the words in points; the width of a letter and the height of a line in multiples of it."""
ROOM = (9.5 * 72 * 0.92, 7.0 * 72 * 0.72)
"""About what the axes measure on the page, in points."""
STEPS = 9
"""How far from its point a word is looked for a place: so many steps of 6 points up and down."""
Box = tuple[float, float, float, float]


def place_labels(axes: Axes, x: np.ndarray, y: np.ndarray, radius: np.ndarray, words: Mapping[int, str]) -> int:
    """Write `words` by the number of their point, the first ones nearest to it; a thin line leads to those further off.

    `x`, `y` in the axes' linear scales, `radius` of each point on the page in points. Gives how many found no room near
    their point, and are not written.
    """
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across = (x - left) / (right - left) * ROOM[0]
    up = (y - low) / (high - low) * ROOM[1]
    taken = [(a - r, b - r, a + r, b + r) for a, b, r in zip(across, up, radius, strict=True)]
    left_out = 0
    for i, word in words.items():
        found = _nearest(across[i], up[i], radius[i], len(word) * SIZE * WIDTH, taken)
        if found is None:
            left_out += 1
            continue
        dx, dy, box = found
        taken.append(box)
        far = abs(dy) > 4
        axes.annotate(
            word, (x[i], y[i]), (dx, dy), textcoords="offset points", fontsize=SIZE, ha="left" if dx > 0 else "right",
            va="center", arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6} if far else None,
        )  # fmt: skip
    return left_out


def _nearest(x: float, y: float, radius: float, width: float, taken: list[Box]) -> tuple[float, float, Box] | None:
    """The offset of a word at its left or right end, and the box that it fills: the nearest free one, None if far."""
    for step in range(STEPS):
        for dy in (step * 6.0, -step * 6.0) if step else (0.0,):
            for side in (1, -1):
                dx = side * (radius + 3 + (6 if step else 0))
                start = x + dx if side > 0 else x + dx - width
                box = (start, y + dy - SIZE * HEIGHT / 2, start + width, y + dy + SIZE * HEIGHT / 2)
                inside = box[0] >= 0 and box[2] <= ROOM[0] and box[1] >= 0 and box[3] <= ROOM[1]
                if inside and not any(_meet(box, other) for other in taken):
                    return dx, dy, box
    return None


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
