"""SUPP-- datasets and RELREC out of work tables.

Source: CDISC SDTMIG 3.1.2 sections 8.4 (supplemental qualifiers) and 8.3 (related records).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from opencro.tabulation.algorithms.assign import template_expression
from opencro.tabulation.model import Domain, Link
from opencro.tabulation.table import Table

SUPP_COLUMNS = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL")
RELREC_COLUMNS = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")


def derive_supplemental(table: Table, rows: pl.DataFrame) -> pl.DataFrame | None:
    """The SUPP-- dataset of a domain: one row per present supplemental value, by its keys; None when none is declared.

    `rows` is the domain's work table in the order of the dataset.
    """
    domain = table.domain
    if not domain.supplemental:
        return None
    by = id_variable(domain)
    identity = [
        pl.col("STUDYID"),
        pl.lit(domain.name).alias("RDOMAIN"),
        pl.col("USUBJID"),
        pl.lit(by or None, dtype=pl.String).alias("IDVAR"),
        (identity_text(by, rows, domain.supplemental_width) if by else pl.lit(None, dtype=pl.String)).alias("IDVARVAL"),
    ]
    parts = []
    for variable in domain.supplemental.values():
        value = pl.col(variable.name).cast(pl.String)
        described = [
            pl.lit(variable.name).alias("QNAM"),
            pl.lit(variable.label or variable.name).alias("QLABEL"),
            value.alias("QVAL"),
            pl.lit((variable.origin or variable.algorithm.origin).upper()).alias("QORIG"),
            pl.lit(variable.evaluator or None, dtype=pl.String).alias("QEVAL"),
        ]
        parts.append(rows.select(*identity, *described).drop_nulls("QVAL"))
    return pl.concat(parts).sort("USUBJID", "IDVARVAL", "QNAM", maintain_order=True).select(SUPP_COLUMNS)


def id_variable(domain: Domain) -> str:
    """IDVAR: as declared, else the --SEQ variable, else nothing (one row per subject)."""
    if domain.supplemental_by:
        return domain.supplemental_by
    sequence = f"{domain.name}SEQ"
    return sequence if sequence in domain.variables else ""


def identity_text(by: str, rows: pl.DataFrame, width: int = 0) -> pl.Expr:
    """The value of IDVAR as text, without decimals, right-aligned in a width."""
    column = pl.col(by)
    text = column.cast(pl.Int64).cast(pl.String) if rows.schema[by] == pl.Float64 else column.cast(pl.String)
    return text.str.pad_start(width, " ")


def derive_relations(links: Sequence[Link], tables: Mapping[str, Table]) -> pl.DataFrame | None:
    """RELREC: one row per related record, ordered by its keys; None when nothing is linked."""
    parts = []
    for link in links:
        left, right = tables[link.left].frame, tables[link.right].frame
        names = sorted(set(link.relation.split("{")[1:]))
        relation = template_expression(
            link.relation, {n.split("}")[0]: pl.col(n.split("}")[0]).cast(pl.String) for n in names}
        )
        mine = left.with_columns(relation.alias("RELID")).drop_nulls(["RELID", *link.by])
        keys = right.select(list(link.by.values())).unique()
        linked = mine.join(keys, left_on=list(link.by), right_on=list(link.by.values()), how="semi")
        ids = linked.select(*link.by, "RELID").unique()
        theirs = right.join(ids, left_on=list(link.by.values()), right_on=list(link.by), how="inner")
        parts += [_related(linked, link.left, link.width), _related(theirs, link.right, link.width)]
    if not parts:
        return None
    return pl.concat(parts).sort("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELID").select(RELREC_COLUMNS)


def _related(rows: pl.DataFrame, domain: str, width: int) -> pl.DataFrame:
    sequence = f"{domain}SEQ"
    return rows.select(
        "STUDYID",
        pl.lit(domain).alias("RDOMAIN"),
        "USUBJID",
        pl.lit(sequence).alias("IDVAR"),
        identity_text(sequence, rows, width).alias("IDVARVAL"),
        pl.lit(None, dtype=pl.String).alias("RELTYPE"),
        "RELID",
    )
