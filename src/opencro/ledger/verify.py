"""Does the ledger still say what it said? Walks both chains and compares the projection with the facts.

Source: 21 CFR 11.10(a), discern invalid or altered records.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from opencro.kernel.finding import Finding, Place, Severity
from opencro.ledger.document import hash_line
from opencro.ledger.model import GENESIS
from opencro.ledger.port import AnchorRow, Store
from opencro.ledger.replay import replay_records

_REMEDY = "Restore the ledger from a backup made before, and find out who had access."


def verify_chains(store: Store) -> list[Finding]:
    """Findings LED-101 (altered), 102 (does not follow), 103 (gap), 104 (anchor), 106 (not anchored)."""
    findings: list[Finding] = []
    anchors = store.anchors()
    anchor, previous = next(anchors, None), AnchorRow(0, 0, "", GENESIS)
    heads: dict[bytes, bytes] = {}
    covered = hashlib.sha256()
    last, expected = store.last_seq(), 1
    for rows in store.blocks(0, last):
        start = 0
        while start < len(rows):
            end = last if anchor is None else anchor.last_seq
            stop = len(rows) if rows[-1][0] <= end else bisect_right(rows, end, start, key=itemgetter(0))
            part = rows[start:stop]
            if part:
                digests = [digest for _, _, digest in part]
                findings += _check_facts(part, digests, heads, expected)
                covered.update(b"".join(digests))
                start, expected = stop, part[-1][0] + 1
            if anchor is not None and (not part or part[-1][0] == end):
                findings += _check_anchor(previous, anchor, covered.hexdigest())
                previous, anchor, covered = anchor, next(anchors, None), hashlib.sha256()
    findings += _check_end(previous, anchor, anchors, last)
    return findings


def _check_facts(
    rows: list[tuple[int, bytes, bytes]], digests: list[bytes], heads: dict[bytes, bytes], expected: int
) -> list[Finding]:
    # This is the whole cost of verification: hashes are compared all at once, and looked at one by one only to locate.
    findings = []
    sha256 = hashlib.sha256
    if "".join([sha256(line).hexdigest() for _, line, _ in rows]).encode() != b"".join(digests):
        findings += [
            _found("LED-101", seq, line, "the line and its hash differ", "the line that was hashed")
            for seq, line, digest in rows
            if sha256(line).hexdigest().encode() != digest
        ]
    if (rows[0][0], rows[-1][0]) != (expected, expected + len(rows) - 1):
        for seq, line, _ in rows:
            if seq != expected:
                findings.append(_found("LED-103", seq, line, f"facts {expected} to {seq - 1} are missing", "no gap"))
            expected = seq + 1
    return findings + _check_chains(rows, heads)


def _check_chains(rows: list[tuple[int, bytes, bytes]], heads: dict[bytes, bytes]) -> list[Finding]:
    # Facts of one participant mostly stand one after the other: `named` tells it without cutting the name out.
    findings = []
    genesis = GENESIS.encode()
    participant, named = _participant_of(rows[0][1]), b"\0"
    head = heads.get(participant, genesis)
    for seq, line, digest in rows:
        if not line.startswith(named, 77):
            heads[participant] = head
            participant = _participant_of(line)
            named, head = line[77 : 95 + len(participant)], heads.get(participant, genesis)
        if line[13:77] != head:
            got = "it does not follow the participant's fact before"
            findings.append(_found("LED-102", seq, line, got, "that fact's hash"))
        head = digest
    heads[participant] = head
    return findings


def _check_end(previous: AnchorRow, anchor: AnchorRow | None, anchors: Iterator[AnchorRow], last: int) -> list[Finding]:
    findings = []
    if anchor is not None:
        numbers = [anchor.number, *(a.number for a in anchors)]
        got = f"anchors {numbers[0]} to {numbers[-1]} cover facts that are missing"
        findings.append(Finding("LED-103", Place(path=f"anchor/{numbers[0]}"), got, "no gap", _REMEDY))
    elif previous.last_seq < last:
        got = f"facts {previous.last_seq + 1} to {last} have no anchor"
        findings.append(Finding("LED-106", Place(path=f"fact/{previous.last_seq + 1}"), got, "an anchor", _REMEDY))
    return findings


def _check_anchor(previous: AnchorRow, anchor: AnchorRow, facts: str) -> list[Finding]:
    place = Place(path=f"anchor/{anchor.number}")
    if hash_line(anchor.body) != anchor.hash:
        return [Finding("LED-104", place, "the anchor and its hash differ", "the anchor that was hashed", _REMEDY)]
    d = json.loads(anchor.body)
    told = (d["previous"], d["number"], d["first_seq"], d["last_seq"])
    if (
        told != (previous.hash, previous.number + 1, previous.last_seq + 1, anchor.last_seq)
        or d["number"] != anchor.number
    ):
        return [Finding("LED-104", place, "the anchor does not follow the one before", "that anchor's hash", _REMEDY)]
    if d["facts"] != facts:
        got = f"facts {d['first_seq']} to {d['last_seq']} are not those that were anchored"
        return [Finding("LED-104", place, got, "the same hashes", _REMEDY)]
    if previous.body and json.loads(previous.body)["recorded_at"] > d["recorded_at"]:
        got = f"the clock went back to {d['recorded_at']}"
        return [Finding("LED-107", place, got, "time that goes forward", "Check the server's clock.", Severity.WARNING)]
    return []


def _participant_of(line: bytes) -> bytes:
    return line[94 : line.find(b'"', 94)]


def _found(code: str, seq: int, line: bytes, got: str, expected: str) -> Finding:
    participant = _participant_of(line).decode(errors="replace")
    return Finding(code, Place(path=f"fact/{seq} participant/{participant}"), got, expected, _REMEDY)


def verify_projection(store: Store) -> list[Finding]:
    """Findings LED-105 (current state) and LED-108 (columns): what is kept beside the lines and differs from them."""
    findings = []
    for seq in store.misplaced(store.last_seq()):
        got = "columns seq and participant differ from the line"
        findings.append(Finding("LED-108", Place(path=f"fact/{seq}"), got, "what the line says", _REMEDY))
    replayed = {row.first_fact: row for row in replay_records(store, store.last_seq())}
    for row in store.all_records():
        if replayed.pop(row.first_fact, None) != row:
            findings.append(_differs(str(row.key), f"record {row.first_fact} is not what the facts say"))
    findings += [_differs(str(row.key), f"record {row.first_fact} is missing") for row in replayed.values()]
    return findings


def _differs(key: str, got: str) -> Finding:
    return Finding("LED-105", Place(path=key), got, "the state that follows from the facts", "Rebuild the projection.")
