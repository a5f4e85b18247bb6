"""Columns of data as a model needs them: numbers, or codes of levels; rows with a missing value are taken out first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opencro.kernel.finding import suggest
from opencro.stats.result import Note, StatsError

Level = str | int | float | bool
Data = Mapping[str, Any] | pl.DataFrame
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Factor:
    """A column of levels: `codes` are positions in `levels`."""

    levels: tuple[Level, ...]
    codes: Codes


Column = Factor | Floats


def render_level(level: Level) -> str:
    """A level as it stands in the name of a column: 54.0 is "54"."""
    return str(int(level)) if isinstance(level, float) and level.is_integer() else str(level)


def read_frame(data: Data, names: Sequence[str], *, known: Sequence[str] = ()) -> pl.DataFrame:
    """The named columns as a frame; NaN is missing. Columns that are only `known` must exist too.

    Raises StatsError STA-002 for an unknown name, STA-003 for columns of different lengths or more than one dimension.
    """
    _check_names(data, (*names, *known))
    columns = [_as_series(name, data[name]) for name in names]
    lengths = {c.name: len(c) for c in columns}
    if len(set(lengths.values())) > 1:
        raise StatsError("STA-003", f"columns of the lengths {lengths}", "equal lengths", "Give one value per row.")
    return pl.DataFrame(columns)


def _check_names(data: Data, names: Sequence[str]) -> None:
    known = data.columns if isinstance(data, pl.DataFrame) else list(data)
    for name in names:
        if name not in known:
            some = ", ".join(map(str, list(known)[:12]))
            remedy = suggest(name, known) or "Check the formula."
            raise StatsError("STA-002", f"no column {name!r}", f"one of {some}", remedy)


def _as_series(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        column = values.alias(name)
    else:
        array = np.asarray(values) if not isinstance(values, list | tuple) else None
        if array is not None and array.ndim != 1:
            raise StatsError("STA-003", f"{name} with {array.ndim} dimensions", "one dimension", "Give plain vectors.")
        plain = array if array is not None and array.dtype.kind in "biufM" else list(values)
        column = pl.Series(name, plain, strict=False)
    return column.fill_nan(None) if column.dtype.is_float() else column


def complete_cases(frame: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.bool_], tuple[Note, ...]]:
    """The rows without a missing value, the mask of them, and a note that counts the others.

    Raises StatsError STA-004 where no row is left.
    """
    keep = np.ones(len(frame), dtype=bool)
    for column in frame.get_columns():
        if column.null_count():
            keep &= column.is_not_null().to_numpy()
    left = int(keep.sum())
    if left == 0:
        raise StatsError("STA-004", f"no complete row of {len(frame)}", "at least one", "Look for an empty column.")
    if left == len(frame):
        return frame, keep, ()
    gone = len(frame) - left
    note = Note("STA-005", f"{gone} of {len(frame)} rows have a missing value and are not analysed")
    return frame.filter(pl.Series(keep)), keep, (note,)


def as_column(column: pl.Series, levels: Sequence[Level] | None, factor: bool) -> tuple[Column, tuple[Note, ...]]:
    """A complete column as numbers or as a factor.

    Text, categories, enumerations and booleans are factors, and so is every column with explicit `levels`. Without
    them the levels are those of an enumeration in its order, else the sorted values. Levels that no row has are
    dropped with a note.

    Raises StatsError STA-006 for a value that is not among `levels`, STA-013 for an infinite number.
    """
    is_label = column.dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum)
    if not (is_label or factor or levels is not None):
        if not column.dtype.is_numeric():
            raise StatsError(
                "STA-006", f"{column.name} holds {column.dtype}", "numbers or labels", "Convert it before the analysis."
            )
        numbers = column.cast(pl.Float64).to_numpy()
        if not np.isfinite(numbers).all():
            raise StatsError("STA-013", f"infinite values in {column.name}", "finite numbers", "Look at their origin.")
        return numbers, ()
    if column.dtype in (pl.Categorical, pl.Enum):
        if levels is None and isinstance(column.dtype, pl.Enum):
            levels = tuple(column.dtype.categories)
        column = column.cast(pl.String)
    present = column.unique().sort()
    wanted = tuple(levels) if levels is not None else tuple(present)
    unknown = [v for v in present if v not in wanted]
    if unknown:
        remedy = suggest(str(unknown[0]), map(str, wanted)) or "Add it to the levels."
        raise StatsError("STA-006", f"{column.name} = {unknown[0]!r}", f"one of {list(wanted)}", remedy)
    found = set(present)
    used = tuple(v for v in wanted if v in found)
    notes = _unused_note(column.name, [v for v in wanted if v not in found])
    order = pl.Series(list(used), dtype=column.dtype)
    codes = column.replace_strict(order, pl.Series(range(len(used)), dtype=pl.UInt32)).to_numpy()
    return Factor(used, codes.astype(np.intp)), notes


def _unused_note(name: str, unused: Collection[Level]) -> tuple[Note, ...]:
    if not unused:
        return ()
    return (Note("STA-007", f"{name} never is {', '.join(map(render_level, unused))}: dropped from its levels"),)
