"""A reporting event of the Analysis Results Standard: what it declares, and the results it publishes.

Findings: ARS-001 no JSON or no reporting event, ARS-002 a reference to what is not declared, ARS-003 a clause that
cannot be read, ARS-004 a method that we don't know, ARS-005 an analysis set that does not divide participants.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opencro.analysis.results.formats.ars_clauses import datasets_of, read_clause
from opencro.analysis.results.model import SUBJECT_LEVEL, Analysis, Definitions, Group, Grouping, Population
from opencro.kernel.finding import Finding, Findings, Place

EVERYBODY = "everybody"
_OPERATIONS = {
    "Count of subjects": "n",
    "Percent of subjects": "pct",
    "Count of non-missing values": "n",
    "Mean": "mean",
    "Standard deviation": "sd",
    "Median": "median",
    "First quartile": "q1",
    "Third quartile": "q3",
    "Minimum": "min",
    "Maximum": "max",
    "P-value": "p",
}
"""Names of operations in the standard's published examples -> ours."""
_COMPARISONS = {
    "Pearson's chi-square test group comparison for a categorical variable": "chi_square",
    "Analysis of variance group comparison for a continuous variable": "anova",
    "Fisher's exact test group comparison for a categorical variable": "fisher",
}
"""Names of comparing methods in the standard's published examples -> ours; others are given by the caller."""


@dataclass(frozen=True)
class PublishedResult:
    """One result as it was published; `groups` are pairs of grouping and group id or value, "" for all groups."""

    operation: str
    groups: tuple[tuple[str, str], ...]
    raw: str
    formatted: str


@dataclass(frozen=True)
class PlannedAnalysis:
    """One analysis: ours, its operations by id, its published results; `problem` says why it cannot be computed."""

    id: str
    name: str
    analysis: Analysis
    operations: Mapping[str, str]
    published: tuple[PublishedResult, ...]
    problem: str = ""


@dataclass(frozen=True)
class ReportingEvent:
    """The document as it is, and what it declares in our terms."""

    document: Mapping[str, Any]
    definitions: Definitions
    analyses: tuple[PlannedAnalysis, ...]


def read_ars(
    text: str | bytes, file: str = "ars.json", methods: Mapping[str, str] | None = None
) -> tuple[ReportingEvent | None, Findings]:
    """A reporting event and what is wrong with it; None where it is none. `methods`: name of a method -> our method."""
    try:
        document = json.loads(text)
    except ValueError as error:
        return None, Findings((_finding("ARS-001", file, "", f"no JSON: {error}", "JSON", "Correct the file."),))
    wanted = ("id", "name", "analyses", "methods", "analysisSets")
    missing = [k for k in wanted if not isinstance(document, dict) or k not in document]
    if missing:
        got = f"no {', no '.join(missing)}"
        remedy = "Give a ReportingEvent of the Analysis Results Standard 1.0."
        return None, Findings((_finding("ARS-001", file, "", got, "a reporting event", remedy),))
    reader = _Reader(document, file, {**_COMPARISONS, **(methods or {})})
    definitions = Definitions(populations=dict(reader.populations()), groupings=dict(reader.groupings()))
    analyses = tuple(reader.analysis(given) for given in document["analyses"])
    return ReportingEvent(document, definitions, analyses), Findings(tuple(reader.findings))


def _finding(code: str, file: str, path: str, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(file, None, path), got, expected, remedy)


