"""What a declaration says of a method's options, read as names, numbers, or one of several words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from opencro.analysis.results.model import Analysis
from opencro.kernel.finding import Finding, Place, Refused, suggest

_T = TypeVar("_T")


def option_names(option: object) -> tuple[str, ...]:
    """One name or several; none where nothing is said."""
    return () if option is None else tuple(map(str, option)) if isinstance(option, tuple) else (str(option),)


def option_number(analysis: Analysis, name: str, otherwise: float) -> float:
    """A number; Refused (ANL-002) for anything else."""
    value = analysis.option(name, otherwise)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Refused([Finding("ANL-002", Place(), f'{name}: "{value}"', "a number", f"Write e.g. {name}: {otherwise:g}.")])


def option_choice(analysis: Analysis, name: str, known: Mapping[str, _T]) -> _T:
    """What stands under one of several words, the first unless said; Refused (ANL-002) for another word."""
    word = str(analysis.option(name, next(iter(known))))
    if word not in known:
        words = ", ".join(known)
        remedy = suggest(word, known) or "Write one of these."
        raise Refused([Finding("ANL-002", Place(), f'{name}: "{word}"', f"one of {words}", remedy)])
    return known[word]
