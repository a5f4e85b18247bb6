"""Pictures of a design: its bounds over the information, power and expected size over the true effect.

The same design gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opencro.design.trial.planned import PlannedTrial

INK, BLUE, RED, GREY = "#1f2933", "#1f5fa8", "#b3442b", "#7b8794"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 9, "axes.edgecolor": GREY, "axes.labelcolor": INK, "text.color": INK,
    "xtick.color": INK, "ytick.color": INK, "svg.hashsalt": "opencro", "svg.fonttype": "path", "axes.grid": True,
    "grid.color": "#e4e7eb", "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def draw_bounds(trial: PlannedTrial, axes: Axes) -> None:
    """Bounds on the Z scale over what has come in."""
    looks = trial.looks
    axes.plot(looks.count, looks.efficacy_z, "o-", color=BLUE, label="efficacy")
    for x, z in zip(looks.count, looks.efficacy_z, strict=True):
        axes.annotate(
            f"{z:.2f}", (x, z), textcoords="offset points", xytext=(0, 7), ha="center", color=BLUE, fontsize=8
        )
    if trial.design.sided == 2:
        axes.plot(looks.count, -looks.efficacy_z, "o-", color=BLUE)
    shown = np.isfinite(looks.futility_z)
    if shown.any():
        ends = np.append(looks.futility_z[shown], looks.efficacy_z[-1])
        axes.plot([*looks.count[shown], looks.count[-1]], ends, "s--", color=RED, label="futility")
        for x, z in zip(looks.count[shown], looks.futility_z[shown], strict=True):
            axes.annotate(
                f"{z:.2f}", (x, z), textcoords="offset points", xytext=(0, -14), ha="center", color=RED, fontsize=8
            )
    axes.margins(x=0.09, y=0.16)
    axes.set_xlabel(trial.count_name)
    axes.set_ylabel("Z")
    axes.set_title("Bounds", loc="left", fontsize=10, fontweight="bold")
    axes.legend(frameon=False, fontsize=8)


def draw_power(trial: PlannedTrial, axes: Axes) -> None:
    """Power over the true effect, with the planned effect marked."""
    axes.plot(trial.curve_effect, trial.curve_power, color=BLUE)
    axes.axvline(trial.effect_planned, color=GREY, linestyle=":")
    axes.axvline(trial.effect_null, color=GREY, linestyle=":")
    axes.axhline(trial.design.power, color=GREY, linestyle=":")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"true {trial.effect_name}")
    axes.set_ylabel("power")
    axes.set_title("Power", loc="left", fontsize=10, fontweight="bold")


def draw_expected(trial: PlannedTrial, axes: Axes) -> None:
    """Expected participants or events over the true effect."""
    axes.plot(trial.curve_effect, trial.curve_count, color=RED)
    axes.axhline(trial.count_total, color=GREY, linestyle=":")
    axes.axvline(trial.effect_planned, color=GREY, linestyle=":")
    axes.set_ylim(0, trial.count_total * 1.08)
    axes.set_xlabel(f"true {trial.effect_name}")
    axes.set_ylabel(f"expected {trial.count_name}")
    axes.set_title("Expected size", loc="left", fontsize=10, fontweight="bold")


def panels_of(trial: PlannedTrial) -> list[Callable[[PlannedTrial, Axes], None]]:
    """What is drawn: a trial without looks has no bounds to show."""
    return [draw_bounds, draw_power, draw_expected] if len(trial.looks.look) > 1 else [draw_power]


def draw_design(trial: PlannedTrial) -> Figure:
    """The three pictures side by side, the bounds alone above where there are looks."""
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(9.2, 3.1), layout="constrained")
        panels = panels_of(trial)
        for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
            panel(trial, axes)
        return figure


def render_svgs(trial: PlannedTrial) -> list[str]:
    """The pictures as SVG elements for a page, each by itself so that they stand one below the other on a phone."""
    found = []
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        for panel in panels_of(trial):
            figure, target = Figure(figsize=(3.6, 3.0), layout="constrained"), BytesIO()
            panel(trial, figure.subplots())
            figure.savefig(target, format="svg", metadata={"Date": None})
            text = target.getvalue().decode()
            found.append(text[text.index("<svg") :])
    return found


def render_png(trial: PlannedTrial) -> bytes:
    """The pictures as pixels for paper, 220 per inch."""
    target = BytesIO()
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        draw_design(trial).savefig(target, format="png", dpi=220, metadata={"Software": None})
    return target.getvalue()
