"""The rows of an analysis: those of its population and subset, each with its groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import polars as pl

from opencro.analysis.results.model import SUBJECT, SUBJECT_LEVEL, Analysis, Definitions, Grouping
from opencro.kernel.expression import Expression, parse_expression, to_polars
from opencro.kernel.finding import Findings, Refused

PREFIX = "_group_"


def group_column(identity: str) -> str:
    """The column in which the groups of a grouping stand."""
    return PREFIX + identity


def holds(condition: str, frame: pl.DataFrame) -> pl.Expr:
    """A condition over the columns of a frame; Refused where it cannot be read."""
    parsed = parse_expression(condition)
    if not isinstance(parsed, Expression):
        raise Refused(Findings(tuple(parsed)))
    return to_polars(parsed, dict(frame.schema))


def names_of(condition: str) -> tuple[str, ...]:
    """The variables that a condition names."""
    parsed = parse_expression(condition)
    return tuple(parsed.names()) if isinstance(parsed, Expression) else ()


@dataclass
class Material:
    """The datasets of a build with what a study declares about them; what was prepared of one is kept till the next."""

    datasets: Mapping[str, pl.DataFrame]
    definitions: Definitions
    _subjects: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    _rows: dict[tuple[str, str, str], pl.DataFrame] = field(default_factory=dict)
    _combinations: dict[Analysis, pl.DataFrame] = field(default_factory=dict)

    def subjects(self, population: str) -> pl.DataFrame:
        """The rows of ADSL that a population has."""
        frame = self.datasets[SUBJECT_LEVEL]
        condition = self.definitions.populations[population].where
        return frame.filter(holds(condition, frame)) if condition else frame

    def rows(self, analysis: Analysis) -> pl.DataFrame:
        """The rows of an analysis with a column of group ids for each of `by`; rows without a group are left out."""
        key = (analysis.dataset, analysis.population, analysis.where)
        if key not in self._rows:
            frame = self.datasets[analysis.dataset]
            if analysis.where:
                frame = self._filtered(frame, analysis.where)
            people = self.subjects(analysis.population).select(SUBJECT)
            for other in [k for k in self._rows if k[0] != analysis.dataset]:
                del self._rows[other]
            self._rows[key] = frame.join(people, on=SUBJECT, how="semi", maintain_order="left")
        per = analysis.by if analysis.per is None else analysis.per
        frame = self._rows[key]
        if analysis.take:
            frame = self.with_groups(frame, analysis.dataset, per)
            frame = _one_row(frame, [SUBJECT, *(group_column(g) for g in per)], analysis)
        frame = self.with_groups(frame, analysis.dataset, analysis.by)
        return frame.drop_nulls([group_column(g) for g in analysis.by])

    def combinations(self, analysis: Analysis) -> pl.DataFrame:
        """The groups of `by` that occur together in an analysis, each once, in the order of its rows."""
        if analysis not in self._combinations:
            rows = self.rows(analysis).select(group_column(g) for g in analysis.by)
            self._combinations[analysis] = rows.unique(maintain_order=True)
        return self._combinations[analysis]

    def _filtered(self, frame: pl.DataFrame, where: str) -> pl.DataFrame:
        """The rows for which a condition holds; it may name variables of ADSL that the dataset lacks."""
        people = self.datasets[SUBJECT_LEVEL]
        wanted = [n for n in names_of(where) if n not in frame.columns and n in people.columns]
        if wanted:
            frame = frame.join(people.select(SUBJECT, *wanted), on=SUBJECT, how="left", maintain_order="left")
        return frame.filter(holds(where, frame)).drop(wanted)

    def population_rows(self, analysis: Analysis, by: tuple[str, ...]) -> pl.DataFrame:
        """One row for each participant of the population, with the groups of `by` that divide participants."""
        frame = self.with_groups(self.subjects(analysis.population), SUBJECT_LEVEL, by)
        return frame.drop_nulls([group_column(g) for g in by])

    def divides_subjects(self, grouping: str) -> bool:
        """Whether a grouping divides participants rather than rows."""
        known = self.definitions.groupings.get(grouping)
        return known is not None and known.dataset == SUBJECT_LEVEL

    def with_groups(self, frame: pl.DataFrame, dataset: str, by: tuple[str, ...]) -> pl.DataFrame:
        """A frame with the columns of group ids."""
        for identity in by:
            if group_column(identity) in frame.columns:
                continue
            grouping = self.definitions.groupings.get(identity)
            if grouping is None:
                frame = frame.with_columns(pl.col(identity).cast(pl.String).alias(group_column(identity)))
            elif grouping.dataset in (None, dataset) or dataset == SUBJECT_LEVEL:
                frame = frame.with_columns(_assign(grouping, frame).alias(group_column(identity)))
            else:
                frame = frame.join(self._of_subjects(identity, grouping), on=SUBJECT, how="left", maintain_order="left")
        return frame

    def _of_subjects(self, identity: str, grouping: Grouping) -> pl.DataFrame:
        name = grouping.dataset or SUBJECT_LEVEL
        key = (name, identity)
        if key not in self._subjects:
            frame = self.datasets[name]
            groups = frame.select(SUBJECT, _assign(grouping, frame).alias(group_column(identity)))
            self._subjects[key] = groups.unique(SUBJECT, keep="first", maintain_order=True)
        return self._subjects[key]

    def groups_of(self, identity: str) -> Grouping | None:
        """A declared grouping, None for a plain variable."""
        return self.definitions.groupings.get(identity)


def _one_row(frame: pl.DataFrame, keys: list[str], analysis: Analysis) -> pl.DataFrame:
    """One row of each participant and group."""
    if analysis.take in ("first", "last"):
        present = frame.drop_nulls(analysis.of) if analysis.of else frame
        ordered = present.sort(analysis.order, maintain_order=True)
        return ordered.unique(keys, keep=analysis.take, maintain_order=True)  # type: ignore[arg-type]
    how = {"mean": pl.Expr.mean, "least": pl.Expr.min, "greatest": pl.Expr.max}[analysis.take]
    columns = [c for c in frame.columns if c not in keys]
    numbers = [c for c in columns if frame.schema[c].is_numeric()]
    made = [how(pl.col(c)) if c in numbers else pl.col(c).first() for c in columns]
    return frame.group_by(keys, maintain_order=True).agg(made)


def _assign(grouping: Grouping, frame: pl.DataFrame) -> pl.Expr:
    """The id of each row's group, null where it has none; the first group that fits counts."""
    if not grouping.groups:
        return pl.col(grouping.variable).cast(pl.String)

    def first(so_far: Any, group: Any) -> Any:
        fits = holds(group.where, frame) if group.where else _equals(grouping.variable, group.value, frame)
        return pl.when(fits).then(pl.lit(group.id)).otherwise(so_far)

    chain: pl.Expr = reduce(first, reversed(grouping.groups), pl.lit(None, dtype=pl.String))
    return chain


def _equals(variable: str, value: str | int | float | None, frame: pl.DataFrame) -> pl.Expr:
    column = pl.col(variable)
    if frame.schema[variable].is_numeric():
        return column == float(value if value is not None else "nan")
    return column.cast(pl.String) == str(value)
