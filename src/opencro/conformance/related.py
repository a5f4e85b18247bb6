"""Joins that the data themselves describe: supplemental qualifiers, comments and RELREC (SDTMIG 3.4 section 8)."""

from __future__ import annotations

import polars as pl

from opencro.conformance.bench import Operand
from opencro.conformance.tables import Tables

_STATIC = ("STUDYID", "USUBJID", "APID", "POOLID", "SPDEVID")


def require(frame: pl.DataFrame, *names: str) -> None:
    """KeyError for the first name that the frame lacks."""
    for name in names:
        if name not in frame.columns:
            raise KeyError(name)


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Values in the form in which IDVARVAL writes them."""
    return Operand(pl.col(name), frame.schema[name]).text.str.strip_chars()


def _id_text(name: str = "IDVARVAL") -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.strip_chars()
    number = Operand(text.cast(pl.Float64, strict=False), pl.Float64()).text
    return number.fill_null(text)


def join_supplemental(frame: pl.DataFrame, supplement: pl.DataFrame) -> pl.DataFrame:
    """The parent with a column per QNAM, found by IDVAR and IDVARVAL or, where they are blank, by subject."""
    keys = [k for k in _STATIC if k in frame.columns and k in supplement.columns]
    require(supplement, "IDVAR", "IDVARVAL", "QNAM", "QVAL")
    for idvar in supplement["IDVAR"].unique(maintain_order=True):
        part = supplement.filter(pl.col("IDVAR").eq_missing(pl.lit(idvar, dtype=pl.String)))
        if idvar is not None and idvar not in frame.columns:
            continue
        part = part.with_columns((_id_text() if idvar else pl.lit("")).alias("\0id"))
        wide = part.group_by([*keys, "\0id"], maintain_order=True).agg(
            pl.col("QVAL").filter(pl.col("QNAM") == name).drop_nulls().first().alias(name)
            for name in part["QNAM"].drop_nulls().unique(maintain_order=True)
        )
        wide = wide.drop([c for c in wide.columns if c in frame.columns and c not in keys])
        marked = frame.with_columns((_text(frame, idvar) if idvar else pl.lit("")).alias("\0id"))
        frame = marked.join(wide, on=[*keys, "\0id"], how="left", nulls_equal=True, maintain_order="left").drop("\0id")
    return frame


def join_child_values(
    frame: pl.DataFrame, parent: pl.DataFrame, keys: list[tuple[str, str]], domain: str | None
) -> pl.DataFrame:
    """Child records with the first parent record that IDVAR and IDVARVAL name; `domain` limits it to its RDOMAIN."""
    require(frame, "IDVAR", "IDVARVAL")
    touched = frame if domain is None else frame.filter(pl.col("RDOMAIN") == domain)
    rest = None if domain is None else frame.filter(pl.col("RDOMAIN").ne_missing(domain))
    pieces = []
    for idvar in touched["IDVAR"].unique(maintain_order=True):
        part = touched.filter(pl.col("IDVAR").eq_missing(pl.lit(idvar, dtype=pl.String)))
        pieces.append(_first_parent(part, parent, keys, idvar))
    joined = pl.concat(pieces, how="diagonal_relaxed") if pieces else touched
    if rest is not None and rest.height:
        joined = pl.concat([rest, joined], how="diagonal_relaxed")
    return joined


def _first_parent(
    part: pl.DataFrame, parent: pl.DataFrame, keys: list[tuple[str, str]], idvar: str | None
) -> pl.DataFrame:
    pairs = [(a, b) for a, b in keys if a in part.columns and b in parent.columns]
    right = parent.select(
        *(_text(parent, b).alias(f"\0k{n}") for n, (_, b) in enumerate(pairs)),
        (_text(parent, idvar) if idvar and idvar in parent.columns else pl.lit("")).alias("\0id"),
        pl.struct(pl.all()).alias("\0parent"),
    )
    if idvar and idvar not in parent.columns:
        right = right.clear()
    on = [*(f"\0k{n}" for n in range(len(pairs))), "\0id"]
    right = right.unique(on, keep="first", maintain_order=True)
    left = part.with_columns(
        *(_text(part, a).alias(f"\0k{n}") for n, (a, _) in enumerate(pairs)),
        (_id_text() if idvar else pl.lit("")).alias("\0id"),
    )
    joined = left.join(right, on=on, how="left", maintain_order="left")
    found = pl.col("\0parent").is_not_null()
    columns = []
    for name in parent.columns:
        value = pl.col("\0parent").struct.field(name)
        if name in part.columns and part.schema[name] == parent.schema[name]:
            value = pl.when(found).then(value).otherwise(pl.col(name))
        columns.append(value.alias(name))
    return joined.with_columns(columns).drop("\0parent", *on)


def join_related(frame: pl.DataFrame, relrec: pl.DataFrame, domain: str, tables: Tables, wildcard: str) -> pl.DataFrame:
    """Records with each record of another domain that RELREC relates to them, its columns as RELREC.**NAME."""
    require(relrec, "RDOMAIN", "IDVAR", "IDVARVAL", "STUDYID", "USUBJID", "RELID")
    require(frame, "USUBJID")
    left = relrec.filter(pl.col("RDOMAIN") == domain)
    right = relrec.filter(pl.col("RDOMAIN") != domain)
    pairs = left.join(right, on=["STUDYID", "USUBJID", "RELID"], nulls_equal=True, suffix="_RIGHT")
    pieces = []
    groups = pairs.group_by("RDOMAIN_RIGHT", "IDVAR", "IDVAR_RIGHT", maintain_order=True)
    for (other, idvar, idvar_right), links in groups:
        partner = next((t for t in tables.values() if t.domain == other), None)
        if partner is None or idvar not in frame.columns or idvar_right not in partner.frame.columns:
            continue
        pieces.append(_linked(frame, partner.frame, links, (str(idvar), str(idvar_right)), str(other), wildcard))
    return pl.concat(pieces, how="diagonal_relaxed") if pieces else frame.clear()


def _linked(
    frame: pl.DataFrame, other: pl.DataFrame, links: pl.DataFrame, ids: tuple[str, str], domain: str, wildcard: str
) -> pl.DataFrame:
    names = {c: f"RELREC.{wildcard + c[len(domain) :] if c.startswith(domain) else c}" for c in other.columns}
    left = frame.with_columns(_text(frame, ids[0]).alias("\0left"))
    right = other.with_columns(_text(other, ids[1]).alias("\0right"), pl.col("USUBJID").alias("\0subject"))
    right = right.rename(names)
    links = links.with_columns(_id_text().alias("\0left"), _id_text("IDVARVAL_RIGHT").alias("\0right"))
    known = pl.col("\0left").is_not_null() & pl.col("\0right").is_not_null()
    loose = links.filter(~known)
    pieces = []
    for anyone in (False, True):
        exact = links.filter(known & pl.col("USUBJID").is_null().eq(anyone))
        exact = exact.select(pl.col("USUBJID").alias("\0subject"), "\0left", "\0right").unique(maintain_order=True)
        by_id = [] if anyone else ["USUBJID"]
        found = left.join(
            exact.drop("\0subject") if anyone else exact,
            left_on=[*by_id, "\0left"],
            right_on=["\0left"] if anyone else ["\0subject", "\0left"],
            maintain_order="left",
        )
        found = found.join(
            right, left_on=["USUBJID", "\0right"], right_on=["\0subject", "\0right"], maintain_order="left"
        )
        pieces.append(found.drop("\0left", "\0right", "\0subject", strict=False))
    if loose.height:
        subjects = loose["USUBJID"].drop_nulls().unique()
        some = left.filter(pl.col("USUBJID").is_in(subjects.implode())) if len(subjects) else left
        by_key = some.join(
            right, left_on=["USUBJID", "\0left"], right_on=["\0subject", "\0right"], maintain_order="left"
        )
        pieces.append(by_key.drop("\0left", "\0right", "\0subject", strict=False))
    return pl.concat(pieces, how="diagonal_relaxed")
