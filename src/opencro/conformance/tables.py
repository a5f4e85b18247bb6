"""The frames that rules of each type look at: records, variables, values or the dataset itself, one row per finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from opencro.conformance.model import Table

ROW, SOURCE = "\0row", "\0dataset"
MARKS = (ROW, SOURCE)

Tables = Mapping[str, Table]


def view(kind: str, table: Table, tables: Tables, words: frozenset[str] | None = None) -> pl.DataFrame:
    """What rules of a type look at; the parts of a split dataset are put under each other.

    `words` are those that the rules use: of facts repeated for every value, only these are held.
    """
    parts = [t for t in tables.values() if t.whole == table.whole] if table.name != table.whole else [table]
    frames = []
    for part in parts:
        if kind in _VALUE_FACTS:
            frames.append(_value_view(kind, part, tables, words))
        else:
            frames.append(VIEWS[kind](part, tables))
    return pl.concat(frames, how="diagonal_relaxed") if len(frames) > 1 else frames[0]


def records(table: Table, tables: Tables) -> pl.DataFrame:
    """The records of a dataset, all parts of a split one."""
    return view("Record Data", table, tables)


def _records(table: Table, tables: Tables) -> pl.DataFrame:
    del tables
    return _marked(table.frame, table.name)


def _marked(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(1, pl.len() + 1).alias(ROW), pl.lit(name).alias(SOURCE))


def dataset_facts(table: Table, tables: Tables) -> pl.DataFrame:
    """One row: name, label, file, size and counts of the dataset."""
    del tables
    facts = {
        "dataset_size": table.bytes,
        "dataset_location": table.file,
        "dataset_name": table.name,
        "dataset_label": table.label or None,
        "record_count": table.frame.height,
        "is_ap": table.is_associated,
        "ap_suffix": table.associated_suffix or None,
        "domain": table.domain,
    }
    return _marked(pl.DataFrame([facts], infer_schema_length=None), table.name)


def variable_facts(table: Table, tables: Tables) -> pl.DataFrame:
    """One row per variable of the file: name, order, label, declared size, type, format and longest value."""
    del tables
    longest = {c: table.frame[c].cast(pl.String).str.len_chars().max() or 0 for c in table.frame.columns}
    rows = {
        "variable_name": [v.name for v in table.variables],
        "variable_order_number": list(range(1, len(table.variables) + 1)),
        "variable_label": [v.label or None for v in table.variables],
        "variable_size": [v.length for v in table.variables],
        "variable_data_type": [v.type for v in table.variables],
        "variable_format": [v.format or None for v in table.variables],
        "variable_max_size": [longest.get(v.name, 0) for v in table.variables],
    }
    types = dict.fromkeys(rows, pl.String) | dict.fromkeys(
        ("variable_order_number", "variable_size", "variable_max_size"), pl.Int64
    )
    return _marked(pl.DataFrame(rows, schema=types, strict=False), table.name)


def domain_files(table: Table, tables: Tables) -> pl.DataFrame:
    """One row with a column per dataset of the study, holding its file name."""
    return _marked(pl.DataFrame([{t.whole: t.file or t.name for t in tables.values()}]), table.name)


def _values(table: Table) -> pl.DataFrame:
    numbered = table.frame.with_columns(pl.int_range(1, pl.len() + 1).alias(ROW))
    texts = numbered.with_columns(pl.exclude(ROW).cast(pl.String))
    long = texts.unpivot(index=ROW, variable_name="variable_name", value_name="variable_value")
    return long.with_columns(pl.lit(table.name).alias(SOURCE), pl.col(ROW).alias("row_number"))


def _value_view(kind: str, table: Table, tables: Tables, words: frozenset[str] | None) -> pl.DataFrame:
    """One row per value, with what the file says of its variable or its dataset."""
    facts = _VALUE_FACTS[kind](table, tables).drop(ROW, SOURCE)
    if words is not None:
        facts = facts.select(c for c in facts.columns if c in words or c == "variable_name")
    if kind == "Value Check with Dataset Metadata":
        return _values(table).with_columns(pl.lit(facts[name][0]).alias(name) for name in facts.columns)
    return _values(table).join(facts, on="variable_name", how="left", maintain_order="left")


VIEWS: Mapping[str, Callable[[Table, Tables], pl.DataFrame]] = {
    "Record Data": _records,
    "Dataset Metadata Check": dataset_facts,
    "Variable Metadata Check": variable_facts,
    "Domain Presence Check": domain_files,
}
_VALUE_FACTS: Mapping[str, Callable[[Table, Tables], pl.DataFrame]] = {
    "Value Check with Variable Metadata": variable_facts,
    "Value Check with Dataset Metadata": dataset_facts,
}
KINDS = frozenset({*VIEWS, *_VALUE_FACTS})


def schema_of(frame: pl.DataFrame) -> dict[str, pl.DataType]:
    """Column types without the marks of row and source."""
    return {name: dtype for name, dtype in frame.schema.items() if name not in MARKS}


def by_name(tables: Iterable[Table]) -> dict[str, Table]:
    """Datasets by name."""
    return {table.name: table for table in tables}
