"""Records of a study as FHIR R4 QuestionnaireResponses: one for each form of a participant at a visit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opencro.study.formats.fhir.answers import write_answers
from opencro.study.formats.fhir.json_text import render_json
from opencro.study.formats.fhir.reading import Json
from opencro.study.formats.fhir.vocabulary import GROUP_LINK, OWN
from opencro.study.formats.odm.records import OdmRecord
from opencro.study.model.form import Form, Item, ItemGroup
from opencro.study.model.whole import Study

Key = tuple[str, str, str, str, str, str]
"""Site, participant, visit, its repeat, form, its repeat."""


def write_responses(study: Study, records: Iterable[OdmRecord], zone_of: Callable[[str], str]) -> bytes:
    """A Bundle of the responses that records make, in the order of their first record.

    `zone_of` gives the IANA time zone of a site, in which times of day were meant. What FHIR would not give back as it
    was entered (`UN-JAN-2014`, `14:30`) is written with its text in an extension of ours.
    """
    by_form: dict[Key, dict[tuple[str, str], OdmRecord]] = {}
    for record in records:
        key = (
            record.site, record.participant, record.event, record.event_repeat, record.form, record.form_repeat,
        )  # fmt: skip
        by_form.setdefault(key, {})[record.group, record.group_repeat] = record
    entries = [
        {"resource": _response(study, study.forms[key[4]], key, groups, zone_of(key[0]))}
        for key, groups in by_form.items()
        if key[4] in study.forms
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    return render_json(bundle | ({"entry": entries} if entries else {}))


def _response(study: Study, form: Form, key: Key, records: Mapping[tuple[str, str], OdmRecord], zone: str) -> Json:
    site, participant, event, event_repeat, _, form_repeat = key
    own = {"form": form.id, "site": site, "participant": participant, "event": event}
    own |= {"event_repeat": event_repeat, "form_repeat": form_repeat}
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "extension": [_own(own)],
        "questionnaire": f"Questionnaire/{form.id.replace('_', '-')}|{study.file.version}",
        "status": "in-progress",
        "subject": {"identifier": {"value": participant}},
    }
    if event:
        response["encounter"] = {"identifier": {"value": event}}
    items = [made for group in form.groups for made in _group(study, group, records, zone)]
    return response | ({"item": items} if items else {})


def _group(study: Study, group: ItemGroup, records: Mapping[tuple[str, str], OdmRecord], zone: str) -> Iterable[Json]:
    """An element for each record; a repeat number that is left out is an element without answers."""
    mine = {int(repeat or 1): record for (name, repeat), record in records.items() if name == group.id}
    for number in range(1, max(mine, default=0) + 1):
        element: Json = {"linkId": f"{GROUP_LINK}{group.id}"}
        items = [_item(study, item, mine[number], zone) for item in group.items] if number in mine else []
        said = [item for item in items if item]
        yield element | ({"item": said} if said else {})


def _item(study: Study, item: Item, record: OdmRecord, zone: str) -> Json:
    text = record.items.get(item.id)
    if not text:
        return {}
    codes = study.codelists.get(item.codes or "")
    answers = []
    for kind, value, exact in write_answers(item, text, codes, zone):
        answer: Json = {kind: value}
        if not exact:
            answer = {"extension": [_own({"text": text})], **answer}
        answers.append(answer)
    return {"linkId": item.id, "text": item.label, "answer": answers}


def _own(values: Mapping[str, Any]) -> Json:
    inner = [{"url": key, "valueString": json.dumps(value, ensure_ascii=False)} for key, value in values.items()]
    return {"url": OWN, "extension": inner}
