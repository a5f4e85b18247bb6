"""The command about medical coding."""

from __future__ import annotations

import getpass
from typing import Annotated

import polars as pl
import typer

from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Exit, Json, err, out, print_frame, print_json, refusing
from opencro.app.coding import CodingDesk, coding_desk
from opencro.capture.coding import suggest_codes
from opencro.study import load_study

_SHOWN = 15
_LIKE = 3
_BESIDE = 2


def code_command(
    folder: StudyFolder,
    auto: Annotated[bool, typer.Option("--auto", help="Code what is without doubt.")] = False,
    accept: Annotated[list[str] | None, typer.Option("--accept", metavar="TEXT=CODE", help="Give this code.")] = None,
    class_code: Annotated[str | None, typer.Option("--class", help="The class, where a term has several.")] = None,
    synonym: Annotated[
        list[str] | None, typer.Option("--synonym", metavar="TEXT=CODE", help="Let it stand for the code from now on.")
    ] = None,
    uncode: Annotated[list[str] | None, typer.Option("--uncode", metavar="TEXT", help="Take the code off.")] = None,
    query: Annotated[str | None, typer.Option("--query", metavar="TEXT", help="Ask the sites about it.")] = None,
    question: Annotated[str, typer.Option("--question", help="What to ask.")] = "Please describe it more precisely.",
    impact: Annotated[
        str | None, typer.Option("--impact", metavar="VERSION", help="What this version touches.")
    ] = None,
    upversion: Annotated[
        bool, typer.Option("--upversion", help="Move what the pinned version leaves as it is.")
    ] = False,
    dictionary: Annotated[str | None, typer.Option("--dictionary", help="Which, where there are several.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who codes; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Code terms with the dictionaries of the study: list, code by itself, accept, synonyms, queries, new versions."""
    by = user or getpass.getuser()
    with refusing(as_json), coding_desk(load_study(folder), database) as desk:
        done: dict[str, int] = {}
        for text in uncode or ():
            done["uncoded"] = done.get("uncoded", 0) + desk.write_uncoding(text, by)
        for text, code in map(_pair, synonym or ()):
            done["coded"] = done.get("coded", 0) + desk.write_synonym(text, code, by, dictionary)
        for text, code in map(_pair, accept or ()):
            done["coded"] = done.get("coded", 0) + desk.write_code(text, code, by, dictionary, class_code)
        if query is not None:
            done["queries"] = desk.write_queries(query, question, by)
        if upversion:
            done["upversioned"] = desk.write_upversion()
        if auto:
            done["coded"] = done.get("coded", 0) + desk.write_auto()
        touched = desk.impact(dictionary, impact) if impact is not None else None
        _tell(desk, done, touched, as_json)


def _pair(text: str) -> tuple[str, str]:
    name, sign, code = text.rpartition("=")
    if not sign:
        err.print(f'"{text}" is not written TEXT=CODE.', style="bold red", markup=False)
        raise typer.Exit(Exit.USAGE)
    return name, code


def _tell(desk: CodingDesk, done: dict[str, int], touched: pl.DataFrame | None, as_json: bool) -> None:
    counts = count_states(desk)
    shown = suggest_codes(desk.coding, desk.coders, _LIKE)
    if as_json:
        impact = None if touched is None else touched.to_dicts()
        print_json({"ok": True, "done": done, "counts": counts.to_dicts(), "open": shown.to_dicts(), "impact": impact})
        return
    for what, count in done.items():
        out.print(f"{count:,} {what}.")
    if touched is not None:
        print_frame(touched.filter(pl.col("kind") != "same"))
        out.print(f"{touched.filter(pl.col('kind') == 'same')['places'].sum():,} codes stay as they are.")
        return
    print_frame(counts)
    texts = shown.select("asked", "text").unique(maintain_order=True)
    for name, text in texts.head(_SHOWN).iter_rows():
        mine = shown.filter(pl.col("asked") == name, pl.col("text") == text)
        out.print(f"{text} ({mine['places'][0]:,} in {name})", style="bold", markup=False)
        same = desk.coding.filter(pl.col("asked") == name, pl.col("text") == text, pl.col("shown") != "")
        for beside in same.get_column("shown").unique(maintain_order=True).head(_BESIDE):
            out.print(f"  {beside}", style="dim", markup=False)
        for row in mine.filter(pl.col("code").is_not_null()).iter_rows(named=True):
            note = "" if row["current"] else ", not current"
            out.print(f"  {row['score']:.2f}  {row['code']}  {row['term']}{note}", markup=False)
    if len(texts) > _SHOWN:
        out.print(f"... and {len(texts) - _SHOWN:,} more texts; --json gives all of them.", style="dim")


def count_states(desk: CodingDesk) -> pl.DataFrame:
    """How many places of each dictionary are coded, of which by another version, changed, queried and uncoded."""
    versions = {name: coder.dictionary.version for name, coder in desk.coders.items()}
    pinned = pl.col("asked").replace_strict(versions, return_dtype=pl.String)
    is_state = {state: pl.col("state") == state for state in ("coded", "changed", "queried", "uncoded")}
    return (
        desk.coding.group_by("asked")
        .agg(
            pinned.first().alias("version"),
            pl.len().cast(pl.Int64).alias("places"),
            *(test.sum().cast(pl.Int64).alias(state) for state, test in is_state.items()),
            (is_state["coded"] & (pl.col("version") != pinned)).sum().cast(pl.Int64).alias("other_version"),
        )
        .sort("asked")
    )
