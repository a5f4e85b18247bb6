"""Checks of the files of a sequence: there, whole, named as agencies permit.

Source: ICH eCTD specification 3.2.2, appendix 2 (names of 64 characters, lower case, digits and hyphens); FDA eCTD
technical conformance guide (180 characters of a path, underscores); FDA study data technical conformance guide (5 GB).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from opencro.kernel.finding import Finding, Place, Severity
from opencro.submission.ectd.model import INDEX, INDEX_MD5, Operation, Sequence, md5_of
from opencro.submission.ectd.read import href_of, read_xml

LONGEST_NAME, LONGEST_PATH = 64, 180
LARGEST_DATASET = 5 * 1024**3
EXTENSIONS = frozenset(
    {"pdf", "xml", "xpt", "txt", "xsl", "xslt", "dtd", "mod", "ent", "css", "html", "htm", "jpg", "jpeg", "png", "gif"}
    | {"svg", "tif", "doc", "docx", "rtf", "sas", "r", "csv"}
)
_PLAIN = re.compile(r"^[a-z0-9][a-z0-9_.-]*$")


def check_files(sequence: Sequence) -> Iterator[Finding]:
    """Findings ECT-001, ECT-004..016 of a sequence."""
    yield from _check_backbones(sequence)
    yield from _check_index_md5(sequence)
    yield from _check_leaves(sequence)
    yield from _check_names(sequence)
    yield from _check_tagging_files(sequence)


def _check_backbones(sequence: Sequence) -> Iterator[Finding]:
    if INDEX not in sequence.files:
        remedy = "Send the backbone of the sequence."
        yield Finding("ECT-001", _place(sequence, INDEX), "no index.xml", "a backbone", remedy)
    for backbone in sequence.backbones:
        if backbone.leaves is None:
            got, remedy = "not readable as a backbone", "Write well-formed XML with an operation for each leaf."
            yield Finding("ECT-001", _place(sequence, backbone.path), got, "well-formed XML", remedy)
            continue
        counts = Counter(leaf.id for leaf in backbone.leaves)
        for leaf_id, count in counts.items():
            if count > 1 or not leaf_id:
                got = f'the id "{leaf_id}" {count} times'
                yield Finding("ECT-008", _place(sequence, backbone.path), got, "ids of one leaf each", "Change one.")


def _check_index_md5(sequence: Sequence) -> Iterator[Finding]:
    if INDEX not in sequence.files:
        return
    place = _place(sequence, INDEX_MD5)
    if INDEX_MD5 not in sequence.files:
        yield Finding("ECT-004", place, "no such file", "the MD5 of index.xml", "Write it.")
        return
    told = (sequence.folder / INDEX_MD5).read_text(encoding="ascii", errors="replace").split()
    real = md5_of(sequence.folder / INDEX)
    if not told or told[0].lower() != real:
        got = told[0] if told else "nothing"
        yield Finding("ECT-004", place, got, f"{real}, the MD5 of index.xml", "Make the sequence again.")


def _check_leaves(sequence: Sequence) -> Iterator[Finding]:
    there, named = set(sequence.files), {INDEX, INDEX_MD5}
    for backbone, leaf in sequence.leaves():
        path, place = backbone.file_of(leaf), _place(sequence, backbone.path, leaf.id)
        if leaf.operation is Operation.DELETE:
            if leaf.href:
                yield Finding("ECT-017", place, f"delete with {leaf.href}", "no file", "Take the href away.")
            continue
        named.add(path)
        if path not in there:
            yield Finding("ECT-005", place, f"{path} is not there", "the file", "Send the file or take the leaf away.")
        elif leaf.checksum_type.lower() != "md5":
            got = f'checksum-type "{leaf.checksum_type}"'
            yield Finding("ECT-009", place, got, "md5", "Give the MD5 of the file.")
        elif (real := md5_of(sequence.folder / path)) != leaf.checksum.lower():
            got = f"{path} has the MD5 {real}"
            yield Finding("ECT-006", place, got, leaf.checksum, "Send the file that was described.")
    for path in sequence.files:
        if path not in named and not path.startswith("util/"):
            yield Finding("ECT-007", _place(sequence, path), "no leaf names it", "a leaf", "Name it or take it away.")


def _check_names(sequence: Sequence) -> Iterator[Finding]:
    strange: set[str] = set()
    for path in sequence.files:
        place = _place(sequence, path)
        strange |= {part for part in PurePosixPath(path).parts if not _PLAIN.match(part)}
        for part in PurePosixPath(path).parts:
            if len(part) > LONGEST_NAME:
                got = f"a name of {len(part)} characters"
                yield Finding("ECT-011", place, got, f"at most {LONGEST_NAME}", "Shorten it.")
        whole = f"{sequence.number}/{path}"
        if len(whole) > LONGEST_PATH:
            got = f"a path of {len(whole)} characters"
            yield Finding("ECT-012", place, got, f"at most {LONGEST_PATH}", "Shorten its folders.")
        ending = PurePosixPath(path).suffix.lower().lstrip(".")
        if ending not in EXTENSIONS:
            got, remedy = f'a file type "{ending}"', "Send it in a type that agencies take."
            yield Finding("ECT-013", place, got, "a type that agencies take", remedy)
        yield from _check_size(sequence, path, ending)
    for part in sorted(strange):
        expected = "lower case letters, digits, - and _"
        yield Finding("ECT-010", Place(sequence.number), f'the name "{part}"', expected, "Rename it.")


def _check_size(sequence: Sequence, path: str, ending: str) -> Iterator[Finding]:
    size = (sequence.folder / path).stat().st_size
    if size == 0:
        yield Finding("ECT-014", _place(sequence, path), "an empty file", "content", "Take it away.")
    if ending == "xpt" and size > LARGEST_DATASET:
        remedy = "Split the dataset, as the study data technical conformance guide says."
        yield Finding("ECT-015", _place(sequence, path), f"{size:,} bytes", f"at most {LARGEST_DATASET:,}", remedy)


def _check_tagging_files(sequence: Sequence) -> Iterator[Finding]:
    ids = {leaf.id for backbone, leaf in sequence.leaves() if backbone.path == INDEX}
    for path in sequence.files:
        name = PurePosixPath(path).name
        if not (name.startswith("stf-") and name.endswith(".xml")):
            continue
        root = read_xml(sequence.folder / path)
        if root is None:
            yield Finding("ECT-001", _place(sequence, path), "not well-formed", "well-formed XML", "Write it again.")
            continue
        for element in root.iter("doc-content"):
            target = href_of(element).partition("#")[2]
            if target not in ids:
                got, remedy = f"names the leaf {target}", "Name leaves of the same sequence."
                yield Finding("ECT-016", _place(sequence, path), got, "a leaf of index.xml", remedy, Severity.ERROR)


def _place(sequence: Sequence, file: str, path: str = "") -> Place:
    return Place(f"{sequence.number}/{file}", None, path)
