"""Values from other records: of another domain, of the own one, of another form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Made = Callable[..., list[Any]]
ROWS = {"USUBJID": ["1", "2", "3"], "_participant": ["1", "2", "3"], "_event": ["BL", "BL", None]}
DOSES = {
    "USUBJID": ["1", "1", "2", "1"],
    "DTC": ["2014-02-01", "2014-01-01", None, "2014-03-01"],
    "DOSE": [54.0, 0.0, 81.0, None],
}


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        ("earliest", ["2014-01-01", None, None]),
        ("latest", ["2014-03-01", None, None]),
        ("only", ["2014-02-01", None, None]),
    ],
)
def test_a_variable_of_another_domain_is_picked(pick: str, expected: list[str | None], made: Made) -> None:
    assert made({"lookup": "EX.DTC", "pick": pick}, ROWS, {"EX": DOSES}) == expected


def test_first_and_last_follow_the_declared_order(made: Made) -> None:
    body = {"lookup": "EX.DOSE", "order": ("DTC",)}
    assert made({**body, "pick": "first"}, ROWS, {"EX": DOSES}) == [0, 81, None]
    assert made({**body, "pick": "first", "order": ("-DTC",)}, ROWS, {"EX": DOSES})[0] is None
    assert made({**body, "pick": "last", "where": "DOSE is present"}, ROWS, {"EX": DOSES}) == [54, 81, None]


def test_totals_and_counts_pass_over_missing_values(made: Made) -> None:
    assert made({"lookup": "EX.DOSE", "pick": "total"}, ROWS, {"EX": DOSES}) == [54, 81, None]
    assert made({"lookup": "EX.DOSE", "pick": "count"}, ROWS, {"EX": DOSES}) == [2, 1, None]


def test_a_total_of_nothing_is_missing_and_not_zero(made: Made) -> None:
    assert made({"lookup": "EX.DOSE", "pick": "total", "where": "DOSE > 99"}, ROWS, {"EX": DOSES}) == [None, None, None]


def test_keys_may_be_called_otherwise_and_may_be_of_the_own_domain(made: Made) -> None:
    rows = {
        "USUBJID": ["1", "1", "2"],
        "CODE": ["A", "AF", "AF"],
        "WANTED": ["AF", "AFF", "AF"],
        "VALUE": [1.0, 2.0, 3.0],
    }
    body = {"lookup": "XX.VALUE", "by": {"USUBJID": "USUBJID", "WANTED": "CODE"}}
    assert made(body, rows) == [2, None, 3]


def test_an_item_of_another_form_comes_by_participant_or_by_visit(made: Made) -> None:
    log = {
        "participant": ["1", "1", "2"],
        "event": ["UNS", "BL", "UNS"],
        "DAY": ["01-JAN-2014", "02-JAN-2014", "2014-02-03"],
        "ARM": [None, "A", "B"],
    }
    assert made({"form_item": "LOG.ARM"}, ROWS, forms={"LOG": log}) == ["A", "B", None]
    body = {"form_item": "LOG.DAY", "same_visit": True, "date": True}
    assert made(body, ROWS, forms={"LOG": log}) == ["2014-01-02", None, None]
    assert made({"form_item": "LOG.DAY", "where": 'event == "UNS"'}, ROWS, forms={"LOG": log})[0] == "01-JAN-2014"


def test_a_log_form_without_visits_matches_rows_without_a_visit(made: Made) -> None:
    log = {"participant": ["3"], "event": [None], "DAY": ["2014"]}
    assert made({"form_item": "LOG.DAY", "same_visit": True}, ROWS, forms={"LOG": log}) == [None, None, "2014"]
