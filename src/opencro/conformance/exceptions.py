"""Findings that a study explains instead of removing: a file of finding ids, or patterns of them, with the reason.

A finding's id is `RULE/DATASET/RECORD`; `*` stands for any text, so that `CORE-000024/AE/*` is every record of AE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from opencro.conformance.model import Issue, Report
from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.kernel.located import parse_located
from opencro.study import validation_findings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Reasoned(BaseModel):
    """One exception: the findings that it explains, and the words for the reviewer's guide."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    finding: str = Field(min_length=3, description="id of a finding; * stands for any text")
    explanation: str = Field(min_length=1, description="why the data are as they are, for the reviewer")


class ReasonedFile(BaseModel):
    """The file of a study."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    exceptions: tuple[Reasoned, ...] = ()


def parse_exceptions(text: str, file: str) -> tuple[tuple[Reasoned, ...], Findings]:
    """The exceptions of a file; none, with findings (CNF-009), when it cannot be understood."""
    document, findings = parse_located(text, file)
    if document is None:
        return (), Findings(tuple(findings))
    try:
        return ReasonedFile.model_validate(document.value).exceptions, Findings(tuple(findings))
    except ValidationError as error:
        return (), Findings(tuple(validation_findings(error, document, "CNF-009")))


def explain_report(report: Report, exceptions: Iterable[Reasoned], file: str) -> tuple[Report, Findings]:
    """The report with the explanation of each finding that has one, and a warning (CNF-010) for each unused one."""
    exceptions = tuple(exceptions)
    used: set[str] = set()

    def explained(issue: Issue) -> Issue:
        for one in exceptions:
            if fnmatchcase(issue.id, one.finding):
                used.add(one.finding)
                return replace(issue, explanation=one.explanation)
        return issue

    outcomes = tuple(replace(o, issues=tuple(map(explained, o.issues))) for o in report.outcomes)
    remedy = "Remove it, or correct its finding."
    unused = [
        Finding("CNF-010", Place(file), one.finding, "an id of a finding of this run", remedy, Severity.WARNING)
        for one in exceptions
        if one.finding not in used
    ]
    return Report(outcomes), Findings(tuple(unused))


def render_schemas() -> dict[str, str]:
    """File name -> JSON Schema of the file of exceptions."""
    schema = {"$schema": _DIALECT, "$id": "exceptions.schema.json", **ReasonedFile.model_json_schema()}
    return {"exceptions.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"}
