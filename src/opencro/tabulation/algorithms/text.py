"""Pieces of text: characters out of the middle, text cut to a length.

Source: SDTM field practice (substring, truncation); a declared cut documents a loss that the submission carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl
from pydantic import Field

from opencro.tabulation.algorithms.algorithm import Algorithm, Bench

if TYPE_CHECKING:
    from opencro.tabulation.table import Table


class PartOfText(Algorithm):
    """`part_of: QSTESTCD` with `start: 1`, `characters: 7`: characters from a position (counted from 1)."""

    key: ClassVar[str] = "part_of"
    part_of: str
    start: int = Field(default=1, ge=1)
    characters: int | None = Field(default=None, ge=1)

    def needs(self) -> frozenset[str]:
        return frozenset({self.part_of})

    def words(self) -> str:
        until = f"{self.characters} characters" if self.characters else "the characters"
        return f"{until} of {self.part_of} from position {self.start}."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return pl.col(self.part_of).cast(pl.String).str.slice(self.start - 1, self.characters)


class CutText(Algorithm):
    """`cut: TOTAL` with `width: 4`: a number or text without what does not fit; 33.793 in 4 characters is 33.7.

    Nothing is rounded. A decimal point left at the end goes too.
    """

    key: ClassVar[str] = "cut"
    cut: str
    width: int = Field(ge=1)

    def needs(self) -> frozenset[str]:
        return frozenset({self.cut})

    def words(self) -> str:
        return f"{self.cut} as text, cut (not rounded) to {self.width} characters."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        value = pl.col(self.cut)
        text = value.cast(pl.String)
        if table.frame.schema[self.cut].is_float():
            text = text.str.replace(r"\.0$", "")
        return text.str.slice(0, self.width).str.strip_suffix(".")


class FixedDecimals(Algorithm):
    """`decimals: RATIO` with `places: 1`: a number as text with so many decimals, half away from zero; 1 is "1.0"."""

    key: ClassVar[str] = "decimals"
    decimals: str
    places: int = Field(ge=1, le=9)

    def needs(self) -> frozenset[str]:
        return frozenset({self.decimals})

    def words(self) -> str:
        return f"{self.decimals} with {self.places} decimals, rounded half away from zero."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        number = pl.col(self.decimals)
        scaled = number.abs() * 10**self.places
        # 0.35 is stored as 0.34999999999999998: a relative distance of 1e-14 counts as the half.
        units = (scaled + 0.5 + scaled * 1e-14).floor().cast(pl.Int64)
        sign = pl.when((number < 0) & (units > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
        rest = (units % 10**self.places).cast(pl.String).str.zfill(self.places)
        return pl.concat_str(sign, (units // 10**self.places).cast(pl.String), pl.lit("."), rest)
