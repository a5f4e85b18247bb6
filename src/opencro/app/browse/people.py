"""What the browser tells of each participant: the rows of datasets, and every fact with who, when and why.

One compressed script for each participant, so that a page opens it from a file, when it is asked for.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from opencro.ledger import Ledger

SUBJECT = "USUBJID"


def write_people(folder: Path, frames: Mapping[str, pl.DataFrame], ledger: Ledger, usubjid: Mapping[str, str]) -> int:
    """One file for each participant with rows in `frames`; `usubjid` maps the ledger's participants to theirs."""
    folder.mkdir(parents=True)
    parts = {name: _by_person(frame) for name, frame in frames.items()}
    people = sorted({person for by in parts.values() for person in by})
    known = {subject: participant for participant, subject in usubjid.items()}
    for number, person in enumerate(people):
        rows = {name: by[person].rows() for name, by in parts.items() if person in by}
        facts = list(_facts(ledger, known[person])) if person in known else []
        _write(folder / f"{number}.js", person, {"rows": rows, "facts": facts})
    index = {person: number for number, person in enumerate(people)}
    columns = {name: frame.drop(SUBJECT).columns for name, frame in frames.items()}
    _script(folder / "index.js", "people", {"index": index, "columns": columns})
    return len(people)


def _by_person(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if SUBJECT not in frame.columns:
        return {}
    parts = frame.partition_by(SUBJECT, as_dict=True, include_key=False, maintain_order=True)
    return {str(key[0]): part for key, part in parts.items()}


def _facts(ledger: Ledger, participant: str) -> Iterator[Sequence[Any]]:
    """[fact, when, who, role, place, why, how, {FORM.ITEM: [old, new]}] of each change of a record."""
    for fact in ledger.facts(participant=participant):
        if not fact.kind.startswith(("record-changed/", "record-removed/")):
            continue
        key = fact.key
        place = " / ".join(p for p in (key.event, key.form, f"{key.group}[{key.group_repeat}]") if p)
        items = {f"{key.form}.{item}": change for item, change in fact.payload["items"].items()}
        yield fact.seq, fact.recorded_at[:19], fact.actor, fact.role, place, fact.reason or "", fact.source, items


def _write(path: Path, person: str, content: Mapping[str, Any]) -> None:
    packed = gzip.compress(json.dumps(content, ensure_ascii=False, default=str).encode(), compresslevel=5, mtime=0)
    _script(path, "person", {"person": person, "packed": base64.b64encode(packed).decode()})


def _script(path: Path, call: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).replace("</", "<\\/")
    path.write_text(f"{call}({text});\n", encoding="utf-8", newline="\n")


def write_script(path: Path, call: str, content: Mapping[str, Any]) -> None:
    """A script that hands plain values to a function of the page; it works from a file, without a server."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _script(path, call, content)
