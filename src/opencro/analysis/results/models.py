"""Models: adjusted means and their differences, coefficients; one fit for each combination of `by`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from opencro.analysis.results.compare import levels_across, within_groups
from opencro.analysis.results.model import Analysis
from opencro.analysis.results.prepare import Material, group_column
from opencro.stats import StatsError, linear
from opencro.stats.formula import (
    LinearEstimates,
    LsMeans,
    linear_estimates,
    ls_means,
    model_matrix,
    pairwise_differences,
    parse_formula,
)

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
            fit = linear.fit_linear(model_matrix(str(analysis.option("model")), data, levels={across: used}))
        except StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        weights = "observed" if analysis.option("weights") == "observed" else "equal"
        means = ls_means(*fit.parts, across, weights=weights, df=fit.df)  # type: ignore[arg-type]
        yield from found_means(groups, used, means)


def fit_coefficient(material: Material, analysis: Analysis) -> Iterator[Found]:
    """The coefficient of the number `term` in the linear model `model`: slope, standard error, limits, t and p."""
    term = str(analysis.option("term"))
    for groups, rows in within_groups(material, analysis):
        data, _ = model_data(analysis, rows)
        try:
            fit = linear.fit_linear(model_matrix(str(analysis.option("model")), data))
        except StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        unit = np.array([[float(name == term) for name in fit.matrix.names]])
        yield groups, "", _estimate(linear_estimates(*fit.parts, unit, df=fit.df), 0)


def model_data(
    analysis: Analysis, rows: pl.DataFrame, across: str = "", levels: Sequence[str] = ()
) -> tuple[pl.DataFrame, list[str]]:
    """The columns of a model, rows with everything present; and the groups that are left."""
    formula = parse_formula(str(analysis.option("model")))
    names = [*([formula.response] if formula.response else []), *formula.variables]
    data = rows.with_columns(pl.col(group_column(across)).alias(across)) if across else rows
    data = data.select(names).drop_nulls()
    if across:
        data = data.filter(pl.col(across).is_in(list(levels)))
    present = set(data[across].to_list()) if across else set()
    return data, [level for level in levels if level in present]


def found_means(groups: tuple[str, ...], levels: Sequence[str], means: LsMeans) -> Iterator[Found]:
    """Results of adjusted means, one for each group, and of the differences of each two, both ways round."""
    for i, level in enumerate(levels):
        yield groups, level, _estimate(means, i)
    for sign, reverse in ((1, False), (-1, True)):
        differences = pairwise_differences(means, reverse=reverse)
        pairs = [(a, b) for i, a in enumerate(levels) for b in levels[i + 1 :]]
        for i, (first, second) in enumerate(pairs):
            pair = (first, second) if sign > 0 else (second, first)
            yield groups, ":".join(pair), _estimate(differences, i)


def _estimate(made: LinearEstimates, i: int) -> Mapping[str, float | str | None]:
    names = {"estimate": "estimate", "se": "se", "df": "df", "lower": "lower", "upper": "upper",
             "statistic": "statistic", "p": "p_value"}  # fmt: skip
    return {name: float(getattr(made, field)[i]) for name, field in names.items()}
