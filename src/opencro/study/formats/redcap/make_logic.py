"""What logic says of items: when they are asked, how they are computed, limits that are no numbers."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencro.kernel.expression import Expression, ValueType, check_expression, parse_expression
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.logic import LogicError, Reference
from opencro.study.formats.redcap.make_items import calculated_text, is_plain_limit
from opencro.study.formats.redcap.making import Making
from opencro.study.formats.redcap.say_logic import KnownField, say_calculation, say_condition
from opencro.study.model.form import EditCheck, Form, Item, ItemGroup
from opencro.study.model.value_types import VALUE_TYPES

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_WORDS = frozenset(["and", "or", "not", "in", "is", "missing", "present", "true", "false"])
_SAME_EVENT = "event-name"
_BOUNDED = ("date", "datetime", "time", "integer", "decimal")
Places = Mapping[str, tuple[str, str, str]]


def add_logic(
    making: Making, fields: Sequence[RedcapField], forms: Sequence[Form], places: Places
) -> tuple[list[Form], tuple[EditCheck, ...]]:
    """The forms with `show_when` and `derive`, and the edit checks of limits; RCP-021 and RCP-022 say what was not."""
    logics = _Logics(making, {form.id: form for form in forms}, places)
    rows = {places[row.field_name]: row for row in fields if row.field_name in places}
    checks: list[EditCheck] = []
    made = []
    for form in forms:
        groups = []
        for group in form.groups:
            items = []
            for item in group.items:
                row = rows[form.id, group.id, item.id]
                items.append(logics.complete(form, item, row))
                checks += logics.limits(form, item, row)
            groups.append(ItemGroup(**{**_shallow(group), "items": tuple(items)}))
        made.append(Form(**{**_shallow(form), "groups": tuple(groups)}))
    return made, tuple(checks)


def _shallow(part: Form | ItemGroup | Item) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}


@dataclass
class _Logics:
    """Says the logic of fields, and tries whether it makes sense among the items of all forms."""

    making: Making
    forms: Mapping[str, Form]
    places: Places

    def __post_init__(self) -> None:
        self._items = {
            (form.id, item.id): item for form in self.forms.values() for group in form.groups for item in group.items
        }
        self._own: dict[str, dict[str, ValueType]] = {form: {} for form in self.forms}
        for (form_id, item_id), item in self._items.items():
            self._own[form_id][item_id] = VALUE_TYPES.get(item.type, "text")
        self._everywhere = {f"{f}.{i}": kind for f, own in self._own.items() for i, kind in own.items()}

    def complete(self, form: Form, item: Item, row: RedcapField) -> Item:
        """The item with what its logic says."""
        values: dict[str, Any] = {}
        if row.branching_logic:
            values["show_when"] = self._condition(form, row, row.branching_logic, "RCP-022", "It is asked always.")
        calculation = row.choices if row.field_type == "calc" else calculated_text(row)
        if calculation:
            values["derive"] = self._calculation(form, item, row, calculation)
        return Item(**{**_shallow(item), **values}) if values else item

    def _condition(self, form: Form, row: RedcapField, logic: str, code: str, remedy: str) -> str:
        try:
            said = say_condition(logic, lambda reference: self._find(form, reference))
            self._try(form, said, "boolean")
        except LogicError as error:
            self.making.say(code, row, f"`{_short(logic)}`: {error.got}", error.expected, remedy)
            return ""
        return said

    def _calculation(self, form: Form, item: Item, row: RedcapField, logic: str) -> str:
        try:
            said = say_calculation(logic, lambda reference: self._find(form, reference))
            self._try(form, said, VALUE_TYPES.get(item.type, "text"))
        except LogicError as error:
            got = f"`{_short(logic)}`: {error.got}"
            self.making.say("RCP-022", row, got, error.expected, "It is typed; write derive, or compute it later.")
            return ""
        return said

    def _try(self, form: Form, said: str, gives: ValueType) -> None:
        expression = parse_expression(said)
        if not isinstance(expression, Expression):
            raise LogicError(expression.items[0].got, "an expression of ours")
        found = check_expression(expression, self._types(form), gives=gives)
        if found.items:
            raise LogicError(found.items[0].got.partition(" at column ")[0], found.items[0].expected)

    def _types(self, form: Form) -> Mapping[str, ValueType]:
        """The items of all forms as `FORM.ITEM`, those of this form also by themselves."""
        return ChainMap(self._own[form.id], self._everywhere)

    def _find(self, form: Form, reference: Reference) -> KnownField:
        parts = list(reference.parts)
        if len(parts) > 1 and parts[0][0] == _SAME_EVENT:
            parts = parts[1:]
        name, code, suffix = parts[0]
        if len(parts) > 1:
            what = "another record of the form" if name in self.places else "another event"
            raise LogicError(f"{reference}, {what}", "an item of the same visit")
        if "-" in name:
            raise LogicError(f"the smart variable {reference}", "a field")
        place = self.places.get(name)
        if place is None:
            status = name.endswith("_complete") and name.removesuffix("_complete") in self.forms
            got = f"{reference}, the status of a form" if status else f"{reference}, which is no field with values"
            raise LogicError(got, "a field")
        if suffix and suffix != "value":
            raise LogicError(f"{reference}, which asks for `{suffix}`", "the value of a field")
        return self._known(form, place, code)

    def _known(self, form: Form, place: tuple[str, str, str], code: str) -> KnownField:
        item = self._items[place[0], place[2]]
        written = item.id if place[0] == form.id else f"{place[0]}.{item.id}"
        plain = _PLAIN.fullmatch(written) and written not in _WORDS
        codes = self.making.codelists[item.codes].codes if item.codes else ()
        if code and item.type != "choices":
            raise LogicError(f"[{item.id}({code})], which is no checkbox", "a checkbox")
        return KnownField(
            name=written if plain else f"`{written}`",
            kind=VALUE_TYPES.get(item.type, "text"),
            several=item.type == "choices",
            codes=tuple(c.value for c in codes),
            timed=item.type == "datetime",
        )

    def limits(self, form: Form, item: Item, row: RedcapField) -> list[EditCheck]:
        """Edit checks for limits that are no numbers; REDCap lets a value outside them stand."""
        found = []
        for sign, word, limit in (("<", "minimum", row.text_validation_min), (">", "maximum", row.text_validation_max)):
            if (
                not limit
                or row.field_type == "slider"
                or (item.type in ("integer", "decimal") and is_plain_limit(limit))
            ):
                continue
            if item.type not in _BOUNDED:
                self.making.say("RCP-021", row, f'a limit "{limit}" of a text', "a number or date", "It was left out.")
                continue
            bound = limit if limit.startswith("[") else f'"{limit.replace(" ", "T")}"'
            logic = f"[{row.field_name}] {sign} {bound}"
            said = self._condition(form, row, logic, "RCP-021", "It was left out; write an edit check.")
            if said and item.type == "datetime":
                self.making.say("RCP-021", row, f'the limit "{limit}"', "a day", "Days are compared, without times.")
            if said:
                message = f"{item.label}: {'before' if sign == '<' else 'after'} the {word}, {limit}"
                name = f"{item.id[:52]}_{word}"
                found.append(
                    EditCheck(id=name, form=form.id, item=item.id, when=said, message=message, severity="warning")
                )
        return found


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
