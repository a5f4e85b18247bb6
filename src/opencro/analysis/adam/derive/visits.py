"""Analysis visits: windows of days, and the visits that they stand for.

Source: ADaMIG 1.3 section 3.3.3 (AVISIT, AWRANGE, AWTARGET, AWTDIFF, AWLO, AWHI, AWU); section 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from opencro.analysis.adam.derive.derivation import Column, Condition, condition, derivation


class Window(BaseModel):
    """One window: days from `low` to `high` (open where left out) stand for a visit with a target day."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    visit: str
    number: float
    target: float
    low: float | None = None
    high: float | None = None
    range: str = ""

    @property
    def words(self) -> str:
        """The window as text."""
        return f"{self.visit} ({self.shown_range})"

    @property
    def shown_range(self) -> str:
        """The range as it stands in AWRANGE."""
        if self.range:
            return self.range
        if self.low is None or self.high is None:
            return f"<={self.high:g}" if self.high is not None else f">={self.low:g}"
        return f"{self.low:g}-{self.high:g}"


Windows = Annotated[Sequence[Window | dict[str, Any]], "windows"]
"""Windows of days with the visits that they stand for."""
WINDOW_COLUMNS = ("AVISIT", "AVISITN", "AWRANGE", "AWTARGET", "AWLO", "AWHI", "AWTDIFF", "AWU")
"""What the functions below make."""
_AT = "\u00b7at"
_DAY = "\u00b7day"


@derivation("The analysis visit with its window in which {day} falls: {windows}{where}", makes=WINDOW_COLUMNS)
def derive_windows(
    data: pl.DataFrame,
    where: Condition = None,
    *,
    windows: Windows,
    day: Column = "ADY",
    unit: str = "DAYS",
) -> pl.DataFrame:
    """The analysis visit of each record by its day: AVISIT, AVISITN and the window in AW columns.

    AWTDIFF is the distance of the day from the target. Days outside all windows have no visit.
    Source: ADaMIG 1.3 section 3.3.3.
    """
    declared = read_windows(windows)
    at: pl.Expr = pl.lit(None, dtype=pl.Int32)
    for i, window in reversed(list(enumerate(declared))):
        inside = pl.col(day).is_not_null()
        inside = inside if window.low is None else inside & (pl.col(day) >= window.low)
        inside = inside if window.high is None else inside & (pl.col(day) <= window.high)
        at = pl.when(inside).then(pl.lit(i, dtype=pl.Int32)).otherwise(at)
    return _with_window(data, pl.when(condition(data, where)).then(at), declared, day, unit)


@derivation(
    "The window of the analysis visit {visit}, and the distance of {day} from its target{where}",
    makes=WINDOW_COLUMNS,
)
def derive_window_of_visit(
    data: pl.DataFrame,
    where: Condition = None,
    *,
    windows: Windows,
    day: Column = "ADY",
    visit: Column = "AVISITN",
    unit: str = "DAYS",
) -> pl.DataFrame:
    """The window of each record's analysis visit: for records that were carried into another visit.

    Source: ADaMIG 1.3 section 3.3.3.
    """
    declared = read_windows(windows)
    place = {w.number: i for i, w in enumerate(declared)}
    at = pl.col(visit).replace_strict(place, default=None, return_dtype=pl.Int32)
    return _with_window(data, pl.when(condition(data, where)).then(at), declared, day, unit)


def read_windows(windows: Sequence[Window | dict[str, Any]]) -> list[Window]:
    """Windows as values."""
    return [w if isinstance(w, Window) else Window.model_validate(w) for w in windows]


def _with_window(data: pl.DataFrame, at: pl.Expr, windows: list[Window], day: str, unit: str) -> pl.DataFrame:
    table = pl.DataFrame(
        {
            _AT: range(len(windows)),
            "AVISIT": [w.visit for w in windows],
            "AVISITN": [w.number for w in windows],
            "AWRANGE": [w.shown_range for w in windows],
            "AWTARGET": [w.target for w in windows],
            "AWLO": [w.low for w in windows],
            "AWHI": [w.high for w in windows],
        },
        schema_overrides={_AT: pl.Int32, "AWLO": pl.Float64, "AWHI": pl.Float64},
    )
    placed = data.select(at.alias(_AT), pl.col(day).alias(_DAY))
    found = placed.join(table, on=_AT, how="left", maintain_order="left").with_columns(
        (pl.col(_DAY) - pl.col("AWTARGET")).abs().alias("AWTDIFF"),
        pl.when(pl.col("AVISITN").is_not_null()).then(pl.lit(unit)).alias("AWU"),
    )
    return data.with_columns(found.drop(_AT, _DAY).get_columns())
