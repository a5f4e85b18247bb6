"""The report of a design as blocks: headings, words, tables, the picture, code. Page and paper show the same blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opencro.design.trial.planned import PlannedTrial
from opencro.design.trial.words import (
    describe_assumptions,
    number,
    percent,
    write_code,
    write_plan_text,
    write_protocol_text,
)


@dataclass(frozen=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table: its head, its rows; columns from the `words`-th on hold numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


@dataclass(frozen=True)
class Picture:
    """The pictures of the design."""


@dataclass(frozen=True)
class Code:
    """Lines of a program."""

    text: str


Block = Heading | Words | Grid | Picture | Code


def make_report(trial: PlannedTrial) -> list[Block]:
    """All blocks of the report, in reading order."""
    rows = tuple(describe_assumptions(trial.design))
    blocks: list[Block] = [Heading("Result"), _summary(trial), Picture(), Heading("Assumptions"),
                           Grid(("Assumption", "Value"), rows, words=2)]  # fmt: skip
    if trial.design.sources:
        named = tuple((s.assumption, s.source) for s in trial.design.sources)
        blocks.append(Grid(("Assumption", "Where it comes from"), named, words=2))
    blocks += [Heading("Looks and bounds"), _bounds(trial), _spent(trial), Heading("Power and expected size"),
               _power(trial), Heading("Text for the protocol")]  # fmt: skip
    blocks += [Words(text) for text in write_protocol_text(trial)]
    blocks.append(Heading("Text for the statistical analysis plan"))
    blocks += [Words(text) for text in write_plan_text(trial)]
    return [*blocks, Heading("Code to compute this design again"), Code(write_code(trial))]


def _whole(value: float) -> str:
    return str(math.ceil(value - 1e-9))


def _summary(trial: PlannedTrial) -> Grid:
    rows = [("Participants", f"{trial.n_total} ({trial.n[0]} treatment, {trial.n[1]} control)")]
    if trial.count_name == "events":
        rows.append(("Events at the final analysis", _whole(trial.count_total)))
    if trial.duration is not None:
        rows.append(("Expected duration", f"{trial.duration:.1f} months"))
    if len(trial.looks.look) > 1:
        rows += [(f"Expected {trial.count_name}, {key}", f"{value:.0f}") for key, value in trial.expected.items()]
        rows.append(("Maximal information over that of a trial without looks", f"{trial.plan.inflation:.4f}"))
    return Grid(("Quantity", "Value"), tuple(rows), words=2)


def _bounds(trial: PlannedTrial) -> Grid:
    looks = trial.looks
    with_month, with_futility = trial.duration is not None, trial.plan.futility_rule is not None
    head = ["Look", "Information", trial.count_name.capitalize(), *(["Month"] if with_month else [])]
    head += ["Efficacy Z", "nominal p", f"efficacy, {trial.effect_name}"]
    head += ["Futility Z", f"futility, {trial.effect_name}"] if with_futility else []
    rows = []
    for i, look in enumerate(looks.look):
        row = [str(look), percent(float(looks.information[i])), _whole(float(looks.count[i]))]
        row += [number(float(looks.month[i]), 1)] if with_month else []
        row += [
            number(float(looks.efficacy_z[i]), 4),
            f"{looks.efficacy_p[i]:.5f}",
            number(float(looks.efficacy_effect[i])),
        ]
        if with_futility:
            row += [number(float(looks.futility_z[i]), 4), number(float(looks.futility_effect[i]))]
        rows.append(tuple(row))
    return Grid(tuple(head), tuple(rows))


def _spent(trial: PlannedTrial) -> Grid:
    looks = trial.looks
    head = (
        "Look",
        "Type I error spent",
        "Power by then",
        "Stopped by then, no effect",
        "Stopped by then, planned effect",
    )
    rows = tuple(
        (str(k), f"{a:.5f}", percent(round(float(p), 4)), percent(round(float(n), 4)), percent(round(float(s), 4)))
        for k, a, p, n, s in zip(
            looks.look, looks.alpha_spent, looks.power, looks.stop_null, looks.stop_planned, strict=True
        )
    )
    return Grid(head, rows)


def _power(trial: PlannedTrial) -> Grid:
    step = (len(trial.curve_power) - 1) // 12
    rows = tuple(
        (number(float(e)), percent(round(float(p), 4)), f"{n:.0f}")
        for e, p, n in zip(
            trial.curve_effect[::step], trial.curve_power[::step], trial.curve_count[::step], strict=True
        )
    )
    return Grid((f"True {trial.effect_name}", "Power", f"Expected {trial.count_name}"), rows, words=0)
