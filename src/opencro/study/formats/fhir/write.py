"""A form as a FHIR R4 Questionnaire.

What FHIR has words for is written in them, so that any program that shows questionnaires can. What it has none for
stands in an extension of ours, from which `read_questionnaire` makes the same form; FHR-030 names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.study.formats.fhir.json_text import render_json
from opencro.study.formats.fhir.reading import Json
from opencro.study.formats.fhir.vocabulary import (
    CONTROL,
    CONTROL_CODES,
    DECIMALS,
    GROUP_LINK,
    HIDDEN,
    MAX_VALUE,
    MIN_VALUE,
    OWN,
    TEXT_LINES,
    TYPES,
    UNIT,
)
from opencro.study.formats.fhir.write_conditions import enable_when
from opencro.study.model.form import CodeList, EditCheck, Form, Item, ItemGroup
from opencro.study.model.whole import Study

_FHIR_TYPES = {
    "text": "string",
    "integer": "integer",
    "decimal": "decimal",
    "date": "date",
    "partial-date": "date",
    "time": "time",
    "datetime": "dateTime",
    "partial-datetime": "dateTime",
    "choice": "choice",
    "choices": "choice",
    "file": "attachment",
}
_OF_OURS = ("normal", "derive", "show_when", "sensitive", "blinded", "sdtm")
_OF_FORM = ("repeating", "participant_level", "source", "double_entry")


def write_questionnaire(study: Study, form: Form) -> tuple[bytes, Findings]:
    """A form of a study as a Questionnaire in JSON, and what only our own extension says (FHR-030, notes)."""
    writer = _Writer(study, form)
    return render_json(writer.questionnaire()), Findings(tuple(writer.notes()))


class _Writer:
    """One form on its way out."""

    def __init__(self, study: Study, form: Form) -> None:
        self.study, self.form = study, form
        self.own_only: dict[str, str] = {}
        named = dict.fromkeys(i.codes for g in form.groups for i in g.items if i.codes in study.codelists)
        self.codelists = {name: study.codelists[name] for name in named if name is not None}
        self.value_sets = _ids(self.codelists)

    def questionnaire(self) -> Json:
        """The whole resource."""
        form, study = self.form, self.study
        own: dict[str, Any] = {"form": form.id}
        own |= {key: getattr(form, key) for key in _OF_FORM}
        checks = [c for c in study.checks if c.form == form.id]
        if checks:
            own["checks"] = [_check(check) for check in checks]
            self.own_only.setdefault("edit checks", "Questionnaire")
        translations = {tag: self._words(words, checks) for tag, words in study.translations.items()}
        if any(translations.values()):
            own["translations"] = {tag: words for tag, words in translations.items() if words}
            self.own_only.setdefault("translations", "Questionnaire")
        resource: Json = {
            "resourceType": "Questionnaire",
            "id": form.id.replace("_", "-"),
            "language": study.file.language,
            "version": study.file.version,
            "name": form.id,
            "title": form.title,
            "status": "draft",
            "extension": [_own(own)],
        }
        if self.codelists:
            resource["contained"] = [self._value_set(codelist) for codelist in self.codelists.values()]
        resource["item"] = [self._group(group) for group in form.groups]
        return resource

    def _words(self, words: Mapping[str, str], checks: list[EditCheck]) -> dict[str, str]:
        """The texts of this form among those of a language."""
        wholes = {f"form.{self.form.id}", *(f"check.{check.id}" for check in checks)}
        starts = [f"{kind}.{self.form.id}." for kind in ("group", "item", "help", "section")]
        starts += [f"code.{name}." for name in self.codelists]
        return {key: text for key, text in words.items() if key in wholes or key.startswith(tuple(starts))}

    def notes(self) -> Iterator[Finding]:
        """One note for each kind of thing that others will not read."""
        for what, where in self.own_only.items():
            place = Place(f"forms/{self.form.id}.yaml", None, where)
            remedy = "Other programs will not act on it."
            yield Finding("FHR-030", place, f"{what} in an extension of ours", "", remedy, Severity.NOTE)

    def _value_set(self, codelist: CodeList) -> Json:
        own: dict[str, Any] = {"id": codelist.id, "title": codelist.title}
        terms = {code.value: code.term for code in codelist.codes if code.term}
        if codelist.terminology:
            own["terminology"] = codelist.terminology
        if terms:
            own["terms"] = terms
        concepts = [{"code": c.value, "display": c.label} if c.label else {"code": c.value} for c in codelist.codes]
        return {
            "resourceType": "ValueSet",
            "id": self.value_sets[codelist.id],
            "extension": [_own(own)],
            "name": codelist.id,
            "title": codelist.title or codelist.id,
            "status": "draft",
            "compose": {"include": [{"system": f"{OWN}:{codelist.id}", "concept": concepts}]},
        }

    def _group(self, group: ItemGroup) -> Json:
        element: Json = {"linkId": f"{GROUP_LINK}{group.id}"}
        if group.label:
            element["text"] = group.label
        element["type"] = "group"
        if group.repeating:
            element["repeats"] = True
        element["item"] = [made for item in group.items for made in self._items(item)]
        return element

    def _items(self, item: Item) -> Iterator[Json]:
        if item.section:
            yield {"linkId": f"section:{item.id}", "text": item.section, "type": "display"}
        kind = "text" if item.type == "text" and item.lines > 1 else _FHIR_TYPES[item.type]
        element: Json = {"linkId": item.id}
        extensions = [*self._extensions(item), *self._own_of(item, kind)]
        if extensions:
            element["extension"] = extensions
        if item.concept:
            element["code"] = [{"code": item.concept}]
        element |= {"text": item.label, "type": kind}
        conditions, behavior = enable_when(self.form, item)
        if conditions:
            element["enableWhen"] = conditions
            element |= {"enableBehavior": behavior} if len(conditions) > 1 else {}
        element |= {"required": True} if item.required else {}
        element |= {"repeats": True} if item.type == "choices" else {}
        element |= {"readOnly": True} if item.derive else {}
        if item.length is not None and item.type == "text":
            element["maxLength"] = item.length
        if item.codes in self.value_sets:
            element["answerValueSet"] = f"#{self.value_sets[item.codes]}"
        if item.help:
            element["item"] = [_help(item)]
        yield element

    def _extensions(self, item: Item) -> Iterator[Json]:
        number = item.type in ("integer", "decimal")
        for url, limit in ((MIN_VALUE, item.minimum), (MAX_VALUE, item.maximum)):
            if limit is not None and number:
                whole = item.type == "integer" and float(limit).is_integer()
                yield {"url": url, "valueInteger": int(limit)} if whole else {"url": url, "valueDecimal": limit}
        if item.decimals is not None and item.type == "decimal":
            yield {"url": DECIMALS, "valueInteger": item.decimals}
        if item.unit and number:
            yield {"url": UNIT, "valueCoding": {"code": item.unit, "display": item.unit}}
        if item.show_when == "false":
            yield {"url": HIDDEN, "valueBoolean": True}

    def _own_of(self, item: Item, kind: str) -> Iterator[Json]:
        """What FHIR would not give back as it is."""
        own = {key: getattr(item, key) for key in _OF_OURS if getattr(item, key) not in ("", None, False)}
        if item.type != ("choices" if item.type == "choices" else TYPES[kind]):
            own["type"] = item.type
        if item.lines != (TEXT_LINES if kind == "text" else 1):
            own["lines"] = item.lines
        lost: tuple[str, ...] = ("length",) if item.type != "text" else ()
        lost += ("minimum", "maximum", "unit") if item.type not in ("integer", "decimal") else ()
        lost += ("decimals",) if item.type != "decimal" else ()
        own |= {key: getattr(item, key) for key in lost if getattr(item, key) is not None}
        if item.codes is not None and item.codes not in self.value_sets:
            own |= {"codes": item.codes, "type": item.type}
        for key in own:
            if key != "show_when" or not enable_when(self.form, item)[0]:
                self.own_only.setdefault(key, item.id)
        if own:
            yield _own(own)


def _own(values: Mapping[str, Any]) -> Json:
    inner = [{"url": key, "valueString": json.dumps(value, ensure_ascii=False)} for key, value in values.items()]
    return {"url": OWN, "extension": inner}


def _check(check: EditCheck) -> dict[str, Any]:
    return check.model_dump(mode="json", exclude_defaults=True)


def _help(item: Item) -> Json:
    concept = {"coding": [{"system": CONTROL_CODES, "code": "help"}]}
    extension = {"url": CONTROL, "valueCodeableConcept": concept}
    return {"linkId": f"help:{item.id}", "extension": [extension], "text": item.help, "type": "display"}


def _ids(codelists: Mapping[str, CodeList]) -> dict[str, str]:
    """Code list -> id of its value set; FHIR's ids have no underscores."""
    found: dict[str, str] = {}
    for name in codelists:
        wanted, number = name.replace("_", "-")[:60], 2
        free = wanted
        while free in found.values():
            free, number = f"{wanted[:56]}-{number}", number + 1
        found[name] = free
    return found
