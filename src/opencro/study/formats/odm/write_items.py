"""Items, code lists and conditions as ODM: what both versions share.

Source: CDISC ODM v1.3.2 section 3.1.1 and v2.0 (ItemDef, ItemRef, CodeList, RangeCheck, ConditionDef).
"""

from __future__ import annotations

from lxml import etree

from opencro.study.formats.odm.making import CONTEXT, OdmMaking, item_oid, method_oid
from opencro.study.model.form import Code, CodeList, EditCheck, Form, Item, ItemGroup
from opencro.study.model.whole import Study

DATA_TYPES = {
    "text": "text",
    "integer": "integer",
    "decimal": "float",
    "date": "date",
    "partial-date": "partialDate",
    "time": "time",
    "datetime": "datetime",
    "partial-datetime": "partialDatetime",
    "choice": "text",
    "choices": "text",
    "file": "URI",
}
_NO_EXCEPTION = "not ({})"
"""ODM says when an item is left out, we say when it is asked."""


def make_item_refs(making: OdmMaking, form: Form, group: ItemGroup, conditions: dict[str, str]) -> list[etree._Element]:
    """The references of a group to its items, in order."""
    return [
        making.node(
            "ItemRef",
            ItemOID=item_oid(form.id, group.id, item.id),
            OrderNumber=number,
            Mandatory=item.required,
            MethodOID=method_oid(form.id, group.id, item.id) if item.derive else None,
            CollectionExceptionConditionOID=conditions[item.show_when] if item.show_when else None,
        )
        for number, item in enumerate(group.items, 1)
    ]


def make_methods(making: OdmMaking, study: Study) -> list[etree._Element]:
    """A MethodDef for each derived item, with its expression in our language."""
    return [
        making.node(
            "MethodDef",
            making.words("Description", f"{item.label}: {item.derive}", "en"),
            making.signature(DATA_TYPES[item.type]),
            making.expression(item.derive),
            OID=method_oid(form.id, group.id, item.id),
            Name=f"{form.id}.{item.id}",
            Type="Computation",
        )
        for form in study.forms.values()
        for group in form.groups
        for item in group.items
        if item.derive
    ]


def make_item(
    making: OdmMaking, form: Form, group: ItemGroup, item: Item, checks: tuple[EditCheck, ...]
) -> etree._Element:
    """An ItemDef with its question, unit, ranges, code list and annotations."""
    first = making.version != "2.0"
    place = f"{form.id}.{item.id}"
    unit = making.node("MeasurementUnitRef", MeasurementUnitOID=f"MU.{item.unit}") if item.unit and first else None
    codes = making.node("CodeListRef", CodeListOID=f"CL.{item.codes}") if item.codes else None
    display = None if first or item.decimals is None else f"{item.length or ''}.{item.decimals}"
    guided = "" if first else item.help
    return making.node(
        "ItemDef",
        making.words("Question", item.label, key=f"item.{place}"),
        making.words("CRFCompletionInstructions", guided, key=f"help.{place}") if guided else None,
        unit,
        *_ranges(making, item),
        *(_rule(making, check) for check in checks),
        codes,
        *making.aliases(_aliases(item, first=first)),
        OID=item_oid(form.id, group.id, item.id),
        Name=item.id,
        DataType=DATA_TYPES[item.type],
        Length=item.length,
        **({"SignificantDigits": item.decimals} if first else {"DisplayFormat": display}),
    )


def _aliases(item: Item, *, first: bool) -> list[tuple[str, str]]:
    """What ODM has no attribute for; `first` is version 1.3.2."""
    plain = item.type in ("choices", "file") or (item.type == "choice" and not item.codes)
    normal = "" if item.normal is None else "..".join("" if end is None else _number(end) for end in item.normal)
    ours = {
        "type": item.type if plain else "",
        "concept": item.concept,
        "unit": item.unit or "" if not first else "",
        "help": item.help if first else "",
        "section": item.section,
        "lines": str(item.lines) if item.lines > 1 else "",
        "normal": normal,
        "sensitive": "yes" if item.sensitive else "",
        "blinded": "yes" if item.blinded else "",
    }
    return [("SDTM", item.sdtm), *((CONTEXT + name, value) for name, value in ours.items())]


