"""Pictures of curves over time, with limits and the numbers at risk below, in colours that all readers tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from opencro.stats.survival.risk_set import risk_at

if TYPE_CHECKING:
    from opencro.stats.survival.kaplan_meier import KaplanMeier

# Okabe and Ito (2008), and a line style each, for print without colour
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", "--", "-.", ":")


def plot_survival(
    curves: Mapping[Any, KaplanMeier], *, times: Sequence[float] | None = None, unit: str = "", limits: bool = True
) -> Any:
    """Draws Kaplan-Meier curves with censoring ticks, limits as bands and a table of the numbers at risk.

    `curves`: a label for each curve, as `kaplan_meier_by` gives; `times`: where the table counts, by default about six
    round times; `unit`: of the time axis, in print; `limits`: whether bands are drawn. Returns a matplotlib Figure.

    >>> type(plot_survival(kaplan_meier_by([1, 2, 3, 4], [1, 0, 1, 1], ["a", "b", "a", "b"]))).__name__
    'Figure'
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    figure = Figure(figsize=(7, 4 + 0.22 * len(curves)), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[8, max(len(curves), 1) * 0.6])
    for i, (label, curve) in enumerate(curves.items()):
        style: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)]}
        t = np.concatenate(([0.0], curve.time))
        above.step(t, np.concatenate(([1.0], curve.survival)), where="post", label=str(label), **style)
        if limits:
            lower, upper = (np.concatenate(([1.0], v)) for v in (curve.lower, curve.upper))
            above.fill_between(t, lower, upper, step="post", alpha=0.15, color=style["color"], linewidth=0)
        censored = curve.n_censored > 0
        above.plot(curve.time[censored], curve.survival[censored], "|", color=style["color"], markersize=5)
    above.set(ylim=(0, 1.02), xlim=(0, None), ylabel="Survival probability")
    if any(str(label) for label in curves):
        above.legend(frameon=False)
    ticks = [t for t in above.get_xticks() if t <= above.get_xlim()[1]]
    _draw_numbers(below, curves, ticks if times is None else times)
    below.set_xlabel(f"Time ({unit})" if unit else "Time")
    return figure


def plot_incidence(curves: Mapping[Any, Any], *, unit: str = "", limits: bool = True) -> Any:
    """Draws cumulative incidence curves, as `cumulative_incidence` gives one for each cause, with limits as bands.

    `curves`: labels and curves (`time`, `incidence`, `lower`, `upper`, `last`). Returns a matplotlib Figure.

    >>> type(plot_incidence({"a": cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1])})).__name__
    'Figure'
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for i, (label, curve) in enumerate(curves.items()):
        style: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)]}
        t = np.concatenate(([0.0], curve.time, [curve.last]))
        value, lower, upper = (np.concatenate(([0.0], v, v[-1:])) for v in (curve.incidence, curve.lower, curve.upper))
        axes.step(t[: value.size], value, where="post", label=str(label), **style)
        if limits:
            axes.fill_between(t[: value.size], lower, upper, step="post", alpha=0.15, color=style["color"], linewidth=0)
    axes.set(ylim=(0, None), xlim=(0, None), ylabel="Cumulative incidence")
    axes.set_xlabel(f"Time ({unit})" if unit else "Time")
    if any(str(label) for label in curves):
        axes.legend(frameon=False)
    return figure


def _draw_numbers(axes: Any, curves: Mapping[Any, KaplanMeier], times: Sequence[float]) -> None:
    at = np.asarray([t for t in times if t >= 0], dtype=np.float64)
    for i, (label, curve) in enumerate(curves.items()):
        for t, n in zip(at, risk_at(curve.sample, at), strict=True):
            axes.text(t, -i, f"{n:g}", ha="center", va="center", color=COLOURS[i % len(COLOURS)], fontsize=9)
        axes.annotate(str(label), (0, -i), xycoords=("axes fraction", "data"), xytext=(-18, 0),
                      textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
    axes.set(ylim=(-len(curves) + 0.4, 0.9), yticks=[])
    axes.set_title("At risk", loc="left", fontsize=9)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
