"""Patterns of ISO 8601 dates and durations, built from one table of their parts.

Source: ISO 8601-1:2019 sections 4.3 and 5; SDTMIG 3.4 section 4.4 (an unknown part in the middle is a hyphen, unknown
parts at the right are left off).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DURATION", "FIELDS", "FULL", "KNOWN", "MOMENTS"]


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a date: its name, the mark that stands before it, and the values it can have."""

    name: str
    mark: str
    value: str


_SIXTY = "[0-5][0-9]"
_PARTS = (
    _Part("year", "", "[0-9]{4}"),
    _Part("month", "-", "(?:0[1-9]|1[0-2])"),
    _Part("day", "-", "(?:0[1-9]|[12][0-9]|3[01])"),
    _Part("hour", "T", "(?:[01][0-9]|2[0-3])"),
    _Part("minute", ":", _SIXTY),
    _Part("second", ":", _SIXTY),
    _Part("fraction", "[.,]", "[0-9]+"),
)
_HOUR = 3
FIELDS = tuple(part.name for part in _PARTS)


def _nested(parts: list[str], needed: int, zone: str) -> str:
    """Parts from the right to the left, each inside the one before it; those after `needed` may be left off."""
    tail = ""
    for place in reversed(range(len(parts))):
        tail = parts[place] + tail + (f"(?:{zone})?" if place == _HOUR else "")
        tail = tail if place < needed else f"(?:{tail})?"
    return tail


def _known(part: _Part) -> str:
    return f"{part.mark}(?P<{part.name}>{part.value})"


def _perhaps(part: _Part) -> str:
    return f"{part.mark}{part.value}" if part.name == "fraction" else f"{part.mark}(?:{part.value}|-)"


def _duration() -> str:
    """At least one count; the last one may have a decimal fraction; weeks stand alone."""
    count, decimal = "[0-9]+", "[0-9]+(?:[.,][0-9]+)?"

    def ending(units: str) -> str:
        lasts = range(len(units))
        ways = ["".join(f"(?:{count}{u})?" for u in units[:last]) + decimal + units[last] for last in lasts]
        return f"(?:{'|'.join(ways)})"

    days = "".join(f"(?:{count}{unit})?" for unit in "YMD")
    return f"P(?:{ending('YMD')}|{days}T{ending('HMS')}|{decimal}W)"


_OFFSET = f"Z|[+-](?:[01][0-9]|2[0-3])(?::{_SIXTY})?"
_MOMENT = _nested([_perhaps(part) for part in _PARTS], 1, _OFFSET)
MOMENTS = f"{_MOMENT}(?:/{_MOMENT})?"
KNOWN = _nested([_known(part) for part in _PARTS], 1, f"(?P<zone>{_OFFSET})")
FULL = _nested([part.mark + part.value for part in _PARTS], 3, _OFFSET)
DURATION = _duration()
