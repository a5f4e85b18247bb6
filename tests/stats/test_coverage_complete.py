"""Every public function that gives an interval or a p-value has a row in the table of coverage, or a reason here."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator

import pytest
from benchmarks.coverage.__main__ import PAGE

import opencro.stats as st
from opencro.stats import Result

FAMILIES = [name for name in st.__all__ if name.islower()]
SAYS = re.compile(r"(p|p_value|lower|upper|adjusted|adjusted_p|equivalent|p_\w+|\w+_lower|\w+_upper)$")
THRESHOLDS = {"limit_lower", "limit_upper"}
REASONS = {
    "bioequivalence.bioequivalence_batch": "the methods of the single analyses for many trials at once",
    "dose_response.compute_dose_means": "`adjusted` says whether covariates were used; there is no interval",
    "dose_response.dose_means": "as compute_dose_means",
    "dose_response.mcp_mod": "multiple_contrast_test, fit_dose_response and target_dose, which have rows",
    "generalized.response_means": "ls_means on the scale of the link, transformed without change of its coverage",
    "missing.tipping_point": "a search along tipping_grid; its p-value is alpha where it ends",
    "mmrm.fit_mmrm_arrays": "fit_mmrm behind its formula; the rows are computed with it",
}
UNTYPED = {
    "bayes.decision_table_two_arms",
    "dose_response.fit_assay_counts",
    "dose_response.fit_assay_curve",
    "dose_response.fit_dose_response",
    "linear.ancova",
    "linear.cluster_robust",
    "linear.fit_linear",
    "linear.hc_robust",
}
"""Their intervals or decisions are made by methods of the result."""


def _says(kind: object) -> bool:
    """Whether a result has a limit or a p-value, itself or in a result that it holds."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        names = {f.name for f in dataclasses.fields(kind)} - THRESHOLDS
        hints = typing.get_type_hints(kind) if issubclass(kind, Result) and kind.__module__.endswith("mcp_mod") else {}
        return any(SAYS.match(name) for name in names) or any(_says(hint) for hint in hints.values())
    if hasattr(kind, "_fields"):
        return any(SAYS.match(name) for name in kind._fields)
    return any(_says(part) for part in typing.get_args(kind))


def _answers() -> Iterator[str]:
    for family in FAMILIES:
        module = getattr(st, family)
        for name in module.__all__:
            function = getattr(module, name)
            if not inspect.isfunction(function) or name.startswith("plot_"):
                continue
            inner = inspect.unwrap(function)
            kind = typing.get_type_hints(inner, {**inner.__globals__, "Axes": object}).get("return")
            if _says(kind) or f"{family}.{name}" in UNTYPED:
                yield f"{family}.{name}"


@pytest.fixture(scope="module")
def rows() -> set[str]:
    return set(re.findall(r"^\| `(\w+\.\w+)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_every_function_with_an_interval_or_a_p_value_has_a_row_or_a_reason(rows: set[str]) -> None:
    """A batched or grouped form is proven equal to its single form by tests of its family."""
    answers = list(_answers())
    assert len(answers) > 200
    without = {a for a in answers if not {a, a.removesuffix("_batch"), a.removesuffix("_by"), f"{a}_batch"} & rows}
    assert without - set(REASONS) == set()


def test_no_reason_outlives_its_need(rows: set[str]) -> None:
    assert set(REASONS) & rows == set()


def test_every_row_names_a_public_function(rows: set[str]) -> None:
    named = {f"{family}.{name}" for family in FAMILIES for name in getattr(st, family).__all__}
    short = {row for row in rows if row not in named and f"{row}_batch" not in named}
    assert short == set()
