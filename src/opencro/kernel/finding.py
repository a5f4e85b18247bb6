"""What openCRO says when something is not as it should be: code, place, got, expected, remedy.

Findings about data, studies and files are values: they are collected and shown together. Only a program that asks
for something impossible gets an exception, and `Refused` is the one that carries findings out of a stage.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a finding is: an error stops the run, a warning is shown, a note is information."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding was made: a file (relative to the study), a 1-based line, and a path inside the document."""

    file: str = ""
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where} ({self.path})" if self.path and where else where or self.path


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: `got` and `expected` are short words, `remedy` is an imperative sentence."""

    code: str
    place: Place
    got: str
    expected: str
    remedy: str
    severity: Severity = Severity.ERROR

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return asdict(self)


def render_finding(finding: Finding) -> str:
    """A finding as one line of text: `CODE file:line: got; expected ... . Remedy`."""
    where = f" {finding.place}" if str(finding.place) else ""
    expected = f"; expected {finding.expected}" if finding.expected else ""
    remedy = f" {finding.remedy}" if finding.remedy else ""
    mark = "" if finding.severity is Severity.ERROR else f" [{finding.severity}]"
    return f"{finding.code}{mark}{where}: {finding.got}{expected}.{remedy}"


@dataclass(frozen=True, slots=True)
class Findings:
    """An ordered collection of findings; adding makes a new one."""

    items: tuple[Finding, ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __add__(self, other: Findings | Iterable[Finding]) -> Findings:
        return Findings(self.items + tuple(other))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those that stop a run."""
        return tuple(f for f in self.items if f.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """True when nothing in here stops a run."""
        return not self.errors

    def codes(self) -> tuple[str, ...]:
        """The codes, in order, with repeats."""
        return tuple(f.code for f in self.items)


class Refused(Exception):
    """Something could not be done; `findings` says what, where and what to do. Nothing was written."""

    def __init__(self, findings: Findings | Iterable[Finding]) -> None:
        self.findings = findings if isinstance(findings, Findings) else Findings(tuple(findings))
        super().__init__("\n".join(render_finding(f) for f in self.findings))


def suggest(word: str, known: Iterable[str]) -> str:
    """`Did you mean "x"?` for the nearest known name, or an empty string when none is near."""
    candidates = list(known)
    folded = {c.casefold(): c for c in candidates}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f'Did you mean "{folded[near[0]]}"?' if near else ""