def _ranges(making: OdmMaking, item: Item) -> list[etree._Element]:
    bounds = (("GE", item.minimum), ("LE", item.maximum))
    return [
        making.node("RangeCheck", making.node("CheckValue", text=_number(limit)), Comparator=word, SoftHard="Soft")
        for word, limit in bounds
        if limit is not None
    ]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _rule(making: OdmMaking, check: EditCheck) -> etree._Element:
    """An edit check at its item: ODM says what must hold, we say what is wrong."""
    return making.node(
        "RangeCheck",
        making.signature(),
        making.expression(_NO_EXCEPTION.format(check.when)),
        making.words("ErrorMessage", check.message, key=f"check.{check.id}"),
        SoftHard="Hard" if check.severity == "stop" else "Soft",
    )


def make_codelist(making: OdmMaking, codelist: CodeList) -> etree._Element:
    """A CodeList; without any words it is a list of enumerated items where the version has such."""
    bare = making.version != "2.0" and not any(code.label for code in codelist.codes)
    items = [
        making.node(
            "EnumeratedItem" if bare else "CodeListItem",
            None if bare else _decode(making, codelist, code),
            *making.aliases([(CONTEXT + "term", code.term)]),
            CodedValue=code.value,
            OrderNumber=number,
        )
        for number, code in enumerate(codelist.codes, 1)
    ]
    return making.node(
        "CodeList",
        making.words("Description", codelist.title) if codelist.title else None,
        *items,
        *making.aliases([("nci:ExtCodeID", codelist.terminology)]),
        OID=f"CL.{codelist.id}",
        Name=codelist.id,
        DataType="text",
    )


def _decode(making: OdmMaking, codelist: CodeList, code: Code) -> etree._Element | None:
    """The words of a code, which version 1.3.2 asks for even where there are none."""
    if making.version == "2.0" and not code.label:
        return None
    return making.words("Decode", code.label, key=f"code.{codelist.id}.{code.value}")


def number_conditions(study: Study) -> dict[str, str]:
    """Every expression that shows an item, in order of first use, with the OID of its condition."""
    found: dict[str, str] = {}
    for form in study.forms.values():
        for group in form.groups:
            for item in group.items:
                if item.show_when:
                    found.setdefault(item.show_when, f"C.SHOW.{len(found) + 1}")
    return found


def make_conditions(making: OdmMaking, study: Study, conditions: dict[str, str]) -> list[etree._Element]:
    """ConditionDefs: when items are left out, then the edit checks of the study."""
    shown = [
        making.node(
            "ConditionDef",
            making.words("Description", f"Left out unless {expression}", "en"),
            making.signature(),
            making.expression(_NO_EXCEPTION.format(expression)),
            OID=oid,
            Name=oid,
        )
        for expression, oid in conditions.items()
    ]
    return shown + [_check(making, check) for check in study.checks]


def _check(making: OdmMaking, check: EditCheck) -> etree._Element:
    return making.node(
        "ConditionDef",
        making.words("Description", check.message, key=f"check.{check.id}"),
        making.signature(),
        making.expression(check.when),
        *making.aliases(
            [
                (CONTEXT + "check form", check.form),
                (CONTEXT + "check item", check.item or ""),
                (CONTEXT + "check severity", check.severity),
            ]
        ),
        OID=f"C.CHECK.{check.id}",
        Name=check.id,
    )


def make_items(making: OdmMaking, study: Study) -> list[etree._Element]:
    """Every ItemDef of the study."""
    made = []
    for form in study.forms.values():
        for group in form.groups:
            for item in group.items:
                checks = tuple(c for c in study.checks if c.form == form.id and c.item == item.id)
                made.append(make_item(making, form, group, item, checks))
    return made
