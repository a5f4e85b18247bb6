"""Fields become forms: items in their groups, then what logic, calculations and limits say of them.

A matrix is a group of its own whose items share a code list; a form is the groups between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from opencro.kernel.finding import Finding, Severity, suggest
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.make_items import FIELD_TYPES, NO_ITEM, make_item
from opencro.study.formats.redcap.make_logic import add_logic
from opencro.study.formats.redcap.making import Making
from opencro.study.model.form import CodeList, EditCheck, Form, Item, ItemGroup

_NAME_OF_FIELD = "a name that begins with a letter"


@dataclass(frozen=True)
class FormsMade:
    """What a dictionary gives: `places` maps each field to its form, group and item, `form_names` REDCap's to forms."""

    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    places: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    form_names: Mapping[str, Form] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Build:
    """What a dictionary doesn't say of its forms: words, which repeat, whether they belong to visits."""

    titles: Mapping[str, str] = field(default_factory=dict)
    repeating: frozenset[str] = frozenset()
    at_visits: bool = False


def make_forms(fields: Iterable[RedcapField], file: str = "", build: Build | None = None) -> FormsMade:
    """Forms, code lists and checks of fields; RCP-005..007 are errors, RCP-020..029 what was not carried."""
    given = build or Build()
    making = Making(file)
    known = _sound(making, fields)
    making.fields.update(row.field_name for row in known)
    taken: set[str] = set()
    named: dict[str, Form] = {}
    places: dict[str, tuple[str, str, str]] = {}
    for name in dict.fromkeys(row.form_name for row in known):
        form = _form(making, name, [row for row in known if row.form_name == name], taken, given, places)
        if form is not None:
            named[name] = form
    forms, checks = add_logic(making, known, list(named.values()), places)
    return FormsMade(
        forms=tuple(forms),
        codelists=tuple(making.codelists.values()),
        checks=checks,
        places=places,
        form_names=dict(zip(named, forms, strict=True)),
        findings=(*making.findings, *making.counted()),
    )


def _sound(making: Making, fields: Iterable[RedcapField]) -> list[RedcapField]:
    """The fields with a name of their own and a type that is known."""
    seen: set[str] = set()
    found = []
    for row in fields:
        name = row.field_name.casefold()
        if not name or not name[0].isalpha() or not row.form_name:
            got = f'field "{row.field_name}" of form "{row.form_name}"'
            making.say("RCP-005", row, got, _NAME_OF_FIELD, "Name the field and its form.", Severity.ERROR)
        elif name in seen:
            got = f'field "{name}" is given twice'
            making.say("RCP-005", row, got, "each field once", "Rename one of them.", Severity.ERROR)
        elif row.field_type not in FIELD_TYPES:
            remedy = suggest(row.field_type, FIELD_TYPES) or f"Use one of {', '.join(FIELD_TYPES)}."
            got = f'field type "{row.field_type}"'
            making.say("RCP-006", row, got, "a type of REDCap", remedy, Severity.ERROR)
        else:
            found.append(replace(row, field_name=name, form_name=row.form_name.casefold()))
        seen.add(name)
    return found


def _form(
    making: Making,
    name: str,
    rows: list[RedcapField],
    taken: set[str],
    build: Build,
    places: dict[str, tuple[str, str, str]],
) -> Form | None:
    rows = _with_headings(making, rows)
    if not rows:
        return None
    form_id = making.name(name, taken, rows[0])
    groups: list[ItemGroup] = []
    names: set[str] = set()
    items: set[str] = set()
    for matrix, members in groupby(rows, key=lambda row: row.matrix_group_name):
        made = list(members)
        group_id = making.name(_group_name(matrix or form_id, names), names, made[0])
        held: list[Item] = []
        for row in made:
            item = make_item(making, row, making.name(row.field_name, items, row))
            places[row.field_name] = (form_id, group_id, item.id)
            held.append(item)
        groups.append(ItemGroup(id=group_id, items=tuple(held)))
    return Form(
        id=form_id,
        title=build.titles.get(name) or name.replace("_", " ").capitalize(),
        repeating=name in build.repeating,
        participant_level=not build.at_visits,
        groups=tuple(groups),
    )


def _group_name(wanted: str, taken: set[str]) -> str:
    """The parts of a form between its matrices are numbered without a word about it."""
    free, number = wanted, 2
    while free.casefold() in taken:
        free = f"{wanted[:60]}_{number}"
        number += 1
    return free


def _with_headings(making: Making, rows: list[RedcapField]) -> list[RedcapField]:
    """The rows that are items; what is only shown becomes the heading of the item below it."""
    found: list[RedcapField] = []
    pending: list[str] = []
    last: RedcapField | None = None
    for row in rows:
        if row.field_type == NO_ITEM:
            making.say("RCP-024", row, "a text that asks nothing", "an item", "Shown as heading of the next item.")
            if row.branching_logic:
                making.say("RCP-022", row, "a text that is shown sometimes", "an item", "It is shown always.")
            pending += [text for text in (row.section_header, row.field_label) if text]
            last = row
            continue
        heading = "\n".join([*pending, row.section_header] if row.section_header else pending)
        found.append(replace(row, section_header=heading) if heading else row)
        pending = []
    if pending and last is not None:
        making.say("RCP-024", last, "a text at the end of a form", "an item below it", "It was left out.")
    return found
