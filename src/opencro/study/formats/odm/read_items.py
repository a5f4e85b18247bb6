"""Items and code lists from ODM: what both versions share.

Source: CDISC ODM v1.3.2 section 3.1.1 and v2.0 (ItemDef, ItemRef, CodeList, RangeCheck, ConditionDef). What has no
place in our forms is finding ODM-021..029, never a silence.
"""

from __future__ import annotations

import re
from typing import get_args

from lxml import etree

from opencro.study.formats.odm.grammar import is_permitted
from opencro.study.formats.odm.importing import OdmReading, is_name
from opencro.study.formats.odm.making import EXPRESSION
from opencro.study.model.form import Code, CodeList, EditCheck, Item, ItemType

_TYPES: dict[str, ItemType] = {
    "text": "text",
    "string": "text",
    "integer": "integer",
    "float": "decimal",
    "double": "decimal",
    "decimal": "decimal",
    "date": "date",
    "partialDate": "partial-date",
    "incompleteDate": "partial-date",
    "time": "time",
    "datetime": "datetime",
    "partialDatetime": "partial-datetime",
    "incompleteDatetime": "partial-datetime",
    "URI": "text",
}
_NOT = re.compile(r"not \((.*)\)", re.DOTALL)
_DISPLAY = re.compile(r"\d*\.(\d+)")


def read_codelists(reading: OdmReading) -> tuple[CodeList, ...]:
    """Every code list that gives its codes; an external one is a finding."""
    found = []
    taken: set[str] = set()
    for element in reading.all(reading.metadata, "CodeList"):
        items = reading.all(element, "CodeListItem") + reading.all(element, "EnumeratedItem")
        if not items:
            got = f'code list "{element.get("Name")}" has no codes of its own'
            reading.say("ODM-028", element, got, "codes", "Give the codes, or enter the items as text.")
            continue
        name = reading.name(element, ("CL.",), taken, oid_first=False)
        title = reading.text(element, "Description") or str(element.get("Name") or "").strip()
        terminology = reading.aliases(element).get("nci:ExtCodeID", "")
        codes = tuple(_code(reading, item) for item in items)
        found.append(CodeList(id=name, title="" if title == name else title, terminology=terminology, codes=codes))
    return tuple(found)


def _code(reading: OdmReading, element: etree._Element) -> Code:
    value = str(element.get("CodedValue") or "")
    return Code(value=value, label=reading.text(element, "Decode"), term=reading.ours(element).get("term", ""))


def read_items(reading: OdmReading, group: etree._Element, prefix: str) -> tuple[Item, ...]:
    """The items of a group in order; `prefix` is what our OIDs begin with there."""
    refs = reading.all(group, "ItemRef")
    if all(is_permitted("integer", str(ref.get("OrderNumber") or "")) for ref in refs):
        refs.sort(key=lambda ref: int(str(ref.get("OrderNumber"))))
    taken: set[str] = set()
    items = []
    for ref in refs:
        element = reading.definition("ItemDef", ref, "ItemOID")
        if element is not None:
            items.append(_item(reading, ref, element, reading.name(element, (prefix,), taken, oid_first=False)))
    return tuple(items)


def _item(reading: OdmReading, ref: etree._Element, element: etree._Element, name: str) -> Item:
    codes = _codes_of(reading, element)
    minimum, maximum = _bounds(reading, element)
    label = reading.text(element, "Question") or reading.text(element, "Description")
    aliases, ours = reading.aliases(element), reading.ours(element)
    if ref.get("MethodOID"):
        got = f'item "{name}" is made by method {ref.get("MethodOID")}'
        reading.say("ODM-024", ref, got, "an item that is entered", "Declare the derivation where it belongs.")
    return Item(
        id=name,
        label=label or str(element.get("Name") or "").strip() or name,
        type=_type(reading, element, codes, ours.get("type", "")),
        length=_whole(element, "Length", 1),
        decimals=_decimals(element),
        codes=codes,
        unit=ours.get("unit") or _unit(reading, element),
        required=ref.get("Mandatory") == "Yes",
        minimum=minimum,
        maximum=maximum,
        show_when=_show_when(reading, ref),
        sdtm=next((v for k, v in aliases.items() if k.upper().startswith("SDTM")), ""),
        concept=ours.get("concept", ""),
    )


