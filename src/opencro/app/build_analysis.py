"""Analysis datasets out of the tabulated ones that a build just wrote, some participants at a time.

Derivations stay within a participant, so that a study too large for memory is analysed in pieces in the order of
USUBJID. What looks at all participants (a pooled group), what is not ordered by USUBJID, and what such a dataset
needs is made in one piece first; of that only the columns are read that its declaration names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from opencro.analysis import (
    Analysed,
    AnalysisDataset,
    Moment,
    analyse,
    check_datasets,
    dates_of,
    exchange_frame,
    load_datasets,
    order_datasets,
    outline_analysis,
    summarize_dataset,
)
from opencro.app.build_rows import RowStore
from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity
from opencro.study import Study
from opencro.tabulation import DatasetSummary, Outline

ROWS_AT_ONCE = 1_000_000
"""About how many tabulated rows are analysed at once: some 1.5 GB of memory."""
_SUBJECT = "USUBJID"

Scan = Callable[[str], pl.LazyFrame]
Watch = Callable[[float], None]


@dataclass(frozen=True)
class MadeAnalysis:
    """What analysis made: declarations, datasets without rows in the order of work, rows, findings, seconds of each."""

    datasets: Mapping[str, AnalysisDataset]
    outlines: Mapping[str, Outline]
    rows: RowStore
    findings: Findings
    seconds: Mapping[str, float]


@dataclass
class _Gathered:
    """What the pieces so far have given."""

    rows: RowStore
    summaries: dict[str, DatasetSummary] = field(default_factory=dict)
    dates: dict[str, dict[str, Moment]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    twice: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, datasets: Iterable[AnalysisDataset], frames: Mapping[str, pl.DataFrame]) -> None:
        for dataset in datasets:
            name, frame = dataset.name, frames[dataset.name]
            rows = exchange_frame(dataset, frame)
            summary = summarize_dataset(dataset, rows)
            known = self.summaries.get(name)
            self.summaries[name] = summary if known is None else known.merged(summary)
            self.dates[name] = self.dates.get(name, {}) | dates_of(dataset, frame)
            keyed = frame.select(dataset.keys)
            self.twice[name] = self.twice.get(name, 0) + keyed.height - keyed.n_unique()
            self.rows.add(name, rows)

    def take(self, datasets: Iterable[AnalysisDataset], made: Analysed) -> None:
        self.add(datasets, made.frames)
        self.findings += made.findings
        for name, spent in made.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


def analyse_tabulated(
    study: Study,
    tabulated: Mapping[str, Sequence[str]],
    scan: Scan,
    folder: Path,
    rows_at_once: int = ROWS_AT_ONCE,
    watch: Watch = lambda _: None,
) -> MadeAnalysis | None:
    """Every declared analysis dataset; None where the study declares none.

    `tabulated` names the columns of the datasets that `scan` reads; rows that memory should not hold go to `folder`.
    Refused with the findings of the declarations.
    """
    datasets = load_datasets(study)
    if not datasets:
        return None
    findings = check_datasets(datasets, tabulated)
    if not findings.ok:
        raise Refused(findings)
    ordered = order_datasets(datasets)
    pieces = _cut(scan, tabulated, rows_at_once)
    whole = whole_datasets(ordered) if len(pieces) > 1 else set()
    gathered = _Gathered(RowStore(folder if len(pieces) > 1 else None))
    first = [d for d in ordered if d.name in whole]
    read = {n: _columns(scan(n), _read_of(first, n)).collect() for n in _sources(first, tabulated)}
    known = analyse(first, read)
    gathered.take(first, known)
    rest = [d for d in ordered if d.name not in whole]
    for number, piece in enumerate(pieces, start=1):
        read = {n: _of_piece(_columns(scan(n), _read_of(rest, n)), piece) for n in _sources(rest, tabulated)}
        here = {n: frame.filter(_inside(piece)) if piece else frame for n, frame in known.frames.items()}
        made = analyse(rest, read, here)
        gathered.take(rest, made)
        watch(number / len(pieces))
    outlines = {
        d.name: outline_analysis(d, datasets, gathered.summaries[d.name], gathered.dates[d.name]) for d in ordered
    }
    noticed = [*gathered.findings, *_keys_twice(ordered, gathered.twice)]
    return MadeAnalysis(datasets, outlines, gathered.rows, Findings(_one_each(noticed)), gathered.seconds)


def whole_datasets(ordered: Sequence[AnalysisDataset]) -> set[str]:
    """Datasets that cannot be made in pieces, with those that they need."""
    whole: set[str] = set()
    for dataset in reversed(ordered):
        across = any(step.derivation.across for step in dataset.steps)
        if across or dataset.order[0] != _SUBJECT or dataset.name in whole:
            whole |= {dataset.name, *(dataset.needs() & {d.name for d in ordered})}
    return whole


def _sources(datasets: Iterable[AnalysisDataset], tabulated: Mapping[str, object]) -> list[str]:
    return sorted({name for d in datasets for name in d.needs() if name in tabulated})


def _read_of(datasets: Iterable[AnalysisDataset], source: str) -> set[str] | None:
    """The columns of a source that declarations name; None where its rows become rows with all they hold."""
    found: set[str] = {_SUBJECT}
    for dataset in datasets:
        if any(row.dataset == source for row in dataset.rows):
            return None
        for step in dataset.steps:
            found |= step.reads_source() if step.source == source else set()
    return found


def _columns(frame: pl.LazyFrame, wanted: set[str] | None) -> pl.LazyFrame:
    if wanted is None:
        return frame
    return frame.select(c for c in frame.collect_schema().names() if c in wanted)


def _cut(scan: Scan, tabulated: Mapping[str, Sequence[str]], at_once: int) -> list[tuple[str, str] | None]:
    """First and last USUBJID of each piece; one piece (None) where all fits at once."""
    counted = [
        scan(name).select(_SUBJECT).group_by(_SUBJECT).len().collect() for name, c in tabulated.items() if _SUBJECT in c
    ]
    rows = sum(int(frame.get_column("len").sum()) for frame in counted)
    if rows <= at_once or not counted:
        return [None]
    people = sorted({str(p) for frame in counted for p in frame.get_column(_SUBJECT).to_list() if p is not None})
    size = max(1, len(people) * at_once // rows)
    parts = [people[start : start + size] for start in range(0, len(people), size)]
    return [(part[0], part[-1]) for part in parts]


def _inside(piece: tuple[str, str]) -> pl.Expr:
    return (pl.col(_SUBJECT) >= piece[0]) & (pl.col(_SUBJECT) <= piece[1])


def _of_piece(frame: pl.LazyFrame, piece: tuple[str, str] | None) -> pl.DataFrame:
    if piece is None or _SUBJECT not in frame.collect_schema().names():
        return frame.collect()
    return frame.filter(_inside(piece)).collect()


def _one_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each code and place: how the study was cut must not tell in their number."""
    first: dict[tuple[str, Place], Finding] = {}
    for finding in findings:
        first.setdefault((finding.code, finding.place), finding)
    return tuple(first.values())


def _keys_twice(datasets: Iterable[AnalysisDataset], twice: Mapping[str, int]) -> list[Finding]:
    """ADM-101 where the declared keys do not tell records apart."""
    found = []
    for dataset in datasets:
        if twice[dataset.name]:
            got = f"{twice[dataset.name]} records of {dataset.name} share {', '.join(dataset.keys)} with another"
            remedy = "Add a variable that tells them apart."
            place = Place(dataset.file, None, "keys")
            found.append(Finding("ADM-101", place, got, "keys of one record each", remedy, Severity.WARNING))
    return found
