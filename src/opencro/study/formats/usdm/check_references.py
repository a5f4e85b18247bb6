"""Whether ids are unique and references name something that is there and of the right class.

Source: CDISC USDM v4.0 class model (relationship type "Ref"); CDISC CORE rules DDF00083, DDF00091, DDF00114. Ids are
unique within a study version, so two versions of one study may use the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opencro.kernel.finding import Finding, suggest
from opencro.study.formats.usdm.classes import ROOT, ClassTable, read_classes
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.json_lines import Key

OUTSIDE = -1
"""The scope of what stands beside the study versions, such as the documents of the study."""


@dataclass
class _Index:
    """What a document holds, gathered in one pass."""

    ids: dict[tuple[int, str], tuple[Key, str]] = field(default_factory=dict)
    repeats: list[tuple[Key, str, Key]] = field(default_factory=list)
    references: list[tuple[int, Key, str, tuple[str, ...], str]] = field(default_factory=list)


def check_references(document: UsdmDocument) -> list[Finding]:
    """Findings USDM-030 (an id given twice), USDM-031 (names nothing) and USDM-032 (names the wrong class)."""
    index = _Index()
    _gather(index, read_classes(document.version), ROOT, (), document.value)
    return [*_repeated(document, index), *_unresolved(document, index)]


def _gather(index: _Index, classes: ClassTable, name: str, key: Key, node: Node) -> None:
    scope = int(key[2]) if key[:2] == ("study", "versions") and len(key) > 2 else OUTSIDE
    own = node.get("id")
    if isinstance(own, str) and own:
        if (scope, own) in index.ids:
            index.repeats.append((key, own, index.ids[scope, own][0]))
        else:
            index.ids[scope, own] = (key, name)
    for word, attribute in classes[name].items():
        value = node.get(word)
        values = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for i, item in values:
            at = (*key, word) if i is None else (*key, word, i)
            if attribute.kind == "ref" and isinstance(item, str):
                index.references.append((scope, at, item, attribute.types, f"{name}.{word}"))
            elif attribute.holds_objects and isinstance(item, dict):
                owner = _owner(classes, attribute.types, item)
                if owner:
                    _gather(index, classes, owner, at, item)


def _owner(classes: ClassTable, types: tuple[str, ...], item: dict[str, Any]) -> str | None:
    written = item.get("instanceType")
    if isinstance(written, str) and written in classes:
        return written
    return types[0] if len(types) == 1 else None


def _repeated(document: UsdmDocument, index: _Index) -> Iterator[Finding]:
    for key, own, first in index.repeats:
        got = f'id "{own}" is given twice, first at {document.place(first)}'
        yield document.finding("USDM-030", (*key, "id"), got, "ids that are unique", "Give one of them another id.")


def _unresolved(document: UsdmDocument, index: _Index) -> Iterator[Finding]:
    everywhere: dict[str, tuple[Key, str]] = {}
    for (_, own), found in index.ids.items():
        everywhere.setdefault(own, found)
    for scope, at, target, types, word in index.references:
        found_here = index.ids.get((scope, target)) or index.ids.get((OUTSIDE, target))
        if found_here is None and scope == OUTSIDE:
            found_here = everywhere.get(target)
        expected = f"the id of {' or '.join(types)}" if types != ("*",) else "an id of this document"
        if found_here is None:
            known = [own for own, (_, name) in everywhere.items() if types == ("*",) or name in types]
            remedy = suggest(target, known) or "Name something that the document holds, or leave it out."
            yield document.finding("USDM-031", at, f'{word} "{target}" names nothing', expected, remedy)
        elif types != ("*",) and found_here[1] not in types:
            got = f'{word} "{target}" names a {found_here[1]}'
            yield document.finding("USDM-032", at, got, expected, "Name one of the right class.")
