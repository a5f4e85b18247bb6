"""The test bench of edit checks: cases beside the checks, and whether they cover every branch of every condition.

Read: forms/checks/*.yaml, rows on which a check speaks (`fires`) and on which it is silent (`passes`). Handed on: what
is wrong with them, CHK-001..006, and for each check how much of it the cases cover. Manual: docs/queries.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from opencro.capture.documents import read_document
from opencro.kernel.expression import (
    Expression,
    Types,
    conditions,
    evaluate,
    parse_expression,
    render_part,
    weigh_conditions,
)
from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.study import EditCheck, Name, Part, Study, item_types, study_types

FOLDER = "forms/checks/"
_CHECKS = "forms/checks.yaml"


def _as_collected(value: object) -> object:
    """Numbers may be written without quotes; what is collected is text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Row = Mapping[str, Annotated[str, BeforeValidator(_as_collected, json_schema_input_type=str | int | float)]]


class Cases(Part):
    """Rows of a check: what is collected, by the names of its condition; a name that is left out is missing."""

    fires: tuple[Row, ...] = Field(default=(), description="rows on which the check speaks")
    passes: tuple[Row, ...] = Field(default=(), description="rows on which it is silent")


class CaseFile(Part):
    """forms/checks/<any name>.yaml: cases of edit checks, by the id of the check."""

    checks: Mapping[Name, Cases]


@dataclass(frozen=True, slots=True)
class BenchResult:
    """A check on the bench: its cases, its branches (two for each condition), how many are covered, what is wrong."""

    check: EditCheck
    cases: int
    branches: int
    covered: int
    findings: Findings


def read_cases(study: Study) -> tuple[Mapping[str, Cases], Findings]:
    """The cases of all checks; CHK-001 (not understood), CHK-002 (check) and CHK-003 (name) are found."""
    cases: dict[str, Cases] = {}
    found: list[Finding] = []
    checks = {check.id: check for check in study.checks}
    for file in sorted(name for name in study.documents if name.startswith(FOLDER)):
        read, wrong = read_document(study, file, CaseFile, "CHK-001")
        found += wrong
        for name, own in (read.checks if read else {}).items():
            place = study.documents[file].place("checks", name)
            if name not in checks:
                remedy = suggest(name, checks) or f"Name a check of {_CHECKS}."
                found.append(Finding("CHK-002", place, f'check "{name}"', "an edit check of the study", remedy))
            elif name in cases:
                remedy = "Put the cases of a check into one place."
                found.append(Finding("CHK-002", place, f'cases of "{name}" again', "cases once", remedy))
            else:
                found += _check_names(checks[name], own, place)
                cases[name] = own
    return cases, Findings(tuple(found))


def run_bench(study: Study, cases: Mapping[str, Cases], checks: Iterable[EditCheck] | None = None) -> list[BenchResult]:
    """Run the cases of checks (all of the study, when none are given) and see which branches they cover.

    Findings: CHK-004 (a case gives the other result), CHK-005 (no case at all), CHK-006 (a branch that no case covers).
    A check whose condition cannot be read has the findings of its reading (EXP).
    """
    results = []
    for check in study.checks if checks is None else checks:
        place = _place(study, check)
        expression = parse_expression(check.when, place)
        if not isinstance(expression, Expression):
            results.append(BenchResult(check, 0, 0, 0, expression))
            continue
        own = item_types(study.forms[check.form]) if check.form in study.forms else {}
        known = {**study_types(study), **own}
        results.append(_judge(check, expression, known, cases.get(check.id, Cases()), place))
    return results


def _place(study: Study, check: EditCheck) -> Place:
    document = study.documents.get(_CHECKS)
    at = next((i for i, one in enumerate(study.checks) if one.id == check.id), 0)
    return document.place("checks", at, "when") if document else Place(_CHECKS)


def _check_names(check: EditCheck, cases: Cases, place: Place) -> Iterator[Finding]:
    expression = parse_expression(check.when)
    known = expression.names() if isinstance(expression, Expression) else ()
    for name in dict.fromkeys(name for row in (*cases.fires, *cases.passes) for name in row):
        if name not in known:
            remedy = suggest(name, known) or f"Use {', '.join(known)}."
            yield Finding("CHK-003", place, f"`{name}` in a case of {check.id}", "a name of its condition", remedy)


def _judge(check: EditCheck, expression: Expression, types: Types, cases: Cases, place: Place) -> BenchResult:
    rows = [(row, True) for row in cases.fires] + [(row, False) for row in cases.passes]
    found = [_surprise(check, row, fires, place) for row, fires in rows if _speaks(expression, row, types) is not fires]
    asked = conditions(expression)
    weighed = [weigh_conditions(expression, row, types) for row, _ in rows]
    open_branches = [
        (condition, true)
        for i, condition in enumerate(asked)
        for true in (True, False)
        if not any(verdicts[i].decides and verdicts[i].true is true for verdicts in weighed)
    ]
    if not rows:
        remedy = f"Give rows under `fires` and `passes` of {check.id} in {FOLDER}{check.form}.yaml."
        found.append(Finding("CHK-005", place, f"{check.id} has no cases", "cases of the check", remedy))
    else:
        found += [_uncovered(check, render_part(node), true, place) for node, true in open_branches]
    count = 2 * len(asked)
    return BenchResult(check, len(rows), count, count - len(open_branches), Findings(tuple(found)))


def _speaks(expression: Expression, row: Row, types: Types) -> bool:
    return evaluate(expression, row, types) is True


def _surprise(check: EditCheck, row: Row, fires: bool, place: Place) -> Finding:
    shown = ", ".join(f"{name} = {value or '(none)'}" for name, value in row.items()) or "an empty row"
    got, expected = ("is silent", "to speak") if fires else ("speaks", "to be silent")
    return Finding("CHK-004", place, f"{check.id} {got} on {shown}", expected, "Correct the condition or the case.")


def _uncovered(check: EditCheck, condition: str, true: bool, place: Place) -> Finding:
    word = "true" if true else "false"
    got = f"{check.id}: no case in which `{condition}` decides by being {word}"
    remedy = "Add a case whose result this condition alone changes; where there can be none, leave the condition out."
    return Finding("CHK-006", place, got, "a case for every branch", remedy)
