"""The rows behind a figure: those of its population, told apart by its grouping, prepared as for a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from opencro.analysis.figures.model import Figure
from opencro.analysis.results import SUBJECT, Analysis, Material, group_column, holds
from opencro.kernel.finding import Finding, Place, Refused

FOLDER = "analysis/figures/"
GROUP = "group"
FIGURE_METHOD = "figure"


class Nothing(Exception):
    """No row is left for a figure; it says so instead of a picture."""


@dataclass(frozen=True)
class Series:
    """One group of a figure: its id, its words on one line, its place in the order (which picks its pen)."""

    id: str
    label: str
    place: int


def both(*conditions: str) -> str:
    """Conditions that hold together."""
    said = [condition for condition in conditions if condition]
    return said[0] if len(said) == 1 else " and ".join(f"({condition})" for condition in said)


def rows_of(figure: Figure, material: Material, *, present: Iterable[str] = (), at: str | None = None) -> pl.DataFrame:
    """The rows of a figure with the id of their group in `group` ("" without a grouping).

    Rows without a group or with a null in `present` are left out; `take` takes one row of each participant, at each
    value of the variable `at` where there is one. Ordered by participant, so that the order of a file never shows.
    """
    by = () if figure.by is None else (figure.by,)
    per = by if at is None else (*by, at)
    analysis = Analysis(FIGURE_METHOD, figure.dataset, figure.population, where=figure.where, by=by,
                        take=figure.take or "", order=figure.order, per=per)  # fmt: skip
    rows = material.rows(analysis)
    group = pl.lit("") if figure.by is None else pl.col(group_column(figure.by))
    rows = rows.with_columns(group.alias(GROUP)).drop_nulls(list(present))
    if figure.groups:
        rows = rows.filter(pl.col(GROUP).is_in(list(figure.groups)))
    if rows.is_empty():
        raise Nothing
    return in_order(rows, SUBJECT, *present)


def in_order(rows: pl.DataFrame, *first: str) -> pl.DataFrame:
    """Rows in an order that depends on their content alone: by these columns, then by all others."""
    rest = [name for name in rows.columns if name not in first]
    return rows.sort([*dict.fromkeys(first), *rest], nulls_last=True, maintain_order=True)


def series_of(figure: Figure, material: Material, groups: Iterable[str]) -> tuple[Series, ...]:
    """The groups of a figure that occur, in the declared order; their places are those of all groups."""
    found = set(groups)
    if figure.by is None:
        return (Series("", "", 0),)
    grouping = material.groups_of(figure.by)
    declared = [] if grouping is None else [group.id for group in grouping.groups]
    wanted = list(figure.groups or declared or sorted(found))
    return tuple(Series(identity, label_of(figure.by, identity, material), wanted.index(identity))
                 for identity in wanted if identity in found)  # fmt: skip


def label_of(grouping: str, group: str, material: Material) -> str:
    """The words of a group on one line."""
    known = material.groups_of(grouping)
    title = group if known is None else known.group(group).title
    return " ".join(title.split())


def sizes_of(figure: Figure, material: Material) -> Mapping[str, int]:
    """Participants of the population in each group."""
    by = () if figure.by is None else (figure.by,)
    people = material.population_rows(Analysis(FIGURE_METHOD, "ADSL", figure.population), by)
    if not by:
        return {"": people.height}
    return dict(people.group_by(group_column(by[0])).len().iter_rows())


def where_true(condition: str, rows: pl.DataFrame) -> pl.Expr:
    """Whether a condition holds; false where it can't be told."""
    return holds(condition, rows).fill_null(value=False)


def one_row_each(figure: Figure, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, when each participant has one; else Refused with FIG-008."""
    twice = rows.filter(pl.col(SUBJECT).is_duplicated())[SUBJECT]
    if len(twice):
        got, remedy = f"{twice[0]} has {(twice == twice[0]).sum()} rows", "Say `take`, or narrow `where`."
        raise Refused([Finding("FIG-008", Place(f"{FOLDER}{figure.id}.yaml"), got, "one row each", remedy)])
    return rows
