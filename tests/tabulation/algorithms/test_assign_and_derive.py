"""Assignments and derivations within a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opencro.kernel.finding import Finding
from opencro.tabulation.algorithms import ALGORITHMS
from opencro.tabulation.algorithms.assign import Constant
from opencro.tabulation.algorithms.derive import Branch, NumericOf

Made = Callable[..., list[Any]]
PERSON = {"_participant": ["701-1015", "701-1023"], "_site": ["701", "701"]}


def test_constants_and_identities(made: Made) -> None:
    assert made({"value": "AE"}, PERSON) == ["AE", "AE"]
    assert made({"value": 3}, PERSON) == [3.0, 3.0]
    assert made({"study": "id"}, PERSON) == ["S1", "S1"]
    assert made({"participant": "usubjid"}, PERSON) == ["S1-701-1015", "S1-701-1023"]
    assert made({"participant": "site"}, PERSON) == ["701", "701"]


def test_a_constant_for_no_rows_is_no_value(made: Made) -> None:
    assert made({"value": "AE"}, {"_participant": []}) == []


def test_a_code_list_gives_its_term_else_the_value(made: Made, findings: list[Finding]) -> None:
    rows = {"raw.SEX": ["1", "2", "U", None]}
    assert made({"item": "SEX", "codes": "SEX"}, rows) == ["F", "2", "U", None]
    assert not findings


def test_a_value_that_the_code_list_lacks_stays_and_is_found(made: Made, findings: list[Finding]) -> None:
    assert made({"variable": "SEX", "codes": "SEX"}, {"SEX": ["1", "9", "9"]}) == ["F", "9", "9"]
    assert [f.code for f in findings] == ["TAB-101"]
    assert '2 of 3 values are "9"' in findings[0].got


def test_a_text_is_missing_where_a_part_is_missing(made: Made) -> None:
    rows = {"USUBJID": ["1", "2"], "raw.NO": ["E01", None]}
    assert made({"text": "{USUBJID}-{raw.NO}!"}, rows) == ["1-E01!", None]


def test_numbers_come_out_of_text_that_is_numeric(made: Made) -> None:
    assert made({"number": "RES"}, {"RES": ["067.0", " 3 ", "<4", None]}) == [67, 3, None, None]


def test_an_expression_is_computed(made: Made) -> None:
    assert made({"compute": "A / B"}, {"A": [1.0, 1.0], "B": [2.0, 0.0]}) == [0.5, None]


def test_text_is_aligned_to_the_right(made: Made) -> None:
    assert made({"align_right": "raw.NO", "width": 2}, {"raw.NO": ["8", "14", None]}) == [" 8", "14", None]


def test_the_first_branch_that_is_true_counts(made: Made) -> None:
    body = {"case": (Branch("A == 1", Constant(value="one")), Branch("A > 0", Constant(value="more")))}
    assert made(body, {"A": [1.0, 2.0, -1.0, None]}) == ["one", "more", None, None]


def test_an_empty_condition_is_otherwise(made: Made) -> None:
    body = {"case": (Branch("A == 1", NumericOf(number="B")), Branch("", Constant(value=0)))}
    assert made(body, {"A": [1.0, 2.0], "B": ["7", "8"]}) == [7, 0]


def test_the_first_present_and_the_greatest(made: Made) -> None:
    parts = (ALGORITHMS["variable"](variable="A"), ALGORITHMS["variable"](variable="B"))  # type: ignore[call-arg]
    rows = {"A": [None, "2014-01-02", "2014-01-02"], "B": ["2013", None, "2014-01-02T08:00"]}
    assert made({"first_of": parts}, rows) == ["2013", "2014-01-02", "2014-01-02"]
    assert made({"greatest_of": parts}, rows) == ["2013", "2014-01-02", "2014-01-02T08:00"]


@pytest.mark.parametrize("word", sorted(ALGORITHMS))
def test_every_algorithm_is_known_by_its_own_word(word: str) -> None:
    assert ALGORITHMS[word].key == word
    assert ALGORITHMS[word].__doc__, f"{word} has no sentence"
