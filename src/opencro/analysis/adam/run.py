"""Running declarations: tabulated data in, one work frame per analysis dataset out. Nothing is read or written here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from opencro.analysis.adam.derive.derivation import chosen, condition, in_order
from opencro.analysis.adam.model import AnalysisDataset, Step
from opencro.kernel.finding import Finding, Findings, Place, Severity

ROW, FROM, AT, COPIED = "_row", "_from", "_at", "\u00b7row"
"""Bookkeeping of a traced run: the row's number, the dataset and the record it came from, the row it is a copy of."""


@dataclass(frozen=True)
class Analysed:
    """What a run made: a work frame per dataset (dates as dates), the seconds that each took, what was noticed."""

    frames: Mapping[str, pl.DataFrame]
    seconds: Mapping[str, float]
    findings: Findings


@dataclass
class Trail:
    """Snapshots of a traced run: `before[i]` is the frame before step i, the last one is what came out, unsorted."""

    before: list[pl.DataFrame] = field(default_factory=list)


def analyse(
    datasets: Sequence[AnalysisDataset],
    sources: Mapping[str, pl.DataFrame],
    known: Mapping[str, pl.DataFrame] | None = None,
) -> Analysed:
    """Make datasets, in an order in which each finds what it needs, from tabulated ones.

    `known` are analysis datasets that are there already.
    """
    around = {name: plain(frame) for name, frame in sources.items()}
    around.update(known or {})
    frames: dict[str, pl.DataFrame] = {}
    seconds: dict[str, float] = {}
    findings: list[Finding] = []
    for dataset in datasets:
        started = time.perf_counter()
        frames[dataset.name] = run_dataset(dataset, around, findings=findings)
        around[dataset.name] = frames[dataset.name]
        seconds[dataset.name] = time.perf_counter() - started
    return Analysed(frames, seconds, Findings(tuple(findings)))


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Tabulated data as derivations see them: numbers as floats, empty text as missing."""
    return frame.with_columns(
        pl.when(pl.col(n) != "").then(pl.col(n)).alias(n) if t == pl.String else pl.col(n).cast(pl.Float64)
        for n, t in frame.schema.items()
        if t == pl.String or t.is_numeric()
    )


def run_dataset(
    dataset: AnalysisDataset,
    around: Mapping[str, pl.DataFrame],
    trail: Trail | None = None,
    findings: list[Finding] | None = None,
) -> pl.DataFrame:
    """All steps of one dataset; the frame has working columns too and the order of the dataset.

    With a `trail` the run is traced; what is noticed about the data goes to `findings`.
    """
    parts = list(_gather(dataset, around, traced=trail is not None))
    data = pl.concat(parts, how="diagonal_relaxed") if len(parts) > 1 else parts[0]
    if trail is not None:
        data = data.with_row_index(ROW)
    for step in dataset.steps:
        if findings is not None and step.derivation.name == "merged" and "pick" not in step.arguments:
            findings += _several(dataset, step, data, around)
        if trail is not None:
            trail.before.append(data)
            data = data.with_columns(pl.col(ROW).alias(COPIED))
        data = take_step(step, data, around)
        if trail is not None:
            data = _numbered(data)
    if trail is not None:
        trail.before.append(data)
    return in_order(data, dataset.order)


def _several(
    dataset: AnalysisDataset, step: Step, data: pl.DataFrame, around: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """ADM-102 where a merge that expects one record finds several."""
    by = list(next(iter(step.of_role("columns"))))
    rows = chosen(around.get(step.source, data), next(iter(step.of_role("condition")), None)).select(by).drop_nulls()
    twice = rows.group_by(by).len().filter(pl.col("len") > 1).join(data.select(by).unique(), on=by, how="semi")
    if twice.height:
        first = ", ".join(f"{k}={v}" for k, v in twice.sort(by).select(by).row(0, named=True).items())
        got = f"several records of {step.source} for the same {', '.join(by)}, first {first}; the first was taken"
        remedy = "Say which in `pick` and `order`, or leave the others out in `where`."
        place = Place(dataset.file, step.line, ", ".join(step.makes()))
        yield Finding("ADM-102", place, got, "one record", remedy, Severity.WARNING)


def _gather(dataset: AnalysisDataset, around: Mapping[str, pl.DataFrame], *, traced: bool) -> Iterator[pl.DataFrame]:
    for source in dataset.rows:
        frame = around[source.dataset]
        if traced:
            kept = frame.drop([c for c in (ROW, FROM, AT, COPIED) if c in frame.columns])
            frame = kept.with_columns(pl.lit(source.dataset).alias(FROM), pl.int_range(pl.len()).alias(AT))
        yield chosen(frame, source.where)


def _numbered(data: pl.DataFrame) -> pl.DataFrame:
    """Rows that were made get numbers behind those that are there."""
    made = pl.col(ROW).is_null()
    last = data.get_column(ROW).max()
    start = (last if isinstance(last, int) else -1) + 1
    number = pl.when(made).then(start + made.cum_sum() - 1).otherwise(pl.col(ROW))
    return data.with_columns(number.cast(pl.UInt32).alias(ROW))


def take_step(step: Step, data: pl.DataFrame, around: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The data after a step; with `when`, other rows keep what they had."""
    made = step.derivation.function(data, **arguments_of(step, data, around))
    if not step.when:
        return made
    holds = condition(data, step.when)
    mask = data.select(holds.alias("\u00b7when")).to_series()
    columns = []
    for name in step.makes():
        if name in made.columns:
            former = data.get_column(name) if name in data.columns else pl.Series(name, [None] * data.height)
            new = made.get_column(name)
            columns.append(new.zip_with(mask, former.cast(new.dtype)).alias(name))
    return data.with_columns(columns)


def arguments_of(step: Step, data: pl.DataFrame, around: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """A step's arguments with datasets in place of their names; the dataset's own name is the data so far."""
    arguments = dict(step.arguments)
    for parameter in step.derivation.parameters:
        if parameter.role == "source":
            arguments[parameter.name] = around.get(arguments[parameter.name], data)
    return arguments
