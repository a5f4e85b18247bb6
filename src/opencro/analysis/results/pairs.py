"""Groups compared: risks, odds, means, ranks; two of `across` both ways round, or all together.

The contrast "a:b" is group a against group b: a less b, or a divided by b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.results.compare import Found, Operations, attempt, levels_across, within_groups
from opencro.analysis.results.model import SUBJECT, Analysis
from opencro.analysis.results.options import option_choice, option_names, option_number
from opencro.analysis.results.prepare import Material, group_column

if TYPE_CHECKING:  # a family of statistics is imported when it is first used
    Limits = st.binary.Interval | st.binary.ScoreInterval
    Compared = Mapping[str, Callable[..., Limits]]


def compare_risks(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Difference of the shares of participants with a row; option `interval`: score, newcombe or wald."""
    binary = st.binary
    known: Compared = {"score": binary.miettinen_nurminen, "newcombe": binary.newcombe, "wald": binary.wald_difference}
    yield from _proportions(material, analysis, known)


def compare_risks_by_ratio(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Ratio of the shares of participants with a row; option `interval`: score or log."""
    known: Compared = {"score": st.binary.miettinen_nurminen_ratio, "log": st.binary.katz}
    yield from _proportions(material, analysis, known)


def compare_odds(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Ratio of the odds of a row; option `interval`: score, cornfield or log."""
    binary = st.binary
    known: Compared = {"score": binary.miettinen_nurminen_odds, "cornfield": binary.cornfield, "log": binary.woolf}
    yield from _proportions(material, analysis, known)


def _proportions(material: Material, analysis: Analysis, known: Compared) -> Iterator[Found]:
    """Participants of the population without a row have no event; they are counted in the groups of `base`."""
    compare = option_choice(analysis, "interval", known)
    alpha = option_number(analysis, "alpha", 0.05)
    across, levels = levels_across(material, analysis)
    base = option_names(analysis.option("base"))
    keys = [group_column(g) for g in (*base, across)]
    people = material.population_rows(analysis, (*base, across)).group_by(keys).len()
    sizes = {tuple(row[:-1]): int(row[-1]) for row in people.iter_rows()}
    for groups, rows in within_groups(material, analysis, across):
        counted = dict(rows.group_by(group_column(across)).agg(pl.col(SUBJECT).n_unique()).iter_rows())
        within = tuple(dict(zip(analysis.by, groups, strict=True)).get(g, "") for g in base)
        for a, b in permutations(levels, 2):
            table = [n for g in (a, b) for n in (int(counted.get(g, 0)), sizes.get((*within, g), 0))]
            yield groups, f"{a}:{b}", attempt(lambda t: _interval(compare, t, alpha), np.array(table))


def _interval(compare: Callable[..., Limits], table: np.ndarray, alpha: float) -> Operations:
    found = compare(*map(int, table), alpha=alpha)
    p_value = found.p_value if isinstance(found, st.binary.ScoreInterval) else None
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper, "p": p_value}


def compare_two_means(material: Material, analysis: Analysis) -> Iterator[Found]:
    """t test of the difference of two means; option `variances`: unequal (Welch, Satterthwaite) or equal (pooled)."""
    known = {"unequal": st.linear.t_test_welch, "equal": st.linear.t_test_pooled}
    test = option_choice(analysis, "variances", known)
    alpha = option_number(analysis, "alpha", 0.05)

    def compute(x: np.ndarray, y: np.ndarray) -> Operations:
        found = test(x, y, alpha=alpha)
        return {
            "estimate": found.estimate,
            "se": found.se,
            "df": found.df,
            "lower": found.lower,
            "upper": found.upper,
            "statistic": found.t,
            "p": found.p_value,
        }

    yield from _samples(material, analysis, compute)


def compare_two_ranks(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Wilcoxon's rank-sum test with Hodges and Lehmann's shift; option `distribution`: normal (corrected) or exact."""
    rank = st.rank
    known = {"normal": (rank.rank_sum, rank.hodges_lehmann), "exact": (rank.rank_sum_exact, rank.hodges_lehmann_exact)}
    test, shift = option_choice(analysis, "distribution", known)
    alpha = option_number(analysis, "alpha", 0.05)

    def compute(x: np.ndarray, y: np.ndarray) -> Operations:
        tested, moved = test(x, y), shift(x, y, alpha=alpha)
        limits = {"estimate": moved.estimate, "lower": moved.lower, "upper": moved.upper}
        return {**limits, "u": tested.u, "statistic": tested.z, "p": tested.p_value}

    yield from _samples(material, analysis, compute)


def compare_several_ranks(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Kruskal and Wallis's test that the groups of `across` have the same distribution.

    Groups without a value do not count. Of two groups it is Wilcoxon's rank-sum test without correction.
    """
    across, levels = levels_across(material, analysis)
    for groups, rows in within_groups(material, analysis, across):
        found = _values(analysis, rows, across, levels).values()
        yield groups, "", attempt(_kruskal_wallis, [values for values in found if values.size])


def _kruskal_wallis(samples: list[np.ndarray]) -> Operations:
    tested = st.rank.kruskal_wallis(samples)
    return {"chi2": tested.chi_square, "df": float(tested.df), "p": tested.p_value}


def _values(analysis: Analysis, rows: pl.DataFrame, across: str, levels: list[str]) -> dict[str, np.ndarray]:
    """The values of each group that are present."""
    column = group_column(across)
    present = rows.drop_nulls([analysis.of, column]).with_columns(pl.col(analysis.of).cast(pl.Float64))
    return {level: present.filter(pl.col(column) == level)[analysis.of].to_numpy() for level in levels}


def _samples(
    material: Material, analysis: Analysis, compute: Callable[[np.ndarray, np.ndarray], Operations]
) -> Iterator[Found]:
    across, levels = levels_across(material, analysis)
    for groups, rows in within_groups(material, analysis, across):
        samples = _values(analysis, rows, across, levels)
        for a, b in permutations(levels, 2):
            yield groups, f"{a}:{b}", attempt(compute, samples[a], samples[b])
