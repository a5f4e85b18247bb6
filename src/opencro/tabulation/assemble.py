"""From work tables to datasets as they are exchanged: rows and variables in order, columns described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from opencro.kernel.finding import Finding, Findings, Place, Severity, suggest
from opencro.study import Study
from opencro.tabulation.dataset import Column, Dataset, DataType
from opencro.tabulation.model import Domain, Link
from opencro.tabulation.summary import DatasetSummary, Outline, summarize_frame
from opencro.tabulation.supplemental import derive_relations, derive_supplemental
from opencro.tabulation.table import Table
from opencro.tabulation.tabulate import Tabulation
from opencro.tabulation.trial_design import derive_trial_design
from opencro.terms import Catalogue, DomainSpec

LONGEST_TEXT = 200
"""Bytes of a text in SAS transport version 5 (TS-140)."""


@dataclass(frozen=True)
class Assembly:
    """Datasets by name in the order of the catalogue, and what was noticed while they were put together."""

    datasets: Mapping[str, Dataset]
    findings: Findings


@dataclass(frozen=True)
class Shape:
    """What is known of a dataset before its values are: label, structure, keys, and what the guide says of it."""

    name: str
    label: str
    spec: DomainSpec
    labels: Mapping[str, str]
    lengths: Mapping[str, int]
    keys: tuple[str, ...]
    structure: str


@dataclass(frozen=True)
class Rows:
    """Datasets as rows alone, texts as String and numbers as Float64, of all participants or of some."""

    shapes: Mapping[str, Shape]
    frames: Mapping[str, pl.DataFrame]
    findings: Findings


def assemble_datasets(study: Study, made: Tabulation, links: Sequence[Link], catalogue: Catalogue) -> Assembly:
    """All SDTM datasets of a study: declared domains, their SUPP--, RELREC, and the trial design."""
    rows, design = assemble_rows(made, links, catalogue), design_rows(study, catalogue)
    shapes, frames = {**rows.shapes, **design.shapes}, {**rows.frames, **design.frames}
    datasets = {}
    for name in order_names(frames, catalogue):
        summary = summarize_frame(name, frames[name], lambda _: False)
        described = outline_dataset(shapes[name], summary).described
        datasets[name] = replace(described, frame=type_columns(frames[name].lazy(), described.columns).collect())
    return Assembly(datasets, rows.findings)


def assemble_rows(made: Tabulation, links: Sequence[Link], catalogue: Catalogue) -> Rows:
    """The declared domains, their SUPP-- where there is something to say, and RELREC where records are linked."""
    findings: list[Finding] = []
    shapes: dict[str, Shape] = {}
    frames: dict[str, pl.DataFrame] = {}
    for name, table in made.tables.items():
        rows = order_rows(table)
        shapes[name], frames[name] = _domain_rows(table.domain, rows, catalogue.domain(name), findings)
        supplemental = derive_supplemental(table, rows)
        if supplemental is not None and supplemental.height:
            own, label = f"SUPP{name}", f"Supplemental Qualifiers for {name}"
            frames[own] = supplemental
            shapes[own] = _shape(own, label, supplemental, catalogue.domain("SUPPQUAL"))
    relations = derive_relations(links, made.tables)
    if relations is not None:
        frames["RELREC"] = relations
        shapes["RELREC"] = _shape("RELREC", "Related Records", relations, catalogue.domain("RELREC"))
    return Rows(shapes, frames, Findings(tuple(findings)))


def design_rows(study: Study, catalogue: Catalogue) -> Rows:
    """The trial design datasets, which come from the protocol and not from participants."""
    frames = derive_trial_design(study)
    shapes = {n: _shape(n, catalogue.domain(n).label, frame, catalogue.domain(n)) for n, frame in frames.items()}
    return Rows(shapes, frames, Findings())


def order_names(names: Iterable[str], catalogue: Catalogue) -> list[str]:
    """Datasets in the order of the catalogue, supplemental ones and relations behind."""
    place = {name: i for i, name in enumerate(catalogue.names)}

    def rank(name: str) -> tuple[bool, int, str]:
        return name.startswith(("SUPP", "RELREC")), place.get(name.removeprefix("SUPP"), len(place)), name

    return sorted(names, key=rank)


def order_rows(table: Table) -> pl.DataFrame:
    """A work table in the order of its dataset: as declared (a leading `-` is descending), else as gathered."""
    order = table.domain.order
    if not order:
        return table.frame
    names = [n.lstrip("-") for n in order]
    falling = [n.startswith("-") for n in order]
    return table.frame.sort(names, descending=falling, nulls_last=False, maintain_order=True)


def _domain_rows(
    domain: Domain, rows: pl.DataFrame, spec: DomainSpec, findings: list[Finding]
) -> tuple[Shape, pl.DataFrame]:
    known = [n for n in spec.names if n in domain.variables]
    other = [n for n in domain.variables if n not in spec.names]
    for name in other:
        variable = domain.variables[name]
        remedy = suggest(name, spec.names) or "Move it to `supplemental`, or correct the name."
        place = Place(domain.file, variable.line, name)
        got = f"{name} is not a variable of {domain.name}"
        findings.append(Finding("TAB-021", place, got, "a name of the guide", remedy))
    for required in (v for v in spec.variables if v.core == "Req" and v.name not in domain.variables):
        place = Place(domain.file, None, required.name)
        got = f"required variable {required.name} is not declared"
        findings.append(Finding("TAB-022", place, got, "all required variables", "Declare it.", Severity.WARNING))
    frame = rows.select(*known, *other)
    labels = {n: v.label for n, v in domain.variables.items() if v.label}
    lengths = {n: v.length for n, v in domain.variables.items() if v.length}
    shape = _shape(domain.name, domain.label or spec.label, frame, spec, labels, lengths, domain.keys, domain.structure)
    return shape, frame


def _shape(
    name: str,
    label: str,
    frame: pl.DataFrame,
    spec: DomainSpec,
    labels: Mapping[str, str] | None = None,
    lengths: Mapping[str, int] | None = None,
    keys: Sequence[str] = (),
    structure: str = "",
) -> Shape:
    keyed = tuple(keys or (k for k in spec.keys if k in frame.columns))
    return Shape(name, label, spec, labels or {}, lengths or {}, keyed, structure or spec.structure)


def _describe_columns(shape: Shape, summary: DatasetSummary) -> tuple[Column, ...]:
    """Labels, types and lengths: a text is as long as its longest value, whole numbers are integers."""
    columns = []
    for name, values in summary.columns.items():
        variable = shape.spec.find_variable(name)
        label = shape.labels.get(name) or (variable.label if variable else name)
        sequence = shape.keys.index(name) + 1 if name in shape.keys else None
        kind: DataType = "text" if values.text else "integer" if values.whole else "float"
        length = {
            "text": shape.lengths.get(name) or values.longest,
            "integer": values.whole_digits,
            "float": values.digits,
        }
        columns.append(Column(name, label, kind, max(1, length[kind]), key_sequence=sequence))
    return tuple(columns)


def type_columns(frame: pl.LazyFrame, columns: Sequence[Column]) -> pl.LazyFrame:
    """Rows with the types of described columns."""
    return frame.select(pl.col(c.name).cast(c.frame_type) for c in columns)


def outline_dataset(shape: Shape, summary: DatasetSummary) -> Outline:
    """What is known of a dataset, once all its rows were seen."""
    columns = _describe_columns(shape, summary)
    empty = pl.DataFrame(schema={c.name: c.frame_type for c in columns})
    described = Dataset(
        shape.name, shape.label, columns, empty, structure=shape.structure, item_group_oid=f"IG.{shape.name}"
    )
    return Outline(described, summary)
