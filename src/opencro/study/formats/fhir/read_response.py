"""QuestionnaireResponses as records of a study.

Source: HL7 FHIR R4 QuestionnaireResponse, Bundle. A response says whose it is by `subject`, at which visit by
`encounter`; one that we wrote says it in an extension of ours, with repeats and the text as it was entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opencro.kernel.finding import Findings, Severity, suggest
from opencro.study.formats.fhir.answers import read_answer
from opencro.study.formats.fhir.choices import SEPARATOR, own_parts
from opencro.study.formats.fhir.items import OTHER
from opencro.study.formats.fhir.places import FormPlaces, find_form
from opencro.study.formats.fhir.reading import Json, Making, check_kinds, parts, read_json, text_of, value_of
from opencro.study.formats.odm.records import OdmRecord
from opencro.study.model.form import Form, Item, ItemGroup
from opencro.study.model.whole import Study

_RESPONSE = "QuestionnaireResponse"
_NOT_TAKEN = ("entered-in-error", "stopped")


@dataclass(frozen=True)
class ResponseData:
    """The records in responses, in the order of the file, and what was found; with errors nothing should be taken."""

    records: tuple[OdmRecord, ...]
    findings: Findings


def is_response(data: bytes) -> bool:
    """Whether a file says that it is, or holds, a QuestionnaireResponse."""
    return b'"QuestionnaireResponse"' in data and b'"resourceType"' in data


def read_responses(data: bytes, study: Study, file: str = "", *, site: str = "") -> ResponseData:
    """The records in a response, or in a Bundle of them; `site` is that of participants for whom none is named.

    Findings FHR-040 to FHR-046 (docs/fhir.md). Raises `Refused` with FHR-001 when nothing can be read.
    """
    resource = read_json(data, file)
    making = Making(file)
    responses = list(_responses(making, resource))
    records: list[OdmRecord] = []
    for number, response in enumerate(responses, 1):
        before = len(making.findings)
        check_kinds(making, response)
        if len(making.findings) == before:
            records += _Response(making, study, response, site, number).read()
    return ResponseData(tuple(records), making.all_findings())


def _responses(making: Making, resource: Json) -> Iterator[Json]:
    kind = resource.get("resourceType")
    if kind == _RESPONSE:
        yield resource
    elif kind == "Bundle":
        for number, entry in enumerate(parts(resource, "entry")):
            inner = entry.get("resource") if isinstance(entry, dict) else None
            found = inner.get("resourceType") if isinstance(inner, dict) else None
            if isinstance(inner, dict) and found == _RESPONSE:
                yield inner
            else:
                making.say("FHR-040", f"entry[{number}]", f"a {found or 'nothing'}", _RESPONSE, "It was left out.")
    else:
        got = f'resourceType "{kind or ""}"'
        making.error("FHR-040", "resourceType", got, _RESPONSE, "Give responses, or a Bundle of them.")


@dataclass
class _Response:
    making: Making
    study: Study
    response: Json
    site: str
    number: int
    values: dict[tuple[str, int], dict[str, str | None]] = field(default_factory=dict)
    """Group and repeat -> item -> text."""

    _repeats: dict[str, int] = field(default_factory=dict)

    def read(self) -> list[OdmRecord]:
        """The records of the response; none where it cannot be placed."""
        where = self._address()
        if where is None:
            return []
        form, address = where
        self.places = FormPlaces(form)
        self._items(parts(self.response, "item"), {})
        order = {group.id: i for i, group in enumerate(form.groups)}
        return [
            OdmRecord(
                *address[:4], form.id, address[4], group, str(repeat), items, lines=dict.fromkeys(items, self.number)
            )
            for (group, repeat), items in sorted(self.values.items(), key=lambda pair: (order[pair[0][0]], pair[0][1]))
        ]

    def _address(self) -> tuple[Form, tuple[str, str, str, str, str]] | None:
        """The form, and site, participant, visit, its repeat and the repeat of the form."""
        response, making = self.response, self.making
        own = own_parts(making, response, _RESPONSE)
        form = find_form(self.study, str(own.get("form") or text_of(response, "questionnaire")))
        status = text_of(response, "status")
        if status in _NOT_TAKEN:
            got, remedy = f"a response that is {status}", "Take it out of the file."
            making.error("FHR-043", "status", got, "one that counts", remedy)
            return None
        if form is None:
            got = f'questionnaire "{text_of(response, "questionnaire")}"'
            remedy = suggest(text_of(response, "questionnaire").rpartition("/")[2], self.study.forms)
            making.error("FHR-041", "questionnaire", got, "a form of the study", remedy or "Name the form.")
            return None
        participant = str(own.get("participant") or _reference(response, "subject"))
        if not participant:
            making.error("FHR-042", "subject", "no subject", "the participant", "Name the participant as subject.")
            return None
        event = str(own.get("event") if "event" in own else _reference(response, "encounter"))
        site = str(own.get("site") or self.site)
        return form, (site, participant, event, str(own.get("event_repeat", "")), str(own.get("form_repeat", "")))

    def _items(self, elements: list[Json], at: dict[str, int]) -> None:
        """Take the answers of elements; `at` says which record of each repeating group is open."""
        for element in elements:
            link = text_of(element, "linkId")
            found = self.places.item(link)
            group = self.places.repeat(link) if found is None else None
            if found is not None and parts(element, "answer"):
                self._answers(element, *found, at)
            elif parts(element, "answer"):
                remedy = suggest(link, [i.id for g in self.places.form.groups for i in g.items])
                got = f'answers to "{link}"'
                self.making.error("FHR-044", link, got, "an item of the form", remedy or "Take them out.")
            inner = at if group is None else {**at, group.id: self._next(group)}
            self._items(parts(element, "item"), inner)

    def _next(self, group: ItemGroup) -> int:
        self._repeats[group.id] = self._repeats.get(group.id, 0) + 1
        return self._repeats[group.id]

    def _answers(self, element: Json, group: ItemGroup, item: Item, at: dict[str, int]) -> None:
        answers = parts(element, "answer")
        link = text_of(element, "linkId")
        alone = group.repeating and group.id not in at
        if len(answers) > 1 and not alone and item.type == "text":
            got = f"{len(answers)} answers in one text"
            self.making.say("FHR-046", link, got, "one answer", f"They are joined by `{SEPARATOR}`.")
        elif len(answers) > 1 and not alone and item.type != "choices":
            got = f"{len(answers)} answers to {item.id}"
            self.making.error("FHR-045", link, got, "one answer", "Keep one, or let the item have several.")
            return
        texts: list[str] = []
        for answer in answers:
            repeat = self._next(group) if alone else at.get(group.id, 1)
            text = self._text(answer, item, link, group, repeat)
            if alone and text is not None:
                self._keep(group, repeat, item, text)
            elif text is not None:
                texts.append(text)
            self._items(parts(answer, "item"), {**at, group.id: repeat} if alone else at)
        if texts:
            self._keep(group, at.get(group.id, 1), item, SEPARATOR.join(texts))

    def _text(self, answer: Json, item: Item, link: str, group: ItemGroup, repeat: int) -> str | None:
        own = own_parts(self.making, answer, link)
        if isinstance(own.get("text"), str):
            return str(own["text"])
        kind, value = _value(answer)
        other = self.places.other(item)
        if kind == "valueString" and other is not None and item.codes and value not in self._codes(item):
            self._keep(group, repeat, other, str(value).strip())
            return OTHER
        read = read_answer(item, kind, value)
        if read.wrong:
            self.making.error("FHR-045", link, read.wrong, f"a value of a {item.type} item", "Correct the answer.")
            return None
        if read.lost:
            self.making.say("FHR-046", link, read.lost, "", "See whether it matters.", Severity.WARNING)
        return read.text or None

    def _codes(self, item: Item) -> set[str]:
        known = self.study.codelists.get(item.codes or "")
        return {code.value for code in known.codes} if known else set()

    def _keep(self, group: ItemGroup, repeat: int, item: Item, text: str) -> None:
        self.values.setdefault((group.id, repeat), {})[item.id] = text


def _value(answer: Json) -> tuple[str, Any]:
    return value_of({key: part for key, part in answer.items() if not key.startswith("_")})


def _reference(response: Json, key: str) -> str:
    """Whom or what a reference means: the value of its identifier, or the last part of its address."""
    found = response.get(key)
    if not isinstance(found, dict):
        return ""
    identifier = found.get("identifier")
    named = text_of(identifier, "value") if isinstance(identifier, dict) else ""
    return named or text_of(found, "reference").rstrip("/").rpartition("/")[2]
