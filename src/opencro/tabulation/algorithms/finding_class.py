"""Findings: results in standard units, range indicators, baseline flags.

Source: CDISC SDTMIG 3.1.2 section 4.1.5.1 (original and standard results), 6.3 (--NRIND, --BLFL). Rounding is half
away from zero in exact arithmetic, so that a printed 2.675 becomes 2.68.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl
from pydantic import Field

from opencro.kernel.finding import Finding, Place, Severity
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench
from opencro.tabulation.algorithms.timing import whole_dates
from opencro.terms import Conversion, TermsStore

if TYPE_CHECKING:
    from opencro.tabulation.model import UnitConversion
    from opencro.tabulation.table import Table

_CENSORED = r"^\s*(<=|>=|<|>)?\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*$"


class StandardResult(Algorithm):
    """`standard: VSORRES` with `unit` and `test`: a result, or a limit of its range, in the standard unit.

    The domain's `conversions` say how; the most special row (one that names the test) counts. A sign of a censored
    result (`<40`) stays before the number; text that is no number stays as it is. `give: unit` gives the standard unit
    of a result that is present.
    """

    key: ClassVar[str] = "standard"
    standard: str
    unit: str
    test: str
    give: Literal["text", "range", "unit"] = "text"
    width: int | None = Field(default=None, ge=1, description="at most so many characters, decimals rounded away")

    def needs(self) -> frozenset[str]:
        return frozenset({self.standard, self.unit, self.test})

    def words(self) -> str:
        if self.give == "unit":
            return f"Standard unit of {self.test} for results in {self.unit}."
        limit = f", in at most {self.width} characters" if self.width else ""
        return f"{self.standard} converted from {self.unit} to the standard unit, rounded half away from zero{limit}."

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        names = [self.standard, self.unit, self.test]
        distinct = table.frame.select(pl.col(n).alias(c) for n, c in zip(names, "vut", strict=True)).unique()
        distinct = distinct.drop_nulls("v")
        made = [self._one(table, bench, *row) for row in distinct.iter_rows()]
        frame = distinct.with_columns(pl.Series("_made", made, dtype=pl.String))
        own = table.frame.select(pl.col(n).alias(c) for n, c in zip(names, "vut", strict=True))
        joined = own.join(frame, on=["v", "u", "t"], how="left", maintain_order="left", nulls_equal=True)
        return joined.get_column("_made")

    def _one(self, table: Table, bench: Bench, value: str, unit: str | None, test: str) -> str | None:
        row = conversion_of(table.domain.conversions, unit or "", test)
        if row is None:
            got = f'no conversion for results of {test} in "{unit or ""}"'
            place = Place(table.domain.file, None, "conversions")
            finding = Finding("TAB-104", place, got, "a row per collected unit", "Add the row.", Severity.WARNING)
            if finding not in bench.findings:
                bench.findings.append(finding)
            return None
        if self.give == "unit":
            return row.standard
        sign, number = split_censored(value)
        if number is None:
            return value
        decimals = row.range_decimals if self.give == "range" else row.decimals
        return sign + number_in_words(converted(number, row), decimals, self.width)


def conversion_of(rows: Sequence[UnitConversion], unit: str, test: str) -> UnitConversion | None:
    """The row for a unit and test: one that names the test before one that holds for all."""
    fitting = [r for r in rows if r.unit == unit and (not r.tests or test in r.tests)]
    return min(fitting, key=lambda r: not r.tests, default=None)


def split_censored(text: str) -> tuple[str, Fraction | None]:
    """`<40` is ("<", 40); a plain number has an empty sign; anything else is ("", None)."""
    stripped = text.strip()
    sign = next((s for s in ("<=", ">=", "<", ">") if stripped.startswith(s)), "")
    try:
        return sign, Fraction(Decimal(stripped.removeprefix(sign).strip()))
    except (ArithmeticError, ValueError):
        return "", None


@lru_cache(maxsize=256)
def _exact(unit: str, standard: str) -> Conversion:
    found = TermsStore().units().conversion(unit, standard)
    if isinstance(found, Finding):
        raise ValueError(f"{unit} to {standard}: {found.got}")
    return found


def converted(number: Fraction, row: UnitConversion) -> Fraction:
    """A number in the standard unit, exactly."""
    if row.factor:
        return number * Fraction(row.factor)
    if row.unit == row.standard or not row.standard:
        return number
    found = _exact(row.unit, row.standard)
    return number * found.scale + found.shift


def number_in_words(number: Fraction, decimals: int | None = None, width: int | None = None) -> str:
    """A number as the shortest decimal text, rounded half away from zero to decimals and to a width in characters.

    Without a limit a fraction that does not end is given to 15 decimals.
    """
    digits = 15 if decimals is None else decimals
    if width is not None:
        room = width - len(str(abs(int(number)))) - 1 - (number < 0)
        digits = min(digits, max(room, 0))
    scaled = abs(number) * 10**digits
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    text = f"{whole:0{digits + 1}d}"
    if digits:
        text = f"{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 and text != "0" else text


class RangeIndicator(Algorithm):
    """`range_indicator: LBORRES` with `low` and `high`: LOW below, HIGH above, NORMAL within.

    A censored result is judged only where its bound itself is outside: `<40` with a low limit of 50 is LOW, with 40
    nobody knows. Missing where there is no number or no limit.
    """

    key: ClassVar[str] = "range_indicator"
    range_indicator: str
    low: str
    high: str

    def needs(self) -> frozenset[str]:
        return frozenset({self.range_indicator, self.low, self.high})

    def words(self) -> str:
        return f"LOW where {self.range_indicator} < {self.low}, HIGH where it is > {self.high}, else NORMAL."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        text = pl.col(self.range_indicator).cast(pl.String)
        sign = text.str.extract(_CENSORED, 1).fill_null("")
        value = text.str.extract(_CENSORED, 2).cast(pl.Float64, strict=False)
        low, high = (pl.col(n).cast(pl.Float64, strict=False) for n in (self.low, self.high))
        known = value.is_not_null() & (low.is_not_null() | high.is_not_null())
        return (
            pl.when(known & (value < low) & ~sign.str.starts_with(">")).then(pl.lit("LOW"))
            .when(known & (value > high) & ~sign.str.starts_with("<")).then(pl.lit("HIGH"))
            .when(known & (sign == "")).then(pl.lit("NORMAL"))
            .otherwise(None)
        )  # fmt: skip


class BaselineFlag(Algorithm):
    """`baseline: VSORRES` with `by`: Y on the last result that is present on or before the reference date.

    With `at: BL` it is the result at that visit instead. `order` says which of several results on a day is the last.
    """

    key: ClassVar[str] = "baseline"
    baseline: str
    by: tuple[str, ...]
    at: str = ""
    date: str = ""
    order: tuple[str, ...] = ()
    reference: str = "DM.RFSTDTC"

    def needs(self) -> frozenset[str]:
        if self.at:
            return frozenset({self.baseline})
        return frozenset({self.baseline, self.date, self.reference, "USUBJID", *self.by, *self.order})

    def words(self) -> str:
        if self.at:
            return f"Y where {self.baseline} is present at visit {self.at}."
        return f"Y on the last {self.baseline} on or before {self.reference} by {', '.join(self.by)}."

    def compute(self, table: Table, bench: Bench) -> pl.Expr | pl.Series:
        if self.at:
            return pl.when((pl.col("_event") == self.at) & pl.col(self.baseline).is_not_null()).then(pl.lit("Y"))
        domain, variable = self.reference.split(".")
        reference = whole_dates(bench.tables[domain].per_participant(variable, table)).alias("_reference")
        day = whole_dates(table.frame.get_column(self.date)).alias("_day")
        rows = table.frame.select(self.baseline, "USUBJID", *self.by, *self.order, day)
        rows = rows.with_columns(reference).with_row_index("_i")
        before = rows.filter(pl.col(self.baseline).is_not_null() & (pl.col("_day") <= pl.col("_reference")))
        last = (
            before.sort("_day", *self.order, maintain_order=True).group_by("USUBJID", *self.by).agg(pl.col("_i").last())
        )
        flagged = rows.get_column("_i").is_in(last.get_column("_i").implode())
        return pl.select(pl.when(flagged).then(pl.lit("Y"))).to_series()
