"""What every method of this room gives back: a frozen value that prints as a small table.

A method that meets a limit (no events, an empty stratum, perfect separation) gives a defined answer and says so in a
`Note`; input that no method could answer raises `StatsError`. Nothing is ever silently replaced.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import polars as pl


class StatsError(ValueError):
    """Input that cannot be analysed: says what was got, what was expected and what to do."""

    def __init__(self, code: str, got: str, expected: str, remedy: str) -> None:
        self.code, self.got, self.expected, self.remedy = code, got, expected, remedy
        super().__init__(f"{code}: {got}; expected {expected}. {remedy}")


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the result must know, e.g. that no interval exists: a code and a sentence."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(frozen=True)
class Result:
    """A frozen result. A subclass is a frozen dataclass; its scalars and equally long vectors make its table.

    `title` (class) names the method. A subclass whose table is not simply its fields overrides `columns`.
    Fields named in `aside` are kept but not printed: covariance matrices, sets of replicates, nested results.
    """

    title: ClassVar[str] = ""
    aside: ClassVar[frozenset[str]] = frozenset()

    def columns(self) -> Mapping[str, Any]:
        """The columns of the table: names and either one value or as many as the table has rows."""
        shown = [f.name for f in fields(self) if f.name not in self.aside and f.name != "notes"]
        return {name: getattr(self, name) for name in shown}

    def to_frame(self) -> pl.DataFrame:
        """The table as a Polars frame at full precision; a single value stands in every row."""
        plain = {name: _plain(value) for name, value in self.columns().items()}
        lengths = {len(v) for v in plain.values() if isinstance(v, list)}
        if len(lengths) > 1:
            raise TypeError(f"{type(self).__name__} has columns of the lengths {sorted(lengths)}")
        rows = lengths.pop() if lengths else 1
        return pl.DataFrame({k: v if isinstance(v, list) else [v] * rows for k, v in plain.items()}, strict=False)

    def __str__(self) -> str:
        frame = self.to_frame()
        cells = [list(frame.columns), *([render_number(v) for v in row] for row in frame.iter_rows())]
        widths = [max(len(row[i]) for row in cells) for i in range(len(frame.columns))]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
        notes = [str(note) for note in getattr(self, "notes", ())]
        return "\n".join([*([self.title] if self.title else []), *lines, *notes])

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        head = "".join(f"<th>{html.escape(c)}</th>" for c in frame.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(render_number(v))}</td>" for v in row) + "</tr>"
            for row in frame.iter_rows()
        )
        notes = "".join(f"<p>{html.escape(str(n))}</p>" for n in getattr(self, "notes", ()))
        caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def render_number(value: object, digits: int = 5) -> str:
    """A value as a person reads it: `digits` significant digits, whole numbers whole, nothing for null, `.` for NaN."""
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if np.isnan(value):
            return "."
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e9 else f"{value:.{digits}g}"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.ndim else value.item()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value
