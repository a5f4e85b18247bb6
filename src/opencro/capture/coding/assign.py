"""Codes for texts: by themselves where there is no doubt, by a person otherwise; a query where nobody can tell.

By themselves are coded: a text that is a current term in other capitals (`exact`), one that is so without accents and
signs (`normalised`), one that a synonym of the study names (`synonym`). What fits several codes is left to a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from opencro.capture.coding.match import TermIndex, index_terms, normalise, rank_candidates
from opencro.capture.coding.model import Dictionary
from opencro.capture.trail_items import PLACE
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Act, ItemCoded, ItemUncoded, QueryRaised, RecordKey

SUGGESTED: dict[str, type[pl.DataType]] = {
    "asked": pl.String,
    "text": pl.String,
    "places": pl.Int64,
    "rank": pl.Int64,
    "code": pl.String,
    "term": pl.String,
    "current": pl.Boolean,
    "score": pl.Float64,
}
"""Columns of `suggest_codes`."""


@dataclass(frozen=True)
class Coder:
    """A dictionary with the study's synonyms, ready to code texts."""

    dictionary: Dictionary
    synonyms: Mapping[str, str]

    @cached_property
    def index(self) -> TermIndex:
        """The dictionary's terms, for questions of likeness; made when first asked for."""
        return index_terms(self.dictionary.terms.get_column("term").to_list())

    @cached_property
    def _codes(self) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """Codes of current terms by the term in small letters, and by its normal form."""
        exact: dict[str, set[str]] = defaultdict(set)
        normal: dict[str, set[str]] = defaultdict(set)
        current = self.dictionary.terms.filter(pl.col("current")).select("code", "term")
        for code, term in current.iter_rows():
            exact[_plain(term)].add(code)
            normal[normalise(term)].add(code)
        return exact, normal

    @cached_property
    def _synonyms(self) -> dict[str, str]:
        known = {normalise(text): code for text, code in self.synonyms.items()}
        return {text: code for text, code in known.items() if self.dictionary.is_current(code)}

    def code_of(self, text: str) -> tuple[str, str] | None:
        """Code and method for a text about which there is no doubt, or None."""
        exact, normal = self._codes
        found = exact.get(_plain(text), set())
        if len(found) == 1:
            return next(iter(found)), "exact"
        synonym = self._synonyms.get(normalise(text))
        if synonym is not None:
            return synonym, "synonym"
        found = normal.get(normalise(text), set()) if not found else set()
        return (next(iter(found)), "normalised") if len(found) == 1 else None


def plan_auto_coding(coding: pl.DataFrame, coders: Mapping[str, Coder]) -> list[Act]:
    """Acts that code every text of `read_coding` without a code and without doubt; again on the same plans none."""
    return [
        _coded(coders[row["asked"]].dictionary, row, *found)
        for row, found in _each(coding, lambda row: coders[row["asked"]].code_of(row["text"]))
    ]


def plan_manual_coding(
    coding: pl.DataFrame, dictionary: Dictionary, text: str, code: str, *, class_code: str | None = None
) -> list[Act]:
    """Acts that give a code to every place that says `text` (in any capitals) and has not this code of this version.

    Refused with COD-101 (no such code), COD-102 (not current), COD-103 (nothing says so), COD-104 (a class that the
    term is not in). `class_code` chooses between the classes of a term that has several.
    """
    _refuse_code(dictionary, code)
    if class_code is not None and class_code not in dictionary.classes_of(code):
        known = ", ".join(dictionary.classes_of(code)) or "none to choose"
        got = f"class {class_code} of {code}"
        raise Refused([Finding("COD-104", Place(path=dictionary.id), got, f"one of: {known}", "Choose one of them.")])
    said = coding.filter(pl.col("asked") == dictionary.id, pl.col("text").str.to_lowercase() == text.lower())
    if said.is_empty():
        remedy = suggest(text, coding.get_column("text").unique().to_list()) or "Write it as it was collected."
        raise Refused([Finding("COD-103", Place(path=dictionary.id), f'"{text}"', "a text that was collected", remedy)])
    same = (pl.col("state") == "coded") & (pl.col("code") == code) & (pl.col("version") == dictionary.version)
    wanted = said if class_code else said.filter(~same.fill_null(value=False))
    return [_coded(dictionary, row, code, "manual", class_code) for row in wanted.iter_rows(named=True)]


