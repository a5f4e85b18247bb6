"""Writing the next sequence of a study into a dossier's folder: whole or not at all."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Sequence as Listed
from dataclasses import replace
from pathlib import Path

from opencro.kernel.finding import Finding, Place, Refused
from opencro.submission.ectd.application import Dossier, RegionalDocument, SequenceHead, head_of
from opencro.submission.ectd.lifecycle import View, make_leaf, plan_leaves, view_of
from opencro.submission.ectd.model import (
    INDEX,
    INDEX_MD5,
    M1,
    US_REGIONAL,
    Leaf,
    Operation,
    PlannedFile,
    StudySection,
    md5_of,
)
from opencro.submission.ectd.read import read_sequences
from opencro.submission.ectd.render import render_index, render_stf, render_us_regional

UTIL = {
    "ich-ectd-3-2.dtd": "util/dtd",
    "ich-stf-v2-2.dtd": "util/dtd",
    "ectd-2-0.xsl": "util/style",
    "ich-stf-stylesheet-2-3.xsl": "util/style",
}
"""Files of ICH and FDA that belong into a sequence; they are not ours to give."""


def write_sequence(
    folder: Path,
    number: str,
    dossier: Dossier,
    study: StudySection,
    files: Listed[PlannedFile],
    dtds: Path | None = None,
    into: Path | None = None,
    regional_files: Path | None = None,
) -> tuple[Leaf, ...]:
    """Write `folder/number`, or `into/number`; what the sequences before it hold unchanged is not sent again.

    Refused where the sequence is not described (ECT-052), does not follow the former (ECT-053) or would send nothing
    (ECT-054), or where a document that it names is not in the folder `regional_files` (ECT-055). Gives the leaves of
    index.xml below module 5.
    """
    head = head_of(dossier, number)
    _refuse_documents(head, regional_files)
    former = read_sequences(folder)
    if any(sequence.number >= number for sequence in former):
        got = f"the sequence {number} after {former[-1].number}"
        raise Refused([Finding("ECT-053", Place(str(folder)), got, "the next number", "Name a later sequence.")])
    view = view_of(former)
    tagging_file = f"{study.folder}/stf-{posixpath.basename(study.folder)}.xml"
    planned = plan_leaves(number, files, view, tagging_file)
    if not planned:
        got, remedy = "nothing changed since the last sequence", "Send a sequence when something changed."
        raise Refused([Finding("ECT-054", Place(str(folder)), got, "a change", remedy)])
    target = (into or folder) / number
    unfinished = target.with_name(f".{number}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    leaves = _put_study(unfinished, number, study, planned, view, tagging_file)
    first = _put_regional(unfinished, number, dossier, head, regional_files)
    index = render_index([replace(first, heading=M1), *leaves], study)
    _put(unfinished / INDEX, index)
    _put(unfinished / INDEX_MD5, _md5(index).encode())
    _put_util(unfinished, dtds)
    unfinished.rename(target)
    return tuple(leaves)


def _refuse_documents(head: SequenceHead, files: Path | None) -> None:
    missing = [d.file for d in head.documents if files is None or not (files / d.file).is_file()]
    if missing:
        remedy = "Put it there, or take it out of submission/ectd.yaml."
        raise Refused(
            Finding("ECT-055", Place(f"submission/m1/{name}"), "no such file", "the document", remedy)
            for name in missing
        )


def _put_regional(folder: Path, number: str, dossier: Dossier, head: SequenceHead, files: Path | None) -> Leaf:
    """us-regional.xml with the documents that a sequence names, their leaves as seen from it; gives its own leaf."""
    made: list[tuple[RegionalDocument, Leaf]] = []
    for document in head.documents:
        source = (files or Path()) / document.file
        path = posixpath.join(posixpath.dirname(US_REGIONAL), document.file)
        _put(folder / path, source)
        leaf = make_leaf(number, path, document.title, md5_of(source), Operation.NEW, None)
        made.append((document, replace(leaf, href=document.file)))
    regional = render_us_regional(dossier, number, head, made)
    _put(folder / US_REGIONAL, regional)
    return make_leaf(number, US_REGIONAL, "US Regional", _md5(regional), Operation.NEW, None)


def _put_study(
    folder: Path,
    number: str,
    study: StudySection,
    planned: Listed[tuple[Leaf, PlannedFile | None]],
    view: View,
    tagging_file: str,
) -> list[Leaf]:
    """The files of a study and their tagging file; gives their leaves."""
    for _, file in planned:
        if file is not None:
            _put(folder / file.path, file.content)
    leaves = [leaf for leaf, _ in planned]
    tagged = [(leaf, file.tag) for leaf, file in planned if file is not None]
    if tagged:
        stf = render_stf(study, tagged)
        _put(folder / tagging_file, stf)
        leaves.append(_tagging_leaf(number, tagging_file, stf, study, view))
    return leaves


def _tagging_leaf(number: str, path: str, content: bytes, study: StudySection, view: View) -> Leaf:
    """The leaf of the tagging file: new in the first sequence of a study, appended to the former in later ones."""
    known = [c for c in view.current.values() if c.path == path]
    operation = Operation.APPEND if known else Operation.NEW
    title = f"{study.id} STF"
    return make_leaf(number, path, title, _md5(content), operation, known[-1] if known else None)


def _put_util(folder: Path, dtds: Path | None) -> None:
    for name, place in UTIL.items():
        found = sorted(dtds.rglob(name)) if dtds is not None else []
        if found:
            _put(folder / place / name, found[0].read_bytes())


def _put(path: Path, content: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
