"""Time to event: the first event, or the last day on which there was none.

Source: ADaM BDS for Time-to-Event Analyses 1.0, sections 3 and 4 (STARTDT, ADT, CNSR, EVNTDESC, SRCDOM).
"""

from __future__ import annotations

from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from opencro.analysis.adam.derive.derivation import Columns, Source, chosen, derivation, in_order


class Happening(BaseModel):
    """An event or a reason for censoring: where its date stands, which rows count, and what it is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dataset: str = Field(description="name that goes to SRCDOM")
    date: str
    description: str
    where: str = ""
    sequence: str = Field(default="", description="column that goes to SRCSEQ")
    censored: float = Field(default=0, ge=0, description="CNSR: 0 for an event")

    @property
    def words(self) -> str:
        """The happening as text."""
        return f"{self.dataset}.{self.date} ({self.description}{f', where {self.where}' if self.where else ''})"


Event = Annotated[Happening | dict[str, object], "event"]
"""An event in the source."""
Censoring = Annotated[Happening | dict[str, object], "censoring"]
"""The date on which the row itself ends without an event."""
TIME_TO_EVENT = ("ADT", "CNSR", "EVNTDESC", "SRCDOM", "SRCVAR", "SRCSEQ")
"""What the function below makes."""


@derivation(
    "The earliest {event}; where there is none, {censoring}",
    makes=TIME_TO_EVENT,
)
def derive_time_to_event(
    data: pl.DataFrame,
    source: Source,
    by: Columns,
    *,
    event: Event,
    censoring: Censoring,
) -> pl.DataFrame:
    """The first event of each row's `by` in the source, else the censoring date of the row itself.

    Gives ADT, CNSR, EVNTDESC, SRCDOM, SRCVAR and SRCSEQ. `event` is about the source's rows, `censoring` names a date
    column of the data. Several kinds of events: join them to one source first, with their own description.
    Source: ADaM BDS for Time-to-Event Analyses 1.0, section 4.

    >>> from datetime import date
    >>> people = pl.DataFrame({"USUBJID": ["1", "2"], "EOSDT": [date(2020, 3, 1)] * 2})
    >>> events = pl.DataFrame({"USUBJID": ["2"], "ASTDT": [date(2020, 2, 1)], "AESEQ": [4.0]})
    >>> what = {"dataset": "ADAE", "date": "ASTDT", "description": "rash", "sequence": "AESEQ"}
    >>> end = {"dataset": "ADSL", "date": "EOSDT", "description": "end of study", "censored": 1}
    >>> derive_time_to_event(people, events, ["USUBJID"], event=what, censoring=end).select("CNSR", "SRCSEQ").rows()
    [(1.0, None), (0.0, 4.0)]
    """
    hit = event if isinstance(event, Happening) else Happening.model_validate(event)
    end = censoring if isinstance(censoring, Happening) else Happening.model_validate(censoring)
    found = data.join(_first(source, list(by), hit), on=list(by), how="left", maintain_order="left")
    happened = pl.col("\u00b7date").is_not_null()

    def either(one: str | float, other: str | float) -> pl.Expr:
        return pl.when(happened).then(pl.lit(one)).otherwise(pl.lit(other))

    return found.with_columns(
        pl.coalesce("\u00b7date", end.date).alias("ADT"),
        either(float(hit.censored), float(end.censored)).alias("CNSR"),
        either(hit.description, end.description).alias("EVNTDESC"),
        either(hit.dataset, end.dataset).alias("SRCDOM"),
        either(hit.date, end.date).alias("SRCVAR"),
        pl.col("\u00b7sequence").alias("SRCSEQ"),
    ).drop("\u00b7date", "\u00b7sequence")


def _first(source: pl.DataFrame, keys: list[str], hit: Happening) -> pl.DataFrame:
    """The date and the number of the first event of each."""
    order = [hit.date, *([hit.sequence] if hit.sequence else [])]
    rows = in_order(chosen(source, hit.where).drop_nulls(hit.date), order)
    number = pl.col(hit.sequence) if hit.sequence else pl.lit(None, dtype=pl.Float64)
    return rows.unique(keys, keep="first", maintain_order=True).select(
        *keys, pl.col(hit.date).alias("\u00b7date"), number.cast(pl.Float64).alias("\u00b7sequence")
    )