def plan_uncoding(coding: pl.DataFrame, text: str) -> list[Act]:
    """Acts that take the code off every place where `text` was coded, also where the item says something else now.

    Refused with COD-103 when no such code stands.
    """
    coded = coding.filter(pl.col("code").is_not_null(), pl.col("value").str.to_lowercase() == text.lower())
    if coded.is_empty():
        raise Refused([Finding("COD-103", Place(), f'"{text}"', "a text that was coded", "Write it as it was coded.")])
    return [Act(ItemUncoded(row["item"]), _place(row)) for row in coded.iter_rows(named=True)]


def plan_coding_queries(coding: pl.DataFrame, text: str, question: str, new_name: Callable[[], str]) -> list[Act]:
    """Acts that ask the site about every place that says `text`, has no code, and no standing query. COD-103."""
    said = coding.filter(pl.col("text").str.to_lowercase() == text.lower())
    if said.is_empty():
        raise Refused([Finding("COD-103", Place(), f'"{text}"', "a text that was collected", "Write it so.")])
    asked = said.filter(pl.col("state").is_in(["uncoded", "changed"]))
    return [Act(QueryRaised(new_name(), row["item"], "", question), _place(row)) for row in asked.iter_rows(named=True)]


def suggest_codes(coding: pl.DataFrame, coders: Mapping[str, Coder], count: int = 5) -> pl.DataFrame:
    """The different texts without a code, the most frequent first, each with its best candidates.

    Columns: asked (dictionary), text, places (how many say so), rank (from 1), code, term, current, score; null where
    nothing in the dictionary is like it.
    """
    open_texts = coding.filter(pl.col("state") != "coded")
    frames = [pl.DataFrame(schema=SUGGESTED)]
    for (name,), said in open_texts.group_by("asked", maintain_order=True):
        frames.append(_suggest(str(name), said, coders[str(name)], count))
    return pl.concat(frames)


def _suggest(name: str, said: pl.DataFrame, coder: Coder, count: int) -> pl.DataFrame:
    unique = said.group_by("text").agg(places=pl.len().cast(pl.Int64)).sort("places", "text", descending=[True, False])
    unique = unique.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64))
    ranked = rank_candidates(coder.index, unique.get_column("text").to_list(), count).rename({"text": "number"})
    terms = coder.dictionary.terms.select("code", "term", "current", row=pl.int_range(pl.len(), dtype=pl.Int64))
    candidates = ranked.join(terms, on="row", how="left", maintain_order="left")
    found = unique.join(candidates, on="number", how="left", maintain_order="left")
    rank = pl.when(pl.col("code").is_not_null()).then(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("number"))
    return found.with_columns(asked=pl.lit(name), rank=rank).select(list(SUGGESTED))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _each(
    coding: pl.DataFrame, find: Callable[[dict[str, str]], tuple[str, str] | None]
) -> Iterator[tuple[dict[str, str], tuple[str, str]]]:
    """Rows without a code that holds, with what `find` says of them; each different text is looked up once."""
    known: dict[tuple[str, str], tuple[str, str] | None] = {}
    for row in coding.filter(pl.col("state") != "coded").iter_rows(named=True):
        key = (row["asked"], row["text"])
        if key not in known:
            known[key] = find(row)
        found = known[key]
        if found is not None:
            yield row, found


def _coded(
    dictionary: Dictionary, row: Mapping[str, str], code: str, method: str, class_code: str | None = None
) -> Act:
    levels = {level: list(pair) for level, pair in dictionary.levels_of(code, class_code).items()}
    term = dictionary.term_of(code) or ""
    what = ItemCoded(row["item"], row["text"], dictionary.id, dictionary.version, code, term, levels, method)
    return Act(what, _place(row))


def _place(row: Mapping[str, str]) -> RecordKey:
    return RecordKey(*(row[name] for name in PLACE))  # type: ignore[arg-type]


def _refuse_code(dictionary: Dictionary, code: str) -> None:
    name = f"{dictionary.id} {dictionary.version}"
    term = dictionary.term_of(code)
    if term is None:
        raise Refused([Finding("COD-101", Place(path=name), f"code {code}", f"a code of {name}", "Look it up again.")])
    if not dictionary.is_current(code):
        got = f"{code} {term} is not current"
        raise Refused([Finding("COD-102", Place(path=name), got, "a current term", "Take a current term.")])
