"""The estimates of a forest plot, for one line of it or for every group of a grouping.

Numbers: analysis of covariance as in tables (`analysis.results`), hazard ratio by Cox's model with Efron's ties
(`stats.survival`), risk difference with limits by Miettinen and Nurminen (`stats.binary`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.figures.data import GROUP, both, where_true
from opencro.analysis.figures.model import Figure, ForestKind, ForestLine
from opencro.analysis.results import SUBJECT, Analysis, Cell, Material, compute_results, group_column, names_of

EVENT = "_event"


@dataclass(frozen=True)
class Effect:
    """An estimate of the first group of the pair against the second; None where it can't be estimated."""

    n_1: int
    n_2: int
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    note: str = ""


@dataclass(frozen=True)
class _Question:
    """What one estimate needs: the analysis of its line, the group of `each`, the rows of both."""

    figure: Figure
    kind: ForestKind
    line: ForestLine
    material: Material
    analysis: Analysis
    group: str
    rows: pl.DataFrame


def compute_effects(figure: Figure, kind: ForestKind, line: ForestLine, material: Material) -> Mapping[str, Effect]:
    """The effects of a line by the group of its `each`; "" without one."""
    compute: Callable[[_Question], Effect] = {"ancova": _ancova, "hazard_ratio": _hazard_ratio,
                                      "risk_difference": _risk_difference}[kind.method]  # fmt: skip
    analysis = _analysis(figure, kind, line)
    return {group: compute(_Question(figure, kind, line, material, analysis, group, rows))
            for group, rows in _parts(line, material, analysis)}  # fmt: skip


def _analysis(figure: Figure, kind: ForestKind, line: ForestLine) -> Analysis:
    by = () if line.each is None else (line.each,)
    options: tuple[tuple[str, str | tuple[str, ...]], ...] = (("across", str(figure.by)),)
    of = ""
    if kind.method == "ancova":
        options += (("model", kind.model),)
        of = st.formula.parse_formula(kind.model).response or ""
    if figure.groups:
        options += (("groups", figure.groups),)
    return Analysis(kind.method, figure.dataset, figure.population, of=of, where=both(figure.where, line.where), by=by,
                    take=figure.take or "", order=figure.order, per=by, options=options)  # fmt: skip


def _parts(line: ForestLine, material: Material, analysis: Analysis) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each group of `each`, in its order; of all together without one."""
    across = str(analysis.option("across"))
    rows = material.with_groups(material.rows(analysis), analysis.dataset, (across,))
    rows = rows.with_columns(pl.col(group_column(across)).alias(GROUP)).sort(SUBJECT, maintain_order=True)
    if line.each is None:
        yield "", rows
        return
    column = group_column(line.each)
    grouping = material.groups_of(line.each)
    declared = [] if grouping is None else [group.id for group in grouping.groups]
    for group in declared or sorted(rows[column].unique()):
        yield group, rows.filter(pl.col(column) == group)


def _sizes(kind: ForestKind, rows: pl.DataFrame) -> tuple[int, int]:
    one, two = (rows.filter(pl.col(GROUP) == group)[SUBJECT].n_unique() for group in kind.pair)
    return one, two


def _ancova(asked: _Question) -> Effect:
    from scipy.stats import t as student  # noqa: PLC0415  commands start without this heavy library

    kind, analysis = asked.kind, asked.analysis
    parsed = st.formula.parse_formula(kind.model)
    used = [n for n in ([parsed.response] if parsed.response else []) + list(parsed.variables) if n != asked.figure.by]
    n = _sizes(kind, asked.rows.drop_nulls(used))
    results = compute_results(asked.material, [analysis])
    groups = (asked.group,) if analysis.by else ()
    found = results.of(Cell(analysis, groups, ":".join(kind.pair)))
    estimate, se, df, p = (found.get(name) for name in ("estimate", "se", "df", "p"))
    if not (isinstance(estimate, float) and isinstance(se, float) and isinstance(df, float) and se == se):
        return Effect(*n, note=str(results.of(Cell(analysis, groups)).get("note") or "not estimable"))
    reach = float(student.isf((1 - kind.level) / 2, df)) * se
    return Effect(*n, estimate, estimate - reach, estimate + reach, float(p) if isinstance(p, float) else None)


def _hazard_ratio(asked: _Question) -> Effect:
    kind = asked.kind
    pair = asked.rows.filter(pl.col(GROUP).is_in(list(kind.pair))).drop_nulls(kind.time)
    pair = pair.with_columns(where_true(kind.event, pair).alias(EVENT))
    n = _sizes(kind, pair)
    if not all(n) or not pair[EVENT].any():
        return Effect(*n, note="no event, or a group is empty")
    arm = (pair[GROUP] == kind.pair[0]).to_numpy().astype(float)
    try:
        fit = st.survival.fit_cox(pair[kind.time].to_numpy(), pair[EVENT].to_numpy().astype(float), arm,
                               alpha=1 - kind.level)  # fmt: skip
    except st.StatsError as refused:
        return Effect(*n, note=str(refused))
    limits = float(fit.hazard_ratio[0]), float(fit.lower[0]), float(fit.upper[0])
    if not all(np.isfinite(limits)) or min(limits) <= 0:
        return Effect(*n, note="all events in one group: the hazard ratio has no end")
    return Effect(*n, *limits, float(fit.p[0]))


def _risk_difference(asked: _Question) -> Effect:
    kind, rows = asked.kind, asked.rows
    with_event = _sizes(kind, rows.filter(where_true(kind.event, rows)))
    n = _sizes(kind, _everybody(asked) if kind.everybody else rows)
    if not all(n):
        return Effect(*n, note="a group is empty")
    found = st.binary.miettinen_nurminen(with_event[0], n[0], with_event[1], n[1], alpha=1 - kind.level)
    return Effect(*n, found.estimate, found.lower, found.upper, found.p_value)


def _everybody(asked: _Question) -> pl.DataFrame:
    """The participants of the population in the groups of the line, with or without rows.

    A condition of the line over ADSL alone divides participants; one that names anything else divides rows.
    """
    across, material = str(asked.figure.by), asked.material
    by = tuple(identity for identity in (across, *asked.analysis.by) if material.divides_subjects(identity))
    people = material.population_rows(asked.analysis, by)
    people = people.with_columns(pl.col(group_column(across)).alias(GROUP))
    for identity in asked.analysis.by:
        if identity in by:
            people = people.filter(pl.col(group_column(identity)) == asked.group)
    condition = asked.line.where
    if condition and set(names_of(condition)) <= set(people.columns):
        people = people.filter(where_true(condition, people))
    return people
