"""What an ODM file gives: forms, code lists, schedule, checks, the names behind its OIDs, and what was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.study.formats.odm.check_grammar import VendorPart
from opencro.study.formats.odm.grammar import NAMESPACES
from opencro.study.formats.odm.making import CONTEXT
from opencro.study.formats.odm.xml_safety import line_of
from opencro.study.model.form import CodeList, EditCheck, Form
from opencro.study.model.protocol import Design, Eligibility, Objectives, Schedule
from opencro.study.translate import is_language

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_LONGEST = 64
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_ALIASES = {
    "number": r"\d+(\.\d+)?([eE][+-]?\d+)?",
    "day": r"-?[1-9]\d{0,5}",
    "window": r"-?\d{1,6}\.\.-?\d{1,6}",
    "epoch": _NAME.pattern,
    "arms": rf"{_NAME.pattern}( {_NAME.pattern})*",
    "contact": "site|telephone|home|remote",
    "source": "site|participant|transfer",
    "type": "[a-z-]+",
    "normal": rf"({_NUMBER})?\.\.({_NUMBER})?",
    "lines": r"[1-9]\d{0,3}",
    "sensitive": "yes",
    "blinded": "yes",
    "double entry": "yes",
    "check form": _NAME.pattern,
    "check item": _NAME.pattern,
    "check severity": "query|warning|stop",
}
"""What our aliases may hold; a file that somebody has edited by hand may hold anything."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class OdmImport:
    """The metadata of one ODM file as parts of a study.

    `names` maps each OID to our id, and `form/group/item` to that of an item which is called otherwise there; `vendor`
    lists what vendors added; a file with errors in `findings` is given as far as it could be read, so that a person
    sees the forms beside the errors.
    """

    version: str
    study_oid: str = ""
    study_name: str = ""
    title: str = ""
    protocol_name: str = ""
    metadata_oid: str = ""
    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    design: Design = field(default_factory=Design)
    schedule: Schedule = field(default_factory=Schedule)
    objectives: Objectives = field(default_factory=Objectives)
    eligibility: Eligibility = field(default_factory=Eligibility)
    language: str = "en"
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    vendor: tuple[VendorPart, ...] = ()
    findings: Findings = field(default_factory=Findings)


@dataclass
class OdmReading:
    """One import in progress: definitions by OID, names given so far, findings."""

    version: str
    file: str
    metadata: etree._Element
    language: str = ""
    names: dict[str, str] = field(default_factory=dict)
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    checks: list[EditCheck] = field(default_factory=list)
    """Edit checks that stand as range checks of items."""
    findings: list[Finding] = field(default_factory=list)
    _definitions: dict[tuple[str, str], etree._Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for child in self.metadata:
            if isinstance(child.tag, str) and child.get("OID") is not None:
                self._definitions.setdefault((etree.QName(child).localname, str(child.get("OID"))), child)
        texts = self.metadata.iter(self.tag("TranslatedText"))
        given = next((str(text.get(_LANG)) for text in texts if text.get(_LANG)), "en")
        self.language = self.language or given

    def tag(self, name: str) -> str:
        """A name in CDISC's namespace."""
        return f"{{{NAMESPACES[self.version]}}}{name}"

    def all(self, element: etree._Element, path: str) -> list[etree._Element]:
        """Descendants along a path of names such as `Protocol/StudyEventRef`."""
        return element.findall("/".join(self.tag(step) for step in path.split("/")))

    def one(self, element: etree._Element, path: str) -> etree._Element | None:
        """The first descendant along a path of names."""
        return next(iter(self.all(element, path)), None)

    def definition(self, kind: str, ref: etree._Element, attribute: str) -> etree._Element | None:
        """What a reference names, or None with finding ODM-020."""
        oid = ref.get(attribute) or ""
        found = self._definitions.get((kind, oid))
        if found is None:
            self.say(
                "ODM-020", ref, f'{attribute} "{oid}" names nothing', f"the OID of a {kind}", "Define it.", error=True
            )
        return found

    def say(
        self, code: str, element: etree._Element, got: str, expected: str, remedy: str, *, error: bool = False
    ) -> None:
        """Note a finding at an element."""
        severity = Severity.ERROR if error else Severity.WARNING
        self.findings.append(Finding(code, Place(self.file, line_of(element)), got, expected, remedy, severity))

    def text(self, element: etree._Element, name: str, key: str = "") -> str:
        """The translated text of a child in the language of the study, or else the first that is given.

        With a `key`, its words in other languages become translations.
        """
        texts = self.all(element, f"{name}/TranslatedText")
        chosen = next((t for t in texts if t.get(_LANG) == self.language), texts[0] if texts else None)
        for other in texts if key else ():
            if other is not chosen:
                self._note(str(other.get(_LANG) or ""), key, _words(other))
        return "" if chosen is None else _words(chosen)

    def translate(self, element: etree._Element, key: str, text: str) -> None:
        """Translations of a text that stands in an attribute, where the Description says the same in the study's."""
        if self.text(element, "Description") == text:
            self.text(element, "Description", key)

    def _note(self, language: str, key: str, words: str) -> None:
        if words and language != self.language and is_language(language):
            self.translations.setdefault(language, {}).setdefault(key, words)

    def aliases(self, element: etree._Element) -> dict[str, str]:
        """Context -> name of an element's aliases."""
        return {str(a.get("Context")): str(a.get("Name") or "").strip() for a in self.all(element, "Alias")}

    def ours(self, element: etree._Element) -> dict[str, str]:
        """The aliases that carry what ODM has no attribute for, by their name without the prefix."""
        found = {}
        for context, value in self.aliases(element).items():
            word = context.removeprefix(CONTEXT)
            if word != context and re.fullmatch(_ALIASES.get(word, ".*"), value, re.DOTALL):
                found[word] = value
            elif word != context:
                got = f'alias {context} is "{value}"'
                self.say("ODM-034", element, got, f"a value for {word}", "Correct or remove the alias.", error=True)
        return found

    def name(self, element: etree._Element, prefixes: Iterable[str], taken: set[str], *, oid_first: bool) -> str:
        """Our id for a definition: from its OID without our prefix or its Name, whichever is fit, made unique."""
        oid, written = str(element.get("OID") or ""), str(element.get("Name") or "").strip()
        bare = next((oid.removeprefix(p) for p in prefixes if oid.startswith(p)), oid)
        options = (bare, written) if oid_first or bare != oid else (written, bare)
        chosen = next((o for o in options if _NAME.fullmatch(o)), "") or _fit(bare)
        free, number = chosen, 2
        while free.casefold() in taken:
            free = f"{chosen[: _LONGEST - 4]}_{number}"
            number += 1
        taken.add(free.casefold())
        self.names.setdefault(oid, free)
        return free


def _words(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def is_name(word: str) -> bool:
    """Whether a word may be an id of ours."""
    return _NAME.fullmatch(word) is not None


def _fit(word: str) -> str:
    fitted = re.sub(r"[^A-Za-z0-9_.-]+", "_", word).strip("_")
    return (fitted if fitted[:1].isalpha() else f"N{fitted}")[:_LONGEST]
