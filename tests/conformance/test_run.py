"""Rules over small datasets: how each ends, and what findings hold."""

from __future__ import annotations

import time

import polars as pl
import pytest

from opencro.conformance import Report, Setting, Table, conform, parse_rule, render_page, render_text, render_workbook

AE = Table(
    "AE", pl.DataFrame({"DOMAIN": ["AE", "AE"], "USUBJID": ["1", "2"], "AESEQ": [1.0, 2.0], "AETERM": [None, "x"]})
)


def run(check: str, *tables: Table, extra: str = "", setting: Setting | None = None) -> Report:
    text = f"Core: {{Id: R}}\nRule Type: Record Data\nCheck: {check}\nOutcome: {{Message: --TERM is wrong}}\n{extra}"
    rule, findings = parse_rule(text, "r.yml")
    assert rule is not None, findings
    return conform(tables or (AE,), [rule], setting)


def test_a_finding_has_its_row_its_values_and_its_keys() -> None:
    report = run("{all: [{name: --TERM, operator: empty}]}")
    issue = report.issues[0]
    assert (issue.dataset, issue.row, issue.message) == ("AE", 1, "AETERM is wrong")
    assert issue.values == {"AETERM": None}
    assert issue.keys == {"USUBJID": "1", "AESEQ": 1.0}
    assert issue.id == "R/AE/1"


def test_a_missing_column_takes_a_test_out_of_any_and_the_rule_off_under_all() -> None:
    absent, present = "{name: AEX, operator: empty}", "{name: AETERM, operator: empty}"
    assert run(f"{{all: [{absent}, {present}]}}").outcomes[0].status == "skipped"
    assert run(f"{{any: [{absent}, {present}]}}").outcomes[0].count == 1
    assert run(f"{{any: [{absent}]}}").outcomes[0].reason == "no column AEX"


def test_a_missing_dataset_skips_the_rule() -> None:
    extra = "Operations: [{id: $n, operator: record_count, domain: DM}]"
    outcome = run("{all: [{name: $n, operator: equal_to, value: 0}]}", extra=extra).outcomes[0]
    assert (outcome.status, outcome.reason) == ("skipped", "no dataset DM")


def test_dataset_sensitivity_gives_one_finding_without_a_row() -> None:
    report = run("{all: [{name: AESEQ, operator: non_empty}]}", extra="Sensitivity: Dataset")
    assert [(i.row, i.values) for i in report.issues] == [(None, {"AESEQ": 1.0})]


def test_all_findings_are_counted_and_only_some_are_held() -> None:
    many = Table(
        "AE",
        pl.DataFrame(
            {"DOMAIN": ["AE"] * 1_000_000, "AETERM": [None] * 1_000_000}, schema_overrides={"AETERM": pl.String}
        ),
    )
    outcome = run("{all: [{name: AETERM, operator: empty}]}", many, setting=Setting(limit=10)).outcomes[0]
    assert (outcome.count, len(outcome.issues)) == (1_000_000, 10)
    assert "999990 more findings" in render_text(Report((outcome,)))


def test_a_hostile_pattern_ends_at_once() -> None:
    bomb = Table("AE", pl.DataFrame({"DOMAIN": ["AE"], "AETERM": ["a" * 100_000]}))
    start = time.process_time()
    assert run("{all: [{name: AETERM, operator: matches_regex, value: '(a+)+$'}]}", bomb).outcomes[0].count == 1
    assert time.process_time() - start < 2
    backward = run(r"{all: [{name: AETERM, operator: matches_regex, value: '(a)\1'}]}", bomb).outcomes[0]
    assert backward.status == "not run"
    huge = run("{all: [{name: AETERM, operator: matches_regex, value: '((a{1000}){1000}){1000}'}]}", bomb).outcomes[0]
    assert huge.status == "not run"


def test_a_look_ahead_at_the_start_is_a_second_match() -> None:
    terms = Table("AE", pl.DataFrame({"DOMAIN": ["AE"] * 3, "AETERM": ["abc", "xbc", "1"]}))
    report = run("{all: [{name: AETERM, operator: matches_regex, value: '^(?!ab)[a-z]+'}]}", terms)
    assert [i.row for i in report.issues] == [2]


@pytest.mark.parametrize(("value", "rows"), [("'2'", []), ("2", [2])])
def test_a_text_is_never_equal_to_a_number(value: str, rows: list[int]) -> None:
    assert [i.row for i in run(f"{{all: [{{name: AESEQ, operator: equal_to, value: {value}}}]}}").issues] == rows


def test_wrong_types_end_in_a_status_and_not_in_an_exception() -> None:
    for operator in ("date_greater_than", "longer_than", "contains", "is_contained_by", "less_than", "starts_with"):
        assert run(f"{{all: [{{name: AESEQ, operator: {operator}, value: USUBJID}}]}}").outcomes[0].status in (
            "passed",
            "failed",
        )


def test_split_datasets_are_checked_as_one() -> None:
    parts = [Table(name, pl.DataFrame({"DOMAIN": ["QS"], "USUBJID": ["1"], "QSSEQ": [1.0]})) for name in ("QSA", "QSB")]
    report = run(
        "{all: [{name: USUBJID, operator: is_not_unique_set, value: QSSEQ}]}",
        *parts,
        extra="Scope: {Domains: {Include: [QS]}}",
    )
    assert [(i.dataset, i.row) for i in report.issues] == [("QSA", 1), ("QSB", 1)]


def test_reports_say_what_was_found() -> None:
    report = run("{all: [{name: AETERM, operator: empty}]}")
    assert render_text(report).splitlines()[-1] == "1 rules: 1 failed"
    assert "AETERM is wrong" in render_page(report)
    assert render_workbook(report).startswith(b"PK")
