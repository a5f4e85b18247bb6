"""Clinical data as an ODM snapshot, or as the transactions that led to it.

Source: CDISC ODM v1.3.2 section 3.1.4 and v2.0 (ClinicalData, TransactionType). ODM 2.0 has no FormData: the form is
the outer of two nested ItemGroupData. Records of a participant's own forms (no event) stand under the Common event of
the metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Literal

from lxml import etree

from opencro.kernel.finding import Refused
from opencro.study.formats.odm.making import (
    LOG_EVENT,
    OdmMaking,
    event_oid,
    form_oid,
    group_oid,
    item_oid,
    render_odm,
)
from opencro.study.formats.odm.records import Audit, OdmRecord
from opencro.study.formats.odm.write import OdmVersion
from opencro.study.model.whole import Study


def write_odm_data(
    study: Study,
    records: Iterable[OdmRecord],
    version: OdmVersion = "1.3.2",
    *,
    created: datetime,
    transactional: bool = False,
) -> bytes:
    """Records as an ODM snapshot that names the study's metadata version.

    With `transactional`, the file is a sequence of changes: each record is what one act did, with its `transaction`;
    what is around it is said to be there already or to be made (`Upsert`). Records of one participant, event or form
    that follow each other are put together; their order is kept. Raises `Refused` with ODM-040 when a value holds a
    character that XML has no way to write.
    """
    making = OdmMaking(version, study.file.language)
    rows = list(records)
    around = "Upsert" if transactional else None
    subjects = [
        _subject(making, site, participant, list(group), around)
        for (site, participant), group in groupby(rows, lambda r: (r.site, r.participant))
    ]
    data = making.node("ClinicalData", *subjects, StudyOID=study.id, MetaDataVersionOID=f"MDV.{study.file.version}")
    admin = _admin(making, study, rows, created)
    children = [admin, data] if admin is not None else [data]
    kind: Literal["Snapshot", "Transactional"] = "Transactional" if transactional else "Snapshot"
    root = making.root(f"{study.id}.data", created, *children, granularity="AllClinicalData", file_type=kind)
    if making.findings:
        raise Refused(making.findings)
    return render_odm(root)


def _admin(making: OdmMaking, study: Study, rows: list[OdmRecord], created: datetime) -> etree._Element | None:
    """The users and places that records name."""
    audits = [audit for row in rows for audit in row.audits.values()]
    users = [making.node("User", OID=user) for user in dict.fromkeys(a.user for a in audits)]
    places = dict.fromkeys(
        [*(row.site for row in rows if row.site), *(_location(row, a) for row in rows for a in row.audits.values())]
    )
    locations = [
        making.node(
            "Location",
            making.node(
                "MetaDataVersionRef",
                StudyOID=study.id,
                MetaDataVersionOID=f"MDV.{study.file.version}",
                EffectiveDate=created.date().isoformat(),
            ),
            OID=place,
            Name=place,
        )
        for place in places
    ]
    return making.node("AdminData", *users, *locations, StudyOID=study.id) if users or locations else None


def _location(row: OdmRecord, audit: Audit) -> str:
    return audit.location or row.site or "unknown"


def _subject(
    making: OdmMaking, site: str, participant: str, rows: list[OdmRecord], around: str | None
) -> etree._Element:
    events = [
        making.node(
            "StudyEventData",
            *_forms(making, list(group), around),
            StudyEventOID=event_oid(event) if event else LOG_EVENT,
            StudyEventRepeatKey=repeat or None,
            TransactionType=around,
        )
        for (event, repeat), group in groupby(rows, lambda r: (r.event, r.event_repeat))
    ]
    place = making.node("SiteRef", LocationOID=site) if site else None
    return making.node("SubjectData", place, *events, SubjectKey=participant, TransactionType=around)


def _forms(making: OdmMaking, rows: list[OdmRecord], around: str | None) -> Iterator[etree._Element]:
    for (form, repeat), group in groupby(rows, lambda r: (r.form, r.form_repeat)):
        groups = [_group(making, row, changed=around is not None) for row in group]
        if making.version == "2.0":
            key = {"ItemGroupOID": form_oid(form), "ItemGroupRepeatKey": repeat or None}
            yield making.node("ItemGroupData", *groups, **key, TransactionType=around)
        else:
            key = {"FormOID": form_oid(form), "FormRepeatKey": repeat or None}
            yield making.node("FormData", *groups, **key, TransactionType=around)


def _group(making: OdmMaking, row: OdmRecord, *, changed: bool) -> etree._Element:
    items = [_item(making, row, item, value) for item, value in row.items.items()]
    return making.node(
        "ItemGroupData",
        *items,
        ItemGroupOID=group_oid(row.form, row.group),
        ItemGroupRepeatKey=row.group_repeat or None,
        TransactionType=(row.transaction or "Upsert") if changed else None,
    )


def _item(making: OdmMaking, row: OdmRecord, item: str, value: str | None) -> etree._Element:
    audit = row.audits.get(item)
    record = _audit(making, row, audit) if audit is not None else None
    attributes = {"ItemOID": item_oid(row.form, row.group, item), "IsNull": "Yes" if value is None else None}
    if making.version == "2.0":
        written = making.node("Value", text=value) if value is not None else None
        return making.node("ItemData", written, record, **attributes)
    return making.node("ItemData", record, Value=value, **attributes)


def _audit(making: OdmMaking, row: OdmRecord, audit: Audit) -> etree._Element:
    at = audit.at.isoformat(timespec="microseconds") if isinstance(audit.at, datetime) else audit.at
    return making.node(
        "AuditRecord",
        making.node("UserRef", UserOID=audit.user),
        making.node("LocationRef", LocationOID=_location(row, audit)),
        making.node("DateTimeStamp", text=at),
        making.node("ReasonForChange", text=audit.reason) if audit.reason else None,
        making.node("SourceID", text=audit.source_id) if audit.source_id else None,
    )
