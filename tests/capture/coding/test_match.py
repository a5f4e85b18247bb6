"""Which terms are most like a text: laws of the measure, and cases that a coder would expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.capture.coding import index_terms, normalise, rank_candidates

WORDS = st.text(alphabet="abcdefg ", min_size=1, max_size=20).filter(str.strip)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Head-ACHE ", "head ache"),
        ("Naïve, T-cell", "naive t cell"),
        ("ﬁbrosis", "fibrosis"),
        ("_x_", "x"),
        ("...", ""),
    ],
)
def test_a_text_is_reduced_to_its_words(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert normalise(normal) == normal


@given(st.text())
def test_reducing_twice_is_reducing_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(WORDS, min_size=1, max_size=12, unique_by=normalise))
def test_a_term_is_most_like_itself_and_nothing_is_more_like_than_the_same(terms: list[str]) -> None:
    ranked = rank_candidates(index_terms(terms), terms, count=3)
    assert ranked["score"].max() <= 1.0  # type: ignore[operator]
    assert ranked["score"].min() > 0.0  # type: ignore[operator]
    best = ranked.group_by("text", maintain_order=True).first()
    assert best["row"].to_list() == list(range(len(terms)))
    assert best["score"].to_list() == pytest.approx([1.0] * len(terms))


@given(st.lists(WORDS, min_size=2, max_size=8), st.lists(WORDS, min_size=1, max_size=6))
def test_a_text_is_judged_alike_alone_and_among_others(terms: list[str], texts: list[str]) -> None:
    index = index_terms(terms)
    together = rank_candidates(index, texts, count=2).drop("text").rows()
    alone = [row for text in texts for row in rank_candidates(index, [text], count=2).drop("text").rows()]
    assert [row for row, _ in together] == [row for row, _ in alone]
    assert [score for _, score in together] == pytest.approx([score for _, score in alone])


TERMS = [
    "Headache",
    "Migraine with headache",
    "Ankle swelling",
    "Chest pain",
    "Pain",
    "Myocardial infarction",
    "Diarrhoea",
]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("headahce", "Headache"),
        ("HEAD ACHE", "Headache"),
        ("swollen ankles", "Ankle swelling"),
        ("pain in the chest", "Chest pain"),
        ("Miocardial infarct", "Myocardial infarction"),
        ("diarrhea", "Diarrhoea"),
    ],
)
def test_misspelt_and_turned_around_texts_find_their_term_first(text: str, term: str) -> None:
    ranked = rank_candidates(index_terms(TERMS), [text], count=1)
    assert TERMS[ranked.item(0, "row")] == term


def test_what_has_nothing_in_common_is_no_candidate() -> None:
    assert rank_candidates(index_terms(["Headache"]), ["zzz", ""]).is_empty()
    assert rank_candidates(index_terms([]), ["headache"]).is_empty()
    assert rank_candidates(index_terms(["Headache"]), []).is_empty()


def test_of_equal_terms_the_earlier_comes_first() -> None:
    assert rank_candidates(index_terms(["Rash", "Rash"]), ["rash"])["row"].to_list() == [0, 1]
