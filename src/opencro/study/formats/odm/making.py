"""Makes ODM elements: names in CDISC's namespace, translated text, aliases, and OIDs from our ids.

Source: CDISC ODM v1.3.2 and v2.0. An alias context that begins with `openCRO:` carries what ODM has no attribute for;
aliases are part of the standard, so that the file stays valid without a namespace of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from lxml import etree

from opencro.kernel.finding import Finding, Place
from opencro.study.formats.odm.grammar import NAMESPACES

CONTEXT = "openCRO:"
EXPRESSION = "openCRO"
"""The Context of a FormalExpression in our own expression language."""
SOURCE_SYSTEM = "openCRO"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ILLEGAL = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def form_oid(form: str) -> str:
    """OID of a form."""
    return f"F.{form}"


def group_oid(form: str, group: str) -> str:
    """OID of an item group; groups are named within their form."""
    return f"IG.{form}.{group}"


def item_oid(form: str, group: str, item: str) -> str:
    """OID of an item; items are named within their group."""
    return f"IT.{form}.{group}.{item}"


def method_oid(form: str, group: str, item: str) -> str:
    """OID of the method that computes an item."""
    return f"MT.{form}.{group}.{item}"


def event_oid(visit: str) -> str:
    """OID of a visit."""
    return f"SE.{visit}"


LOG_EVENT = "SE.$LOG"
"""The Common event that holds the forms of a participant rather than of a visit; `$` keeps it apart from visits."""


@dataclass
class OdmMaking:
    """One ODM document in the making."""

    version: str
    language: str
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def node(
        self, name: str, *children: etree._Element | None, text: str | None = None, **attributes: object
    ) -> etree._Element:
        """An element; attributes that are None are left out, True and False become Yes and No."""
        made = etree.Element(f"{{{NAMESPACES[self.version]}}}{name}", nsmap={None: NAMESPACES[self.version]})  # type: ignore[dict-item]
        for key, value in attributes.items():
            if value is not None:
                word = {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)
                made.set(key, self._legal(word, f"{name}/@{key}"))
        if text is not None:
            made.text = self._legal(text, name)
        made.extend(child for child in children if child is not None)
        return made

    def words(self, name: str, text: str, language: str | None = None, *, key: str = "") -> etree._Element:
        """An element that holds a translated text, such as Description or Question; with a key, in every language."""
        others = [(tag, words[key]) for tag, words in self.translations.items() if words.get(key)] if key else []
        return self.node(name, *(self._text(t, tag) for tag, t in [(language or self.language, text), *others]))

    def described(self, text: str, key: str) -> etree._Element | None:
        """A Description that says in every language what stands in an attribute; None where there is but one."""
        many = any(words.get(key) for words in self.translations.values())
        return self.words("Description", text, key=key) if many else None

    def _text(self, text: str, language: str) -> etree._Element:
        translated = self.node("TranslatedText", text=text)
        translated.set(_LANG, language)
        if self.version == "2.0":
            translated.set("Type", "text/plain")
        return translated

    def aliases(self, pairs: Iterable[tuple[str, str]]) -> list[etree._Element]:
        """Aliases of an element; those without a name are left out."""
        return [self.node("Alias", Context=context, Name=name) for context, name in pairs if name]

    def expression(self, text: str) -> etree._Element:
        """A formal expression in our language."""
        if self.version == "2.0":
            return self.node("FormalExpression", self.node("Code", text=text), Context=EXPRESSION)
        return self.node("FormalExpression", text=text, Context=EXPRESSION)

    def signature(self, gives: str = "boolean") -> etree._Element | None:
        """The signature that ODM 2.0 asks of an expression."""
        if self.version != "2.0":
            return None
        return self.node("MethodSignature", self.node("ReturnValue", Name="result", DataType=gives))

    def root(
        self,
        file_oid: str,
        created: datetime,
        *children: etree._Element,
        granularity: str,
        file_type: Literal["Snapshot", "Transactional"] = "Snapshot",
    ) -> etree._Element:
        """The ODM element of a file."""
        return self.node(
            "ODM",
            *children,
            ODMVersion=self.version,
            FileType=file_type,
            Granularity=granularity,
            FileOID=file_oid,
            CreationDateTime=created.isoformat(timespec="seconds"),
            SourceSystem=SOURCE_SYSTEM,
        )

    def _legal(self, text: str, where: str) -> str:
        if not _ILLEGAL.search(text):
            return text
        place = Place("", None, where)
        got = f"a control character in {text[:40]!r}"
        self.findings.append(Finding("ODM-040", place, got, "characters that XML permits", "Remove the character."))
        return _ILLEGAL.sub("\ufffd", text)


def render_odm(root: etree._Element) -> bytes:
    """A document as UTF-8 bytes, indented, ending in a newline: equal documents give equal bytes."""
    etree.cleanup_namespaces(root)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
