"""What a listing declares: analysis/listings/<id>.yaml.

A listing shows rows of a dataset as they stand, one line each, participant by participant.
Source: ICH E3 (1995), sections 16.2 and 16.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from opencro.study import Name, Part, Text

ACROSS = 120
"""Signs of 9 point Courier that a landscape page of letter paper holds between margins of an inch."""


class ListedColumn(Part):
    """A column: words with variables in braces, `{AGE}`, `{AVAL:8.1}`, `{TRTSDT:date}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)  # blanks align numbers

    label: str
    show: Text
    width: int = Field(ge=3, le=ACROSS, description="in signs; longer words go on in the next line")
    align: Literal["left", "center", "right"] = "left"
    once: bool = Field(default=False, description="not repeated below while it and the once columns before it stay")
    page: bool = Field(default=False, description="a new value begins a new page")
    words: Mapping[str, str] = Field(default={}, description="what is shown in place of a value, e.g. Y: Yes")


class Listing(Part):
    """analysis/listings/<id>.yaml."""

    id: Name
    number: Text
    title: Text
    subtitle: str = ""
    population: Name
    dataset: Name
    where: str = Field(default="", description="which rows; it may name variables of ADSL")
    order: tuple[str, ...] = Field(min_length=1, description="variables; a leading - is descending")
    columns: tuple[ListedColumn, ...] = Field(min_length=1)
    apart: Name | None = Field(default=None, description="an empty line before each new value of this variable")
    none: Text = Field(default="No data met the criteria of this listing.", description="said where no row is listed")
    footnotes: tuple[str, ...] = ()
    lines_per_page: int = Field(default=34, ge=10, le=120)

    @model_validator(mode="after")
    def _fits_a_page(self) -> Self:
        wide = sum(column.width for column in self.columns)
        if wide > ACROSS:
            raise ValueError(f"the columns are {wide} signs wide; a page holds {ACROSS}")
        shown = [column.once for column in self.columns]
        if any(later and not earlier for earlier, later in pairwise(shown)):
            raise ValueError("put the columns that are shown `once` before the others")
        return self
