"""The ledger on its way out: JSON lines for a machine that checks, CSV for a person who reads; and its way back in."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from opencro.kernel.hashing import canonical_json
from opencro.ledger.model import Fact
from opencro.ledger.port import AnchorRow, FactRow, Store

_FACT = '{"hash":"'
_HEADINGS = (
    "Fact",
    "Recorded at (UTC)",
    "User",
    "Role",
    "What",
    "Site",
    "Participant",
    "Event",
    "Event repeat",
    "Form",
    "Form repeat",
    "Group",
    "Group repeat",
    "Item",
    "Old value",
    "New value",
    "Details",
    "Reason",
    "Source",
    "Device time",
    "Device behind server (ms)",
    "Definition version",
    "Software version",
    "Request",
    "Hash",
)


class AuditRow(NamedTuple):
    """One line of the trail: an item that changed, or an act with its details."""

    what: str
    item: str
    old: str
    new: str
    details: str


class AuditCount(NamedTuple):
    """What an audit export holds: that many facts on that many lines."""

    facts: int
    lines: int


def write_lines(store: Store, path: Path) -> int:
    """Write meta, then each append's facts and its anchor, one JSON line each; returns the number of facts."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(canonical_json({"ledger": store.read_meta()}).decode() + "\n")
        for anchor, facts in read_appends(store):
            out.writelines(f'{_FACT}{row.hash}","fact":{row.body}}}\n' for row in facts)
            out.write(f'{_FACT}{anchor.hash}","anchor":{anchor.body}}}\n')
            count += len(facts)
    return count


def read_appends(store: Store) -> Iterator[tuple[AnchorRow, list[FactRow]]]:
    """Each anchor with the facts that it closes."""
    anchors = list(store.anchors())
    facts = store.scan(0, anchors[-1].last_seq if anchors else 0)
    for anchor in anchors:
        rows: list[FactRow] = []
        while (not rows or rows[-1].seq < anchor.last_seq) and (found := next(facts, None)) is not None:
            seq, line, digest = found
            rows.append(FactRow(seq, line[94 : line.find(b'"', 94)].decode(), line.decode(), digest.decode()))
        yield anchor, rows


def read_lines(path: Path) -> Iterator[tuple[AnchorRow, list[FactRow]]]:
    """The appends of an export, as they were written."""
    rows: list[FactRow] = []
    with path.open(encoding="utf-8", newline="\n") as lines:
        next(lines)
        for line in lines:
            digest, rest = line[9:73], line[75:].rstrip("\n")
            what, _, body = rest[:-1].partition(":")
            document = json.loads(body)
            if what == '"fact"':
                rows.append(FactRow(document["seq"], document["participant"], body, digest))
            else:
                yield AnchorRow(document["number"], document["last_seq"], body, digest), rows
                rows = []


def read_export_meta(path: Path) -> dict[str, str]:
    """Study, purpose and format, from the first line of an export."""
    with path.open(encoding="utf-8") as lines:
        meta: dict[str, str] = json.loads(next(lines))["ledger"]
    return meta


def write_audit_csv(facts: Iterable[Fact], path: Path, site: str | None) -> AuditCount:
    """Write the trail as CSV (UTF-8 with mark, so that spreadsheets read it), of one site where given."""
    count = lines = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(_HEADINGS)
        for fact in facts:
            if site is None or fact.key.site == site:
                rows = list(audit_rows(fact))
                writer.writerows(_csv_row(fact, row) for row in rows)
                count += 1
                lines += len(rows)
    return AuditCount(count, lines)


def audit_rows(fact: Fact) -> Iterator[AuditRow]:
    """The lines of a fact: one for each item of a record, one for any other act."""
    what = fact.kind.partition("/")[0].replace("-", " ")
    if fact.kind.startswith(("record-changed/", "record-removed/")):
        items = fact.payload["items"] or {"": (None, None)}
        for item, (old, new) in items.items():
            yield AuditRow(what, item, old or "", new or "", "")
    else:
        details = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in fact.payload.items())
        yield AuditRow(what, "", "", "", details)


def _csv_row(fact: Fact, row: AuditRow) -> tuple[object, ...]:
    front = (fact.seq, fact.recorded_at, fact.actor, fact.role, row.what, *fact.key, row.item, row.old, row.new)
    offset = fact.device_offset_ms if fact.device_time else ""
    versions = (fact.definition_version, fact.software_version)
    return (
        *front,
        row.details,
        fact.reason,
        fact.source,
        fact.device_time,
        offset,
        *versions,
        fact.request_id,
        fact.hash,
    )
