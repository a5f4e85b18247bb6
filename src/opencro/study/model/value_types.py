"""How the collected text of items is read in expressions."""

from __future__ import annotations

from collections import Counter

from opencro.kernel.expression import ValueType
from opencro.study.model.form import Form, ItemType
from opencro.study.model.whole import Study

VALUE_TYPES: dict[ItemType, ValueType] = {
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "partial-date": "date",
    "datetime": "date",
    "partial-datetime": "date",
}


def item_types(form: Form) -> dict[str, ValueType]:
    """How the collected text of each item of a form is read in expressions."""
    return {item.id: VALUE_TYPES.get(item.type, "text") for group in form.groups for item in group.items}


def study_types(study: Study) -> dict[str, ValueType]:
    """The items of all forms as `FORM.ITEM`, and as `ITEM` where only one form has it."""
    pairs = [(form.id, name, kind) for form in study.forms.values() for name, kind in item_types(form).items()]
    count = Counter(name for _, name, _ in pairs)
    short = {name: kind for _, name, kind in pairs if count[name] == 1}
    return {**short, **{f"{form}.{name}": kind for form, name, kind in pairs}}
