"""Clinical data from ODM, with the line of every value, for whoever brings it into the ledger.

Source: CDISC ODM v1.3.2 section 3.1.4 and v2.0 (ClinicalData).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.study.formats.odm.check_grammar import check_grammar
from opencro.study.formats.odm.grammar import NAMESPACES
from opencro.study.formats.odm.left_out import RECORDS, check_left_out
from opencro.study.formats.odm.making import LOG_EVENT
from opencro.study.formats.odm.read import note_vendors, open_odm
from opencro.study.formats.odm.records import Audit, OdmData, OdmRecord
from opencro.study.formats.odm.xml_safety import line_of

_ITEM = "ItemData"


def read_odm_data(data: bytes, file: str = "", names: Mapping[str, str] | None = None) -> OdmData:
    """The records of an ODM file in its order; `names` are the names behind its OIDs, as `OdmImport.names` has them.

    Without `names`, OIDs of our own form give our ids and others stay as they are. Findings ODM-010..019 and ODM-033 as
    in `read_odm`, ODM-050..053 what could not be read as records. Raises `Refused` with ODM-001..005.
    """
    root, version = open_odm(data, file)
    wrong, vendor = check_grammar(root, version, file)
    walk = _Walk(version, file, names or {})
    clinical = [e for e in root if isinstance(e.tag, str) and e.tag == walk.tag("ClinicalData")]
    records = tuple(record for part in clinical for record in walk.records(part))
    first = clinical[0] if clinical else None
    left = check_left_out(clinical, version, RECORDS, "ODM-053", file)
    left += [walk.unread(e) for e in root if isinstance(e.tag, str) and e.tag == walk.tag("ReferenceData")]
    found = Findings((*wrong, *note_vendors(vendor, file), *walk.findings, *left))
    return OdmData(
        version=version,
        study_oid="" if first is None else str(first.get("StudyOID") or ""),
        metadata_oid="" if first is None else str(first.get("MetaDataVersionOID") or ""),
        records=records,
        vendor=vendor,
        findings=found,
    )


@dataclass
class _Walk:
    version: str
    file: str
    names: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    def tag(self, name: str) -> str:
        return f"{{{NAMESPACES[self.version]}}}{name}"

    def records(self, clinical: etree._Element) -> Iterator[OdmRecord]:
        for subject in clinical.iterfind(self.tag("SubjectData")):
            site = subject.find(self.tag("SiteRef"))
            place = "" if site is None else str(site.get("LocationOID") or "")
            for event in subject.iterfind(self.tag("StudyEventData")):
                yield from self._event(place, subject, event)
            # REDCap writes forms straight into a subject; the grammar has said so, the records are still wanted.
            for form in subject.iterfind(self.tag("FormData")):
                yield from self._form(place, subject, None, form)

    def _event(self, site: str, subject: etree._Element, event: etree._Element) -> Iterator[OdmRecord]:
        kind = "ItemGroupData" if self.version == "2.0" else "FormData"
        for form in event.iterfind(self.tag(kind)):
            yield from self._form(site, subject, event, form)

    def _form(
        self, site: str, subject: etree._Element, event: etree._Element | None, form: etree._Element
    ) -> Iterator[OdmRecord]:
        groups = list(form.iterdescendants(self.tag("ItemGroupData")))
        if self.version == "2.0" and any(_local(child).startswith(_ITEM) for child in form):
            groups = [form, *groups]
        for group in groups:
            holder = group is not form and group.find(self.tag("ItemGroupData")) is not None
            if holder:
                got = f'"{group.get("ItemGroupOID")}" holds item groups within'
                self._say("ODM-050", group, got, "items", "See whether the key of the outer group matters.")
            if not holder or any(_local(child).startswith(_ITEM) for child in group):
                yield self._record(site, subject, event, form, group)

    def _record(
        self,
        site: str,
        subject: etree._Element,
        event: etree._Element | None,
        form: etree._Element,
        group: etree._Element,
    ) -> OdmRecord:
        form_name = self._named(str(form.get("FormOID") or form.get("ItemGroupOID") or ""), "F.")
        group_name = self._named(str(group.get("ItemGroupOID") or ""), f"IG.{form_name}.")
        items = self._items(form, group, f"IT.{form_name}.{group_name}.")
        audits = {name: element.find(self.tag("AuditRecord")) for name, element in items.items()}
        event_key = "" if event is None else str(event.get("StudyEventOID") or "")
        return OdmRecord(
            site=site,
            participant=str(subject.get("SubjectKey") or ""),
            event="" if event_key in ("", LOG_EVENT) else self._named(event_key, "SE."),
            event_repeat="" if event is None else str(event.get("StudyEventRepeatKey") or ""),
            form=form_name,
            form_repeat=str(form.get("FormRepeatKey") or form.get("ItemGroupRepeatKey") or ""),
            group=group_name,
            group_repeat="" if group is form else str(group.get("ItemGroupRepeatKey") or ""),
            items={name: self._value(element) for name, element in items.items()},
            audits={name: self._audit(audit) for name, audit in audits.items() if audit is not None},
            transaction=str(group.get("TransactionType") or ""),
            lines={name: line_of(element) or 0 for name, element in items.items()},
        )

    def _items(self, form: etree._Element, group: etree._Element, prefix: str) -> dict[str, etree._Element]:
        found: dict[str, etree._Element] = {}
        holder = f"{form.get('FormOID') or form.get('ItemGroupOID')}/{group.get('ItemGroupOID')}"
        for element in group:
            if not _local(element).startswith(_ITEM):
                continue
            oid = str(element.get("ItemOID") or "")
            item = self.names.get(f"{holder}/{oid}") or self._named(oid, prefix)
            if item in found:
                self._say("ODM-051", element, f'item "{item}" is given twice in one row', "one value", "Keep one.")
            found.setdefault(item, element)
        return found

    def _named(self, oid: str, prefix: str) -> str:
        return self.names.get(oid) or oid.removeprefix(prefix)

    def _value(self, element: etree._Element) -> str | None:
        if element.get("IsNull") == "Yes":
            return None
        if self.version == "2.0":
            values = element.findall(self.tag("Value"))
            if len(values) > 1:
                got = f"{len(values)} values of one item"
                self._say(
                    "ODM-052", element, got, "one value", "Read with the first; give the others rows of their own."
                )
            return (values[0].text or "") if values else ""
        if _local(element) == _ITEM:
            return str(element.get("Value") or "")
        return element.text or ""

    def _audit(self, record: etree._Element) -> Audit:
        user, place = record.find(self.tag("UserRef")), record.find(self.tag("LocationRef"))
        return Audit(
            user="" if user is None else str(user.get("UserOID") or ""),
            at=(record.findtext(self.tag("DateTimeStamp")) or "").strip(),
            reason=(record.findtext(self.tag("ReasonForChange")) or "").strip(),
            location="" if place is None else str(place.get("LocationOID") or ""),
            source_id=(record.findtext(self.tag("SourceID")) or "").strip(),
        )

    def unread(self, element: etree._Element) -> Finding:
        """The note for a part of the file that holds no records of participants."""
        got = f"<{_local(element)}> within <ODM> was not read"
        return Finding("ODM-053", Place(self.file, line_of(element)), got, "", "Keep the file.", Severity.NOTE)

    def _say(self, code: str, element: etree._Element, got: str, expected: str, remedy: str) -> None:
        place = Place(self.file, line_of(element))
        self.findings.append(Finding(code, place, got, expected, remedy, Severity.WARNING))


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
