"""Transactions folded into the records that they lead to.

Source: CDISC ODM v1.3.2 section 2.6 (Insert, Update, Remove, Upsert, Context).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.odm.records import OdmRecord


def fold_transactions(records: Iterable[OdmRecord], file: str = "") -> tuple[tuple[OdmRecord, ...], list[Finding]]:
    """One record for each address, as it stands after all changes in their order; a removed one has only null items.

    A file without transactions comes back as it is. ODM-054 says how many changes were folded: their history is not
    in the records.
    """
    given = tuple(records)
    if not any(record.transaction for record in given):
        return given, []
    folded: dict[tuple[str, ...], OdmRecord] = {}
    for record in given:
        key = (record.participant, record.event, record.event_repeat, record.form, record.form_repeat, record.group,
               record.group_repeat)  # fmt: skip
        before = folded.get(key)
        folded[key] = record if before is None else _after(before, record)
    got = f"{len(given)} changes became {len(folded)} records"
    remedy = "Only what stands after them is taken; keep the file for their history."
    return tuple(folded.values()), [Finding("ODM-054", Place(file), got, "", remedy, Severity.NOTE)]


def _after(before: OdmRecord, change: OdmRecord) -> OdmRecord:
    items = dict.fromkeys(before.items) if change.transaction == "Remove" else dict(before.items)
    return replace(
        change,
        site=change.site or before.site,
        items={**items, **change.items},
        audits={**before.audits, **change.audits},
        lines={**before.lines, **change.lines},
        transaction="",
    )