class _Reader:
    """Walks a document and keeps what is wrong."""

    def __init__(self, document: Mapping[str, Any], file: str, comparisons: Mapping[str, str]) -> None:
        self._file = file
        self._comparisons = comparisons
        self._sets = {s["id"]: s for s in document["analysisSets"]}
        self._subsets = {s["id"]: s for s in document.get("dataSubsets", [])}
        self._groupings = {g["id"]: g for g in document.get("analysisGroupings", [])}
        self._methods = {m["id"]: m for m in document["methods"]}
        self._analyses = {a["id"]: a for a in document["analyses"]}
        self.findings: list[Finding] = []

    def populations(self) -> Iterator[tuple[str, Population]]:
        """Analysis sets; one that is not of ADSL is a finding and becomes everybody."""
        yield EVERYBODY, Population(label="Everybody")
        for identity, given in self._sets.items():
            clause = {"condition", "compoundExpression"} & set(given)
            where = self._clause(given, f"analysisSets/{identity}") if clause else None
            if where is not None and datasets_of(given) != {SUBJECT_LEVEL}:
                got = f"a condition on {', '.join(sorted(datasets_of(given)))}"
                self._say("ARS-005", f"analysisSets/{identity}", got, "conditions on ADSL", "Use a data subset.")
                where = None
            yield identity, Population(label=given.get("name") or identity, where=where or "")

    def groupings(self) -> Iterator[tuple[str, Grouping]]:
        """Groupings with their groups; a data-driven one has none."""
        for identity, given in self._groupings.items():
            groups = []
            for group in given.get("groups", []):
                where = self._clause(group, f"analysisGroupings/{identity}/{group['id']}")
                if where is not None:
                    groups.append(Group(id=group["id"], label=group.get("name", ""), where=where))
            yield (
                identity,
                Grouping(
                    label=given.get("name", ""),
                    dataset=given.get("groupingDataset"),
                    variable=given.get("groupingVariable", ""),
                    groups=tuple(groups),
                ),
            )

    def analysis(self, given: Mapping[str, Any]) -> PlannedAnalysis:
        """One analysis in our terms, as far as it can be said."""
        at = f"analyses/{given['id']}"
        before = len(self.findings)
        method = self._known("methods", given["methodId"], self._methods, at)
        subset = self._known("dataSubsets", given.get("dataSubsetId"), self._subsets, at)
        chosen = self._known("analysisSets", given.get("analysisSetId"), self._sets, at)
        where = (self._clause(subset, at) or "") if subset else ""
        ordered = sorted(given.get("orderedGroupings", []), key=lambda g: g.get("order", 0))
        names = [(g["groupingId"], bool(g.get("resultsByGroup"))) for g in ordered]
        for name, _ in names:
            self._known("analysisGroupings", name, self._groupings, at)
        operations = {o["id"]: _OPERATIONS.get(o["name"], "") for o in (method or {}).get("operations", [])}
        analysis = Analysis(
            self._method(method, operations, at),
            given["dataset"],
            chosen["id"] if chosen else EVERYBODY,
            of=given["variable"],
            where=where,
            by=tuple(name for name, by_group in names if by_group),
            options=tuple(sorted(self._options(given, names, subset).items())),
        )
        problem = "; ".join(f.got for f in self.findings[before:])
        return PlannedAnalysis(
            given["id"], given.get("name", ""), analysis, operations, tuple(_published(given)), problem
        )

    def _method(self, method: Mapping[str, Any] | None, operations: Mapping[str, str], at: str) -> str:
        known = set(operations.values())
        if method is None or "" in known or not known:
            if method is not None:
                names = [o["name"] for o in method.get("operations", [])]
                self._say("ARS-004", at, f"operations {names}", "known operations", "Give its method by name.")
            return ""
        if known == {"p"}:
            found = self._comparisons.get(method["name"], "")
            if not found:
                self._say("ARS-004", at, f'method "{method["name"]}"', "a known method", "Give its method by name.")
            return found
        return "count" if known <= {"n", "pct"} else "summarize"

    def _options(
        self, given: Mapping[str, Any], names: list[tuple[str, bool]], subset: Mapping[str, Any] | None
    ) -> dict[str, str | tuple[str, ...]]:
        options: dict[str, str | tuple[str, ...]] = {}
        together = [name for name, by_group in names if not by_group]
        if together:
            options["across"] = together[0]
            chosen = self._chosen(together[0], subset)
            if chosen:
                options["groups"] = chosen
        if len(together) > 1:
            options["response"] = together[1]
        for reference in given.get("referencedAnalysisOperations") or []:
            if reference["referencedOperationRelationshipId"].upper().endswith("DEN"):
                of = self._analyses.get(reference["analysisId"], {})
                options["base"] = tuple(g["groupingId"] for g in of.get("orderedGroupings", []))
        return options

    def _chosen(self, grouping: str, subset: Mapping[str, Any] | None) -> tuple[str, ...]:
        """The groups that a data subset leaves of a grouping that is compared."""
        of = self._groupings.get(grouping)
        kept = [c for c in _conditions(subset) if of and c["variable"] == of.get("groupingVariable")]
        if of is None or not kept or kept[0]["comparator"] not in ("IN", "EQ"):
            return ()
        values = set(kept[0]["value"])
        groups = [(g["id"], _conditions(g)) for g in of.get("groups", [])]
        return tuple(identity for identity, cs in groups if cs and values & set(cs[0]["value"]))

    def _clause(self, clause: Mapping[str, Any], at: str) -> str | None:
        try:
            return read_clause(clause)
        except (KeyError, IndexError) as error:
            self._say("ARS-003", at, f"a clause without {error}", "a condition or a compound", "Correct it.")
            return None

    def _known(
        self, kind: str, identity: str | None, known: Mapping[str, Mapping[str, Any]], at: str
    ) -> Mapping[str, Any] | None:
        if identity is not None and identity not in known:
            self._say("ARS-002", at, f'"{identity}"', f"one of {kind}", "Declare it, or correct the reference.")
        return known.get(identity) if identity is not None else None

    def _say(self, code: str, path: str, got: str, expected: str, remedy: str) -> None:
        self.findings.append(_finding(code, self._file, path, got, expected, remedy))


def _conditions(clause: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    if not clause:
        return []
    if "compoundExpression" in clause:
        return [c for part in clause["compoundExpression"].get("whereClauses", []) for c in _conditions(part)]
    return [clause["condition"]] if "condition" in clause else []


def _published(given: Mapping[str, Any]) -> Iterator[PublishedResult]:
    for result in given.get("results", []):
        named = result.get("resultGroups", [])
        groups = tuple((g["groupingId"], str(g.get("groupId") or g.get("groupValue") or "")) for g in named)
        raw, formatted = str(result.get("rawValue", "")), str(result.get("formattedValue", ""))
        yield PublishedResult(result["operationId"], groups, raw, formatted)
