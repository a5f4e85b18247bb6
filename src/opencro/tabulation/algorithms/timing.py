"""Dates, study days, visits, sequence numbers and epochs.

Source: CDISC SDTMIG 3.4 sections 4.4.2 (ISO 8601), 4.4.4 (study day), 4.4.5 (visits), 4.1.5 (--SEQ).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from opencro.kernel.finding import Finding, Place, Severity
from opencro.kernel.partial_date import format_partial_date, parse_partial_date
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench

if TYPE_CHECKING:
    from opencro.tabulation.table import Table


class IsoDate(Algorithm):
    """`date: AESTDAT` or `date: [DATE, TIME]`: ISO 8601 from whatever parts were collected."""

    key: ClassVar[str] = "date"
    origin: ClassVar[str] = "Collected"
    date: str | tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The items: a date and, if collected, a time."""
        return (self.date,) if isinstance(self.date, str) else self.date

    def needs(self) -> frozenset[str]:
        return frozenset(f"raw.{p}" for p in self.parts)

    def words(self) -> str:
        return f"{' and '.join(self.parts)} as ISO 8601, unknown parts left out."

    def compute(self, table: Table, bench: Bench) -> pl.Expr | pl.Series:
        dates = iso_dates(table.frame.get_column(f"raw.{self.parts[0]}"), table, bench)
        if len(self.parts) == 1:
            return dates
        times = table.frame.get_column(f"raw.{self.parts[1]}")
        joined = pl.select(pl.when(dates.str.len_chars() == 10).then(dates + "T" + times).otherwise(None)).to_series()
        return pl.select(pl.coalesce(joined, dates)).to_series()


def iso_dates(values: pl.Series, table: Table, bench: Bench) -> pl.Series:
    """Collected dates as ISO 8601 text; each distinct text is read once."""
    distinct = values.drop_nulls().unique()
    mapping: dict[str, str] = {}
    for text in distinct.to_list():
        value = parse_partial_date(text)
        if value is not None:
            mapping[text] = format_partial_date(value)
            continue
        bench.findings.append(
            Finding(
                "TAB-102",
                Place(table.domain.file, None, values.name),
                f'"{text}" is not a date',
                "ISO 8601 or DD-MON-YYYY, parts may be missing",
                "Correct the data by a query.",
                Severity.WARNING,
            )
        )
    return values.replace_strict(mapping, default=None, return_dtype=pl.String)


class StudyDayOf(Algorithm):
    """`study_day: AESTDTC`: days from the reference (default DM.RFSTDTC); none where a date is not whole."""

    key: ClassVar[str] = "study_day"
    study_day: str
    reference: str = "DM.RFSTDTC"

    def needs(self) -> frozenset[str]:
        return frozenset({self.study_day, self.reference})

    def words(self) -> str:
        return (
            f"Date part of {self.study_day} minus date part of {self.reference}, plus 1 when {self.study_day} is on or "
            "after it; there is no day 0."
        )

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        day = whole_dates(table.frame.get_column(self.study_day))
        reference = whole_dates(
            bench.tables[self.reference.split(".")[0]].per_participant(self.reference.split(".")[1], table)
        )
        distance = (day.cast(pl.Int32) - reference.cast(pl.Int32)).cast(pl.Float64)
        return distance + (distance >= 0).cast(pl.Float64)


def whole_dates(values: pl.Series) -> pl.Series:
    """ISO 8601 text as dates; missing where the date part is not whole."""
    return values.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False, exact=True)


class SequenceNumber(Algorithm):
    """`sequence: [AETERM, AESTDTC]`: 1, 2, 3 ... within each participant in this order."""

    key: ClassVar[str] = "sequence"
    sequence: tuple[str, ...]
    within: tuple[str, ...] = ("USUBJID",)

    def needs(self) -> frozenset[str]:
        return frozenset(n.lstrip("-") for n in (*self.sequence, *self.within))

    def words(self) -> str:
        return f"Consecutive number within {', '.join(self.within)}, ordered by {', '.join(self.sequence)}."

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        order = [n.lstrip("-") for n in self.sequence]
        frame = table.frame.select(*self.within, *(n for n in order if n not in self.within)).with_row_index("_i")
        falling = [False] * len(self.within) + [n.startswith("-") for n in self.sequence] + [False]
        ranked = frame.sort([*self.within, *order, "_i"], descending=falling, nulls_last=False, maintain_order=True)
        numbers = ranked.with_columns(pl.int_range(1, pl.len() + 1).over(self.within).cast(pl.Float64).alias("_n"))
        return numbers.sort("_i").get_column("_n")


class VisitFact(Algorithm):
    """`visit: number | name | day`: what the schedule says of the visit; unscheduled visits carry their own number."""

    key: ClassVar[str] = "visit"
    origin: ClassVar[str] = "Assigned"
    visit: Literal["number", "name", "day"]

    def words(self) -> str:
        return f"The visit's {self.visit} in the schedule of activities."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        visits = {v.id: v for v in bench.study.protocol.schedule.visits}
        event = pl.col("_event")
        unscheduled = event.is_in([v.id for v in visits.values() if v.unscheduled])
        if self.visit == "name":
            planned = event.replace_strict({k: v.name for k, v in visits.items()}, default=None, return_dtype=pl.String)
            return pl.when(unscheduled).then(planned).otherwise(planned)
        field = {k: (v.number if self.visit == "number" else v.day) for k, v in visits.items()}
        known = {k: float(v) for k, v in field.items() if v is not None}
        return event.replace_strict(known, default=None, return_dtype=pl.Float64)


class EpochOf(Algorithm):
    """`epoch: AESTDTC`: the epoch whose elements (SE) hold the date; ties to the later element."""

    key: ClassVar[str] = "epoch"
    epoch: str

    def needs(self) -> frozenset[str]:
        return frozenset({self.epoch, "USUBJID", "SE.SESTDTC", "SE.SEENDTC", "SE.ETCD", "SE.USUBJID"})

    def words(self) -> str:
        return f"Epoch of the element in SE in which {self.epoch} falls."

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        design = bench.study.protocol.design
        names = {e.id: e.name for e in design.epochs}
        epoch_of = {element: names[cell.epoch] for cell in design.cells for element in cell.elements}
        elements = bench.tables["SE"].frame.select(
            "USUBJID",
            pl.col("SESTDTC").alias("_start"),
            pl.col("ETCD").replace_strict(epoch_of, default=None, return_dtype=pl.String).alias("_epoch"),
        )
        dated = table.frame.select("USUBJID", pl.col(self.epoch).str.slice(0, 10).alias("_day")).with_row_index("_i")
        days = dated.filter(pl.col("_day").str.len_chars() == 10).sort("_day")
        joined = days.join_asof(
            elements.drop_nulls("_start").with_columns(pl.col("_start").str.slice(0, 10)).sort("_start"),
            left_on="_day", right_on="_start", by="USUBJID", strategy="backward", check_sortedness=False,
        )  # fmt: skip
        return dated.join(joined.select("_i", "_epoch"), on="_i", how="left", maintain_order="left").get_column(
            "_epoch"
        )
