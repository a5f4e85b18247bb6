"""Comparing: tests across the groups of one grouping, within the groups of the others.

The option `across` names the grouping that is compared. A contrast is "" for all groups together, a group's id for its
adjusted mean, "a:b" for group a against group b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.results.model import SUBJECT, Analysis
from opencro.analysis.results.options import option_names, option_number
from opencro.analysis.results.prepare import Material, group_column

Operations = Mapping[str, float | str | None]
Found = tuple[tuple[str, ...], str, Operations]
Counts = dict[tuple[str, ...], np.ndarray]


def levels_across(material: Material, analysis: Analysis) -> tuple[str, list[str]]:
    """The grouping that is compared, and the ids of its groups; option `groups` takes some of them only."""
    across = str(analysis.option("across"))
    grouping = material.definitions.groupings[across]
    chosen = analysis.option("groups")
    return across, list(map(str, chosen)) if isinstance(chosen, tuple) else [g.id for g in grouping.groups]


def within_groups(material: Material, analysis: Analysis, *more: str) -> Iterator[tuple[tuple[str, ...], pl.DataFrame]]:
    """The rows of each combination of `by`, with columns of groups for `more` too."""
    rows = material.with_groups(material.rows(analysis), analysis.dataset, more)
    keys = [group_column(g) for g in analysis.by]
    if not keys:
        yield (), rows
        return
    for values, part in rows.group_by(keys, maintain_order=True):
        yield tuple(str(v) for v in values), part


def attempt(compute: Callable[..., Operations], *arguments: object) -> Operations:
    """What a method gives, or, where it cannot answer, its reason under `note`."""
    try:
        return compute(*arguments)
    except st.StatsError as refused:
        return {"note": str(refused)}


def _anova(values: np.ndarray, groups: np.ndarray) -> Operations:
    tested = st.linear.one_way_anova(values, groups)
    return {"f": tested.f, "p": tested.p_value}


def _chi_square(table: np.ndarray) -> Operations:
    tested = st.categorical.pearson_chi_square(table)
    return {"chi2": tested.chi_square, "df": float(tested.df), "p": tested.p_value}


def _fisher(table: np.ndarray) -> Operations:
    tested = st.categorical.fisher_exact(table)
    limits = [str(note) for note in tested.notes if note.code == "STA-527"]
    return {"p": tested.p_value, "note": limits[0]} if limits else {"p": tested.p_value}


def _fisher_simulated(table: np.ndarray, seed: int, replicates: int) -> Operations:
    tested = st.categorical.fisher_exact_simulated(table, seed, replicates=replicates)
    return {"p": tested.p_value, "se": tested.standard_error}


def compare_means(material: Material, analysis: Analysis) -> Iterator[Found]:
    """F test of one-way analysis of variance of a number."""
    across, levels = levels_across(material, analysis)
    for groups, rows in within_groups(material, analysis, across):
        used = rows.drop_nulls([analysis.of, group_column(across)])
        used = used.filter(pl.col(group_column(across)).is_in(levels))
        if used[group_column(across)].n_unique() > 1:
            yield groups, "", attempt(_anova, used[analysis.of].to_numpy(), used[group_column(across)].to_numpy())


def compare_categories(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Pearson's chi-square of the groups against the categories of `response`, participants counted."""
    for groups, table in _tables(material, analysis):
        if _is_testable(table):
            yield groups, "", attempt(_chi_square, table)


