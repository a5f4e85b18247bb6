"""The frozen types of conformance: a published rule, the datasets it reads, what it found and how each rule ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of a check: `name` is the target, `value` the comparator, `options` what else the rule wrote."""

    name: str
    operator: str
    value: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """`all`, `any` or `not` over other conditions."""

    kind: str
    parts: tuple[Condition, ...]


Condition = Leaf | Branch


@dataclass(frozen=True, slots=True)
class Match:
    """A dataset that a rule joins: keys as pairs (of the checked dataset, of the joined dataset)."""

    name: str
    keys: tuple[tuple[str, str], ...]
    join: str = "inner"
    child: bool = False
    wildcard: str = "**"


@dataclass(frozen=True, slots=True)
class Reach:
    """Include and exclude lists of one kind of scope (classes, domains, entities, data structures)."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard for which a rule is published; `rule_id` is the authority's own number, such as CG0176."""

    organization: str
    name: str
    version: str
    substandard: str = ""
    rule_id: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as published; `check` is None where the rule is written in JSONata (`jsonata` holds its text)."""

    id: str
    type: str
    message: str
    check: Condition | None
    sensitivity: str = "Record"
    description: str = ""
    executability: str = ""
    jsonata: str = ""
    operations: tuple[Mapping[str, Any], ...] = ()
    matches: tuple[Match, ...] = ()
    outputs: tuple[str, ...] = ()
    grouping: tuple[str, ...] = ()
    scope: Mapping[str, Reach] = field(default_factory=dict)
    splits: bool | None = None
    use_cases: tuple[str, ...] = ()
    standards: tuple[Standard, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """What the file says of one variable: label, type as declared, length and display format."""

    name: str
    label: str = ""
    type: str = "Char"
    length: int | None = None
    format: str = ""


@dataclass(frozen=True)
class Table:
    """A dataset to be checked; empty text is null in `frame`, as a missing value is."""

    name: str
    frame: pl.DataFrame
    label: str = ""
    file: str = ""
    bytes: int = 0
    variables: tuple[VariableFacts, ...] = ()

    def _first(self, column: str) -> str | None:
        if column not in self.frame.columns or not self.frame.height:
            return None
        value = self.frame[column][0]
        return None if value is None else str(value).strip()

    @cached_property
    def domain(self) -> str | None:
        """DOMAIN of the first record."""
        return self._first("DOMAIN")

    @property
    def is_supplemental(self) -> bool:
        """Whether the name is that of supplemental qualifiers."""
        return self.name.startswith(("SUPP", "SQ"))

    @cached_property
    def related_domain(self) -> str | None:
        """RDOMAIN of the first record of supplemental qualifiers."""
        return self._first("RDOMAIN") if self.is_supplemental else None

    @cached_property
    def is_associated(self) -> bool:
        """Whether it holds associated persons."""
        if self.is_supplemental:
            return len(self.related_domain or "") == 4 and str(self.related_domain).startswith("AP")
        return "APID" in self.frame.columns and self.frame.height > 0

    @property
    def associated_suffix(self) -> str:
        """The domain behind `AP` of associated persons."""
        if not self.is_associated or self.is_supplemental or len(self.domain or "") < 4:
            return ""
        return (self.domain or "")[2:]

    @property
    def prefix(self) -> str:
        """What `--` stands for."""
        return self.associated_suffix or self.domain or ""

    @property
    def whole(self) -> str:
        """The name before a dataset was split (QS of QSPH)."""
        if self.domain:
            return self.domain
        for stem in ("SUPP", "SQ"):
            if self.name.startswith(stem):
                return f"{stem}{self.related_domain}"
        return self.name


class Status(StrEnum):
    """How a rule ended, over all datasets."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_RUN = "not run"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of a rule: `row` counts from 1 (None for a dataset), `values` are those of the rule's variables."""

    rule: str
    dataset: str
    row: int | None
    message: str
    values: Mapping[str, Any]
    keys: Mapping[str, Any] = field(default_factory=dict)
    explanation: str = ""

    @property
    def id(self) -> str:
        """A stable name of the finding, by which a reasoned exception refers to it."""
        return f"{self.rule}/{self.dataset}/{'-' if self.row is None else self.row}"


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How one rule ended; `count` counts all findings, `issues` may hold only the first of them."""

    rule: Rule
    status: Status
    reason: str = ""
    count: int = 0
    issues: tuple[Issue, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_explained(self) -> bool:
        """Whether every finding has a reason."""
        return self.count == len(self.issues) and all(issue.explanation for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run over many rules came to."""

    outcomes: tuple[RuleOutcome, ...]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Every finding that is held, in the order of rules."""
        return tuple(issue for outcome in self.outcomes for issue in outcome.issues)

    def counts(self) -> dict[Status, int]:
        """How many rules ended in each way."""
        return {status: sum(o.status is status for o in self.outcomes) for status in Status}
