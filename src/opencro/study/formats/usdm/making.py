"""Makes USDM objects: each with its id, every attribute of its class in published order, and our extensions.

Source: CDISC USDM v4.0 API schema (`classes-4.0.tsv`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from opencro.kernel.finding import Finding, Place
from opencro.study.formats.usdm import codes
from opencro.study.formats.usdm.classes import read_classes
from opencro.study.formats.usdm.extension import PREFIX

Made = dict[str, Any]


@dataclass
class Making:
    """One document in the making: `ids` maps kind and our id to the USDM id."""

    code_version: str
    count: Counter[str] = field(default_factory=Counter)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def node(self, class_name: str, **values: Any) -> Made:
        """An object of a class; attributes that are not given are null or empty. `ext` holds our extensions."""
        self.count[class_name] += 1
        extensions = values.pop("ext", [])
        made: Made = {}
        for attribute in read_classes("4.0")[class_name].values():
            empty: Any = [] if attribute.many else None
            made[attribute.name] = values.pop(attribute.name, empty)
        assert not values, f"{class_name} has no {sorted(values)}"
        made["id"] = f"{class_name}_{self.count[class_name]}"
        made["extensionAttributes"] = extensions
        made["instanceType"] = class_name
        return made

    def named(self, kind: str, own: str, class_name: str, **values: Any) -> Made:
        """An object that others refer to by our id of this kind."""
        made = self.node(class_name, name=own, **values)
        self.ids[kind, own] = made["id"]
        return made

    def ref(self, kind: str, own: str, where: str) -> str | None:
        """The USDM id of one of our ids, or None with finding USDM-065 when there is no such thing."""
        found = self.ids.get((kind, own))
        if found is None:
            place = Place("", None, where)
            got = f'{kind} "{own}" does not exist'
            self.findings.append(Finding("USDM-065", place, got, f"a {kind} of the protocol", "Correct the name."))
        return found

    def code(self, code: str) -> Made:
        """A CDISC controlled term."""
        return self.node(
            "Code",
            code=code,
            codeSystem=codes.CODE_SYSTEM,
            codeSystemVersion=self.code_version,
            decode=codes.DECODES[code],
        )

    def alias(self, code: str) -> Made:
        """A CDISC controlled term where USDM asks for one with aliases."""
        return self.node("AliasCode", standardCode=self.code(code))

    def rule(self, text: str) -> Made | None:
        """A transition rule, or null where there are no words."""
        if not text:
            return None
        number = self.count["TransitionRule"] + 1
        return self.node("TransitionRule", name=f"RULE_{number}", text=text)

    def text(self, name: str, text: str, default: str = "") -> list[Made]:
        """An extension that holds a text; none where it is the default."""
        return [] if text == default else [self.node("ExtensionAttribute", url=PREFIX + name, valueString=text)]

    def whole(self, name: str, number: int) -> Made:
        """An extension that holds a whole number."""
        return self.node("ExtensionAttribute", url=PREFIX + name, valueInteger=number)

    def flag(self, name: str) -> Made:
        """An extension that says yes."""
        return self.node("ExtensionAttribute", url=PREFIX + name, valueBoolean=True)


def chain(nodes: list[Made]) -> list[Made]:
    """Fill previousId and nextId in the order in which the objects stand."""
    for before, after in pairwise(nodes):
        before["nextId"] = after["id"]
        after["previousId"] = before["id"]
    return nodes
