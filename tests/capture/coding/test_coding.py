"""Texts and their codes in the ledger: by themselves, by a person, no longer, and over versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from opencro.capture import pre_lock_checklist
from opencro.capture.coding import (
    Coder,
    CodingPlan,
    current_synonyms,
    plan_auto_coding,
    plan_coding_queries,
    plan_manual_coding,
    plan_uncoding,
    plan_upversion,
    read_coding,
    read_coding_plan,
    read_dictionary,
    read_synonyms,
    suggest_codes,
    uncoded_terms,
    upversion_impact,
)
from opencro.kernel.finding import Refused
from opencro.kernel.located import parse_located
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    ItemCoded,
    Ledger,
    QueryClosed,
    RecordKey,
    Removal,
    SynonymChanged,
)
from opencro.study import Study
from tests.capture.coding.material import PATHS, TERMS, render_b3, render_meddra, write

PLAN = CodingPlan.model_validate(
    {"dictionaries": {"meddra": "1"}, "items": [{"item": "AE.AETERM", "dictionary": "meddra"}]}
)
Write = Callable[..., None]


def _key(repeat: int) -> RecordKey:
    return RecordKey("701", "701-01", "", 0, "AE", 1, "AE", repeat)


@pytest.fixture
def coder(tmp_path: Path) -> Coder:
    """MedDRA-like, with a synonym."""
    place = write(render_meddra(), tmp_path / "d" / "meddra" / "1")
    return Coder(read_dictionary("meddra", "1", [place]), {"skull trouble": "1", "old word": "3"})


@pytest.fixture
def put(any_ledger: Ledger) -> Write:
    """Append entries."""

    def append(*entries: Entry) -> None:
        any_ledger.append(entries, actor=Actor("cody", "coder"), source="ui", reason="misread", definition_version="7")

    return append


@pytest.fixture
def enter(put: Write) -> Write:
    """Enter events with these texts, one record each."""

    def enter_texts(*texts: str) -> None:
        put(*(Change(_key(i), {"AETERM": text, "AESPID": str(i)}) for i, text in enumerate(texts, start=1)))

    return enter_texts


def _codes(study: Study, ledger: Ledger) -> list[tuple[str, str, str | None, str | None]]:
    return read_coding(study, PLAN, ledger).select("text", "state", "code", "method").rows()


def _auto(study: Study, ledger: Ledger, coder: Coder, put: Write) -> int:
    acts = plan_auto_coding(read_coding(study, PLAN, ledger), {"meddra": coder})
    put(*acts)
    return len(acts)


@pytest.mark.requirement(6)
def test_what_is_without_doubt_is_coded_by_itself_and_only_once(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write
) -> None:
    enter("HEADACHE", "head-pain", "Skull trouble", "naive cell loss", "flare", "cephalalgia", "old word", "something")
    assert _auto(study, any_ledger, coder, put) == 4
    assert _codes(study, any_ledger) == [
        ("HEADACHE", "coded", "1", "exact"),
        ("head-pain", "coded", "2", "normalised"),
        ("Skull trouble", "coded", "1", "synonym"),
        ("naive cell loss", "coded", "5", "normalised"),
        ("flare", "uncoded", None, None),  # two codes have this text
        ("cephalalgia", "uncoded", None, None),  # no longer current
        ("old word", "uncoded", None, None),  # the synonym of a code that is no longer current
        ("something", "uncoded", None, None),
    ]
    assert _auto(study, any_ledger, coder, put) == 0
    fact = next(any_ledger.facts(kind=ItemCoded.NAME))
    assert fact.what == ItemCoded(
        "AETERM", "HEADACHE", "meddra", "1", "1", "Headache",
        {"pt": ["1", "Headache"], "hlt": ["h1", "Head symptoms"], "hlgt": ["g1", "Pains"], "soc": ["s1", "Nerves"]},
        "exact",
    )  # fmt: skip
    assert fact.key == _key(1)


@pytest.mark.requirement(6)
def test_a_code_holds_while_the_text_stays(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write
) -> None:
    enter("Headache")
    _auto(study, any_ledger, coder, put)
    put(Change(_key(1), {"AESPID": "9"}))
    assert [row[1] for row in _codes(study, any_ledger)] == ["coded"]
    put(Change(_key(1), {"AETERM": "Back pain"}))
    assert _codes(study, any_ledger) == [("Back pain", "changed", "1", "exact")]
    assert _auto(study, any_ledger, coder, put) == 1
    assert _codes(study, any_ledger) == [("Back pain", "coded", "6", "exact")]
    put(Removal(_key(1)))
    assert _codes(study, any_ledger) == []


@pytest.mark.requirement(6)
def test_a_person_codes_every_place_of_a_text_and_takes_codes_off(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write
) -> None:
    enter("Sore skull", "SORE SKULL", "Rash")
    acts = plan_manual_coding(read_coding(study, PLAN, any_ledger), coder.dictionary, "sore skull", "2")
    put(*acts)
    assert [row[1:] for row in _codes(study, any_ledger)][:2] == [("coded", "2", "manual")] * 2
    coding = read_coding(study, PLAN, any_ledger)
    assert plan_manual_coding(coding, coder.dictionary, "sore skull", "2") == []
    assert len(plan_manual_coding(coding, coder.dictionary, "sore skull", "6")) == 2
    put(*plan_uncoding(coding, "sore skull"))
    assert {row[1] for row in _codes(study, any_ledger)} == {"uncoded"}


@pytest.mark.parametrize(
    ("text", "code", "class_code", "finding"),
    [
        ("Rash", "77", None, "COD-101"),
        ("Rash", "3", None, "COD-102"),
        ("Rush", "1", None, "COD-103"),
        ("Rash", "1", "N02", "COD-104"),
    ],
)
def test_a_code_that_cannot_be_is_refused(
    study: Study, any_ledger: Ledger, coder: Coder, enter: Write, text: str, code: str, class_code: str, finding: str
) -> None:
    enter("Rash")
    coding = read_coding(study, PLAN, any_ledger)
    with pytest.raises(Refused) as refused:
        plan_manual_coding(coding, coder.dictionary, text, code, class_code=class_code)
    assert refused.value.findings.codes() == (finding,)


def test_a_chosen_class_is_kept_with_the_code(
    study: Study, any_ledger: Ledger, put: Write, enter: Write, tmp_path: Path
) -> None:
    place = write(render_b3(), tmp_path / "w" / "whodrug" / "1")
    drugs = read_dictionary("whodrug", "1", [place])
    plan = CodingPlan.model_validate(
        {"dictionaries": {"whodrug": "1"}, "items": [{"item": "AE.AETERM", "dictionary": "whodrug"}]}
    )
    enter("Twoways")
    put(*plan_auto_coding(read_coding(study, plan, any_ledger), {"whodrug": Coder(drugs, {})}))
    coding = read_coding(study, plan, any_ledger)
    assert set(json.loads(coding["levels"][0])) == {"preferred"}
    put(*plan_manual_coding(coding, drugs, "Twoways", "00030001001", class_code="D07AA"))
    levels = json.loads(read_coding(study, plan, any_ledger)["levels"][0])
    assert levels["atc2"] == ["D07", "On the skin"]


@pytest.mark.requirement(6)
def test_a_query_waits_for_the_site_and_is_not_raised_twice(
    study: Study, any_ledger: Ledger, put: Write, enter: Write
) -> None:
    enter("unclear", "unclear")
    names = iter(["Q1", "Q2", "Q3"])
    acts = plan_coding_queries(read_coding(study, PLAN, any_ledger), "unclear", "Which?", lambda: next(names))
    put(*acts)
    assert {row[1] for row in _codes(study, any_ledger)} == {"queried"}
    again = plan_coding_queries(read_coding(study, PLAN, any_ledger), "unclear", "Which?", lambda: next(names))
    assert again == []
    put(Act(QueryClosed("Q1"), _key(1)))
    assert [row[1] for row in _codes(study, any_ledger)] == ["uncoded", "queried"]


def test_a_coder_sees_what_the_plan_shows_beside_a_text(study: Study, any_ledger: Ledger, put: Write) -> None:
    put(Change(_key(1), {"AETERM": "Rash", "AESPID": "7"}), Change(_key(2), {"AETERM": "Rash"}))
    item = {"item": "AE.AETERM", "dictionary": "meddra", "show": ["AE.AESPID", "AE.AESTDAT"]}
    plan = CodingPlan.model_validate({"dictionaries": {"meddra": "1"}, "items": [item]})
    assert read_coding(study, plan, any_ledger)["shown"].to_list() == ["AESPID = 7", ""]


def test_synonyms_of_the_folder_and_of_the_facts_are_one_list_the_later_counts(any_ledger: Ledger, put: Write) -> None:
    declared = {"meddra": {"a": "1", "b": "2"}}
    put(Act(SynonymChanged("meddra", "b", "4")), Act(SynonymChanged("meddra", "c", "5")))
    put(Act(SynonymChanged("meddra", "a", "")), Act(SynonymChanged("meddra", "none", "")))
    assert current_synonyms(any_ledger, declared) == {"meddra": {"b": "4", "c": "5"}}


def test_open_texts_come_with_candidates_the_most_frequent_first(
    study: Study, any_ledger: Ledger, coder: Coder, enter: Write
) -> None:
    enter("sore back", "hedache", "hedache", "Headache", "qqq")
    shown = suggest_codes(read_coding(study, PLAN, any_ledger), {"meddra": coder}, 2)
    first = shown.row(0, named=True)
    assert (first["text"], first["places"], first["rank"], first["term"]) == ("hedache", 2, 1, "Headache")
    assert shown.filter(pl.col("text") == "qqq").select("rank", "code").rows() == [(None, None)]
    assert shown.filter(pl.col("text") == "sore back")["term"][0] == "Back pain"


@pytest.mark.requirement(38)
def test_a_text_without_a_code_that_holds_blocks_the_lock(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write
) -> None:
    enter("Headache", "unknown")
    _auto(study, any_ledger, coder, put)
    uncoded = uncoded_terms(read_coding(study, PLAN, any_ledger))
    found = pre_lock_checklist(study, any_ledger, uncoded=uncoded).findings("LCK-009")
    assert [(f.place.path, f.got) for f in found] == [("701/701-01/AE[1]/AE[2].AETERM", '"unknown" has no code')]


def _newer(tmp_path: Path, **paths: object) -> Coder:
    """Version 2: 2 is gone, 4 not current, 6 under another path, 5 renamed, and head-pain is a term of its own."""
    terms = [t for t in TERMS if t[0] not in ("2", "4", "5")]
    terms += [("4", "Stomach upset", "4", "N"), ("5", "Cell loss", "5", "Y"), ("12", "Skull ache", "1", "Y")]
    moved = {**PATHS, "6": ("Back pain", ("h4", "Back symptoms"), ("g1", "Pains"), ("s1", "Nerves"))}
    files = render_meddra([t if t[0] != "10" else ("10", "Flare", "1", "Y") for t in terms], moved)
    return Coder(read_dictionary("meddra", "2", [write(files, tmp_path / "n" / "meddra" / "2")]), {})


def test_a_new_version_says_what_it_touches_and_moves_the_rest(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write, tmp_path: Path
) -> None:
    enter("Headache", "Head pain", "Stomach upset", "Naive cell loss", "Back pain", "skull ache", "some flare")
    _auto(study, any_ledger, coder, put)
    coding = read_coding(study, PLAN, any_ledger)
    for text, code in (("skull ache", "1"), ("some flare", "10")):
        put(*plan_manual_coding(coding, coder.dictionary, text, code))
    coding = read_coding(study, PLAN, any_ledger)
    impact = upversion_impact(coding, _newer(tmp_path))
    assert impact.select("kind", "text", "was", "becomes").rows() == [
        ("gone", "Head pain", "Head pain", ""),
        ("not current", "Stomach upset", "Stomach upset", "Stomach upset"),
        ("moved", "some flare", "6 Back pain", "1 Headache"),
        ("renamed", "Naive cell loss", "Naïve-cell loss", "Cell loss"),
        ("reclassified", "Back pain", "soc s4 Muscles", "soc s1 Nerves"),
        ("better", "skull ache", "1 Headache", "12 Skull ache"),
        ("same", "Headache", "", ""),
    ]
    acts = plan_upversion(coding, _newer(tmp_path / "again"))
    put(*acts)
    after = read_coding(study, PLAN, any_ledger)
    assert after.filter(pl.col("version") == "2").select("text", "method").rows() == [("Headache", "upversion")]
    assert plan_upversion(after, _newer(tmp_path / "once more")) == []
    assert "Headache" not in upversion_impact(after, _newer(tmp_path / "and again"))["text"].to_list()


def test_the_same_version_touches_nothing(
    study: Study, any_ledger: Ledger, coder: Coder, put: Write, enter: Write
) -> None:
    enter("Headache")
    _auto(study, any_ledger, coder, put)
    coding = read_coding(study, PLAN, any_ledger)
    assert upversion_impact(coding, coder).is_empty()
    other_name = replace(coder, dictionary=replace(coder.dictionary, version="1b"))
    assert upversion_impact(coding, other_name)["kind"].to_list() == ["same"]


@pytest.mark.parametrize(
    ("items", "synonyms", "code", "line"),
    [
        ("items: {}", "", "COD-001", 1),
        ('dictionaries: {e: "1"}\nitems:\n  - {item: AE.AETERN, dictionary: e}', "", "COD-002", 3),
        ('dictionaries: {e: "1"}\nitems:\n  - {item: AE.AETERM, dictionary: e, show: [AE.X]}', "", "COD-002", 3),
        ('dictionaries: {e: "1"}\nitems:\n  - {item: AE.AETERM, dictionary: e, show: [DM.SEX]}', "", "COD-002", 3),
        ("items:\n  - {item: AE.AETERM, dictionary: meddra}", "", "COD-003", 2),
        ('dictionaries: {e: "1"}\nitems:\n  - {item: AE.AETERM, dictionary: e}\n  - {item: AE.AETERM, dictionary: e}',
         "", "COD-004", 4),
        ('dictionaries: {e: "1"}\nitems:\n  - {item: AE.AETERM, dictionary: e}', "synonyms: {f: {a: b}}", "COD-003", 1),
    ],
)  # fmt: skip
def test_a_plan_that_names_what_is_not_there_is_found(
    study: Study, items: str, synonyms: str, code: str, line: int
) -> None:
    texts = {"coding/items.yaml": items, **({"coding/synonyms.yaml": synonyms} if synonyms else {})}
    documents = {name: parse_located(text, name)[0] for name, text in texts.items()}
    found = read_coding_plan(replace(study, documents=documents))[1]  # type: ignore[arg-type]
    assert [(f.code, f.place.line) for f in found] == [(code, line)]


def test_synonyms_that_are_not_as_documented_are_found(study: Study) -> None:
    document, _ = parse_located("synonyms: [a]", "coding/synonyms.yaml")
    found = read_synonyms(replace(study, documents={"coding/synonyms.yaml": document}))[1]  # type: ignore[dict-item]
    assert found.codes() == ("COD-001",)
