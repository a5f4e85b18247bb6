"""A FHIR R4 Questionnaire as parts of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from opencro.kernel.finding import Findings, Severity, suggest
from opencro.study.formats.fhir.choices import Lists, own_parts
from opencro.study.formats.fhir.conditions import Asked, Conditions
from opencro.study.formats.fhir.items import NEVER, ItemMaker
from opencro.study.formats.fhir.layout import Builder, Group, Placed
from opencro.study.formats.fhir.reading import Json, Making, check_kinds, fit, parts, read_json, text_of
from opencro.study.formats.fhir.vocabulary import CONTAINERS, EXPRESSIONS, OWN, TYPES
from opencro.study.model.form import CodeList, EditCheck, Form, Item, ItemGroup, Translation

_CARRIED = frozenset(["resourceType", "id", "name", "title", "version", "language", "item", "contained", "extension"])
_TECHNICAL = frozenset(["meta", "text", "status", "url"])
"""What says nothing of the questions."""


@dataclass(frozen=True)
class QuestionnaireImport:
    """The form in a questionnaire; with errors in `findings` it is given as far as it could be read."""

    name: str = ""
    title: str = ""
    version: str = ""
    language: str = ""
    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)


def is_questionnaire(data: bytes) -> bool:
    """Whether a file says that it is a Questionnaire."""
    return b'"Questionnaire"' in data and b'"resourceType"' in data


def read_questionnaire(data: bytes, file: str = "") -> QuestionnaireImport:
    """The form in a Questionnaire in JSON; `file` is its name in findings.

    Findings FHR-002..010 are errors of the questionnaire, the others say what could not be carried (docs/fhir.md).
    Raises `Refused` with FHR-001 when nothing can be read.
    """
    resource = read_json(data, file)
    making = Making(file)
    if resource.get("resourceType") != "Questionnaire":
        got = f'resourceType "{resource.get("resourceType", "")}"'
        making.error("FHR-002", "resourceType", got, "Questionnaire", "Give a Questionnaire of FHIR R4.")
    else:
        check_kinds(making, resource)
    if not making.all_findings().ok:
        return QuestionnaireImport(findings=making.all_findings())
    return _Reader(making, resource, PurePath(file).stem or "form").read()


@dataclass
class _Reader:
    making: Making
    resource: Json
    stem: str

    def read(self) -> QuestionnaireImport:
        """The form with all that belongs to it."""
        making, resource = self.making, self.resource
        own = own_parts(making, resource, "Questionnaire")
        name = text_of(resource, "name") or text_of(resource, "id") or self.stem
        title = text_of(resource, "title") or name
        form_id = str(own.pop("form", "")) or fit(name)
        checks = own.pop("checks", [])
        self._check_items(parts(resource, "item"), set())
        self._say_resource()
        builder = Builder(making, form_id)
        if making.all_findings().ok:
            builder.fill(parts(resource, "item"), (), None)
            builder.finish()
        contained = [c for c in parts(resource, "contained") if c.get("resourceType") == "ValueSet"]
        lists = Lists(making, {text_of(c, "id"): c for c in contained})
        groups, maker = self._make(builder, lists, form_id)
        if not groups and making.all_findings().ok:
            making.error("FHR-010", "item", "no question with an answer", "a question", "Add a question.")
        form = self._form(form_id, title, groups, own)
        return QuestionnaireImport(
            name,
            title,
            text_of(resource, "version"),
            text_of(resource, "language"),
            (form,) if form else (),
            tuple(lists.codelists.values()),
            (*maker.checks, *self._own_checks(checks)),
            self._translations(own.get("translations", {})),
            making.all_findings(),
        )

    def _make(self, builder: Builder, lists: Lists, form_id: str) -> tuple[list[ItemGroup], ItemMaker]:
        maker = ItemMaker(self.making, lists, form_id)
        made = {placed.item_id: maker.make(placed) for placed in builder.placed}
        asked = {placed.link: Asked(made[placed.item_id][0], placed.repeat) for placed in builder.placed}
        conditions = Conditions(self.making, asked, frozenset(builder.silent))
        groups = []
        for group in builder.groups:
            items: list[Item] = []
            for placed in group.items:
                item, other = made[placed.item_id]
                items.append(_shown(item, placed, conditions))
                items += [other] if other is not None else []
            if items:
                groups.append(self._group(group, items, maker))
        return groups, maker

    def _group(self, group: Group, items: list[Item], maker: ItemMaker) -> ItemGroup:
        if group.element is not None and text_of(group.element, "type") == "group":
            maker.say_unread(group.element)
        return ItemGroup(id=group.id, label=group.label, repeating=group.repeating, items=tuple(items))

    def _form(self, form_id: str, title: str, groups: list[ItemGroup], own: dict[str, Any]) -> Form | None:
        if not groups:
            return None
        known = {key: value for key, value in own.items() if key in Form.model_fields}
        try:
            return Form(**{"participant_level": True, **known, "id": form_id, "title": title, "groups": tuple(groups)})
        except ValidationError:
            self.making.error("FHR-009", "extension", "fields that do not fit", "a form", "Export the form again.")
            return None

    def _own_checks(self, found: object) -> list[EditCheck]:
        try:
            return [EditCheck(**check) for check in found] if isinstance(found, list) else []
        except (ValidationError, TypeError):
            self.making.error("FHR-009", "extension", "an edit check that does not fit", "a check", "Export it again.")
            return []

    def _translations(self, found: object) -> dict[str, Mapping[str, str]]:
        try:
            return {tag: Translation(words).root for tag, words in dict(found or {}).items()}  # type: ignore[call-overload]
        except (ValidationError, TypeError, ValueError):
            self.making.error(
                "FHR-009", "extension", "translations that do not fit", "texts by key", "Export it again."
            )
            return {}

    def _check_items(self, elements: list[Json], seen: set[str]) -> None:
        """FHR-004 and FHR-005: every element has a linkId of its own and a type that is known."""
        for element in elements:
            link, kind = text_of(element, "linkId"), text_of(element, "type")
            if not link:
                got = f'the item "{text_of(element, "text")}" without a linkId'
                self.making.error("FHR-004", "item", got, "a linkId", "Give it one.")
            elif link in seen:
                remedy = "Give each its own."
                self.making.error("FHR-005", link, f'the linkId "{link}" twice', "each linkId once", remedy)
            seen.add(link)
            if kind not in (*CONTAINERS, *TYPES):
                remedy = suggest(kind, (*CONTAINERS, *TYPES)) or "Use a type of FHIR R4."
                self.making.error("FHR-004", link, f'type "{kind}"', "a type of question", remedy)
            self._check_modifiers(element, link)
            self._check_items(parts(element, "item"), seen)

    def _check_modifiers(self, element: Json, link: str) -> None:
        for extension in parts(element, "modifierExtension"):
            got = f"the modifier {text_of(extension, 'url').rpartition('/')[2]}"
            remedy = "Take it away, if the form is right without it."
            self.making.error("FHR-008", link or "modifierExtension", got, "no modifier that is not known", remedy)

    def _say_resource(self) -> None:
        resource = self.resource
        self._check_modifiers(resource, "")
        for extension in parts(resource, "extension"):
            url = text_of(extension, "url")
            if url in EXPRESSIONS:
                self.making.say("FHR-023", "extension", EXPRESSIONS[url], "an expression of ours", "Write it by hand.")
            elif url != OWN:
                self.making.count("FHR-024", "extension", f"the extension {url.rpartition('/')[2]}")
        for key in [key for key in resource if key not in _CARRIED and key != "modifierExtension"]:
            severity = Severity.NOTE if key in _TECHNICAL else Severity.WARNING
            self.making.say("FHR-024", key, f"the part {key}", "", "It was not read.", severity)
        if resource.get("status") == "retired":
            self.making.say("FHR-024", "status", "a questionnaire that is retired", "", "Look for its successor.")


def _shown(item: Item, placed: Placed, conditions: Conditions) -> Item:
    """The item with the conditions of all elements around it and its own, where our extension did not say them."""
    if item.show_when and item.show_when != NEVER:
        return item
    elements = [*placed.around, placed.element]
    hidden = item.show_when == NEVER or any(_is_hidden(element) for element in placed.around)
    said = [conditions.say(element, placed.repeat) for element in elements if parts(element, "enableWhen")]
    texts = [f"({text})" if either and len(said) > 1 else text for text, either in said if text]
    show = NEVER if hidden else " and ".join(texts)
    return item.model_copy(update={"show_when": show}) if show else item


def _is_hidden(element: Json) -> bool:
    return any(e.get("url", "").endswith("questionnaire-hidden") and e.get("valueBoolean") is True
               for e in parts(element, "extension"))  # fmt: skip