def _type(reading: OdmReading, element: etree._Element, codes: str | None, ours: str) -> ItemType:
    if ours in get_args(ItemType):
        return ours  # type: ignore[return-value]
    if codes is not None:
        return "choice"
    written = str(element.get("DataType") or "")
    if written not in _TYPES:
        got = f'item "{element.get("Name")}" has the data type {written}'
        reading.say("ODM-021", element, got, ", ".join(_TYPES), "Read as text; choose a type.")
    return _TYPES.get(written, "text")


def _codes_of(reading: OdmReading, element: etree._Element) -> str | None:
    ref = reading.one(element, "CodeListRef")
    if ref is None or reading.definition("CodeList", ref, "CodeListOID") is None:
        return None
    return reading.names.get(str(ref.get("CodeListOID")))


def _whole(element: etree._Element, name: str, least: int) -> int | None:
    value = str(element.get(name) or "")
    return int(value) if value.isdigit() and int(value) >= least else None


def _decimals(element: etree._Element) -> int | None:
    display = _DISPLAY.fullmatch(str(element.get("DisplayFormat") or ""))
    return int(display[1]) if display else _whole(element, "SignificantDigits", 0)


def _unit(reading: OdmReading, element: etree._Element) -> str | None:
    refs = reading.all(element, "MeasurementUnitRef")
    if not refs:
        return None
    if len(refs) > 1:
        got = f'item "{element.get("Name")}" may have {len(refs)} units'
        reading.say("ODM-022", element, got, "one unit", "Read with the first; add an item for the unit.")
    oid = refs[0].get("MeasurementUnitOID")
    study = reading.metadata.getparent()
    units = [] if study is None else reading.all(study, "BasicDefinitions/MeasurementUnit")
    unit = next((u for u in units if u.get("OID") == oid), None)
    if unit is None:
        reading.say("ODM-020", refs[0], f'MeasurementUnitOID "{oid}" names nothing', "a unit", "Define it.", error=True)
        return None
    return reading.text(unit, "Symbol") or str(unit.get("Name") or "") or None


def _bounds(reading: OdmReading, element: etree._Element) -> tuple[float | None, float | None]:
    minimum: float | None = None
    maximum: float | None = None
    for check in reading.all(element, "RangeCheck"):
        comparator = check.get("Comparator")
        values = [(v.text or "").strip() for v in reading.all(check, "CheckValue")]
        ours = reading.one(check, "FormalExpression")
        if ours is not None and ours.get("Context") == EXPRESSION:
            continue  # an edit check of ours, whole in its ConditionDef
        if (
            comparator in ("GE", "LE")
            and len(values) == 1
            and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", values[0])
        ):
            minimum, maximum = (float(values[0]), maximum) if comparator == "GE" else (minimum, float(values[0]))
        else:
            got = f"range check {comparator or 'by expression'} {' '.join(values)}".strip()
            reading.say("ODM-023", check, got, "GE or LE a number", "Write it as an edit check.")
    return minimum, maximum


def _expression(reading: OdmReading, condition: etree._Element) -> str | None:
    """The text of a condition in our language, or None when it is in another."""
    for found in reading.all(condition, "FormalExpression"):
        if found.get("Context") == EXPRESSION:
            code = reading.one(found, "Code")
            return ((found if code is None else code).text or "").strip()
    return None


def _show_when(reading: OdmReading, ref: etree._Element) -> str:
    if not ref.get("CollectionExceptionConditionOID"):
        return ""
    condition = reading.definition("ConditionDef", ref, "CollectionExceptionConditionOID")
    if condition is None:
        return ""
    match = _NOT.fullmatch(_expression(reading, condition) or "")
    if match:
        return match[1]
    got = f'condition "{condition.get("Name")}" leaves the item out'
    reading.say("ODM-029", ref, got, "an expression in our language", "Write when the item is asked.")
    return ""


def read_checks(reading: OdmReading) -> tuple[EditCheck, ...]:
    """The edit checks that stand as conditions of ours."""
    found = []
    for condition in reading.all(reading.metadata, "ConditionDef"):
        ours = reading.ours(condition)
        expression = _expression(reading, condition)
        name, message = str(condition.get("Name")), reading.text(condition, "Description")
        if "check form" in ours and not (expression and message and is_name(name)):
            got = f'edit check "{name}" lacks its expression, message or a fit name'
            reading.say("ODM-034", condition, got, "a whole edit check", "Correct the condition.", error=True)
        elif "check form" in ours and expression:
            found.append(
                EditCheck(
                    id=name,
                    form=ours["check form"],
                    item=ours.get("check item") or None,
                    when=expression,
                    message=message,
                    severity=ours.get("check severity", "query"),  # type: ignore[arg-type]
                )
            )
    return tuple(found)
