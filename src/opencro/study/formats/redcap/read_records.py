"""The records in a REDCap project XML, placed among the items of a study that was made from it.

REDCap cuts a form into item groups by headings and writes each box of a checkbox by itself; here the values of a form
come together by the groups that the study has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Severity, suggest
from opencro.study.formats.odm.records import OdmRecord
from opencro.study.formats.odm.xml_safety import line_of
from opencro.study.formats.redcap.project import ODM, parse_project
from opencro.study.formats.redcap.read_project import own
from opencro.study.model.form import Item
from opencro.study.model.whole import Study

SEPARATOR = ";"
"""Between the answers of a `choices` item."""
_SITE = "redcap_data_access_group"
_OWN = (_SITE, "redcap_survey_identifier")
Key = tuple[str, str, str, str, str]
"""Event, its repeat, form, its repeat, group."""


@dataclass(frozen=True)
class RedcapRecords:
    """The records of a project in the order of the file, and what was found."""

    records: tuple[OdmRecord, ...]
    findings: Findings


@dataclass
class _Row:
    """A record while its values come together."""

    items: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_redcap_records(data: bytes, study: Study, file: str = "", *, site: str = "") -> RedcapRecords:
    """The records of a project XML; `site` is where participants belong whom no data access group places.

    Findings: RCP-040 a value without an item, RCP-041 what is no value of an item (status of forms, time stamps),
    RCP-042 the content of a file. Raises `Refused` with ODM-001..003.
    """
    root = parse_project(data, file)
    reading = _Reading(root, study, file)
    subjects = root.iterfind(f"{{{ODM}}}ClinicalData/{{{ODM}}}SubjectData")
    records = tuple(record for subject in subjects for record in reading.subject(subject, site))
    return RedcapRecords(records, Findings((*reading.findings, *reading.notes())))


@dataclass
class _Reading:
    """One file on its way: where items stand in the study, which boxes a checkbox has."""

    root: etree._Element
    study: Study
    file: str
    findings: list[Finding] = field(default_factory=list)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.places = {
            item.id.casefold(): (form.id, group.id, item)
            for form in self.study.forms.values()
            for group in form.groups
            for item in group.items
        }
        definitions = self.root.iterfind(f"{{{ODM}}}Study/{{{ODM}}}MetaDataVersion/{{{ODM}}}ItemDef")
        self.variables = {str(e.get("OID")): own(e, "Variable") or str(e.get("OID")) for e in definitions}
        self.at_visits = {form.id: not form.participant_level for form in self.study.forms.values()}

    def subject(self, subject: etree._Element, site: str) -> Iterator[OdmRecord]:
        """The records of a participant."""
        rows: dict[Key, _Row] = {}
        group = ""
        for form in subject.iter(f"{{{ODM}}}FormData"):
            for element in form.iterfind(f"{{{ODM}}}ItemGroupData/*"):
                if element.get("ItemOID") == _SITE:
                    group = str(element.get("Value") or "") or group
                else:
                    self._take(rows, form, element)
        for (event, event_repeat, form_id, form_repeat, group_id), row in rows.items():
            items: dict[str, str | None] = {**row.items, **{n: SEPARATOR.join(c) for n, c in row.boxes.items()}}
            yield OdmRecord(
                site=group or site,
                participant=str(subject.get("SubjectKey") or ""),
                event=event,
                event_repeat=event_repeat,
                form=form_id,
                form_repeat=form_repeat,
                group=group_id,
                group_repeat="",
                items=items,
                lines=row.lines,
            )

    def _take(self, rows: dict[Key, _Row], form: etree._Element, element: etree._Element) -> None:
        oid = str(element.get("ItemOID") or "")
        variable = self.variables.get(oid) or oid.partition("___")[0]
        place = self.places.get(variable.casefold())
        if place is None:
            self._pass_over(element, variable, str(form.get("FormOID") or ""))
            return
        form_id, group_id, item = place
        row = rows.setdefault(
            (*self._event(form, form_id), form_id, str(form.get("FormRepeatKey") or ""), group_id), _Row()
        )
        row.lines.setdefault(item.id, line_of(element) or 0)
        if item.type == "choices":
            boxes = row.boxes.setdefault(item.id, [])
            code = self._code(item, oid)
            if element.get("Value") == "1" and code:
                boxes.append(code)
            return
        value = self._value(item, element)
        if value:
            row.items[item.id] = value

    def _event(self, form: etree._Element, form_id: str) -> tuple[str, str]:
        event = form.getparent()
        if event is None or etree.QName(event).localname != "StudyEventData" or not self.at_visits[form_id]:
            return "", ""
        name = own(event, "UniqueEventName") or str(event.get("StudyEventOID") or "").removeprefix("Event.")
        return name, str(event.get("StudyEventRepeatKey") or "")

    def _code(self, item: Item, oid: str) -> str:
        """The code of a box: its name in the file is in small letters, with `_` for `-`."""
        listed = self.study.codelists.get(item.codes or "")
        written = oid.rpartition("___")[2]
        codes = [code.value for code in listed.codes] if listed is not None else []
        return next((c for c in codes if c.casefold().replace("-", "_") == written), written)

    def _value(self, item: Item, element: etree._Element) -> str:
        if etree.QName(element).localname.startswith("ItemDataBase64"):
            self.passed["RCP-042", "the content of a file"] += 1
            return own(element, "DocName")
        value = str(element.get("Value") or element.text or "")
        if item.type in ("integer", "decimal"):
            return value.replace(",", ".")
        return value.replace(" ", "T", 1) if item.type in ("datetime", "partial-datetime") else value

    def _pass_over(self, element: etree._Element, variable: str, form: str) -> None:
        added = variable in _OWN or variable.endswith(("_complete", "_timestamp"))
        if added:
            self.passed["RCP-041", "a status or time stamp that REDCap adds by itself"] += 1
        elif variable not in self.unknown:
            self.unknown.add(variable)
            remedy = suggest(variable, self.places) or "Add the item, or leave the value out."
            got = f'field "{variable}" of {form}'
            self.findings.append(
                Finding(
                    "RCP-040", Place(self.file, line_of(element)), got, "an item of the study", remedy, Severity.WARNING
                )
            )

    def notes(self) -> Iterator[Finding]:
        """One note for each kind of what was passed over."""
        for (code, what), number in self.passed.items():
            got, remedy = f"{what}, {number} times, was not read", "Keep the file."
            yield Finding(code, Place(self.file), got, "", remedy, Severity.NOTE)
