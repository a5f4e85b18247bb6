"""Tabulate a study some participants at a time, so that memory depends on the piece and not on the study.

Every derivation stays within a participant where `check_apart` finds nothing; then the pieces are cut in the order of
USUBJID, and the rows one after another are those of the whole. Where it finds something, or where the data turn out to
be ordered otherwise, there is one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from opencro.app.build_rows import RowStore
from opencro.app.wiring import records_of, terms_of
from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.ledger import Snapshot
from opencro.study import Study
from opencro.submission import plan_codelists
from opencro.tabulation import (
    DatasetSummary,
    Domain,
    Link,
    Outline,
    Rows,
    Shape,
    assemble_rows,
    check_apart,
    design_rows,
    load_domains,
    load_links,
    order_names,
    outline_dataset,
    summarize_frame,
    tabulate,
)
from opencro.terms import Catalogue

FACTS_AT_ONCE = 200_000
"""About how many facts of participants are tabulated at once: some 700 MB of memory."""
_SUBJECT = "USUBJID"


@dataclass(frozen=True)
class Made:
    """What tabulation made: declarations, datasets without rows in the order of the catalogue, their rows, findings."""

    domains: Mapping[str, Domain]
    outlines: Mapping[str, Outline]
    rows: RowStore
    findings: Findings


@dataclass(frozen=True)
class _Declared:
    """What the study declares, read once for all pieces."""

    study: Study
    domains: Mapping[str, Domain]
    links: Sequence[Link]
    catalogue: Catalogue
    coded: Callable[[str, str], bool]


@dataclass
class _Gathered:
    """What the pieces so far have given."""

    rows: RowStore
    shapes: dict[str, Shape] = field(default_factory=dict)
    summaries: dict[str, DatasetSummary] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, declared: _Declared, made: Rows) -> bool:
        """Take the rows of a piece; False when they do not stand behind those of the piece before."""
        for name, frame in made.frames.items():
            summary = summarize_frame(name, frame, lambda column, name=name: declared.coded(name, column))  # type: ignore[misc]
            known = self.summaries.get(name)
            self.summaries[name] = summary if known is None else known.merged(summary)
            self.shapes.setdefault(name, made.shapes[name])
            for rank, rows in _ranked(name, frame):
                if not self._follows(name + rank, rows):
                    return False
                self.rows.add(name, rows, rank)
        self.findings += made.findings
        return True

    def _follows(self, name: str, rows: pl.DataFrame) -> bool:
        if _SUBJECT not in rows.columns or rows.is_empty():
            return True
        ends = rows.select(first=pl.col(_SUBJECT).min(), last=pl.col(_SUBJECT).max()).row(0)
        before = self.last.get(name)
        self.last[name] = ends[1]
        return before is None or before < ends[0]


def _ranked(name: str, frame: pl.DataFrame) -> Iterable[tuple[str, pl.DataFrame]]:
    """RELREC is ordered by RDOMAIN before USUBJID, so it has a row of pieces for each RDOMAIN."""
    if name != "RELREC" or frame.is_empty():
        return [("", frame)]
    return [(str(domain), rows) for (domain,), rows in frame.group_by(["RDOMAIN"], maintain_order=True)]


def tabulate_in_pieces(
    study: Study,
    snapshot: Snapshot,
    folder: Path,
    participants_at_once: int | None = None,
    watch: Callable[[float], None] = lambda _: None,
) -> Made:
    """All datasets of a study; rows that memory should not hold go to `folder`, `watch` hears the share that is done.

    Adds a warning TAB-023 or TAB-024 where a study that is cut must be made in one piece.
    """
    domains, store = load_domains(study), terms_of(study)
    catalogue = store.catalogue("sdtmig", study.file.standards["sdtmig"])
    declared = _Declared(study, domains, load_links(study), catalogue, plan_codelists(study, domains, store))
    pieces = cut_participants(study, snapshot, participants_at_once)
    warnings = list(check_apart(domains)) if len(pieces) > 1 else []
    gathered = None
    if len(pieces) > 1 and not warnings:
        gathered = _gather(declared, [snapshot.limited_to(p) for p in pieces], RowStore(folder), watch)
        warnings = [] if gathered else [_overlap()]
    if gathered is None:
        gathered = _gather(declared, [snapshot], RowStore(None), watch)
    assert gathered is not None
    gathered.add(declared, design_rows(study, catalogue))
    outlines = {
        name: outline_dataset(gathered.shapes[name], gathered.summaries[name])
        for name in order_names(gathered.rows.names, catalogue)
    }
    return Made(domains, outlines, gathered.rows, Findings((*warnings, *_in_order(gathered.findings))))


def cut_participants(study: Study, snapshot: Snapshot, at_once: int | None = None) -> list[list[str]]:
    """Participants in the order of USUBJID, so many at once; by default as many as have about FACTS_AT_ONCE facts."""
    template = study.file.usubjid.replace("{study}", study.id)
    known = {p: template.replace("{site}", s).replace("{participant}", p) for s, p in snapshot.known_participants()}
    ordered = sorted(known, key=lambda p: (known[p], p))
    size = at_once or max(1, FACTS_AT_ONCE * len(ordered) // max(snapshot.position, 1))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _gather(
    declared: _Declared, snapshots: Sequence[Snapshot], rows: RowStore, watch: Callable[[float], None]
) -> _Gathered | None:
    gathered = _Gathered(rows)
    for number, snapshot in enumerate(snapshots, start=1):
        records = records_of(declared.study, snapshot)
        made = tabulate(declared.study, declared.domains, records, declared.catalogue)
        gathered.findings += made.findings
        if not gathered.add(declared, assemble_rows(made, declared.links, declared.catalogue)):
            return None
        watch(number / len(snapshots))
    return gathered


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, by place: the order must not tell how the study was cut."""
    return sorted(dict.fromkeys(findings), key=lambda f: (f.place.file, f.place.line or 0, f.place.path, f.code, f.got))


def _overlap() -> Finding:
    got = f"{_SUBJECT} does not follow the order of participants"
    expected = "one USUBJID per participant, as study.yaml makes it; all are made at once, which needs memory for all"
    remedy = "Declare USUBJID as {participant: usubjid}."
    return Finding("TAB-024", Place("study.yaml", None, "usubjid"), got, expected, remedy, Severity.WARNING)
