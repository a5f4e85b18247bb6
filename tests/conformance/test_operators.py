"""Compiled operators agree with a slow reading of the rule language, row by row, on random data of the right shape."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.conformance import Table, conform, parse_rule

Row = dict[str, Any]
WORDS = st.sampled_from([None, "A", "a", "B", "AB", "1", "1.0", "01", "x y", "2020-01"])
NUMBERS = st.sampled_from([None, 0.0, 1.0, 1.5, -2.0])
DATES = st.sampled_from(
    [
        None,
        "2020",
        "2020-01",
        "2020-01-15",
        "2020-02-30",
        "2019-12-31T10",
        "2020-01-15T10:30",
        "2020-01-15T10:30:05",
        "x",
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries({"S": WORDS, "T": WORDS, "N": NUMBERS, "M": NUMBERS, "D": DATES, "E": DATES}),
    min_size=1,
    max_size=8,
)
TYPES = {"S": pl.String, "T": pl.String, "N": pl.Float64, "M": pl.Float64, "D": pl.String, "E": pl.String}


def broken(rows: list[Row], **test: Any) -> list[bool]:
    """What the compiled test says of each row."""
    import json

    text = f"Core: {{Id: R}}\nRule Type: Record Data\nCheck: {{all: [{json.dumps(test)}]}}\nOutcome: {{Message: m}}\n"
    rule, findings = parse_rule(text, "r.yml")
    assert rule is not None, findings
    outcome = conform([Table("XX", pl.DataFrame(rows, schema=TYPES))], [rule]).outcomes[0]
    assert outcome.status in ("passed", "failed"), outcome.reason
    found = {issue.row for issue in outcome.issues}
    return [number in found for number in range(1, len(rows) + 1)]


def equal(a: Any, b: Any) -> bool:
    return a is not None and b is not None and type(a) is type(b) and a == b


def number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def plain(value: Any) -> str | None:
    found = number(value)
    if value is None or found is None:
        return value.strip() if value else value
    return str(int(found)) if found == int(found) else str(found)


def ordered(a: Any, b: Any, compare: Callable[[float, float], bool]) -> bool:
    left, right = number(a), number(b)
    return left is not None and right is not None and compare(left, right)


def row_tests() -> list[tuple[dict[str, Any], Callable[[Row, list[Row]], bool]]]:
    return [
        ({"name": "S", "operator": "equal_to", "value": "T"}, lambda r, _: equal(r["S"], r["T"])),
        (
            {"name": "S", "operator": "not_equal_to", "value": "T"},
            lambda r, _: not equal(r["S"], r["T"]) and (r["S"] is not None or r["T"] is not None),
        ),
        ({"name": "S", "operator": "equal_to", "value": "A"}, lambda r, _: r["S"] == "A"),
        ({"name": "S", "operator": "equal_to", "value": "S", "value_is_literal": True}, lambda r, _: r["S"] == "S"),
        ({"name": "N", "operator": "equal_to", "value": "S"}, lambda r, _: False),
        ({"name": "N", "operator": "not_equal_to", "value": "M"}, lambda r, _: r["N"] != r["M"]),
        (
            {"name": "S", "operator": "equal_to", "value": "N", "type_insensitive": True},
            lambda r, _: equal(plain(r["S"]), plain(r["N"])),
        ),
        (
            {"name": "S", "operator": "equal_to_case_insensitive", "value": "T"},
            lambda r, _: equal((r["S"] or "").lower() or None, (r["T"] or "").lower() or None),
        ),
        ({"name": "S", "operator": "empty"}, lambda r, _: r["S"] is None),
        ({"name": "N", "operator": "non_empty"}, lambda r, _: r["N"] is not None),
        (
            {"name": "S", "operator": "less_than", "value": "N"},
            lambda r, _: ordered(r["S"], r["N"], lambda a, b: a < b),
        ),
        (
            {"name": "N", "operator": "greater_than_or_equal_to", "value": 1},
            lambda r, _: ordered(r["N"], 1, lambda a, b: a >= b),
        ),
        ({"name": "S", "operator": "is_contained_by", "value": ["A", "B"]}, lambda r, _: r["S"] in ("A", "B")),
        (
            {"name": "S", "operator": "is_not_contained_by", "value": "T"},
            lambda r, rows: r["S"] is None or r["S"] not in {x["T"] for x in rows},
        ),
        ({"name": "S", "operator": "contains", "value": "A"}, lambda r, _: "A" in (r["S"] or "")),
        (
            {"name": "S", "operator": "does_not_contain_case_insensitive", "value": "a"},
            lambda r, _: "a" not in (r["S"] or "").lower(),
        ),
        ({"name": "S", "operator": "longer_than", "value": 1}, lambda r, _: len(r["S"] or "") > 1),
        (
            {"name": "S", "operator": "matches_regex", "value": "A|1"},
            lambda r, _: r["S"] is not None and re.match("A|1", r["S"]) is not None,
        ),
        (
            {"name": "N", "operator": "not_matches_regex", "value": r"\d$"},
            lambda r, _: r["N"] is not None and re.match(r"\d$", str(plain(r["N"]))) is None,
        ),
        (
            {"name": "S", "operator": "prefix_equal_to", "prefix": 1, "value": "A"},
            lambda r, _: (r["S"] or "")[:1] == "A",
        ),
        ({"name": "S", "operator": "starts_with", "value": "x"}, lambda r, _: (r["S"] or "").startswith("x")),
        (
            {"name": "S", "operator": "is_not_unique_set", "value": ["N"]},
            lambda r, rows: sum((x["S"], x["N"]) == (r["S"], r["N"]) for x in rows) > 1,
        ),
        (
            {"name": "S", "operator": "is_not_unique_relationship", "value": "T"},
            lambda r, rows: one_to_many(r, rows, "S", "T") or one_to_many(r, rows, "T", "S"),
        ),
        ({"name": "S", "operator": "is_inconsistent_across_dataset", "value": ["N"]}, inconsistent),
        (
            {"name": "D", "operator": "is_complete_date"},
            lambda r, _: bool(re.match(r"\d{4}-\d\d-\d\d", r["D"] or "")) and r["D"] != "2020-02-30",
        ),
        ({"name": "D", "operator": "invalid_date"}, lambda r, _: r["D"] in (None, "x", "2020-02-30")),
        *[
            ({"name": "D", "operator": f"date_{name}", "value": "E"}, dated(name))
            for name in ("less_than", "greater_than_or_equal_to", "equal_to", "not_equal_to")
        ],
    ]


def one_to_many(row: Row, rows: list[Row], key: str, value: str) -> bool:
    return row[key] is not None and len({x[value] for x in rows if x[key] == row[key]}) > 1


def inconsistent(row: Row, rows: list[Row]) -> bool:
    counts = Counter(x["S"] for x in rows if x["N"] == row["N"])
    most = [value for value, n in counts.items() if n == max(counts.values())]
    return len(counts) > 1 and (len(most) > 1 or row["S"] != most[0])


def dated(name: str) -> Callable[[Row, list[Row]], bool]:
    def parts(text: Any) -> list[int] | None:
        if text in (None, "x", "2020-02-30"):
            return None
        return [int(p) for p in re.split(r"[-T:]", text)]

    def expected(row: Row, _: list[Row]) -> bool:
        left, right = parts(row["D"]), parts(row["E"])
        if left is None or right is None:
            return False
        shared = min(len(left), len(right))
        same_precision = len(left) == len(right)
        if name == "equal_to":
            return same_precision and left == right
        if name == "not_equal_to":
            return not same_precision or left != right
        return left[:shared] < right[:shared] if name == "less_than" else left[:shared] >= right[:shared]

    return expected


TESTS = row_tests()


@pytest.mark.parametrize(("test", "expected"), TESTS, ids=[f"{t['operator']}-{n}" for n, (t, _) in enumerate(TESTS)])
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_the_compiled_operator_agrees_with_the_slow_one(test: dict[str, Any], expected: Any, rows: list[Row]) -> None:
    assert broken(rows, **test) == [expected(row, rows) for row in rows]


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_every_opposite_is_the_opposite(rows: list[Row]) -> None:
    pairs = (("empty", "non_empty"), ("is_unique_set", "is_not_unique_set"), ("is_complete_date", "is_incomplete_date"))
    for one, other in pairs:
        left, right = (broken(rows, name="D", operator=o, value="S") for o in (one, other))
        assert all(a != b for a, b in zip(left, right, strict=True))


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, order=st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[Row], order: Any) -> None:
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    for operator, value in itertools.product(("is_not_unique_set", "is_inconsistent_across_dataset"), ("S", "D")):
        before = broken(rows, name="T", operator=operator, value=[value])
        after = broken([rows[n] for n in shuffled], name="T", operator=operator, value=[value])
        assert after == [before[n] for n in shuffled]
