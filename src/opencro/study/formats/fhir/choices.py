"""Answers to choose from: options at a question, value sets inside the questionnaire.

Source: HL7 FHIR R4 Questionnaire (answerOption, answerValueSet), ValueSet (compose, expansion).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from opencro.study.formats.fhir.reading import Json, Making, fit, parts, text_of, value_of
from opencro.study.formats.fhir.vocabulary import OWN
from opencro.study.model.form import Code, CodeList

TRUTH = (Code(value="true", label="Yes"), Code(value="false", label="No"))
SEPARATOR = ";"
"""Between the answers of an item with several."""


def own_parts(making: Making, element: Json, path: str) -> dict[str, Any]:
    """What our own extension says at an element; FHR-009 for a part that is no JSON."""
    found: dict[str, Any] = {}
    for extension in parts(element, "extension"):
        for part in parts(extension, "extension") if extension.get("url") == OWN else []:
            try:
                found[text_of(part, "url")] = json.loads(text_of(part, "valueString"))
            except json.JSONDecodeError:
                got = f"{text_of(part, 'url')} = {text_of(part, 'valueString')[:40]}"
                making.error("FHR-009", path, got, "a value as JSON", "Export the form again.")
    return found


@dataclass
class Lists:
    """The code lists of a questionnaire as they are gathered."""

    making: Making
    value_sets: dict[str, Json]
    codelists: dict[str, CodeList] = field(default_factory=dict)

    def truth(self) -> str:
        """The code list of yes and no."""
        return self._keep("BOOLEAN", TRUTH)

    def of(self, element: Json, link: str, *, open_answer: str = "") -> str | None:
        """The id of the code list of a question; None where its choices are not in the questionnaire.

        `open_answer` is one more code, for an answer in own words.
        """
        options = parts(element, "answerOption")
        own: dict[str, Any] = {}
        if options:
            codes, name = tuple(self._options(options, link)), fit(link)
        else:
            codes, name, own = self._value_set(element, link)
        if not codes:
            return None
        if open_answer and all(code.value != open_answer for code in codes):
            codes = (*codes, Code(value=open_answer, label="Other"))
            name = f"{name[:58]}_OTHER"
        return self._keep(name, codes, own)

    def _keep(self, name: str, codes: tuple[Code, ...], own: dict[str, Any] | None = None) -> str:
        """The id under which codes are kept: that of a list with the same codes and name, or a new one."""
        free, number = name, 2
        made = CodeList(**{**(own or {}), "id": free, "codes": codes})
        while free in self.codelists and self.codelists[free] != made:
            free = f"{name[:58]}_{number}"
            made = made.model_copy(update={"id": free})
            number += 1
        self.codelists[free] = made
        return free

    def _options(self, options: Iterable[Json], link: str) -> Iterator[Code]:
        seen: dict[str, Json] = {}
        for option in options:
            self._say_parts(option, link)
            kind, value = value_of(option)
            code, label = self._code(kind, value, link)
            if code in seen:
                got = f'the option "{code}" twice'
                self.making.say("FHR-025", link, got, "each option once", "The first counts; rename the other.")
            elif code:
                seen[code] = option
                yield Code(value=code, label="" if label == code else label)

    def _say_parts(self, option: Json, link: str) -> None:
        for extension in parts(option, "extension"):
            tail = text_of(extension, "url").rpartition("/")[2]
            self.making.count("FHR-024", link, f"the extension {tail} of an option")
        if option.get("initialSelected"):
            self.making.say("FHR-028", link, "an option that is chosen at first", "", "Nothing is filled in.")

    def _code(self, kind: str, value: object, link: str) -> tuple[str, str]:
        """The code and label of an option."""
        if kind == "valueCoding" and isinstance(value, dict):
            code, label = text_of(value, "code"), text_of(value, "display")
            if not code and label:
                got, remedy = f'the option "{label}" without a code', "Its words are its code."
                self.making.say("FHR-025", link, got, "a code", remedy)
            return code or label, label
        if isinstance(value, dict | list) or value is None:
            self.making.say("FHR-025", link, f"an option that is a {kind or 'nothing'}", "a code", "It was left out.")
            return "", ""
        text = str(value).lower() if isinstance(value, bool) else str(value).strip()
        return text, text

    def _value_set(self, element: Json, link: str) -> tuple[tuple[Code, ...], str, dict[str, Any]]:
        reference = text_of(element, "answerValueSet")
        value_set = self.value_sets.get(reference.removeprefix("#")) if reference.startswith("#") else None
        if value_set is None:
            if reference:
                got, remedy = f"choices in {reference}", "Read as text; give the choices as a code list."
                self.making.say("FHR-025", link, got, "choices inside the questionnaire", remedy)
            return (), "", {}
        concepts = list(_expanded(parts(value_set.get("expansion") or {}, "contains"))) or [
            concept
            for include in parts(value_set.get("compose") or {}, "include")
            for concept in parts(include, "concept")
        ]
        if not concepts:
            got, remedy = f"the value set {reference} without its codes", "Read as text; give the codes."
            self.making.say("FHR-025", link, got, "its codes", remedy)
            return (), "", {}
        own = own_parts(self.making, value_set, reference)
        terms = own.pop("terms", {})
        codes: dict[str, Code] = {}
        for concept in concepts:
            code, label = text_of(concept, "code"), text_of(concept, "display")
            if code and code not in codes:
                codes[code] = Code(value=code, label="" if label == code else label, term=terms.get(code, ""))
        title = own.pop("title", None)
        name = own.pop("id", None) or fit(text_of(value_set, "name") or reference.removeprefix("#"))
        title = text_of(value_set, "title") if title is None else title
        return tuple(codes.values()), name, {"title": title, **own}


def _expanded(concepts: Iterable[Json]) -> Iterator[Json]:
    for concept in concepts:
        if not concept.get("abstract"):
            yield concept
        yield from _expanded(parts(concept, "contains"))
