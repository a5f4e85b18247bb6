"""Two versions of a dataset, cell by cell, with a cause for every difference."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.finding import Refused
from opencro.kernel.located import parse_located
from opencro.tabulation.compare import (
    Comparison,
    KnownDifference,
    compare_datasets,
    explain_differences,
    read_known_differences,
    render_differences,
    supplemental_by_record,
)

BASE = pl.DataFrame({"ID": ["1", "2", "3"], "TERM": ["A", "", None], "N": [0.1, None, 3.0]})


def _found(ours: pl.DataFrame, theirs: pl.DataFrame, *keys: str) -> set[tuple[object, ...]]:
    return set(compare_datasets("XX", ours, theirs, keys or ("ID",)).differences.iter_rows())


def test_a_dataset_equals_itself() -> None:
    assert not _found(BASE, BASE)


def test_empty_text_is_missing_and_the_last_digits_of_a_number_do_not_count() -> None:
    theirs = pl.DataFrame({"ID": ["1", "2", "3"], "TERM": ["A", None, ""], "N": [0.1 * (1 + 5e-13), None, 3]})
    assert not _found(BASE, theirs)


def test_a_cell_that_differs_is_named_with_both_values() -> None:
    theirs = BASE.with_columns(TERM=pl.Series(["B", None, None]), N=pl.Series([0.1, 2.0, 3.00001]))
    assert _found(BASE, theirs) == {
        ("1", "TERM", "A", "B"),
        ("2", "N", None, "2.0"),
        ("3", "N", "3.0", "3.00001"),
    }


def test_a_row_that_one_lacks_is_one_difference() -> None:
    assert _found(BASE, BASE.head(2)) == {("3", "(row)", "present", None)}
    assert _found(BASE.head(2), BASE) == {("3", "(row)", None, "present")}


def test_a_column_that_one_lacks_differs_where_the_other_has_values() -> None:
    assert _found(BASE, BASE.drop("N")) == {("1", "N", "0.1", None), ("3", "N", "3.0", None)}
    assert _found(BASE.drop("N"), BASE) == {("1", "N", None, "0.1"), ("3", "N", None, "3.0")}


def test_rows_that_stand_elsewhere_are_told_apart_from_values() -> None:
    assert _found(BASE, BASE[[1, 0, 2]]) == {("1", "(order)", "1", "2"), ("2", "(order)", "2", "1")}


def test_a_missing_row_does_not_move_those_after_it() -> None:
    assert _found(BASE, BASE.tail(2)) == {("1", "(row)", "present", None)}


def test_rows_with_one_key_are_matched_in_their_order() -> None:
    ours = pl.DataFrame({"ID": ["1", "1"], "V": ["a", "b"]})
    assert not _found(ours, ours)
    assert _found(ours, ours.reverse()) == {("1", "V", "a", "b"), ("1", "V", "b", "a")}


def test_keys_may_be_missing_and_may_carry_the_noise_of_floats() -> None:
    ours = pl.DataFrame({"K": [1.2, None], "V": ["a", "b"]})
    theirs = pl.DataFrame({"K": [1.2000000000000002, None], "V": ["a", "c"]})
    assert _found(ours, theirs, "K") == {(None, "V", "b", "c")}


def test_text_and_number_of_the_same_look_are_not_the_same_column() -> None:
    assert _found(BASE, BASE.with_columns(N=pl.col("N").cast(pl.String))) == set()
    assert _found(BASE, BASE.with_columns(N=pl.Series(["0.10", None, "3.0"]))) == {("1", "N", "0.1", "0.10")}


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_ours_against_theirs_is_theirs_against_ours_with_sides_changed(order: list[int], changed: set[int]) -> None:
    ours = pl.DataFrame({"ID": [str(i) for i in range(6)], "V": ["x"] * 6})
    theirs = ours.with_columns(V=pl.Series(["y" if i in changed else "x" for i in range(6)]))[order]
    there = {(k, v, b, a) for k, v, a, b in _found(theirs, ours)}
    assert _found(ours, theirs) == there
    assert sum(v == "V" for _, v, *_ in there) == len(changed)


def _known(**other: object) -> KnownDifference:
    body = {"id": "K1", "dataset": "XX", "variables": ["N"], "count": 1, "cause": "typed twice", "evidence": "the form"}
    return KnownDifference.model_validate({**body, **other})


def _comparison() -> Comparison:
    return compare_datasets("XX", BASE, BASE.with_columns(N=pl.Series([0.1, 2.0, 4.0])), ("ID",))


def test_a_difference_without_a_cause_is_a_finding() -> None:
    explained = explain_differences([_comparison()], [_known(where='ID == "2"')])
    assert explained.findings.codes() == ("CMP-001",)
    assert explained.unexplained.select("row", "ours", "theirs").rows() == [("ID=3", "3.0", "4.0")]


def test_a_cause_without_its_differences_is_a_finding() -> None:
    idle = _known(id="K2", variables=["TERM"])
    explained = explain_differences([_comparison()], [_known(count=2), idle])
    assert explained.findings.codes() == ("CMP-002",)
    assert "K2 says that 1 cells of XX differ, 0 do" in explained.findings.items[0].got


def test_all_differences_with_the_right_count_are_explained() -> None:
    explained = explain_differences([_comparison()], [_known(where='ID == "2"'), _known(id="K2", where='ID == "3"')])
    assert explained.findings.ok
    assert explained.differences.get_column("cause").to_list() == ["K1", "K2"]


def test_the_report_shows_datasets_causes_and_what_has_none() -> None:
    report = render_differences(explain_differences([_comparison()], [_known(where='ID == "2"')]), "Ours and theirs")
    assert "| XX | 3 | 9 | 2 | 1 |" in report
    assert "## K1: XX N" in report
    assert "| XX | ID=2 | N |  | 2.0 |" in report
    assert report.index("Without a cause") < report.index("ID=3")


def test_a_list_that_cannot_be_read_is_a_finding_with_its_line() -> None:
    lines = (
        "differences:",
        "  - id: K1",
        "    dataset: XX",
        "    variables: [N]",
        "    count: 0",
        "    cause: a",
        "    evidence: b",
    )
    document, _ = parse_located("\n".join(lines), "tabulation/differences.yaml")
    assert document is not None
    with pytest.raises(Refused) as refused:
        read_known_differences(document)
    assert refused.value.findings.codes() == ("CMP-003",)
    assert refused.value.findings.items[0].place.line == 5


def test_a_study_without_a_list_knows_no_differences() -> None:
    assert read_known_differences(None).differences == ()


def test_supplemental_values_are_compared_by_the_record_that_they_are_about() -> None:
    parent = pl.DataFrame({"USUBJID": ["1", "1"], "LBSEQ": [1.0, 2.0], "LBTESTCD": ["ALB", "ALT"]})
    renumbered = parent.with_columns(LBSEQ=pl.Series([1.0, 3.0]))
    ours = pl.DataFrame({"USUBJID": ["1", "1"], "IDVARVAL": ["1", "2"], "QVAL": ["a", "b"]})
    theirs = ours.with_columns(IDVARVAL=pl.Series(["       1", "       3"]))
    keys = ("USUBJID", "LBTESTCD")
    left = supplemental_by_record(ours, parent, "LBSEQ", keys)
    right = supplemental_by_record(theirs, renumbered, "LBSEQ", keys)
    assert _found(left.drop("IDVARVAL"), right.drop("IDVARVAL"), *keys) == set()
