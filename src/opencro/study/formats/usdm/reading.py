"""What the parts of the conversion to our protocol share: the document, the names given so far, the findings.

Our ids are names that people type; USDM's `name` becomes the id, `label` the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from opencro.kernel.finding import Finding, Severity
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.json_lines import Key
from opencro.study.formats.usdm.narrative import render_narrative

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_.-]*$")
_LONGEST = 64


@dataclass
class Reading:
    """One conversion in progress: `names` maps a USDM id to ours."""

    document: UsdmDocument
    design: Node
    version: Node
    names: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    taken: set[tuple[str, str]] = field(default_factory=set)

    def name(self, node: Node, kind: str) -> str:
        """Our id for an object, unique among its kind: its `name`, made fit where it is not."""
        wanted = str(node.get("name") or node["id"])
        given = wanted if _NAME.match(wanted) and len(wanted) <= _LONGEST else _fit(wanted)
        number = 2
        free = given
        while (kind, free) in self.taken:
            free = f"{given[: _LONGEST - 4]}_{number}"
            number += 1
        self.taken.add((kind, free))
        self.names[node["id"]] = free
        return free

    def text(self, node: Node, name: str = "text") -> str:
        """The words of an attribute; a parameter that names nothing is a finding."""
        text, missing = render_narrative(self.document, node, name)
        for parameter in missing:
            got = f'parameter "{parameter}" of {node["id"]} names nothing'
            self.say("USDM-050", node, name, got, "a parameter of its dictionary", "Correct the tag or the reference.")
        return text.strip()

    def say(
        self,
        code: str,
        node: Node,
        name: str,
        got: str,
        expected: str,
        remedy: str,
        severity: Severity = Severity.WARNING,
    ) -> None:
        """Note a finding at an attribute of an object."""
        key = self.document.nodes[node["id"]][0]
        self.findings.append(self.document.finding(code, (*key, name), got, expected, remedy, severity))

    def refs(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Our ids for these USDM ids, those that were carried."""
        return tuple(self.names[i] for i in ids if i in self.names)

    def note(self, code: str, key: Key, got: str, expected: str, remedy: str) -> None:
        """Note something that is information only."""
        self.findings.append(self.document.finding(code, key, got, expected, remedy, Severity.NOTE))


def _fit(wanted: str) -> str:
    word = re.sub(r"[^A-Za-z0-9_.-]+", "_", wanted).strip("_")
    return (word if word[:1].isalpha() else f"N{word}")[:_LONGEST]


def words(node: Node) -> str:
    """What a reader calls an object: its label, or else its description or name."""
    return next((str(node[k]).strip() for k in ("label", "description", "name") if (node.get(k) or "").strip()), "-")


def in_order(nodes: list[Any]) -> list[Any]:
    """Objects in the order of their nextId chain where it holds them all, else as they stand."""
    by_id = {n["id"]: n for n in nodes}
    targets = {n.get("nextId") for n in nodes}
    chain: list[Any] = []
    current = next((n for n in nodes if n["id"] not in targets), None)
    while current is not None and len(chain) < len(nodes):
        chain.append(current)
        current = by_id.get(current.get("nextId") or "")
    return chain if len(chain) == len(nodes) and len({n["id"] for n in chain}) == len(nodes) else nodes
