"""A dossier of several sequences, checked: files, backbones against their DTDs, the life of leaves, PDF properties."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.submission.ectd.check_files import check_files
from opencro.submission.ectd.check_pdf import check_pdf
from opencro.submission.ectd.lifecycle import View
from opencro.submission.ectd.model import Sequence
from opencro.submission.ectd.read import dtd_of, read_sequences, read_xml


def check_dossier(folder: Path, dtds: Path | None = None) -> Findings:
    """Every finding of the sequences below a folder; `dtds` holds DTDs that a sequence does not carry itself."""
    view, found = View(), list[Finding]()
    for sequence in read_sequences(folder):
        found += check_files(sequence)
        found += check_structure(sequence, dtds)
        found += view.add(sequence)
        for path in sequence.files:
            if path.endswith(".pdf"):
                found += check_pdf(sequence.folder / path, Place(f"{sequence.number}/{path}"))
    return Findings(tuple(found))


def check_structure(sequence: Sequence, dtds: Path | None = None) -> Iterator[Finding]:
    """Findings ECT-002 and ECT-003: backbones and tagging files against the DTDs that they name."""
    tagging = [f for f in sequence.files if posixpath.basename(f).startswith("stf-") and f.endswith(".xml")]
    for path in [*(b.path for b in sequence.backbones if b.leaves is not None), *tagging]:
        root = read_xml(sequence.folder / path)
        if root is None:
            continue
        place = Place(f"{sequence.number}/{path}")
        named = dtd_of(root)
        file = find_dtd(sequence, path, named, dtds)
        if file is None:
            got = f'the DTD "{named}" is not at hand'
            remedy = "Name a folder that holds it with --dtd."
            yield Finding("ECT-003", place, got, "the DTD, to check against", remedy, Severity.WARNING)
            continue
        yield from check_against(root, etree.DTD(str(file)), place)


def find_dtd(sequence: Sequence, path: str, named: str, dtds: Path | None) -> Path | None:
    """The file of a DTD: in the sequence where the document says, else by its name in `dtds`."""
    name = posixpath.basename(named)
    inside = sequence.folder / posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
    if "://" not in named and name and inside.is_file():
        return inside
    return next(iter(sorted(dtds.rglob(name))), None) if dtds is not None and name else None


def check_against(root: etree._Element, dtd: etree.DTD, place: Place) -> Iterator[Finding]:
    """Findings ECT-002, one for each thing that the DTD does not permit."""
    if dtd.validate(root):
        return
    log: Any = dtd.error_log
    for error in log:
        where = Place(place.file, error.line or None)
        yield Finding("ECT-002", where, error.message, "what the DTD permits", "Correct the document.")
