"""What a new version of a dictionary does to the codes that a study has given, before anybody moves to it.

Source: MSSO, "MedDRA Best Practices", on versioning: what moved, was renamed or is no longer current is reviewed.
"""

from __future__ import annotations

import json

import polars as pl

from opencro.capture.coding.assign import Coder
from opencro.capture.coding.model import Dictionary
from opencro.capture.trail_items import PLACE
from opencro.ledger import Act, ItemCoded, RecordKey

KINDS = ("gone", "not current", "moved", "renamed", "reclassified", "better", "same")
"""What may become of a code, the first that applies: not in the new version; there but not current; under another term
of the level above; another text; other levels further up; the text is now itself a term with another code; nothing."""

_SCHEMA: dict[str, type[pl.DataType]] = {
    "code": pl.String,
    "term": pl.String,
    "text": pl.String,
    "places": pl.Int64,
    "kind": pl.String,
    "was": pl.String,
    "becomes": pl.String,
}


def upversion_impact(coding: pl.DataFrame, new: Coder) -> pl.DataFrame:
    """What becomes of each code that holds (`read_coding`) in the new version of its dictionary.

    One row per code and text: code, term, text, places (how many have it), kind (`KINDS`), was, becomes (words).
    """
    held = coding.filter(pl.col("state") == "coded", pl.col("asked") == new.dictionary.id)
    held = held.filter(pl.col("version") != new.dictionary.version)
    groups = held.group_by("code", "term", "text", "levels", maintain_order=True).len()
    rows = [
        (code, term, text, places, *_judge(code, term, text, json.loads(levels or "{}"), new))
        for code, term, text, levels, places in groups.iter_rows()
    ]
    impact = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    order = pl.col("kind").replace_strict({kind: n for n, kind in enumerate(KINDS)}, return_dtype=pl.Int64)
    return impact.sort(order, "code", "text")


def plan_upversion(coding: pl.DataFrame, new: Coder) -> list[Act]:
    """Acts that give the new version's code to all that it leaves as it is; what it touches is left to a person."""
    impact = upversion_impact(coding, new).filter(pl.col("kind") == "same").select("code", "text")
    same = coding.filter(pl.col("state") == "coded", pl.col("version") != new.dictionary.version).join(
        impact, on=["code", "text"], how="semi", maintain_order="left"
    )
    return [_recoded(row, new.dictionary) for row in same.iter_rows(named=True)]


def _judge(code: str, term: str, text: str, levels: dict[str, list[str]], new: Coder) -> tuple[str, str, str]:
    dictionary = new.dictionary
    now = dictionary.term_of(code)
    if now is None:
        return "gone", term, ""
    if not dictionary.is_current(code):
        return "not current", term, now
    becomes = dictionary.levels_of(code)
    first = dictionary.levels[0] if dictionary.levels else ""
    before, after = levels.get(first, ["", ""]), becomes.get(first, ("", ""))
    if before[0] != after[0]:
        return "moved", " ".join(before), " ".join(after)
    if now != term:
        return "renamed", term, now
    for level in dictionary.levels:
        pair = becomes.get(level)
        if pair is not None and levels.get(level, list(pair)) != list(pair):
            return "reclassified", f"{level} {' '.join(levels[level])}", f"{level} {' '.join(pair)}"
    better = new.code_of(text)
    if better is not None and better[0] != code and better[1] == "exact":
        return "better", f"{code} {term}", f"{better[0]} {dictionary.term_of(better[0])}"
    return "same", "", ""


def _recoded(row: dict[str, str], dictionary: Dictionary) -> Act:
    levels = json.loads(row["levels"] or "{}")
    what = ItemCoded(
        row["item"], row["text"], dictionary.id, dictionary.version, row["code"], row["term"], levels, "upversion"
    )
    return Act(what, RecordKey(*(row[name] for name in PLACE)))  # type: ignore[arg-type]
