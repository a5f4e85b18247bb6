"""Range checks of items: bounds of numbers are limits, what else they compare becomes an edit check.

Source: CDISC ODM v1.3.2 and v2.0 (RangeCheck). ODM says what must hold, an edit check what is wrong.
"""

from __future__ import annotations

import re

from lxml import etree

from opencro.kernel.expression import Expression, parse_expression
from opencro.study.formats.odm.importing import OdmReading
from opencro.study.formats.odm.making import EXPRESSION
from opencro.study.model.form import EditCheck, Item
from opencro.study.model.value_types import VALUE_TYPES

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_ANY = re.compile(r".+", re.DOTALL)
_FORMS = {"number": _NUMBER, "date": re.compile(r"\d{4}-\d\d-\d\d.*")}
_WRONG = {"LT": ">=", "LE": ">", "GT": "<=", "GE": "<", "EQ": "!=", "NE": "=="}
_WRONG_LISTS = {"IN": "not in", "NOTIN": "in"}
_WORDS = {
    "LT": "less than", "LE": "at most", "GT": "more than", "GE": "at least", "EQ": "equal to", "NE": "other than",
    "IN": "one of", "NOTIN": "none of",
}  # fmt: skip
_LIMITS = {"GE": "minimum", "LE": "maximum"}


def read_ranges(
    reading: OdmReading, element: etree._Element, form_id: str, item: Item
) -> tuple[dict[str, float], list[EditCheck]]:
    """Limits and edit checks of an item; ODM-023 where neither can say it."""
    limits: dict[str, float] = {}
    checks: list[EditCheck] = []
    for check in reading.all(element, "RangeCheck"):
        comparator = str(check.get("Comparator") or "")
        values = [(v.text or "").strip() for v in reading.all(check, "CheckValue")]
        ours = reading.one(check, "FormalExpression")
        if ours is not None and ours.get("Context") == EXPRESSION:
            continue  # an edit check of ours, whole in its ConditionDef
        name = _LIMITS.get(comparator, "")
        if name and name not in limits and len(values) == 1 and _NUMBER.fullmatch(values[0]):
            limits[name] = float(values[0])
            continue
        wrong = _wrong(item, comparator, values)
        if wrong:
            checks.append(_check(reading, check, form_id, item, len(checks) + 1, wrong))
        else:
            got = f"range check {comparator or 'by expression'} {' '.join(values)}".strip()
            reading.say("ODM-023", check, got, "a comparison with values", "Write it as an edit check.")
    return limits, checks


def _wrong(item: Item, comparator: str, values: list[str]) -> str:
    """The condition under which the item is wrong, or an empty text."""
    plain = parse_expression(item.id)
    name = item.id if isinstance(plain, Expression) and plain.names() == (item.id,) else f"`{item.id}`"
    form = _FORMS.get(VALUE_TYPES.get(item.type, "text"), _ANY)
    if not values or not all(form.fullmatch(value) for value in values):
        return ""
    said = values if form is _NUMBER else ['"' + value.replace('"', '""') + '"' for value in values]
    if comparator in _WRONG and len(values) == 1:
        return f"{name} {_WRONG[comparator]} {said[0]}"
    return f"{name} {_WRONG_LISTS[comparator]} ({', '.join(said)})" if comparator in _WRONG_LISTS else ""


def _check(reading: OdmReading, check: etree._Element, form_id: str, item: Item, number: int, wrong: str) -> EditCheck:
    comparator = str(check.get("Comparator"))
    values = ", ".join((v.text or "").strip() for v in reading.all(check, "CheckValue"))
    identity = f"{form_id[:28]}.{item.id[:28]}.{number}"
    message = reading.text(check, "ErrorMessage", f"check.{identity}")
    return EditCheck(
        id=identity,
        form=form_id,
        item=item.id,
        when=wrong,
        message=message or f"{item.label} is not {_WORDS[comparator]} {values}",
        severity="stop" if check.get("SoftHard") == "Hard" else "query",
    )
