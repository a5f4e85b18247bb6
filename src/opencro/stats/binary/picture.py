"""The forest of a stratified difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.binary.score import miettinen_nurminen_batch
from opencro.stats.binary.score_stratified import stratified_miettinen_nurminen

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_strata(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05, labels: Sequence[str] = ()
) -> Axes:
    """Draws the Miettinen-Nurminen interval of each stratum and, below, the common one.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum, no arm empty.
        alpha: 1 minus the confidence level.
        labels: of the strata; their numbers by default.

    Returns:
        The axes; `axes.figure.savefig(...)` writes them.

    Raises:
        StatsError: as `stratified_miettinen_nurminen`.

    Example:
        >>> plot_strata([8, 5], [20, 9], [4, 3], [19, 12]).get_xlabel()
        'p1 - p2'
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    each = miettinen_nurminen_batch(x1, n1, x2, n2, alpha=alpha)
    common = stratified_miettinen_nurminen(x1, n1, x2, n2, alpha=alpha)
    middle = np.append(each.estimate, common.estimate)
    reach = np.stack([middle - np.append(each.lower, common.lower), np.append(each.upper, common.upper) - middle])
    names = [*(labels or [str(i) for i in range(1, len(each.estimate) + 1)]), "common"]
    axes = Figure(figsize=(6, 0.35 * len(names) + 1), layout="constrained").subplots()
    axes.errorbar(middle, range(len(names)), xerr=reach, fmt="s", capsize=2, color="black")
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("p1 - p2")
    return axes
