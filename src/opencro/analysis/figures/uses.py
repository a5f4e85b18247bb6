"""Which datasets and variables a figure names, and where in its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

import opencro.stats as st
from opencro.analysis.figures.model import Curve, Figure, ForestKind, Marks, ProfileKind, Track
from opencro.analysis.results import Definitions, names_of

SUBJECT_LEVEL = "ADSL"
_VARIABLES = ("time", "of", "x", "x_text", "text", "start", "end", "term", "parameter", "value", "upper", "lower",
              "day", "label", "tone")  # fmt: skip
_OWN = ("event", "going")


@dataclass(frozen=True)
class Use:
    """A variable (or with "" only its dataset) that is named; a condition may fall back on ADSL."""

    dataset: str
    variable: str
    at: tuple[str | int, ...]
    condition: bool = False


def uses_of(figure: Figure) -> Iterator[Use]:
    """Everything that a figure takes from datasets."""
    yield Use(figure.dataset, "", ("dataset",))
    yield from _condition(figure.dataset, figure.where, "where")
    for i, name in enumerate(figure.order):
        yield Use(figure.dataset, name, ("order", i))
    kind = getattr(figure, figure.kind)
    if isinstance(kind, ProfileKind):
        yield from _profile(kind)
    else:
        yield from _part(kind, figure.dataset, figure.kind)
    for i, marks in enumerate(getattr(kind, "marks", ())):
        yield from _other(marks, figure.kind, "marks", i)
    if isinstance(kind, ForestKind):
        yield from _forest(kind, figure)


def figure_datasets(figure: Figure, definitions: Definitions) -> frozenset[str]:
    """The datasets that a figure reads: those that it names, ADSL, and that of its grouping."""
    named = {use.dataset for use in uses_of(figure) if use.dataset}
    grouping = definitions.groupings.get(figure.by or "")
    divided = {grouping.dataset} if grouping is not None and grouping.dataset else set()
    return frozenset({SUBJECT_LEVEL, *named, *divided})


def _part(part: BaseModel, dataset: str, *at: str | int) -> Iterator[Use]:
    for field in _VARIABLES:
        name = getattr(part, field, None)
        words = field == "label" and not isinstance(part, Marks)
        if isinstance(name, str) and name and not words and not _unused(part, field):
            yield Use(dataset, name, (*at, field))
    for field in _OWN:
        if not _unused(part, field):
            for name in names_of(getattr(part, field, "") or ""):
                yield Use(dataset, name, (*at, field))
    yield from _condition(dataset, getattr(part, "where", ""), *at, "where")


def _unused(part: BaseModel, field: str) -> bool:
    """Whether a method has no need of what a field says, e.g. an analysis of covariance of an event."""
    method = getattr(part, "method", "")
    return (method == "ancova" and field in ("time", "event")) or (method == "risk_difference" and field == "time")


def _other(part: Track | Curve | Marks, *at: str | int) -> Iterator[Use]:
    yield Use(part.dataset, "", (*at, "dataset"))
    yield from _part(part, part.dataset, *at)


def _profile(kind: ProfileKind) -> Iterator[Use]:
    for words, name in kind.facts.items():
        yield Use(SUBJECT_LEVEL, name, ("profile", "facts", words))
    for i, track in enumerate(kind.tracks):
        yield from _other(track, "profile", "tracks", i)
    for i, curve in enumerate(kind.curves):
        yield from _other(curve, "profile", "curves", i)


def _forest(kind: ForestKind, figure: Figure) -> Iterator[Use]:
    for name in model_names(kind.model):
        if name != figure.by:
            yield Use(figure.dataset, name, ("forest", "model"))
    for i, line in enumerate(kind.lines):
        yield from _condition(figure.dataset, line.where, "forest", "lines", i, "where")


def model_names(model: str) -> tuple[str, ...]:
    """The variables of a formula; none where there is none, or none that can be read."""
    try:
        parsed = st.formula.parse_formula(model)
    except st.StatsError:
        return ()
    return (*([parsed.response] if parsed.response else []), *parsed.variables)


def conditions_of(figure: Figure) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every condition of a figure with its place."""
    kind = getattr(figure, figure.kind)
    yield figure.where, ("where",)
    for field in _OWN:
        if not _unused(kind, field):
            yield getattr(kind, field, ""), (figure.kind, field)
    for field in ("marks", "lines", "tracks", "curves"):
        for i, part in enumerate(getattr(kind, field, ())):
            yield getattr(part, "where", ""), (figure.kind, field, i, "where")


def _condition(dataset: str, condition: str, *at: str | int) -> Iterator[Use]:
    for name in names_of(condition) if condition else ():
        yield Use(dataset, name, at, condition=True)
