"""The words of a protocol element: XHTML turned into plain text, parameters put in.

Source: CDISC USDM v4.0, SyntaxTemplate: text may hold XHTML, `<usdm:tag name="..."/>` naming a parameter of its
dictionary, and `<usdm:ref klass="..." id="..." attribute="..."/>` naming an attribute of another object.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from opencro.study.formats.usdm.document import Node, UsdmDocument

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--")
_BLOCKS = {"p", "div", "li", "ul", "ol", "br", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6"}
_DEPTH = 5
"""How often a parameter may lead to a text that holds parameters again; a circle ends here."""


def render_narrative(document: UsdmDocument, node: Node, name: str = "text") -> tuple[str, list[str]]:
    """An attribute of an object as plain text; returns the text and the parameters that name nothing."""
    missing: list[str] = []
    tags = _dictionary(document, node)
    text = _plain(document, node.get(name) or "", tags, missing, _DEPTH)
    return text, missing


def write_narrative(text: str) -> str:
    """Plain text as the content of an XHTML attribute."""
    return html.escape(text, quote=False)


def _dictionary(document: UsdmDocument, node: Node) -> Mapping[str, str]:
    found = document.nodes.get(node.get("dictionaryId") or "")
    maps = found[1].get("parameterMaps") or [] if found else []
    return {m["tag"]: m["reference"] for m in maps}


def _plain(document: UsdmDocument, text: str, tags: Mapping[str, str], missing: list[str], depth: int) -> str:
    if not _MARKUP.search(text):
        return html.unescape(text)
    reader = _Reader(document, tags, missing, depth)
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Gathers text; blocks begin a new line, parameters are replaced by what they name."""

    def __init__(self, document: UsdmDocument, tags: Mapping[str, str], missing: list[str], depth: int) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._document = document
        self._tags = tags
        self._missing = missing
        self._depth = depth

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "usdm:tag":
            self.parts.append(self._parameter(given.get("name") or ""))
        elif tag == "usdm:ref":
            self.parts.append(self._reference(given.get("id") or "", given.get("attribute") or ""))
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))

    def _parameter(self, name: str) -> str:
        if name not in self._tags or not self._depth:
            self._missing.append(name)
            return f"[{name}]"
        return _plain(self._document, self._tags[name], {}, self._missing, self._depth - 1)

    def _reference(self, target: str, attribute: str) -> str:
        found = self._document.nodes.get(target)
        value: Any = found[1].get(attribute) if found else None
        if value is None or isinstance(value, dict | list) or not self._depth:
            self._missing.append(f"{target}.{attribute}")
            return f"[{target}.{attribute}]"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return _plain(self._document, str(value), {}, self._missing, self._depth - 1)
