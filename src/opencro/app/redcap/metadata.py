"""The data dictionary, field names and instruments: out of the study's forms, and into them.

Source: REDCap's API, content=metadata, exportFieldNames, instrument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opencro.app.redcap.definition import Definition
from opencro.app.redcap.dictionary import (
    COLUMNS,
    FIXED_LISTS,
    FORM_STATUS,
    Row,
    complete_rows,
    difference,
    is_stored,
    item_of,
    row_of,
    status_item,
)
from opencro.app.redcap.document import RedcapDocument
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.project import Field, Project
from opencro.app.redcap.rows import delimiter_named, parse_rows, render_count, render_rows
from opencro.app.redcap.session import Session
from opencro.app.redcap.settings import Value, change_settings, read_settings
from opencro.app.redcap.values import column_of
from opencro.study import CodeList, Form, Item, ItemGroup, Study
from opencro.study.formats.redcap import RedcapField, make_forms


@dataclass(frozen=True)
class Dictionary:
    """What dictionary rows amount to: forms, code lists, and what the forms do not say."""

    forms: Mapping[str, Form]
    codelists: Mapping[str, CodeList]
    fields: Mapping[str, Mapping[str, str]]
    unstored: tuple[Mapping[str, str], ...]


def export_metadata(session: Session, call: Call) -> Answer:
    """content=metadata."""
    session.rights.demand("api_export")
    fields, forms = call.names("fields"), call.names("forms")
    rows = [
        dict(field.row) | {"form_name": field.instrument}
        for field in session.project.fields.values()
        if not (fields or forms) or field.name in fields or field.instrument in forms
    ]
    return render_rows(rows, COLUMNS, call.format, delimiter=delimiter_named(call.text("csvDelimiter")))


def import_metadata(session: Session, call: Call) -> Answer:
    """content=metadata with data: the whole dictionary anew; data of fields that go stay in the ledger."""
    session.rights.demand("api_import", "design")
    require_redcap_structure(session)
    given = parse_rows(call.text("data"), call.format, delimiter=delimiter_named(call.text("csvDelimiter")))
    rows = complete_rows(given)
    project = session.project
    made = read_dictionary(rows, {}, session.study, project)
    document = project.document
    gone = project.instruments.keys() - made.forms.keys()
    changed = document.model_copy(
        update={
            "record_id": rows[0]["field_name"],
            "fields": made.fields,
            "unstored": made.unstored,
            "form_order": tuple(made.forms),
            "repeating": tuple(entry for entry in document.repeating if entry.form not in gone),
        }
    )
    schedule = session.study.protocol.schedule
    activities = tuple(
        activity.model_copy(update={"forms": tuple(f for f in activity.forms if f in made.forms)})
        for activity in schedule.activities
        if any(f in made.forms for f in activity.forms) or not activity.forms
    )
    kept = schedule.model_copy(update={"activities": activities})
    session.redefine(Definition(made.forms, made.codelists, kept, document=changed))
    _open_new_forms(session, made.forms.keys() - project.instruments.keys())
    return render_count(len(rows), call.return_format)


def _open_new_forms(session: Session, forms: Iterable[str]) -> None:
    """Whoever may change the dictionary may see and export the forms that are new in it."""
    new = dict.fromkeys(sorted(forms), 1)
    users = read_settings(session.ledger, "user")
    changes: dict[str, Value | None] = {
        name: {**said, **{key: {**(said.get(key) or {}), **new} for key in ("forms", "forms_export")}}
        for name, said in users.items()
        if said.get("design")
    }
    acts = change_settings(session.ledger, "user", changes) if new else []
    if acts:
        session.append(acts, "people")


def require_redcap_structure(session: Session) -> None:
    """A study that was not made from a REDCap project says more than REDCap can write: it is changed in its folder."""
    if not session.project.document.record_id:
        raise ApiRefused(
            "The definition of this study was not made from a REDCap project and says more than this API can carry. "
            "Change it in its folder or in the form designer."
        )


def read_dictionary(
    rows: Sequence[Row], titles: Mapping[str, str], study: Study | None = None, project: Project | None = None
) -> Dictionary:
    """Complete rows as forms; what items say beyond REDCap is kept, and an item whose row is as it was stays."""
    items: dict[str, Item] = {}
    lists: dict[str, CodeList] = {FORM_STATUS: FIXED_LISTS[FORM_STATUS]}
    fields: dict[str, Mapping[str, str]] = {}
    unstored: list[Mapping[str, str]] = []
    said = _said_by_logic(rows)
    before = {"form": "", "name": ""}
    for row in rows:
        name, form = row["field_name"], row["form_name"]
        after = before["name"] if before["form"] == form else ""
        before = {"form": form, "name": name}
        if not is_stored(row):
            unstored.append({"after": after, **{c: v for c, v in row.items() if v}})
            continue
        held = project.fields.get(name) if project else None
        items[name], codes = _item(row, held, study, said)
        lists |= {codes.id: codes} if codes else {}
        by_itself = row_of(name, form, items[name], lists)
        extra = difference(row, by_itself)
        fields |= {name: extra} if extra else {}
    forms = _forms(rows, items, titles, study)
    kept = {n: c for n, c in (study.codelists if study else {}).items() if n in _used_lists(forms.values())}
    return Dictionary(forms, kept | lists, fields, tuple(unstored))


def _item(row: Row, held: Field | None, study: Study | None, said: Mapping[str, Item]) -> tuple[Item, CodeList | None]:
    known = held.item if held else None
    if held is not None and known is not None and study is not None and dict(held.row) == dict(row):
        return known, study.codelists.get(known.codes or "")
    item, codes = item_of(row, known)
    other = said.get(row["field_name"])
    if other is not None:
        update: dict[str, object] = {"show_when": other.show_when, "derive": other.derive}
        if other.derive:
            update |= {"type": other.type, "decimals": other.decimals}
        item = item.model_copy(update=update)
    return item, codes


def _said_by_logic(rows: Sequence[Row]) -> dict[str, Item]:
    """Branching logic and calculations in our language, by field, as far as they can be said in it."""
    made = make_forms(RedcapField(**row, line=number) for number, row in enumerate(rows, 2))
    items = {(f.id, g.id, i.id): i for f in made.forms for g in f.groups for i in g.items}
    forms = {row["field_name"]: row["form_name"] for row in rows}
    return {
        name: items[place]
        for name, place in made.places.items()
        if place[0] == forms.get(name) and place[2] == name and place in items
    }


def _used_lists(forms: Iterable[Form]) -> set[str]:
    return {item.codes for form in forms for group in form.groups for item in group.items if item.codes}


def _forms(
    rows: Sequence[Row], items: Mapping[str, Item], titles: Mapping[str, str], study: Study | None
) -> dict[str, Form]:
    """One form for each form name, its items in the groups in which they were; new ones join their neighbour."""
    found: dict[str, Form] = {}
    for name in dict.fromkeys(row["form_name"] for row in rows):
        mine = [items[row["field_name"]] for row in rows if row["form_name"] == name and row["field_name"] in items]
        held = study.forms.get(name) if study else None
        groups = _groups(name, [*mine, status_item(name)], held)
        title = titles.get(name) or (held.title if held else name.replace("_", " ").title())
        level = not study.protocol.schedule.visits if study else True
        made = held or Form(id=name, title=title, participant_level=level, groups=groups)
        found[name] = made.model_copy(update={"title": title, "groups": groups})
    return found


def _groups(name: str, items: Sequence[Item], held: Form | None) -> tuple[ItemGroup, ...]:
    homes = {item.id: group.id for group in held.groups for item in group.items} if held else {}
    placed: dict[str, list[Item]] = {}
    at = held.groups[0].id if held else name
    for item in items:
        at = homes.get(item.id, at)
        placed.setdefault(at, []).append(item)
    known = {group.id: group for group in held.groups} if held else {}
    return tuple(
        known[group].model_copy(update={"items": tuple(mine)})
        if group in known
        else ItemGroup(id=group, items=tuple(mine))
        for group, mine in placed.items()
    )


def export_field_names(session: Session, call: Call) -> Answer:
    """content=exportFieldNames: the columns that a flat export has."""
    session.rights.demand("api_export")
    project, asked = session.project, call.text("field")
    if asked and asked not in project.fields:
        raise ApiRefused(f"The field '{asked}' does not exist in the project.")
    columns = ("original_field_name", "choice_value", "export_field_name")
    rows: list[dict[str, str]] = []
    for instrument in project.instruments:
        for field in project.fields_of(instrument):
            if (not asked or field.name == asked) and field.type not in ("descriptive", "file"):
                rows += _names(project, field)
        if not asked:
            status = f"{instrument}_complete"
            rows.append(dict(zip(columns, (status, "", status), strict=True)))
    rows.sort(key=lambda row: row["original_field_name"] != project.record_id)
    return render_rows(rows, columns, call.format, outer="fields", inner="field")


def _names(project: Project, field: Field) -> list[dict[str, str]]:
    if field.type != "checkbox":
        return [{"original_field_name": field.name, "choice_value": "", "export_field_name": field.name}]
    codes = project.study.codelists[field.codes].codes
    return [
        {
            "original_field_name": field.name,
            "choice_value": code.value,
            "export_field_name": column_of(field.name, code.value),
        }
        for code in codes
    ]


def export_instruments(session: Session, call: Call) -> Answer:
    """content=instrument."""
    session.rights.demand("api_export")
    rows = [{"instrument_name": i.name, "instrument_label": i.label} for i in session.project.instruments.values()]
    return render_rows(rows, ("instrument_name", "instrument_label"), call.format, outer="instruments")


def new_document(rows: Sequence[Row], made: Dictionary) -> RedcapDocument:
    """What capture/redcap.yaml says of a new dictionary."""
    return RedcapDocument(
        record_id=rows[0]["field_name"], fields=made.fields, unstored=made.unstored, form_order=tuple(made.forms)
    )
