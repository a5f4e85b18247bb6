"""From work frames to analysis datasets as they are exchanged: variables in order, dates as SAS days, described.

Source: ADaMIG 1.3 section 3 (numeric dates); Dataset-JSON 1.1 (date with target data type integer).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from opencro.analysis.adam.check import label_of
from opencro.analysis.adam.model import AnalysisDataset
from opencro.tabulation import Column, ColumnSummary, Dataset, DatasetSummary, Outline, summarize_frame

_EPOCH = date(1960, 1, 1)
DATE_FORMAT = "DATE9."


def exchange_frame(dataset: AnalysisDataset, frame: pl.DataFrame) -> pl.DataFrame:
    """The variables of a dataset, texts as String, numbers and dates (SAS days) as floats."""
    columns = []
    for name, kind in frame.select(list(dataset.variables)).schema.items():
        column = pl.col(name)
        if kind == pl.Date:
            column = (column - pl.lit(_EPOCH)).dt.total_days().cast(pl.Float64)
        elif kind == pl.Null:
            column = column.cast(pl.Float64 if dataset.variables[name].type in ("integer", "float") else pl.String)
        elif kind != pl.String:
            column = column.cast(pl.Float64)
        columns.append(column.alias(name))
    return frame.select(columns)


def dates_of(dataset: AnalysisDataset, frame: pl.DataFrame) -> frozenset[str]:
    """The variables that are dates."""
    declared = {name for name, spec in dataset.variables.items() if spec.type == "date"}
    return frozenset(declared | {n for n in dataset.variables if frame.schema[n] == pl.Date})


def summarize_dataset(dataset: AnalysisDataset, rows: pl.DataFrame) -> DatasetSummary:
    """What must be known of all rows before the first is written; rows as `exchange_frame` gives them."""
    coded = {name for name, spec in dataset.variables.items() if spec.codelist} | {"PARAMCD", "DTYPE"}
    return summarize_frame(dataset.name, rows, lambda name: name in coded or name.endswith("FL"))


def outline_analysis(
    dataset: AnalysisDataset,
    datasets: Mapping[str, AnalysisDataset],
    summary: DatasetSummary,
    dates: frozenset[str],
) -> Outline:
    """What is known of a dataset, once all its rows were seen."""
    columns = tuple(
        _column(dataset, name, label_of(dataset, name, datasets), values, name in dates)
        for name, values in summary.columns.items()
    )
    empty = pl.DataFrame(schema={c.name: c.frame_type for c in columns})
    described = Dataset(
        dataset.name,
        dataset.label,
        columns,
        empty,
        structure=dataset.structure,
        item_group_oid=f"IG.{dataset.name}",
    )
    return Outline(described, summary)


def _column(dataset: AnalysisDataset, name: str, label: str, values: ColumnSummary, is_date: bool) -> Column:
    sequence = dataset.keys.index(name) + 1 if name in dataset.keys else None
    oid = f"IT.{dataset.name}.{name}"
    if is_date:
        return Column(
            name, label, "date", None, DATE_FORMAT, key_sequence=sequence, target="integer", item_oid=oid
        )  # fmt: skip
    if values.text:
        length = dataset.variables[name].length or max(1, values.longest)
        return Column(name, label, "text", length, key_sequence=sequence, item_oid=oid)
    if values.whole:
        return Column(name, label, "integer", max(1, values.whole_digits), key_sequence=sequence, item_oid=oid)
    return Column(name, label, "float", max(1, values.digits), key_sequence=sequence, item_oid=oid)
