"""Time to event: the first event, or the last day on which there was none.

Source: ADaM BDS for Time-to-Event Analyses 1.0, sections 3 and 4 (STARTDT, ADT, CNSR, EVNTDESC, SRCDOM).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from opencro.analysis.adam.derive.derivation import Columns, Source, chosen, derivation


class Happening(BaseModel):
    """An event or a reason for censoring: where its date stands, which rows count, and what it is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dataset: str = Field(description="name that goes to SRCDOM")
    date: str
    description: str
    where: str = ""
    sequence: str = Field(default="", description="column that goes to SRCSEQ")
    own: bool = Field(default=False, description="the date stands in the row itself, not in the source")
    censored: float = Field(default=0, ge=0, description="CNSR: 0 for an event")

    @property
    def words(self) -> str:
        """The happening as text."""
        return f"{self.dataset}.{self.date} ({self.description}{f', where {self.where}' if self.where else ''})"


Events = Annotated[Sequence[Happening | dict[str, Any]], "events"]
"""Kinds of events; those whose `own` is true have their date in the data, the others in the source."""
Censorings = Annotated[Sequence[Happening | dict[str, Any]], "censorings"]
"""Dates in the data on which the row ends without an event."""
TIME_TO_EVENT = ("ADT", "CNSR", "EVNTDESC", "SRCDOM", "SRCVAR", "SRCSEQ")
"""What the function below makes."""
_DATE, _KIND, _NUMBER = "\u00b7date", "\u00b7kind", "\u00b7number"


@derivation("The earliest of {events}; where there is none, the latest of {censorings}", makes=TIME_TO_EVENT)
def derive_time_to_event(
    data: pl.DataFrame, source: Source, by: Columns, *, events: Events, censorings: Censorings
) -> pl.DataFrame:
    """The first event of each row, else the latest of its dates of censoring (ADT, CNSR, EVNTDESC, SRCDOM, SRCSEQ).

    Events are looked for in the source's rows with the same `by`, or in the row itself (`own`); of several on one day
    the kind that is named first counts. Source: ADaM BDS for Time-to-Event Analyses 1.0, section 4.

    >>> from datetime import date
    >>> people = pl.DataFrame({"USUBJID": ["1", "2"], "EOSDT": [date(2020, 3, 1)] * 2})
    >>> events = pl.DataFrame({"USUBJID": ["2"], "ASTDT": [date(2020, 2, 1)], "AESEQ": [4.0]})
    >>> what = [{"dataset": "ADAE", "date": "ASTDT", "description": "rash", "sequence": "AESEQ"}]
    >>> end = [{"dataset": "ADSL", "date": "EOSDT", "description": "end of study", "censored": 1}]
    >>> derive_time_to_event(people, events, ["USUBJID"], events=what, censorings=end).select("CNSR", "SRCSEQ").rows()
    [(1.0, None), (0.0, 4.0)]
    """
    hits, ends = _read(events), _read(censorings)
    numbered = data.with_row_index("\u00b7place")
    found = [_happened(numbered, source, list(by), hit, kind) for kind, hit in enumerate(hits)]
    first = pl.concat(found).drop_nulls(_DATE).sort(_DATE, _KIND, _NUMBER, nulls_last=True, maintain_order=True)
    closed = [_happened(numbered, source, list(by), replace_own(end), kind) for kind, end in enumerate(ends)]
    last = pl.concat(closed).drop_nulls(_DATE).sort(_DATE, _KIND, descending=[True, False], maintain_order=True)
    one = pl.concat([_told(first, hits), _told(last, ends)]).unique("\u00b7place", keep="first", maintain_order=True)
    made = numbered.select("\u00b7place").join(one, on="\u00b7place", how="left", maintain_order="left")
    return data.with_columns(made.drop("\u00b7place").get_columns())


def replace_own(happening: Happening) -> Happening:
    """A happening whose date stands in the row itself."""
    return happening.model_copy(update={"own": True})


def _read(happenings: Sequence[Happening | dict[str, Any]]) -> list[Happening]:
    return [h if isinstance(h, Happening) else Happening.model_validate(h) for h in happenings]


def _happened(data: pl.DataFrame, source: pl.DataFrame, keys: list[str], hit: Happening, kind: int) -> pl.DataFrame:
    """Row, date, kind and number of every happening of one kind."""
    if hit.own:
        rows = chosen(data, hit.where).select("\u00b7place", pl.col(hit.date).alias(_DATE), *_no_number())
    else:
        number = pl.col(hit.sequence).cast(pl.Float64) if hit.sequence else pl.lit(None, dtype=pl.Float64)
        taken = chosen(source, hit.where).select(*keys, pl.col(hit.date).alias(_DATE), number.alias(_NUMBER))
        rows = data.select("\u00b7place", *keys).join(taken, on=keys, how="inner").drop(keys)
    return rows.select("\u00b7place", pl.col(_DATE).cast(pl.Date), pl.lit(kind).alias(_KIND), _NUMBER)


def _no_number() -> list[pl.Expr]:
    return [pl.lit(None, dtype=pl.Float64).alias(_NUMBER)]


def _told(rows: pl.DataFrame, kinds: list[Happening]) -> pl.DataFrame:
    """The first of each row with what is said of its kind."""
    one = rows.unique("\u00b7place", keep="first", maintain_order=True)

    def said(values: list[Any], kind: type[pl.DataType]) -> pl.Expr:
        return pl.col(_KIND).replace_strict(dict(enumerate(values)), return_dtype=kind)

    return one.select(
        "\u00b7place",
        pl.col(_DATE).alias("ADT"),
        said([float(k.censored) for k in kinds], pl.Float64).alias("CNSR"),
        said([k.description for k in kinds], pl.String).alias("EVNTDESC"),
        said([k.dataset for k in kinds], pl.String).alias("SRCDOM"),
        said([k.date for k in kinds], pl.String).alias("SRCVAR"),
        pl.col(_NUMBER).alias("SRCSEQ"),
    )
