"""Values within a row: expressions, conditions, codes, texts, categories, criteria.

Source: ADaMIG 1.3 section 3.2 (variable naming: --GRy, --GRyN, PARAM, CRITy, CRITyFL).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from opencro.analysis.adam.derive.derivation import (
    Cases,
    Column,
    Columns,
    Condition,
    Formula,
    Given,
    New,
    Template,
    condition,
    derivation,
    formula,
)


@derivation("{value}{where}")
def derive_computed(data: pl.DataFrame, new: New, where: Condition = None, *, value: Formula) -> pl.DataFrame:
    """The value of an expression over the row; missing where `where` does not hold. Source: ADaMIG 1.3 section 3.3.4.

    >>> derive_computed(pl.DataFrame({"AVAL": [5.0], "BASE": [4.0]}), "CHG", value="AVAL - BASE")["CHG"].to_list()
    [1.0]
    """
    return data.with_columns(pl.when(condition(data, where)).then(formula(data, value)).alias(new))


@derivation("{new}{where}")
def derive_constant(data: pl.DataFrame, new: Given, where: Condition = None) -> pl.DataFrame:
    """Fixed values: name -> value; missing where `where` does not hold. Source: ADaMIG 1.3 section 3.3.3."""
    holds = condition(data, where)
    return data.with_columns(
        pl.when(holds).then(pl.lit(float(v) if isinstance(v, int) else v)).alias(name) for name, v in new.items()
    )


@derivation("The first that holds: {cases}")
def derive_category(data: pl.DataFrame, new: New, *, cases: Cases, otherwise: str = "") -> pl.DataFrame:
    """The label of the first condition that holds: label -> expression (`"<65": "AGE < 65"`), else `otherwise`.

    Source: ADaMIG 1.3 section 3.1.4 (grouping variables, --GRy).
    """
    result: pl.Expr = pl.lit(otherwise or None, dtype=pl.String)
    for label, text in reversed(list(cases.items())):
        result = pl.when(formula(data, text)).then(pl.lit(label)).otherwise(result)
    return data.with_columns(result.alias(new))


@derivation("{value} by the codes {codes}")
def derive_mapped(
    data: pl.DataFrame,
    new: New,
    *,
    value: Column,
    codes: Mapping[str, str | float],
    otherwise: str | float | None = None,
) -> pl.DataFrame:
    """A value through a table of codes; what the table lacks becomes `otherwise`. Numbers are written as text: "1".

    Source: ADaMIG 1.3 section 3.2 (pairs of a text and its code, --N).
    """
    kind: type[pl.DataType] = pl.String if all(isinstance(c, str) for c in codes.values()) else pl.Float64
    numeric = data.schema[value].is_numeric()
    table = {(float(k) if numeric else k): (c if kind == pl.String else float(c)) for k, c in codes.items()}
    column = pl.col(value).cast(pl.Float64) if numeric else pl.col(value)
    return data.with_columns(column.replace_strict(table, default=otherwise, return_dtype=kind).alias(new))


@derivation("{template}{where}")
def derive_text(data: pl.DataFrame, new: New, where: Condition = None, *, template: Template) -> pl.DataFrame:
    """A text with columns in braces, `"{LBTEST} ({LBSTRESU})"`; missing where a column is missing.

    Numbers are written as people write them (3, 2.5). Source: ADaMIG 1.3 section 3.3.3 (PARAM).
    """
    parts = [_part(data, piece) for piece in re.split(r"(\{\w+\})", template) if piece]
    return data.with_columns(pl.when(condition(data, where)).then(pl.concat_str(parts)).alias(new))


def _part(data: pl.DataFrame, piece: str) -> pl.Expr:
    if not piece.startswith("{"):
        return pl.lit(piece)
    column = pl.col(piece[1:-1])
    if not data.schema[piece[1:-1]].is_numeric():
        return column.cast(pl.String)
    whole = column == column.round(0)
    return pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))


@derivation("{value}, aligned to the right in {width} characters")
def derive_aligned(data: pl.DataFrame, new: New, *, value: Column, width: int) -> pl.DataFrame:
    """A text with blanks before it up to `width` characters, as a right-justified format writes it."""
    return data.with_columns(pl.col(value).str.pad_start(width, " ").alias(new))


@derivation("The first {width} characters of {value}")
def derive_cut(data: pl.DataFrame, new: New, *, value: Column, width: int) -> pl.DataFrame:
    """A text cut off after `width` characters. Source: ADaMIG 1.3 section 3.2 (lengths of SAS transport)."""
    return data.with_columns(pl.col(value).str.slice(0, width).alias(new))


@derivation("{value} with capital letters at the start of each word only")
def derive_capitalized(data: pl.DataFrame, new: New, *, value: Column) -> pl.DataFrame:
    """A text in which every word begins with a capital letter: "WORD RECALL" becomes "Word Recall".

    >>> derive_capitalized(pl.DataFrame({"A": ["ADAS-COG(11) TOTAL"]}), "B", value="A")["B"].item()
    'Adas-Cog(11) Total'
    """
    return data.with_columns(pl.col(value).str.to_titlecase().alias(new))


@derivation("The first of {values} that is present")
def derive_first_present(data: pl.DataFrame, new: New, *, values: Columns) -> pl.DataFrame:
    """The first of several columns that has a value."""
    return data.with_columns(pl.coalesce(*values).alias(new))
