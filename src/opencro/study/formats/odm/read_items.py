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
from opencro.study.formats.odm.read_ranges import read_ranges
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
        codes = tuple(_code(reading, item, name) for item in items)
        found.append(CodeList(id=name, title="" if title == name else title, terminology=terminology, codes=codes))
    return tuple(found)


def _code(reading: OdmReading, element: etree._Element, codelist: str) -> Code:
    value = str(element.get("CodedValue") or "")
    label = reading.text(element, "Decode", f"code.{codelist}.{value}")
    return Code(value=value, label=label, term=reading.ours(element).get("term", ""))


def read_items(
    reading: OdmReading, form: etree._Element, group: etree._Element, form_id: str, group_id: str, taken: set[str]
) -> tuple[Item, ...]:
    """The items of a group in order; `taken` are the ids that other groups of the form have given."""
    refs = reading.all(group, "ItemRef")
    if all(is_permitted("integer", str(ref.get("OrderNumber") or "")) for ref in refs):
        refs.sort(key=lambda ref: int(str(ref.get("OrderNumber"))))
    prefix = f"IT.{form_id}.{group_id}."
    items = []
    for ref in refs:
        element = reading.definition("ItemDef", ref, "ItemOID")
        if element is not None:
            name = reading.name(element, (prefix,), taken, oid_first=False)
            oid = str(element.get("OID"))
            if reading.names[oid] != name:
                reading.names[f"{form.get('OID')}/{group.get('OID')}/{oid}"] = name
            items.append(_item(reading, ref, element, form_id, name))
    return tuple(items)


def _item(reading: OdmReading, ref: etree._Element, element: etree._Element, form_id: str, name: str) -> Item:
    codes = _codes_of(reading, element)
    key = f"item.{form_id}.{name}"
    label = reading.text(element, "Question", key) or reading.text(element, "Description", key)
    aliases, ours = reading.aliases(element), reading.ours(element)
    item = Item(
        id=name,
        label=label or str(element.get("Name") or "").strip() or name,
        help=_help(reading, element, f"help.{form_id}.{name}") or ours.get("help", ""),
        section=ours.get("section", ""),
        type=_type(reading, element, codes, ours.get("type", "")),
        length=_whole(element, "Length", 1) if str(element.get("DataType")) in _TYPES else None,
        lines=int(ours.get("lines", "1")),
        decimals=_decimals(element),
        codes=codes,
        unit=ours.get("unit") or _unit(reading, element),
        required=ref.get("Mandatory") == "Yes",
        normal=_normal(ours.get("normal", "")),
        derive=_derive(reading, ref, name),
        show_when=_show_when(reading, ref),
        sensitive="sensitive" in ours,
        blinded="blinded" in ours,
        sdtm=next((v for k, v in aliases.items() if k.upper().startswith("SDTM")), ""),
        concept=ours.get("concept", ""),
    )
    limits, checks = read_ranges(reading, element, form_id, item)
    reading.checks += checks
    return item.model_copy(update=limits)


def _help(reading: OdmReading, element: etree._Element, key: str) -> str:
    """The instructions for completion; their other languages count only where there is one in the study's."""
    text = reading.text(element, "CRFCompletionInstructions")
    return reading.text(element, "CRFCompletionInstructions", key) if text else ""


def _normal(text: str) -> tuple[float | None, float | None] | None:
    if not text:
        return None
    low, high = text.split("..")
    return float(low) if low else None, float(high) if high else None


def _derive(reading: OdmReading, ref: etree._Element, name: str) -> str:
    """The expression of a method in our language; a method in another is a finding."""
    if not ref.get("MethodOID"):
        return ""
    method = reading.definition("MethodDef", ref, "MethodOID")
    said = "" if method is None else expression_of(reading, method) or ""
    if not said:
        got = f'item "{name}" is made by method {ref.get("MethodOID")}'
        reading.say("ODM-024", ref, got, "an expression in our language", "Write derive.")
    return said


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


def expression_of(reading: OdmReading, condition: etree._Element) -> str | None:
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
    match = _NOT.fullmatch(expression_of(reading, condition) or "")
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
        expression = expression_of(reading, condition)
        name, message = str(condition.get("Name")), reading.text(condition, "Description")
        if "check form" in ours:
            reading.text(condition, "Description", f"check.{name}")
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
