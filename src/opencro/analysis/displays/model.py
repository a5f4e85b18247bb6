"""What a display declares: analysis/displays/<id>.yaml.

Columns and rows are two trees. A node with `each` stands once for every group of a grouping; the groups on the way to a
cell, from both trees, are those of its analysis. What rows say of `dataset`, `where`, `population`, `method`, `of` and
`options` holds for everything below them; conditions add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from opencro.study import Name, Part, Text

DEFAULT_SLOT = ""
Option = str | int | float | bool | tuple[str, ...]


class Scope(Part):
    """What a node says of the analyses below it."""

    dataset: Name | None = None
    population: Name | None = None
    where: str = ""
    method: Name | None = None
    of: str | None = Field(default=None, description="the variable that is analysed")
    take: Literal["first", "last", "mean", "least", "greatest"] | None = Field(
        default=None, description="one row of each participant's rows in a group"
    )
    order: tuple[Name, ...] = Field(default=(), description="what first and last are told by")
    per: tuple[Name, ...] | None = Field(default=None, description="groupings within which `take` takes one row")
    options: Mapping[Name, Option] = {}


class Mark(Part):
    """A sign behind a cell whose results meet a condition, e.g. an asterisk where `p < 0.15`."""

    when: Text
    text: Text


class CellSpec(Scope):
    """What one cell shows: words with operations in braces, `{n:3} ({pct:3.0}%)`, and of which analysis."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)  # blanks align numbers

    show: str
    none: str | None = Field(default=None, description="shown where nobody is counted, or nothing was estimated")
    versus: Name | None = Field(default=None, description="the group that the column's group is compared with")
    pair: tuple[Name, Name] | None = Field(default=None, description="two groups that are compared, wherever it stands")
    visit: str = Field(default="", description="the visit of a model for repeated measures; empty: over all visits")
    at: Mapping[Name, Name] = Field(default={}, description="groups that are fixed: grouping: group")
    without: tuple[Name, ...] = Field(default=(), description="groupings of the way that do not count here")
    only: Mapping[Name, tuple[Name, ...]] = Field(default={}, description="shown in these groups' columns only")
    marks: tuple[Mark, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _words_alone(cls, given: Any) -> Any:
        return {"show": given} if isinstance(given, str) else given


class Total(Part):
    """A column of all groups together."""

    label: Text
    first: bool = False


class Column(Part):
    """A column, or with `each` one for every group; `columns` divides it further."""

    id: Name | None = Field(default=None, description="its slot: rows say by it what stands here")
    label: str = Field(default="{label}", description="{label} is the group's, {N} its number of participants")
    each: Name | None = None
    groups: tuple[Name, ...] = Field(default=(), description="only these, in this order")
    population: Name | None = Field(default=None, description="of its analyses and of {N}, here and in columns below")
    total: Total | None = None
    columns: tuple[Column, ...] = ()
    width: float = Field(default=1, gt=0, description="relative to the other columns")
    align: Literal["left", "center", "right", "decimal"] = "center"


class Order(Part):
    """Groups by the number of participants in one group of the columns, the largest first; ties by name."""

    count_in: Mapping[Name, Name] = {}


class Row(Scope):
    """A line, a heading, or with `each` lines for every group: first its own `cells`, then `lines`, then `rows`."""

    label: str = ""
    stub: int | None = Field(default=None, ge=0, description="label column, on the line of what follows; none: its own")
    labels: Mapping[int, str] = Field(
        default={}, description="further label columns: {label}, or {N}, the number of participants in its groups"
    )
    blank: bool = Field(default=False, description="an empty line before it")
    each: Name | None = None
    groups: tuple[Name, ...] = ()
    occurring: bool = Field(default=False, description="only declared groups that have rows in the data")
    sort: Order | Literal["name", "data"] = "data"
    cells: Mapping[str, CellSpec] = {}
    same: Name | None = Field(default=None, description="its cells are those of `sets` by this name")
    lines: Mapping[str, CellSpec] = Field(default={}, description="label: what it shows, one line each")
    beside: Mapping[Name, CellSpec] = Field(
        default={}, description="column id: shown on the first line with cells, for each group of `each`"
    )
    rows: tuple[Row, ...] = ()
    keep: bool = Field(default=False, description="stays on one page where it can")

    @model_validator(mode="before")
    @classmethod
    def _words_alone(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"blank": True} if given == "blank" else {"label": given}
        return given


class Display(Scope):
    """analysis/displays/<id>.yaml."""

    id: Name
    number: Text
    title: Text
    subtitle: str = ""
    population: Name
    dataset: Name = "ADSL"
    stub: tuple[str, ...] = Field(default=("",), min_length=1, description="headings of the label columns")
    stub_width: tuple[float, ...] = Field(default=(), description="relative widths of the label columns")
    columns: tuple[Column, ...] = Field(min_length=1)
    sets: Mapping[Name, Mapping[str, CellSpec]] = Field(default={}, description="cells that several rows share")
    rows: tuple[Row, ...] = Field(min_length=1)
    footnotes: tuple[str, ...] = ()
    lines_per_page: int = Field(default=40, ge=10, le=120)


Column.model_rebuild()
Row.model_rebuild()
