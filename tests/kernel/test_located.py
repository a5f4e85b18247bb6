"""YAML with lines: what a person wrote wrong is found where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.kernel.located import parse_located, render_yaml


def test_a_value_knows_its_line() -> None:
    document, findings = parse_located("a: 1\nb:\n  - x\n  - y: 2\n", "f.yaml")
    assert document is not None
    assert not findings
    assert document.value == {"a": 1, "b": ["x", {"y": 2}]}
    assert document.place("b", 1, "y").line == 4
    assert document.place("b", 7).line == 2


def test_no_is_norway_and_dates_stay_text() -> None:
    document, _ = parse_located("country: NO\nday: 2014-01-02\nyes: true\nn: 007\nx: 1.50\n", "f.yaml")
    assert document is not None
    assert document.value == {"country": "NO", "day": "2014-01-02", "yes": True, "n": "007", "x": 1.5}


def test_a_key_given_twice_is_a_finding_and_not_a_silent_loss() -> None:
    _, findings = parse_located("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert [(f.code, f.place.line) for f in findings] == [("YML-003", 3)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [1\n", "YML-001"),
        ("", "YML-002"),
        ("a: !!python/object x\n", "YML-001"),
        ("a: !thing x\n", "YML-001"),
        ("a: &x [*x]\n", "YML-001"),
        ("[" * 5000, "YML-001"),
        ("a:\tb: c\n", "YML-001"),
    ],
)
def test_what_cannot_be_read_is_a_finding(text: str, code: str) -> None:
    document, findings = parse_located(text, "f.yaml")
    assert document is None
    assert [f.code for f in findings] == [code]


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 5_000 + "a", "a: \ud800", "a: &x [*x]"])
def test_what_could_break_the_reader_is_a_finding(text: str) -> None:
    located, findings = parse_located(text, "f.yaml")
    assert located is None
    assert [f.code for f in findings] == ["YML-001"]


texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff"), max_size=12),
    st.sampled_from(
        ["1e5", "1.5e3", "12", "007", "NO", "true", "~", "", " ", "1E9", "2014-01-02", "0x1F", "- x", "a: b"]
    ),
    st.sampled_from(["line\nline", "tab\tx", "'", '"', "#x", "x #y", "=", "<<", "null", ".5", "+1", "1_000", "12:30"]),
)
plain = st.one_of(texts, st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
values = st.recursive(
    plain | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b"]), values, min_size=1))
def test_what_is_written_is_read_as_the_same(value: dict[str, object]) -> None:
    document, findings = parse_located(render_yaml(value), "f.yaml")
    assert document is not None, findings
    assert document.value == value
