"""Match Datasets: the joins that a rule asks for before its check."""

from __future__ import annotations

import polars as pl

from opencro.conformance.bench import Operand
from opencro.conformance.compile import leaves
from opencro.conformance.model import Match, Rule, Table
from opencro.conformance.related import join_child_values, join_related, join_supplemental
from opencro.conformance.tables import Tables, records


def join_datasets(rule: Rule, table: Table, tables: Tables, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame joined with each dataset that the rule names and the study has."""
    merged: set[str | None] = set()
    for match in rule.matches:
        for other in _partners(match, table, tables, frame):
            if other.domain in merged:
                continue
            right = _renamed(rule, match, other, tables)
            frame = _joined(match, table, other, tables, frame, right)
            merged.add(other.domain if match.child else other.domain or other.name)
    return frame


def _partners(match: Match, table: Table, tables: Tables, frame: pl.DataFrame) -> list[Table]:
    if not match.child:
        if match.name == table.whole:
            return []
        return [
            t for t in tables.values() if match.name in (t.domain, t.name, t.whole) or _supplements(match, table, t)
        ]
    if match.name[:4] in ("SUPP", "SQAP") and table.is_supplemental and table.related_domain:
        named = match.name in ("SUPP--", table.name)
        return [t for t in tables.values() if named and t.domain == table.related_domain]
    if match.name not in (table.domain, table.name):
        return []
    if "RDOMAIN" in frame.columns:
        related = set(frame["RDOMAIN"].unique())
        return [t for t in tables.values() if t.domain in related]
    return [t for t in tables.values() if all(left in t.frame.columns for left, _ in match.keys)]


def _supplements(match: Match, table: Table, other: Table) -> bool:
    subject = table.domain or table.name
    return match.name == "SUPP--" and not table.is_supplemental and other.related_domain == subject


def _renamed(rule: Rule, match: Match, other: Table, tables: Tables) -> pl.DataFrame:
    """The joined dataset, with the columns that the check names as DATASET.COLUMN so named."""
    stem = f"{match.name}."
    words = set()
    for leaf in leaves(rule.check) if rule.check else ():
        for word in (leaf.name, *(leaf.value if isinstance(leaf.value, list) else [leaf.value])):
            if isinstance(word, str) and word.startswith(stem):
                words.add(word[len(stem) :])
    right = records(other, tables).select(pl.exclude("\0row", "\0dataset"))
    keys = {key for _, key in match.keys}
    right = right.with_columns(pl.col(c).alias(stem + c) for c in right.columns if c in words and c in keys)
    return right.rename({c: stem + c for c in right.columns if c in words and c not in keys})


def _joined(
    match: Match, table: Table, other: Table, tables: Tables, frame: pl.DataFrame, right: pl.DataFrame
) -> pl.DataFrame:
    named = {left for left, _ in match.keys}
    if match.child:
        if {"IDVAR", "IDVARVAL"} & named and (table.is_supplemental or "RDOMAIN" in frame.columns):
            keys = [(a, b) for a, b in match.keys if a not in ("IDVAR", "IDVARVAL")]
            return join_child_values(frame, right, keys, None if table.is_supplemental else other.domain)
        return join_keys(frame, right, _named(match, table.domain, other.domain), f".{other.domain}", "left")
    if match.name == "RELREC":
        return join_related(frame, right, table.domain or "", tables, match.wildcard)
    if match.name.startswith(("SUPP", "SQ")):
        return join_supplemental(frame, right)
    pairs = _named(match, table.domain, match.name)
    return join_keys(frame, right, pairs, f".{match.name}", match.join, mark=f"_merge_{match.name}")


def _named(match: Match, left: str | None, right: str | None) -> list[tuple[str, str]]:
    return [(a.replace("--", left or ""), b.replace("--", right or "")) for a, b in match.keys]


def join_keys(
    frame: pl.DataFrame, right: pl.DataFrame, keys: list[tuple[str, str]], suffix: str, how: str, mark: str = ""
) -> pl.DataFrame:
    """A join on pairs of columns in which missing keys meet; equal names of the right side get the suffix.

    Raises KeyError when a key is not there.
    """
    for left_key, right_key in keys:
        if left_key not in frame.columns or right_key not in right.columns:
            raise KeyError(left_key if left_key not in frame.columns else right_key)
    left_on, right_on = [], []
    for n, (left_key, right_key) in enumerate(keys):
        a, b = _alike(frame, left_key), _alike(right, right_key)
        if frame.schema[left_key] == right.schema[right_key]:
            a, b = pl.col(left_key), pl.col(right_key)
        frame, right = frame.with_columns(a.alias(f"\0l{n}")), right.with_columns(b.alias(f"\0r{n}"))
        left_on.append(f"\0l{n}")
        right_on.append(f"\0r{n}")
    right = right.drop([b for a, b in keys if a == b])
    taken = {c: c + suffix for c in right.columns if c in frame.columns}
    right = right.rename(taken)
    if how == "left" and mark:
        right = right.with_columns(pl.lit("both").alias(mark))
    joined = frame.join(
        right,
        left_on=left_on,
        right_on=right_on,
        how="left" if how == "left" else "inner",
        nulls_equal=True,
        maintain_order="left_right",
    )
    if how == "left" and mark:
        joined = joined.with_columns(pl.col(mark).fill_null("left_only"))
    return joined.drop(left_on)


def _alike(frame: pl.DataFrame, name: str) -> pl.Expr:
    return Operand(pl.col(name), frame.schema[name]).text
