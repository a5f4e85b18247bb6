"""Forms from ODM: FormDefs of version 1.3.2, item groups of type Form (or of none above them) of version 2.0."""

from __future__ import annotations

from lxml import etree

from opencro.study.formats.odm.importing import OdmReading
from opencro.study.formats.odm.making import group_oid
from opencro.study.formats.odm.read_items import read_items
from opencro.study.model.form import Form, ItemGroup


def read_forms(reading: OdmReading, logs: set[str]) -> dict[str, Form]:
    """Form OID -> form; `logs` are the OIDs of forms that belong to the participant rather than to a visit."""
    taken: set[str] = set()
    found: dict[str, Form] = {}
    for element in _form_elements(reading):
        oid = str(element.get("OID"))
        name = reading.name(element, ("F.",), taken, oid_first=True)
        groups = _groups(reading, element, name)
        if not groups:
            got = f'form "{element.get("Name")}" has no items that could be read'
            reading.say("ODM-025", element, got, "a form with items", "Give it an item group with items.")
            continue
        ours = reading.ours(element)
        source, title = ours.get("source", "site"), str(element.get("Name") or "").strip() or name
        reading.translate(element, f"form.{name}", title)
        found[oid] = Form(
            id=name,
            title=title,
            double_entry="double entry" in ours,
            repeating=_repeats(reading, element),
            participant_level=oid in logs,
            source=source if source in ("site", "participant", "transfer") else "site",  # type: ignore[arg-type]
            groups=tuple(groups),
        )
    return found


def _form_elements(reading: OdmReading) -> list[etree._Element]:
    if reading.version != "2.0":
        return reading.all(reading.metadata, "FormDef")
    groups = reading.all(reading.metadata, "ItemGroupDef")
    held = {ref.get("ItemGroupOID") for group in groups for ref in reading.all(group, "ItemGroupRef")}
    return [g for g in groups if g.get("Type") == "Form" or g.get("OID") not in held]


def _repeats(reading: OdmReading, element: etree._Element) -> bool:
    written = element.get("Repeating")
    if written in ("Dynamic", "Static"):
        got = f'"{element.get("Name")}" repeats {written.casefold()}'
        reading.say("ODM-027", element, got, "No, Yes or Simple", "Its rows are given by a list; enter them by hand.")
    return written not in (None, "No")


def _groups(reading: OdmReading, form: etree._Element, form_id: str) -> list[ItemGroup]:
    taken: set[str] = set()
    items: set[str] = set()
    groups = [_group(reading, form, form, form_id, taken, items)] if reading.all(form, "ItemRef") else []
    pending = [(ref, 1) for ref in reading.all(form, "ItemGroupRef")]
    seen: set[str] = {str(form.get("OID"))}
    while pending:
        ref, depth = pending.pop(0)
        element = reading.definition("ItemGroupDef", ref, "ItemGroupOID")
        if element is None or str(element.get("OID")) in seen:
            continue
        seen.add(str(element.get("OID")))
        inner = reading.all(element, "ItemGroupRef")
        if inner:
            got = f'"{element.get("Name")}" holds {len(inner)} item groups'
            reading.say("ODM-026", element, got, "groups that hold items", "Read as groups side by side.")
        pending[:0] = [(r, depth + 1) for r in inner]
        if reading.all(element, "ItemRef"):
            groups.append(_group(reading, form, element, form_id, taken, items))
    return [group for group in groups if group is not None]


def _group(
    reading: OdmReading, form: etree._Element, element: etree._Element, form_id: str, taken: set[str], ids: set[str]
) -> ItemGroup | None:
    prefix = group_oid(form_id, "")
    name = reading.name(element, (prefix, "IG."), taken, oid_first=False)
    items = read_items(reading, form, element, form_id, name, ids)
    if not items:
        return None
    written = str(element.get("Name") or "").strip()
    is_form = element.get("Type") == "Form"
    label = "" if is_form else reading.text(element, "Description") or written
    if label == name:
        label = ""
    if label:
        reading.text(element, "Description", f"group.{form_id}.{name}")
    return ItemGroup(id=name, label=label, repeating=not is_form and _repeats(reading, element), items=items)
