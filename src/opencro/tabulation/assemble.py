"""From work tables to datasets as they are exchanged: rows and variables in order, columns described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from opencro.kernel.finding import Finding, Findings, Place, Severity, suggest
from opencro.study import Study
from opencro.tabulation.dataset import Column, Dataset
from opencro.tabulation.model import Domain, Link
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


def assemble_datasets(study: Study, made: Tabulation, links: Sequence[Link], catalogue: Catalogue) -> Assembly:
    """All SDTM datasets of a study: declared domains, their SUPP--, RELREC, and the trial design."""
    findings: list[Finding] = []
    datasets: dict[str, Dataset] = {}
    for name, table in made.tables.items():
        rows = order_rows(table)
        datasets[name] = _domain_dataset(table.domain, rows, catalogue.domain(name), findings)
        supplemental = derive_supplemental(table, rows)
        if supplemental is not None and supplemental.height:
            label = f"Supplemental Qualifiers for {name}"
            spec = catalogue.domain("SUPPQUAL")
            datasets[f"SUPP{name}"] = describe_frame(f"SUPP{name}", label, supplemental, spec)
    relations = derive_relations(links, made.tables)
    if relations is not None:
        datasets["RELREC"] = describe_frame("RELREC", "Related Records", relations, catalogue.domain("RELREC"))
    for name, frame in derive_trial_design(study).items():
        datasets[name] = describe_frame(name, catalogue.domain(name).label, frame, catalogue.domain(name))
    place = {name: i for i, name in enumerate(catalogue.names)}

    def rank(name: str) -> tuple[bool, int, str]:
        return name.startswith(("SUPP", "RELREC")), place.get(name.removeprefix("SUPP"), len(place)), name

    return Assembly({name: datasets[name] for name in sorted(datasets, key=rank)}, Findings(tuple(findings)))


def order_rows(table: Table) -> pl.DataFrame:
    """A work table in the order of its dataset: as declared (a leading `-` is descending), else as gathered."""
    order = table.domain.order
    if not order:
        return table.frame
    names = [n.lstrip("-") for n in order]
    falling = [n.startswith("-") for n in order]
    return table.frame.sort(names, descending=falling, nulls_last=False, maintain_order=True)


def _domain_dataset(domain: Domain, rows: pl.DataFrame, spec: DomainSpec, findings: list[Finding]) -> Dataset:
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
    keys = domain.keys or tuple(k for k in spec.keys if k in frame.columns)
    return describe_frame(
        domain.name, domain.label or spec.label, frame, spec,
        labels=labels, lengths=lengths, keys=keys, structure=domain.structure,
    )  # fmt: skip


def describe_frame(
    name: str,
    label: str,
    frame: pl.DataFrame,
    spec: DomainSpec,
    *,
    labels: Mapping[str, str] | None = None,
    lengths: Mapping[str, int] | None = None,
    keys: Sequence[str] | None = None,
    structure: str = "",
) -> Dataset:
    """A frame with labels, types and lengths: a text is as long as its longest value, whole numbers are integers."""
    keyed = tuple(keys or (k for k in spec.keys if k in frame.columns))
    columns, series = [], []
    for values in frame.get_columns():
        variable = spec.find_variable(values.name)
        text = (labels or {}).get(values.name) or (variable.label if variable else values.name)
        sequence = keyed.index(values.name) + 1 if values.name in keyed else None
        if values.dtype == pl.String:
            length = (lengths or {}).get(values.name) or _text_length(values)
            columns.append(Column(values.name, text, "text", length, key_sequence=sequence))
        elif _all_whole(values):
            values = values.cast(pl.Int64)
            columns.append(Column(values.name, text, "integer", _digits(values), key_sequence=sequence))
        else:
            columns.append(Column(values.name, text, "float", _digits(values), key_sequence=sequence))
        series.append(values)
    return Dataset(
        name, label, tuple(columns), pl.DataFrame(series),
        structure=structure or spec.structure, item_group_oid=f"IG.{name}",
    )  # fmt: skip


def _text_length(values: pl.Series) -> int:
    longest = values.str.len_bytes().max()
    return max(1, int(longest)) if isinstance(longest, int) else 1


def _all_whole(values: pl.Series) -> bool:
    present = values.drop_nulls()
    return bool((present == present.round(0)).all())


def _digits(values: pl.Series) -> int:
    longest = values.cast(pl.String).str.len_chars().max()
    return max(1, int(longest)) if isinstance(longest, int) else 1
