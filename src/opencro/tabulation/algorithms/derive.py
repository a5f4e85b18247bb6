"""Derivations within a row: expressions, conditions, the first value present, numbers, fixed width.

Source: the vocabulary of the SDTM field (condition, derive); CDISC SDTMIG 3.4 section 4.5.1 for results as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import polars as pl
from pydantic import Field

from opencro.kernel.expression import Expression, parse_expression, to_polars
from opencro.kernel.finding import Place, Refused
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench

if TYPE_CHECKING:
    from opencro.tabulation.table import Table


@lru_cache(maxsize=1024)
def parsed(text: str) -> Expression:
    """An expression; one that cannot be read is refused."""
    outcome = parse_expression(text, Place(path=text))
    if isinstance(outcome, Expression):
        return outcome
    raise Refused(outcome)


def names_in(text: str) -> frozenset[str]:
    """The names that an expression mentions; none for an empty text."""
    return frozenset(parsed(text).names()) if text else frozenset()


def column_of(table: Table, value: pl.Expr | pl.Series) -> pl.Series:
    """What an algorithm made, as a series as long as the table."""
    if isinstance(value, pl.Series):
        return value
    return table.frame.with_columns(value.alias("_made")).get_column("_made")


class Computed(Algorithm):
    """`compute: "VSSTRESN / 2"`: an expression over variables and items of the row."""

    key: ClassVar[str] = "compute"
    expression: str = Field(alias="compute")

    def needs(self) -> frozenset[str]:
        return names_in(self.expression)

    def words(self) -> str:
        return f"{self.expression}."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return to_polars(parsed(self.expression), dict(table.frame.schema))


class NumericOf(Algorithm):
    """`number: VSSTRESC`: the value as a number where it is one."""

    key: ClassVar[str] = "number"
    number: str

    def needs(self) -> frozenset[str]:
        return frozenset({self.number})

    def words(self) -> str:
        return f"{self.number} as a number; missing where it is not numeric."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return pl.col(self.number).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)


class Aligned(Algorithm):
    """`align_right: raw.DSSPID` with `width: 2`: the text with blanks before it up to a width."""

    key: ClassVar[str] = "align_right"
    align_right: str
    width: int = Field(ge=1)

    def needs(self) -> frozenset[str]:
        return frozenset({self.align_right})

    def words(self) -> str:
        return f"{self.align_right}, right-aligned in {self.width} characters."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        value = pl.col(self.align_right)
        if table.frame.schema[self.align_right] == pl.Float64:
            value = value.cast(pl.Int64)
        return value.cast(pl.String).str.pad_start(self.width, " ")


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a condition; an empty `when` is "otherwise"."""

    when: str
    then: Algorithm


class Case(Algorithm):
    """`case: [{when: ..., item: ...}, {value: ...}]`: the first branch whose condition is true."""

    key: ClassVar[str] = "case"
    case: tuple[Branch, ...]

    def needs(self) -> frozenset[str]:
        return frozenset[str]().union(*(names_in(b.when) | b.then.needs() for b in self.case))

    def words(self) -> str:
        return " ".join(
            f"If {b.when}: {b.then.words()}" if b.when else f"Otherwise: {b.then.words()}" for b in self.case
        )

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        schema = dict(table.frame.schema)
        made = [column_of(table, b.then.compute(table, bench)).alias(f"_then{i}") for i, b in enumerate(self.case)]
        result: pl.Expr = pl.lit(None)
        for i, branch in reversed(list(enumerate(self.case))):
            value = pl.col(f"_then{i}")
            result = (
                pl.when(to_polars(parsed(branch.when), schema)).then(value).otherwise(result) if branch.when else value
            )
        return table.frame.with_columns(made).select(result.alias("_case")).to_series()


class FirstPresent(Algorithm):
    """`first_of: [{lookup: ...}, {item: ...}]`: the first of these that is there."""

    key: ClassVar[str] = "first_of"
    first_of: tuple[Algorithm, ...]

    def needs(self) -> frozenset[str]:
        return frozenset[str]().union(*(a.needs() for a in self.first_of))

    def words(self) -> str:
        return "The first that is present of: " + " ".join(a.words() for a in self.first_of)

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        made = [column_of(table, a.compute(table, bench)).alias(f"_of{i}") for i, a in enumerate(self.first_of)]
        return pl.DataFrame(made).select(pl.coalesce(pl.all())).to_series()


class Greatest(Algorithm):
    """`greatest_of: [{lookup: ...}, {variable: ...}]`: the latest date or greatest text of these."""

    key: ClassVar[str] = "greatest_of"
    greatest_of: tuple[Algorithm, ...]

    def needs(self) -> frozenset[str]:
        return frozenset[str]().union(*(a.needs() for a in self.greatest_of))

    def words(self) -> str:
        return "The greatest of: " + " ".join(a.words() for a in self.greatest_of)

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        made = [column_of(table, a.compute(table, bench)).alias(f"_of{i}") for i, a in enumerate(self.greatest_of)]
        frame = pl.DataFrame(made)
        best = pl.col(frame.columns[0])
        for name in frame.columns[1:]:
            other = pl.col(name)
            best = pl.when(best.is_null() | (other > best)).then(other).otherwise(best)
        return frame.select(best.alias("_greatest")).to_series()


def innermost(algorithm: Algorithm) -> Algorithm:
    """The algorithm that a condition with one branch guards; any other algorithm itself."""
    while isinstance(algorithm, Case) and len(algorithm.case) == 1:
        algorithm = algorithm.case[0].then
    return algorithm
