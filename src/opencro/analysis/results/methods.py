"""The methods by name: what each computes, from which columns, with which function of `stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from opencro.analysis.results.compare import (
    compare_categories,
    compare_categories_by_simulation,
    compare_categories_exactly,
    compare_events,
    compare_means,
    compare_strata,
)
from opencro.analysis.results.describe import count_subjects, summarize_values
from opencro.analysis.results.model import Analysis
from opencro.analysis.results.models import fit_ancova, fit_coefficient, fit_repeated_measures
from opencro.analysis.results.pairs import (
    compare_odds,
    compare_risks,
    compare_risks_by_ratio,
    compare_several_ranks,
    compare_two_means,
    compare_two_ranks,
)
from opencro.analysis.results.prepare import Material
from opencro.analysis.results.times import (
    compare_hazards,
    compare_rates,
    compare_survival,
    estimate_rate,
    estimate_survival,
)

Found = tuple[tuple[str, ...], str, Mapping[str, float | str | None]]


@dataclass(frozen=True)
class Method:
    """A method: words, its operations in order, its options, the function for all groups at once.

    `nothing` are the operations of a group without rows, where these are known without looking; `variables` those
    that it reads unless an option names others.
    """

    words: str
    operations: tuple[str, ...]
    options: tuple[str, ...]
    compute: Callable[[Material, Analysis], Iterable[Found]]
    nothing: Mapping[str, float | str | None] = field(default_factory=dict)
    variables: tuple[str, ...] = ()


_ESTIMATES = ("estimate", "se", "df", "lower", "upper", "statistic", "p")
_MOMENTS = ("n", "mean", "sd", "se", "median", "q1", "q3", "min", "max", "sum")
_LIMITS = ("estimate", "lower", "upper", "p")
_OF_PROPORTIONS = ("across", "groups", "base", "interval", "alpha")
_CENSORED = ("CNSR",)
_OF_TIMES = ("across", "groups", "censor", "strata")
_QUARTILES = tuple(f"{name}{limit}" for name in ("q1", "median", "q3") for limit in ("", "_lower", "_upper"))
_AT = ("at_risk", "survival", "survival_se", "survival_lower", "survival_upper")
_SURVIVAL = ("n", "events", "censored", *_QUARTILES, *_AT)
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
    "fisher_simulated": Method(
        "Fisher's exact test of a table, by simulation",
        ("p", "se"),
        ("across", "groups", "response", "seed", "replicates"),
        compare_categories_by_simulation,
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
    "risk_difference": Method("difference of two proportions", _LIMITS, _OF_PROPORTIONS, compare_risks),
    "risk_ratio": Method("ratio of two proportions", _LIMITS, _OF_PROPORTIONS, compare_risks_by_ratio),
    "odds_ratio": Method("ratio of two odds", _LIMITS, _OF_PROPORTIONS, compare_odds),
    "t_test": Method("t test of two means", _ESTIMATES, ("across", "groups", "variances", "alpha"), compare_two_means),
    "wilcoxon": Method(
        "Wilcoxon's rank-sum test and Hodges-Lehmann shift",
        ("estimate", "lower", "upper", "u", "statistic", "p"),
        ("across", "groups", "distribution", "alpha"),
        compare_two_ranks,
    ),
    "kruskal_wallis": Method(
        "Kruskal-Wallis test of all groups", ("chi2", "df", "p"), ("across", "groups"), compare_several_ranks
    ),
    "kaplan_meier": Method(
        "Kaplan-Meier estimate", _SURVIVAL, ("censor", "at", "limits", "alpha"), estimate_survival, {"n": 0}, _CENSORED
    ),
    "log_rank": Method(
        "log-rank test",
        ("chi2", "df", "p"),
        (*_OF_TIMES, "weights", "rho", "gamma"),
        compare_survival,
        variables=_CENSORED,
    ),
    "hazard_ratio": Method(
        "hazard ratio of a Cox model",
        ("estimate", "se", "lower", "upper", "p"),
        (*_OF_TIMES, "ties", "alpha"),
        compare_hazards,
        variables=_CENSORED,
    ),
    "incidence_rate": Method(
        "events per time",
        ("n", "events", "time", "rate", "lower", "upper"),
        ("censor", "per", "interval", "alpha"),
        estimate_rate,
        {"n": 0},
        _CENSORED,
    ),
    "rate_ratio": Method(
        "ratio of two rates",
        _LIMITS,
        ("across", "groups", "censor", "interval", "alpha"),
        compare_rates,
        variables=_CENSORED,
    ),
}
