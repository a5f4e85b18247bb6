"""What of a dossier is current after several sequences, and what the next one has to send.

Source: ICH eCTD specification 3.2.2, operation attributes; the United States take the tagging file of a study
accumulatively: each later one is appended to the former and names only the leaves of its own sequence.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass, field

from opencro.kernel.finding import Finding, Place
from opencro.submission.ectd.model import INDEX, M1, Leaf, Operation, PlannedFile, Sequence


@dataclass(frozen=True, slots=True)
class CurrentLeaf:
    """A leaf that stands: the sequence and backbone that hold it and the path of its file."""

    sequence: str
    backbone: str
    leaf: Leaf
    path: str


@dataclass
class View:
    """The dossier up to a sequence: every leaf ever sent, and which of them are current."""

    sent: dict[tuple[str, str, str], CurrentLeaf] = field(default_factory=dict)
    current: dict[tuple[str, str, str], CurrentLeaf] = field(default_factory=dict)

    def add(self, sequence: Sequence) -> list[Finding]:
        """Take a sequence; what it says of leaves that are not there or not current is found."""
        found: list[Finding] = []
        before = dict(self.current)
        for backbone, leaf in sequence.leaves():
            key = (sequence.number, backbone.path, leaf.id)
            if leaf.operation is Operation.NEW:
                found += _unexpected_target(sequence, backbone.path, leaf)
            else:
                found += self._end(sequence, backbone.path, leaf, before)
            if leaf.operation is not Operation.DELETE:
                standing = CurrentLeaf(sequence.number, backbone.path, leaf, backbone.file_of(leaf))
                self.sent[key] = self.current[key] = standing
        return found

    def _end(
        self, sequence: Sequence, backbone: str, leaf: Leaf, before: Mapping[tuple[str, str, str], CurrentLeaf]
    ) -> list[Finding]:
        place = _place(sequence, backbone, leaf)
        if not leaf.modified_file:
            remedy = "Name the leaf that is meant: ../0001/index.xml#id."
            return [Finding("ECT-020", place, f"{leaf.operation} without modified-file", "a modified-file", remedy)]
        target = target_of(sequence.number, backbone, leaf.modified_file)
        if target not in self.sent:
            got = f"{leaf.operation} of {leaf.modified_file}, which no earlier sequence holds"
            return [Finding("ECT-021", place, got, "a leaf of an earlier sequence", "Name a leaf that was sent.")]
        if target not in before or target not in self.current:
            got = f"{leaf.operation} of {leaf.modified_file}, which is no longer current"
            return [Finding("ECT-022", place, got, "a current leaf", "Name the leaf that took its place.")]
        if leaf.operation is not Operation.APPEND:
            del self.current[target]
        return []


def _unexpected_target(sequence: Sequence, backbone: str, leaf: Leaf) -> list[Finding]:
    if not leaf.modified_file:
        return []
    got = f"new with modified-file {leaf.modified_file}"
    remedy = "Take it away, or say replace or append."
    return [Finding("ECT-020", _place(sequence, backbone, leaf), got, "no modified-file", remedy)]


def _place(sequence: Sequence, backbone: str, leaf: Leaf) -> Place:
    return Place(f"{sequence.number}/{backbone}", None, leaf.id)


def target_of(number: str, backbone: str, modified_file: str) -> tuple[str, str, str]:
    """Sequence, backbone and id that a modified-file means.

    It is relative to the backbone that names it; that of a module 1 may also be written as seen from index.xml.
    """
    file, _, leaf_id = modified_file.partition("#")
    start = posixpath.dirname(f"{number}/{backbone}")
    path = posixpath.normpath(posixpath.join(start, file))
    if not path.split("/", 1)[0].isdigit():
        path = posixpath.normpath(posixpath.join(number, file))
    sequence, _, rest = path.partition("/")
    return sequence, rest, leaf_id


def view_of(sequences: Iterable[Sequence]) -> View:
    """The dossier after these sequences."""
    view = View()
    for sequence in sequences:
        view.add(sequence)
    return view


def plan_leaves(
    number: str, files: Listed[PlannedFile], former: View, tagging_file: str
) -> list[tuple[Leaf, PlannedFile | None]]:
    """Leaves of the next sequence for what a study is to be: new and changed files, and what vanished.

    `tagging_file` is the path of the study tagging file, which comes last and is not planned here.
    """
    standing = {c.path: c for c in former.current.values() if c.backbone == INDEX and c.leaf.heading != M1}
    planned: list[tuple[Leaf, PlannedFile | None]] = []
    for file in files:
        checksum = file.md5()
        known = standing.get(file.path)
        if known is not None and known.leaf.checksum == checksum:
            continue
        operation = Operation.NEW if known is None else Operation.REPLACE
        planned.append((make_leaf(number, file.path, file.title, checksum, operation, known), file))
    kept = {file.path for file in files}
    for path, known in standing.items():
        if path not in kept and path != tagging_file:
            leaf = make_leaf(number, path, known.leaf.title, "", Operation.DELETE, known)
            planned.append((leaf, None))
    return planned


def make_leaf(
    number: str, path: str, title: str, checksum: str, operation: Operation, known: CurrentLeaf | None
) -> Leaf:
    """A leaf of index.xml; its id follows from sequence and path."""
    leaf_id = "id" + hashlib.sha256(f"{number}/{path}".encode()).hexdigest()[:30]
    target = f"../{known.sequence}/{known.backbone}#{known.leaf.id}" if known is not None else ""
    href = "" if operation is Operation.DELETE else path
    return Leaf(leaf_id, operation, href, title, checksum, target)
