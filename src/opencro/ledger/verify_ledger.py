#!/usr/bin/env python3
"""Check an exported ledger with nothing but Python's standard library: `verify_ledger.py EXPORT [--anchor HASH]`.

Each line of an export is {"hash":"<64 hex digits>","fact":{...}} or the same with "anchor". A hash is the SHA-256 of
the UTF-8 bytes of the object beside it, exactly as they stand in the file. A fact carries in "previous" the hash of the
fact before it of the same participant (64 zeros for the first), and in "seq" its number, without a gap. An anchor
closes the facts "first_seq" to "last_seq": "facts" is the SHA-256 of their hashes written one after the other,
"previous" is the hash of the anchor before. Give --anchor the hash of an anchor that you kept elsewhere: it must be in
the chain, or the export was cut or rewritten. Prints each fault with its line; exits with 1 when there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GENESIS = "0" * 64


def sha256(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def check_fact(fact: dict[str, Any], digest: str, heads: dict[str, str], count: int) -> Iterator[str]:
    """Faults of one fact in its chain; `heads` holds the newest hash of each participant."""
    if fact["seq"] != count:
        yield f"fact {fact['seq']} stands where fact {count} should"
    if fact["previous"] != heads.get(fact["participant"], GENESIS):
        yield f"fact {fact['seq']} does not follow the fact before it of participant {fact['participant'] or '(none)'}"
    heads[fact["participant"]] = digest


def check_anchor(anchor: dict[str, Any], before: tuple[str, int, int], hashes: list[str], count: int) -> Iterator[str]:
    """Faults of one anchor; `before` is (hash, number, last_seq) of the one before, `hashes` are of the facts since."""
    if (anchor["previous"], anchor["number"], anchor["first_seq"]) != (before[0], before[1] + 1, before[2] + 1):
        yield f"anchor {anchor['number']} does not follow the anchor before it"
    if anchor["last_seq"] != count or anchor["facts"] != sha256("".join(hashes).encode()):
        yield f"anchor {anchor['number']} does not cover facts {anchor['first_seq']} to {anchor['last_seq']}"


def verify(path: str, kept: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line number, fault); the last item is (0, summary)."""
    heads: dict[str, str] = {}
    hashes: list[str] = []
    seen: set[str] = set()
    number, count, before = 1, 0, (GENESIS, 0, 0)
    with Path(path).open("rb") as lines:
        next(lines, None)
        for number, line in enumerate(lines, 2):
            digest, what, body = line[9:73].decode("ascii", "replace"), line[75:].split(b":", 1)[0], line.rstrip(b"\n")
            body = body[75 + len(what) + 1 : -1]
            count += what == b'"fact"'
            if sha256(body) != digest:
                yield number, f"{what.decode('ascii', 'replace')} and its hash differ: the line was altered"
            try:
                document = json.loads(body)
                if what == b'"fact"':
                    faults = list(check_fact(document, digest, heads, count))
                else:
                    faults = list(check_anchor(document, before, hashes, count))
                    before = (digest, document["number"], document["last_seq"])
            except (ValueError, KeyError, TypeError):
                faults = ["the line cannot be read"]
            yield from ((number, fault) for fault in faults)
            if what == b'"fact"':
                hashes.append(digest)
            else:
                hashes = []
                seen.add(digest)
    if hashes:
        yield number, f"{len(hashes)} facts at the end have no anchor"
    if kept is not None and kept not in seen:
        yield number, f"the anchor kept elsewhere, {kept}, is not in the chain"
    yield 0, f"{count} facts, {len(heads)} chains, {len(seen)} anchors; last anchor {before[0]}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Check an exported ledger.")
    parser.add_argument("export")
    parser.add_argument("--anchor", help="hash of an anchor that was kept elsewhere")
    arguments = parser.parse_args()
    faults = 0
    for number, text in verify(arguments.export, arguments.anchor):
        print(f"line {number}: {text}" if number else text)
        faults += number > 0
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
