"""Models: adjusted means and their differences, coefficients; one fit for each combination of `by`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.results.compare import levels_across, within_groups
from opencro.analysis.results.model import SUBJECT, Analysis
from opencro.analysis.results.prepare import Material, group_column

Found = tuple[tuple[str, ...], str, Mapping[str, float | str | None]]


def fit_ancova(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Least squares means by group and all differences of two, of the linear model `model`.

    In `model` the grouping `across` stands under its id, e.g. `CHG ~ arm + SITEGR1 + BASE`. Option `weights`: equal or
    observed (SAS's OM).
    """
    across, levels = levels_across(material, analysis)
    for groups, rows in within_groups(material, analysis, across):
        data, used = model_data(analysis, rows, across, levels)
        if len(used) < 2:
            continue
        try:
            fit = st.linear.fit_linear(
                st.formula.model_matrix(str(analysis.option("model")), data, levels={across: used})
            )
        except st.StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        weights: Literal["equal", "observed"] = "observed" if analysis.option("weights") == "observed" else "equal"
        means = st.formula.ls_means(*fit.parts, across, weights=weights, df=fit.df)
        yield from found_means(groups, used, means)


def fit_coefficient(material: Material, analysis: Analysis) -> Iterator[Found]:
    """The coefficient of the number `term` in the linear model `model`: slope, standard error, limits, t and p."""
    term = str(analysis.option("term"))
    for groups, rows in within_groups(material, analysis):
        data, _ = model_data(analysis, rows)
        try:
            fit = st.linear.fit_linear(st.formula.model_matrix(str(analysis.option("model")), data))
        except st.StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        unit = np.array([[float(name == term) for name in fit.matrix.names]])
        yield groups, "", _estimate(st.formula.linear_estimates(*fit.parts, unit, df=fit.df), 0)


def fit_repeated_measures(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Least squares means and differences of a mixed model for repeated measures, over all visits and at each.

    Options: `model` with the groups and the visit under their names, `visit` (a variable), `covariance` and `df` as
    `stats.mmrm.fit_mmrm` has them. A contrast at a visit is "a:b@visit".
    """
    across, levels = levels_across(material, analysis)
    visit = str(analysis.option("visit"))
    for groups, rows in within_groups(material, analysis, across):
        data, used = model_data(analysis, rows, across, levels, SUBJECT)
        try:
            fit = st.mmrm.fit_mmrm(
                str(analysis.option("model")),
                data,
                subject=SUBJECT,
                visit=visit,
                levels={across: used},
                covariance=str(analysis.option("covariance", "us")),
                df=str(analysis.option("df", "kenward-roger")),
            )
        except st.StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        yield from found_means(groups, used, fit.ls_means(across))
        at_visits = fit.ls_means(across, by=visit)
        for name in dict.fromkeys(str(cell[visit]) for cell in at_visits.cells):
            rows_at = [i for i, cell in enumerate(at_visits.cells) if str(cell[visit]) == name]
            yield from _at_visit(groups, used, at_visits, rows_at, name)


def _at_visit(
    groups: tuple[str, ...], levels: Sequence[str], means: st.formula.LsMeans, rows: list[int], visit: str
) -> Iterator[Found]:
    for level, i in zip(levels, rows, strict=True):
        yield groups, f"{level}@{visit}", _estimate(means, i)
    for reverse in (False, True):
        differences = st.formula.pairwise_differences(means, reverse=reverse)
        here = [i for i, cell in enumerate(differences.cells) if visit in map(str, cell.values())]
        pairs = [(a, b) for i, a in enumerate(levels) for b in levels[i + 1 :]]
        for (first, second), i in zip(pairs, here, strict=True):
            pair = (second, first) if reverse else (first, second)
            yield groups, f"{':'.join(pair)}@{visit}", _estimate(differences, i)


def model_data(
    analysis: Analysis, rows: pl.DataFrame, across: str = "", levels: Sequence[str] = (), *more: str
) -> tuple[pl.DataFrame, list[str]]:
    """The columns of a model, rows with everything present; and the groups that are left."""
    parsed = st.formula.parse_formula(str(analysis.option("model")))
    names = [*([parsed.response] if parsed.response else []), *parsed.variables]
    data = rows.with_columns(pl.col(group_column(across)).alias(across)) if across else rows
    data = data.select(list(dict.fromkeys([*names, *more]))).drop_nulls()
    if across:
        data = data.filter(pl.col(across).is_in(list(levels)))
    present = set(data[across].to_list()) if across else set()
    return data, [level for level in levels if level in present]


def found_means(groups: tuple[str, ...], levels: Sequence[str], means: st.formula.LsMeans) -> Iterator[Found]:
    """Results of adjusted means, one for each group, and of the differences of each two, both ways round."""
    for i, level in enumerate(levels):
        yield groups, level, _estimate(means, i)
    for sign, reverse in ((1, False), (-1, True)):
        differences = st.formula.pairwise_differences(means, reverse=reverse)
        pairs = [(a, b) for i, a in enumerate(levels) for b in levels[i + 1 :]]
        for i, (first, second) in enumerate(pairs):
            pair = (first, second) if sign > 0 else (second, first)
            yield groups, ":".join(pair), _estimate(differences, i)


def _estimate(made: st.formula.LinearEstimates, i: int) -> Mapping[str, float | str | None]:
    names = {"estimate": "estimate", "se": "se", "df": "df", "lower": "lower", "upper": "upper",
             "statistic": "statistic", "p": "p_value"}  # fmt: skip
    return {name: float(getattr(made, field)[i]) for name, field in names.items()}
