"""`opencro export`: the records of a study as ODM or FHIR, as they stand or change by change; it is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from opencro.app.odm_records import odm_changes, odm_records
from opencro.app.wiring import open_study_ledger
from opencro.capture import read_sites
from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger import Act, Actor, DataExported, Ledger, Source
from opencro.study import Study
from opencro.study.formats.fhir import write_responses
from opencro.study.formats.odm import OdmRecord, OdmVersion, write_odm_data

Fhir = Literal["fhir-r4"]
FHIR: Fhir = "fhir-r4"


@dataclass(frozen=True, slots=True)
class Extent:
    """What is exported: up to fact `until` (None: all), as changes after fact `after` or as they stand.

    `sensitive` and `blinded` say whether items that identify a person or tell the treatment are among it.
    """

    transactional: bool = False
    after: int = 0
    until: int | None = None
    sensitive: bool = True
    blinded: bool = True


def export_records(
    study: Study,
    path: Path,
    version: OdmVersion | Fhir = "1.3.2",
    extent: Extent | None = None,
    *,
    user: str,
    database: str | None = None,
) -> int:
    """Write a new ODM or FHIR file and say in the ledger that it was taken; gives the number of records, or of changes.

    Refused with EXR-001 when the file exists, EXR-002 for a position that is not reached yet.
    """
    wanted = extent or Extent()
    if path.exists():
        raise Refused([Finding("EXR-001", Place(path.name), "the file exists", "a new file", "Name a new file.")])
    with open_study_ledger(study, database) as ledger:
        _refuse_positions(ledger, wanted)
        records = _records(study, ledger, wanted)
        path.write_bytes(_render(study, records, version, wanted))
        position = ledger.position if wanted.until is None else wanted.until
        what = "changes of records" if wanted.transactional else "records"
        act = Act(DataExported(what, version if version == FHIR else f"odm-{version}", position, len(records)))
        ledger.append(
            [act], actor=Actor(user, "data manager"), source=Source.SYSTEM, definition_version=study.file.version
        )
    return len(records)


def _render(study: Study, records: list[OdmRecord], version: OdmVersion | Fhir, extent: Extent) -> bytes:
    if version == FHIR:
        return write_responses(study, records, read_sites(study)[0].zone_of)
    return write_odm_data(study, records, version, created=datetime.now(UTC), transactional=extent.transactional)


def _refuse_positions(ledger: Ledger, extent: Extent) -> None:
    last = ledger.position
    for name, position in (("--after", extent.after), ("--at", extent.until)):
        if position is not None and not 0 <= position <= last:
            remedy = "Name a position that the ledger has reached."
            raise Refused([Finding("EXR-002", Place(), f"{name} {position}", f"0 to {last}", remedy)])


def _records(study: Study, ledger: Ledger, extent: Extent) -> list[OdmRecord]:
    left_out = {
        (form.id, item.id)
        for form in study.forms.values()
        for group in form.groups
        for item in group.items
        if (item.sensitive and not extent.sensitive) or (item.blinded and not extent.blinded)
    }

    def wanted(form: str, item: str) -> bool:
        return (form, item) not in left_out

    if extent.transactional:
        return list(odm_changes(ledger, extent.after, extent.until, wanted))
    return [record for record in odm_records(ledger, ledger.snapshot(extent.until), wanted) if record.items]
