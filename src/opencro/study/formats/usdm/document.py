"""A USDM document as it was read: the JSON value, its version, and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.study.formats.usdm.json_lines import Key, locate_values

Node = Mapping[str, Any]
"""One object of a document."""


@dataclass(frozen=True)
class UsdmDocument:
    """A USDM document: `value` is the whole JSON value in its order, so that nothing that was read is lost."""

    version: str
    value: Mapping[str, Any]
    file: str = ""
    findings: Findings = field(default_factory=Findings)
    text: str = field(default="", repr=False)
    """The text that was read, for line numbers; empty for a document that was made."""

    @cached_property
    def lines(self) -> Mapping[Key, int]:
        """The line of each value by its path; empty for a document that was made."""
        return locate_values(self.text) if self.text else {}

    @cached_property
    def nodes(self) -> Mapping[str, tuple[Key, Node]]:
        """Every object that has an id: id -> path and object; of two with one id, the later one."""
        found: dict[str, tuple[Key, Node]] = {}
        pending: list[tuple[Key, Any]] = [((), self.value)]
        while pending:
            key, value = pending.pop()
            if isinstance(value, dict):
                if isinstance(value.get("id"), str):
                    found[value["id"]] = (key, value)
                pending.extend((((*key, name), child) for name, child in reversed(value.items())))
            elif isinstance(value, list):
                pending.extend(((*key, i), value[i]) for i in range(len(value) - 1, -1, -1))
        return found

    def place(self, key: Key) -> Place:
        """Where a path stands, with the line of the value or of its nearest parent."""
        path = "/".join(str(k) for k in key)
        while key and key not in self.lines:
            key = key[:-1]
        return Place(self.file, self.lines.get(key), path)

    def finding(
        self, code: str, key: Key, got: str, expected: str, remedy: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at a path of this document."""
        return Finding(code, self.place(key), got, expected, remedy, severity)
