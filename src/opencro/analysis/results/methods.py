"""The methods by name: what each computes, from which columns, with which function of `stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opencro.analysis.results.compare import (
    compare_categories,
    compare_categories_exactly,
    compare_events,
    compare_means,
    compare_strata,
)
from opencro.analysis.results.describe import count_subjects, summarize_values
from opencro.analysis.results.model import Analysis
from opencro.analysis.results.models import fit_ancova, fit_coefficient, fit_repeated_measures
from opencro.analysis.results.prepare import Material

Found = tuple[tuple[str, ...], str, Mapping[str, float | str | None]]


@dataclass(frozen=True)
class Method:
    """A method: words, its operations in order, its options, the function for all groups at once.

    `nothing` are the operations of a group without rows, where these are known without looking.
    """

    words: str
    operations: tuple[str, ...]
    options: tuple[str, ...]
    compute: Callable[[Material, Analysis], Iterable[Found]]
    nothing: Mapping[str, float | str | None] = field(default_factory=dict)


_ESTIMATES = ("estimate", "se", "df", "lower", "upper", "statistic", "p")
_MOMENTS = ("n", "mean", "sd", "se", "median", "q1", "q3", "min", "max", "sum")
METHODS: Mapping[str, Method] = {
    "count": Method(
        "number and share of participants",
        ("n", "pct", "N", "records"),
        ("base", "within"),
        count_subjects,
        {"n": 0, "pct": 0.0, "records": 0},
    ),
    "summarize": Method("descriptive statistics of a number", _MOMENTS, (), summarize_values, {"n": 0}),
    "anova": Method("one-way analysis of variance", ("f", "p"), ("across", "groups"), compare_means),
    "chi_square": Method(
        "Pearson's chi-square test of a table",
        ("chi2", "df", "p"),
        ("across", "groups", "response"),
        compare_categories,
    ),
    "fisher_table": Method(
        "Fisher's exact test of a table", ("p",), ("across", "groups", "response"), compare_categories_exactly
    ),
    "fisher": Method("Fisher's exact test of participants with an event", ("p",), ("across", "groups"), compare_events),
    "cmh": Method(
        "Cochran-Mantel-Haenszel test within strata",
        ("chi2", "df", "p"),
        ("across", "groups", "response", "strata", "alternative"),
        compare_strata,
    ),
    "ancova": Method(
        "least squares means of a linear model", _ESTIMATES, ("across", "groups", "model", "weights"), fit_ancova
    ),
    "mmrm": Method(
        "least squares means of a mixed model for repeated measures",
        _ESTIMATES,
        ("across", "groups", "model", "visit", "covariance", "df"),
        fit_repeated_measures,
    ),
    "coefficient": Method("coefficient of a number in a linear model", _ESTIMATES, ("model", "term"), fit_coefficient),
}