def compare_categories_exactly(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Fisher's exact test of the groups against the categories of `response`, participants counted."""
    for groups, table in _tables(material, analysis):
        if _is_testable(table):
            yield groups, "", attempt(_fisher, table[table.sum(axis=1) > 0])


def compare_categories_by_simulation(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Fisher's exact test from `replicates` random tables with the same margins, drawn with `seed`; with p its error.

    For tables that the exact test refuses as too much work.
    """
    seed, replicates = (int(option_number(analysis, name, n)) for name, n in (("seed", 1), ("replicates", 100_000)))
    for groups, table in _tables(material, analysis):
        if _is_testable(table):
            yield groups, "", attempt(_fisher_simulated, table[table.sum(axis=1) > 0], seed, replicates)


def _is_testable(table: np.ndarray) -> bool:
    return bool((table.sum(axis=0) > 0).sum() > 1 and (table.sum(axis=1) > 0).sum() > 1)


def _tables(material: Material, analysis: Analysis) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    across, levels = levels_across(material, analysis)
    response = str(analysis.option("response"))
    for groups, rows in within_groups(material, analysis, across, response):
        categories = rows[group_column(response)].drop_nulls().unique().sort().to_list()
        yield groups, _cross(rows, across, levels, response, categories)


def _cross(rows: pl.DataFrame, across: str, levels: list[str], response: str, categories: list[str]) -> np.ndarray:
    """Participants by group and category."""
    columns = [group_column(across), group_column(response)]
    counted = rows.drop_nulls(columns).group_by(columns).agg(pl.col(SUBJECT).n_unique().alias("n"))
    table = np.zeros((len(levels), len(categories)))
    for level, category, n in counted.select(*columns, "n").iter_rows():
        if level in levels and category in categories:
            table[levels.index(level), categories.index(category)] = n
    return table


def compare_events(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Fisher's exact test of participants with an event, each two groups; and of all groups together.

    Participants of the population without a row have no event. Two groups without any event give nothing.
    """
    across, levels = levels_across(material, analysis)
    people = material.population_rows(analysis, (across,))
    sizes = dict(people.group_by(group_column(across)).len().iter_rows())
    whole = np.array([float(sizes.get(level, 0)) for level in levels])
    with_event: Counts = {}
    for groups, rows in within_groups(material, analysis, across):
        counted = dict(rows.group_by(group_column(across)).agg(pl.col(SUBJECT).n_unique()).iter_rows())
        with_event[groups] = np.array([float(counted.get(level, 0)) for level in levels])
    for a, b in combinations(range(len(levels)), 2):
        tables = np.array([[[n[a], whole[a] - n[a]], [n[b], whole[b] - n[b]]] for n in with_event.values()])
        if not len(tables):
            continue
        p_values = st.categorical.fisher_exact_batch(tables).p_value
        for groups, table, p in zip(with_event, tables, p_values, strict=True):
            if _is_testable(table):
                for first, second in ((a, b), (b, a)):
                    yield groups, f"{levels[first]}:{levels[second]}", {"p": float(p)}
    for groups, n in with_event.items():
        table = np.column_stack([n, whole - n])
        if _is_testable(table):
            yield groups, "", attempt(_fisher, table)


def compare_strata(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Cochran-Mantel-Haenszel test of groups and `response` within `strata`.

    Option `alternative`: general (default), row means, or correlation, with table scores: the ranks of the categories
    in the order of the grouping, or the numbers themselves where the response is a number.
    """
    across, levels = levels_across(material, analysis)
    response, strata = str(analysis.option("response")), option_names(analysis.option("strata"))
    statistic = str(analysis.option("alternative", "general"))
    for groups, rows in within_groups(material, analysis, across, response, *strata):
        categories = _categories(material, response, rows)
        parts = rows.drop_nulls([group_column(s) for s in strata])
        blocks = parts.partition_by([group_column(s) for s in strata], maintain_order=True) if strata else [parts]
        tables = np.array([_cross(block, across, levels, response, categories) for block in blocks])
        found = _test_strata(tables, statistic, _scores(categories))
        if found is not None:
            yield groups, "", found


def _categories(material: Material, response: str, rows: pl.DataFrame) -> list[str]:
    grouping = material.groups_of(response)
    present = rows[group_column(response)].drop_nulls().unique().to_list()
    if grouping is not None and grouping.groups:
        return [g.id for g in grouping.groups if g.id in present]
    try:
        return sorted(present, key=float)
    except ValueError:
        return sorted(present)


def _scores(categories: list[str]) -> list[float]:
    try:
        return [float(c) for c in categories]
    except ValueError:
        return [float(i) for i in range(1, len(categories) + 1)]


_STATISTICS = {"correlation": 0, "row means": 1, "general": 2}


def _test_strata(tables: np.ndarray, statistic: str, scores: list[float]) -> Mapping[str, float] | None:
    if tables.size == 0 or tables.shape[2] < 2 or not _is_testable(tables.sum(axis=0)):
        return None
    tested = st.categorical.cochran_mantel_haenszel(tables, column_scores=scores)
    at = _STATISTICS[statistic]
    return {
        "chi2": float(tested.chi_square[at]),
        "df": float(tested.df[at]),
        "p": float(tested.p_value[at]),
    }
