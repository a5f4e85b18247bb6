"""Every text that a study codes, and whether it has a code that still holds.

A code holds while the item says what was coded. States: `coded`, `changed` (the text is another one since), `queried`
(no code, and a query stands), `uncoded`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.capture.coding.plan import CodedItem, CodingPlan, group_of
from opencro.capture.form_acts import standing_queries
from opencro.capture.trail_items import PLACE
from opencro.ledger import ItemCoded, ItemUncoded, Ledger, Snapshot, SynonymChanged
from opencro.study import Study

STATES = ("coded", "changed", "queried", "uncoded")
_ITEM = [*PLACE, "item"]
_CODE_FIELDS = ("value", "dictionary", "version", "code", "term", "method")
_SCHEMA: dict[str, type[pl.DataType]] = {
    **{name: pl.Int64 if "repeat" in name else pl.String for name in PLACE},
    **dict.fromkeys(("item", "asked", "text", "shown"), pl.String),
    "record_fact": pl.Int64,
}


def read_coding(study: Study, plan: CodingPlan, ledger: Ledger, participant: str | None = None) -> pl.DataFrame:
    """One row per text: the key, item, asked (the dictionary it is to be coded with), text, shown (what a coder sees
    beside it), record_fact, state; then of its code: value, dictionary, version, code, term, method, levels (JSON),
    fact, by.
    """
    snapshot = ledger.snapshot(participant=participant)
    frames = [_texts(study, snapshot, coded) for coded in plan.items]
    texts = pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])
    trail = ledger.trail_frame(participant, until=snapshot.position)
    queried = standing_queries(trail).select(_ITEM).unique().with_columns(queried=pl.lit(value=True))
    joined = texts.join(last_codes(trail), on=_ITEM, how="left", maintain_order="left").join(
        queried, on=_ITEM, how="left", maintain_order="left"
    )
    held = pl.col("code").is_not_null() & (pl.col("dictionary") == pl.col("asked"))
    state = (
        pl.when(held & (pl.col("value") == pl.col("text")))
        .then(pl.lit("coded"))
        .when(held)
        .then(pl.lit("changed"))
        .when(pl.col("queried"))
        .then(pl.lit("queried"))
        .otherwise(pl.lit("uncoded"))
    )
    columns = ("levels", "fact", "by")
    return joined.select(*_SCHEMA, state.alias("state"), *_CODE_FIELDS, *columns)


def uncoded_terms(coding: pl.DataFrame) -> pl.DataFrame:
    """The texts without a code that holds, as `pre_lock_checklist` takes them: `PLACE`, item, term."""
    return coding.filter(pl.col("state") != "coded").select(*PLACE, "item", pl.col("text").alias("term"))


def last_codes(trail: pl.DataFrame) -> pl.DataFrame:
    """The code that each item has, by `ItemCoded` facts that no `ItemUncoded` took off: key, item, fields, fact, by."""
    facts = trail.filter(pl.col("kind").is_in([ItemCoded.NAME, ItemUncoded.NAME]))
    fields = {name: pl.col("payload").str.json_path_match(f"$.{name}") for name in ("item", *_CODE_FIELDS, "levels")}
    read = facts.select(*PLACE, "kind", fact="seq", by="actor", **fields)
    last = read.group_by(_ITEM, maintain_order=True).last()
    return last.filter(pl.col("kind") == ItemCoded.NAME).drop("kind")


def current_synonyms(
    ledger: Ledger, declared: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, dict[str, str]]:
    """Dictionary -> text -> code: those of the study's folder, then what the facts say, the later over the earlier."""
    found = {name: dict(texts) for name, texts in (declared or {}).items()}
    for fact in ledger.facts(kind=SynonymChanged.NAME):
        what = fact.what
        assert isinstance(what, SynonymChanged)
        texts = found.setdefault(what.dictionary, {})
        if what.code:
            texts[what.text] = what.code
        else:
            texts.pop(what.text, None)
    return found


def _texts(study: Study, snapshot: Snapshot, coded: CodedItem) -> pl.DataFrame:
    group = group_of(study, coded)
    beside = [name.partition(".")[2] for name in coded.show]
    records = snapshot.records(coded.form, group, [coded.name, *beside]).rename({coded.name: "text"})
    said = records.filter(pl.col("text").is_not_null(), pl.col("text").str.strip_chars() != "")
    words = [pl.format("{} = {}", pl.lit(name), pl.col(name)) for name in beside]
    shown = pl.concat_str(words, separator=", ", ignore_nulls=True) if words else pl.lit("")
    return said.with_columns(
        form=pl.lit(coded.form), group=pl.lit(group), item=pl.lit(coded.name), asked=pl.lit(coded.dictionary),
        shown=shown, record_fact=pl.col("fact"),
    ).select(list(_SCHEMA))  # fmt: skip
