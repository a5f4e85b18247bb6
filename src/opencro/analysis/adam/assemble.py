"""From work frames to analysis datasets as they are exchanged: variables in order, dates as SAS days, described.

Source: ADaMIG 1.3 section 3 (numeric dates); Dataset-JSON 1.1 (date with target data type integer).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import polars as pl

from opencro.analysis.adam.check import label_of
from opencro.analysis.adam.model import AnalysisDataset
from opencro.tabulation import Column, ColumnSummary, Dataset, DatasetSummary, Outline, summarize_frame

Moment = Literal["date", "datetime"]
_EPOCH = date(1960, 1, 1)
FORMATS = {"date": "DATE9.", "datetime": "DATETIME20."}


def exchange_frame(dataset: AnalysisDataset, frame: pl.DataFrame) -> pl.DataFrame:
    """The variables of a dataset, texts as String, numbers and dates (SAS days) as floats."""
    columns = []
    for name, kind in frame.select(list(dataset.variables)).schema.items():
        column = pl.col(name)
        if kind == pl.Date:
            column = (column - pl.lit(_EPOCH)).dt.total_days().cast(pl.Float64)
        elif kind == pl.Datetime:
            column = (column - pl.lit(_EPOCH).cast(pl.Datetime("us"))).dt.total_seconds().cast(pl.Float64)
        elif kind == pl.Null:
            column = column.cast(pl.Float64 if dataset.variables[name].type in ("integer", "float") else pl.String)
        elif kind != pl.String:
            column = column.cast(pl.Float64)
        columns.append(column.alias(name))
    return frame.select(columns)


def dates_of(dataset: AnalysisDataset, frame: pl.DataFrame) -> dict[str, Moment]:
    """The variables that are dates, or dates with a time."""
    found: dict[str, Moment] = {}
    for name, spec in dataset.variables.items():
        if frame.schema[name] == pl.Datetime:
            found[name] = "datetime"
        elif spec.type == "date" or frame.schema[name] == pl.Date:
            found[name] = "date"
    return found


def summarize_dataset(dataset: AnalysisDataset, rows: pl.DataFrame) -> DatasetSummary:
    """What must be known of all rows before the first is written; rows as `exchange_frame` gives them."""
    coded = {name for name, spec in dataset.variables.items() if spec.codelist} | {"PARAMCD", "DTYPE"}
    return summarize_frame(dataset.name, rows, lambda name: name in coded or name.endswith("FL"))


def outline_analysis(
    dataset: AnalysisDataset,
    datasets: Mapping[str, AnalysisDataset],
    summary: DatasetSummary,
    dates: Mapping[str, Moment],
) -> Outline:
    """What is known of a dataset, once all its rows were seen."""
    columns = tuple(
        _column(dataset, name, label_of(dataset, name, datasets), values, dates.get(name))
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


def _column(dataset: AnalysisDataset, name: str, label: str, values: ColumnSummary, moment: Moment | None) -> Column:
    sequence = dataset.keys.index(name) + 1 if name in dataset.keys else None
    oid = f"IT.{dataset.name}.{name}"
    if moment:
        form = FORMATS[moment]
        return Column(name, label, moment, None, form, key_sequence=sequence, target="integer", item_oid=oid)
    if values.text:
        length = dataset.variables[name].length or max(1, values.longest)
        return Column(name, label, "text", length, key_sequence=sequence, item_oid=oid)
    if values.whole:
        return Column(name, label, "integer", max(1, values.whole_digits), key_sequence=sequence, item_oid=oid)
    return Column(name, label, "float", max(1, values.digits), key_sequence=sequence, item_oid=oid)
