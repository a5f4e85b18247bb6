"""A question becomes an item: type, answers, limits, units and texts.

Source: HL7 FHIR R4 Questionnaire.item; extensions minValue, maxValue, minLength, maxDecimalPlaces, questionnaire-unit,
questionnaire-unitOption, questionnaire-hidden, entryFormat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from opencro.study.formats.fhir.choices import SEPARATOR, Lists, own_parts
from opencro.study.formats.fhir.conditions import written
from opencro.study.formats.fhir.layout import MANY, Placed, control_of
from opencro.study.formats.fhir.reading import Json, Making, parts, text_of, value_of
from opencro.study.formats.fhir.vocabulary import (
    CONTROL,
    DECIMALS,
    ENTRY_FORMAT,
    EXPRESSIONS,
    HIDDEN,
    MAX_VALUE,
    MIN_LENGTH,
    MIN_VALUE,
    OTHERWISE,
    READ,
    TEXT_LINES,
    TYPES,
    UNIT,
    UNIT_OPTION,
)
from opencro.study.model.form import EditCheck, Item

NEVER = "false"
OTHER = "OTHER"
"""The code of an answer in own words, for an open choice."""
_CARRIED = frozenset([
    "linkId", "text", "type", "required", "repeats", "item", "answerOption", "answerValueSet", "enableWhen",
    "enableBehavior", "extension", "maxLength", "prefix", "code", "initial", "readOnly", "id",
])  # fmt: skip


@dataclass
class ItemMaker:
    """Makes items; `checks` are for limits that an item has no field for."""

    making: Making
    lists: Lists
    form_id: str
    checks: list[EditCheck] = field(default_factory=list)

    def make(self, placed: Placed) -> tuple[Item, Item | None]:
        """The item of a question, and the one for an answer in own words where the question has a list with room."""
        element, link = placed.element, placed.link
        own = own_parts(self.making, element, link)
        values = {"id": placed.item_id, **self._texts(placed), **self._by_type(placed, own)}
        values |= self._extensions(placed, str(values["type"]))
        values["required"] = element.get("required") is True
        values["concept"] = self._concept(element, link)
        if "show_when" not in own and self._extension(element, HIDDEN) is True:
            values["show_when"] = NEVER
        self.say_unread(element)
        item = self._checked({**values, **own}, link) or Item(id=placed.item_id, label=str(values["label"]))
        other = None
        if text_of(element, "type") == "open-choice" and item.codes is not None:
            name = written(item.id)
            show = f'selected({name}, "{OTHER}")' if item.type == "choices" else f'{name} == "{OTHER}"'
            other = Item(id=f"{item.id[:58]}_OTHER", label=f"{item.label}: other", show_when=show)
        return item, other

    def _checked(self, values: dict[str, Any], link: str) -> Item | None:
        try:
            return Item(**values)
        except (ValidationError, TypeError) as error:
            got = f"fields that do not fit: {', '.join(sorted(_fields(error)))}"
            self.making.error("FHR-009", link, got, "an item", "Correct the extension, or export the form again.")
            return None

    def _texts(self, placed: Placed) -> dict[str, str]:
        element = placed.element
        label = " ".join(filter(None, [text_of(element, "prefix"), text_of(element, "text")]))
        entry = self._extension(element, ENTRY_FORMAT)
        helps = [*placed.help, entry] if isinstance(entry, str) else placed.help
        return {"label": label or placed.item_id, "help": "\n".join(helps), "section": placed.section}

    def _by_type(self, placed: Placed, own: dict[str, Any]) -> dict[str, Any]:
        element, link, kind = placed.element, placed.link, text_of(placed.element, "type")
        if kind in OTHERWISE:
            self.making.say("FHR-021", link, OTHERWISE[kind], "an item of ours", "Read as text.")
        has_options = bool(parts(element, "answerOption"))
        if kind == "boolean":
            return {"type": "choice", "codes": self.lists.truth()}
        if kind in MANY or (has_options and kind != "quantity"):
            return self._choice(placed, kind)
        values: dict[str, Any] = {"type": TYPES[kind]}
        if kind == "text" and "lines" not in own:
            values["lines"] = TEXT_LINES
        if kind in ("string", "text", "url") and element.get("maxLength"):
            values["length"] = element["maxLength"]
        return values

    def _choice(self, placed: Placed, kind: str) -> dict[str, Any]:
        element, link = placed.element, placed.link
        if kind not in MANY:
            got, remedy = f"options at a {kind}", "Read as a choice."
            self.making.say("FHR-021", link, got, "options at a choice", remedy)
        codes = self.lists.of(element, link, open_answer=OTHER if kind == "open-choice" else "")
        if codes is None:
            if not text_of(element, "answerValueSet"):
                got, remedy = "a choice without choices", "Read as text; give the choices as a code list."
                self.making.say("FHR-025", link, got, "choices", remedy)
            return {"type": "text"}
        several = element.get("repeats") is True and kind in MANY
        values = [code.value for code in self.lists.codelists[codes].codes]
        if several and any(SEPARATOR in value for value in values):
            self.making.error("FHR-007", link, "a code with `;`", "codes without semicolons", "Rename the code.")
        return {"type": "choices" if several else "choice", "codes": codes}

    def _extension(self, element: Json, url: str) -> Any:
        found = next((e for e in parts(element, "extension") if e.get("url") == url), None)
        return value_of(found)[1] if found is not None else None

    def _extensions(self, placed: Placed, kind: str) -> dict[str, Any]:
        element = placed.element
        values: dict[str, Any] = {}
        decimals = self._extension(element, DECIMALS)
        if isinstance(decimals, int) and decimals >= 0 and kind == "decimal":
            values["decimals"] = decimals
        for url, name, sign in ((MIN_VALUE, "minimum", "<"), (MAX_VALUE, "maximum", ">")):
            limit = self._extension(element, url)
            if limit is None or isinstance(limit, bool):
                continue
            if isinstance(limit, int | Decimal) and kind in ("integer", "decimal"):
                values[name] = float(limit)
            elif isinstance(limit, str) and kind in ("date", "datetime"):
                self._check(placed, name, f'{written(placed.item_id)} {sign} "{limit}"', f"{name} {limit}")
            else:
                got = f"the {name} {limit} of a {kind} item"
                self.making.say("FHR-024", placed.link, got, "a limit of a number or date", "Write an edit check.")
        shortest = self._extension(element, MIN_LENGTH)
        if isinstance(shortest, int) and not isinstance(shortest, bool) and kind == "text":
            name = written(placed.item_id)
            when = f"{name} is present and length({name}) < {shortest}"
            self._check(placed, "length", when, f"at least {shortest} characters")
        unit = self._unit(placed) if kind in ("integer", "decimal") else None
        return values | ({"unit": unit} if unit else {})

    def _unit(self, placed: Placed) -> str | None:
        element = placed.element
        found = [value_of(e)[1] for e in parts(element, "extension") if e.get("url") in (UNIT, UNIT_OPTION)]
        units = [_unit_text(unit) for unit in found if isinstance(unit, dict)]
        if len(units) > 1:
            got, remedy = f"{len(units)} units to choose from", "Read with the first; add an item for the unit."
            self.making.say("FHR-026", placed.link, got, "one unit", remedy)
        if not units and not placed.unit and text_of(element, "type") == "quantity":
            got, remedy = "a quantity whose unit is typed", "Read as a number; add an item for the unit."
            self.making.say("FHR-026", placed.link, got, "one unit", remedy)
        return next(iter(units), "") or placed.unit or None

    def _check(self, placed: Placed, kind: str, when: str, words: str) -> None:
        label = text_of(placed.element, "text") or placed.item_id
        name = f"{placed.item_id[:52]}_{kind}"
        message = f"{label}: {words}"
        self.checks.append(EditCheck(id=name, form=self.form_id, item=placed.item_id, when=when, message=message))

    def _concept(self, element: Json, link: str) -> str:
        codes = [text_of(code, "code") for code in parts(element, "code") if text_of(code, "code")]
        for _ in codes[1:]:
            self.making.count("FHR-024", link, "a second code of a question")
        return codes[0] if codes else ""

    def say_unread(self, element: Json) -> None:
        """What an element says and we cannot: values at first, expressions, other extensions and parts."""
        link = text_of(element, "linkId")
        if parts(element, "initial"):
            self.making.say("FHR-028", link, "a value that is there at first", "", "Nothing is filled in.")
        if element.get("readOnly") is True and text_of(element, "type") in TYPES:
            self.making.say("FHR-028", link, "a field in which nobody may type", "", "It is typed.")
        for extension in parts(element, "extension"):
            url = text_of(extension, "url")
            if url in EXPRESSIONS:
                self._say_expression(link, extension, url)
            elif url == CONTROL:
                self.making.count("FHR-024", link, f"the control {control_of(element) or 'without a code'}")
            elif url not in READ:
                self.making.count("FHR-024", link, f"the extension {url.rpartition('/')[2] or 'without url'}")
        for key in [key for key in element if key not in _CARRIED]:
            what = "how a text looks" if key == "_text" else key
            self.making.count("FHR-024", link, f"the part {what}")

    def _say_expression(self, link: str, extension: Json, url: str) -> None:
        value = value_of(extension)[1]
        text = text_of(value, "expression") if isinstance(value, dict) else str(value or "")
        shown = text if len(text) <= 60 else text[:57] + "..."
        got, remedy = f"{EXPRESSIONS[url]}, `{shown}`", "Write it as derive, show_when or an edit check."
        self.making.say("FHR-023", link, got, "an expression of ours", remedy)


def _unit_text(unit: Json) -> str:
    return text_of(unit, "code") or text_of(unit, "display") or text_of(unit, "unit")


def _fields(error: ValidationError | TypeError) -> set[str]:
    if isinstance(error, ValidationError):
        return {str(one["loc"][0]) if one["loc"] else "item" for one in error.errors()}
    return {"a name that no item has"}
