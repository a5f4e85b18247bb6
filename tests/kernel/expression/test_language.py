"""What single expressions mean, and what is said of those that mean nothing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from opencro.kernel.expression import Expression, Types, check_expression, evaluate, parse_expression
from opencro.kernel.finding import Place

ROW = {"SEX": "M", "AGE": "64", "DM.AGE": "65", "EMPTY": "", "START": "2014-01-02", "END": "FEB-2014", "SYSBP": 120.0}
TYPES: Types = {"SEX": "text", "AGE": "number", "DM.AGE": "number", "START": "date", "END": "date", "SYSBP": "number"}


def _parsed(text: str) -> Expression:
    parsed = parse_expression(text)
    assert isinstance(parsed, Expression), parsed
    return parsed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SEX == "M" and AGE < DM.AGE', True),
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("-2 * -(3 + 1)", 8.0),
        ("1 - 2 - 3", -4.0),
        ('SEX == "M" or SEX == "F" and AGE > 100', True),
        ('not SEX == "M"', False),
        ("EMPTY is missing and NOWHERE is missing and SEX is present", True),
        ("EMPTY == 1 or EMPTY != 1 or EMPTY in (1, 2) or EMPTY not in (1, 2)", False),
        ("not (EMPTY == 1)", True),
        ('SEX in ("M", "F")', True),
        ('SEX not in ("M", "F")', False),
        ("AGE in (63, 64)", True),
        ("AGE / 0", None),
        ("EMPTY + 1", None),
        ('length(SEX) + length(upper(trim(" ab ")))', 3.0),
        ('contains("headache", "ache") and not contains("headache", "Ache")', True),
        ('starts_with("E11.9", "E11")', True),
        ('number("x")', None),
        ('number(" 12.50 ")', 12.5),
        ("year(END)", 2014.0),
        ("date(END)", None),
        ("date(START)", date(2014, 1, 2)),
        ('days_between(START, "05-JAN-2014")', 3.0),
        ('age_years("29-FEB-1952", "2014-02-28")', 61.0),
        ('age_years("29-FEB-1952", "2014-03-01")', 62.0),
        ("round(2.675, 2)", 2.68),
        ("round(-0.5)", -1.0),
        ("abs(-3)", 3.0),
        ("min(EMPTY, 3, SYSBP)", 3.0),
        ("max(AGE, DM.AGE)", 65.0),
        ("min(EMPTY)", None),
        ("sum(EMPTY, 3, SYSBP)", 123.0),
        ("sum(EMPTY)", None),
        ("mean(EMPTY, 1, 2)", 1.5),
        ("round_down(-2.5)", -3.0),
        ("round_down(0.29 * 100)", 29.0),
        ("round_up(2.01, 1)", 2.1),
        ("round_up(-2.5)", -2.0),
        ("sqrt(SYSBP + 1)", 11.0),
        ("sqrt(-1)", None),
        ("power(2, 10)", 1024.0),
        ("power(0, -1)", None),
        ("power(10, 400)", None),
        ('selected("A;B", "B") and not selected("AB;C", "B")', True),
        ('selected(EMPTY, "B")', False),
        ('if(AGE > 60, "old", "young")', "old"),
        ("if(EMPTY > 60, 1, SYSBP)", 120.0),
        ("if(AGE > 60, missing, 1) is missing", True),
        ("if(AGE > 60, EMPTY, START)", None),
        ("if(AGE > 60, AGE > 61, false) == true", True),
        ("`SYSBP` > 100", True),
        ('"say ""x"""', 'say "x"'),
        ("(AGE > 1) == true", True),
        ("END < START", False),
    ],
)
def test_an_expression_gives(text: str, expected: object) -> None:
    assert evaluate(_parsed(text), ROW, TYPES) == expected


def test_names_come_once_in_the_order_of_writing() -> None:
    assert _parsed('B > A and F.X in ("1") or B is missing').names() == ("B", "A", "F.X")


@pytest.mark.parametrize(
    ("text", "code", "column", "remedy"),
    [
        ("AGE = 3", "EXP-001", 5, "Write `==`."),
        ("AGE > 3 && SEX", "EXP-001", 9, "Write `and`."),
        ("AGE ~ 3", "EXP-001", 5, "grammar"),
        ("AGE >", "EXP-002", 6, "Complete"),
        ("", "EXP-002", 1, "Complete"),
        ("(AGE", "EXP-002", 5, "Complete"),
        ("AGE 3", "EXP-002", 5, "grammar"),
        ("1 < AGE < 3", "EXP-002", 9, "a < b and b < c"),
        ("AGE is 3", "EXP-002", 8, "grammar"),
        ("AGE in (SEX)", "EXP-002", 9, "grammar"),
        ('SEX == "M', "EXP-003", 8, "Close it"),
        ("AGE at > 3", "EXP-002", 8, "grammar"),
        ('AGE at "BL"', "EXP-002", 8, "grammar"),
        ("round(AGE) at BL", "EXP-002", 12, "grammar"),
        ("lenght(SEX)", "EXP-004", 1, 'Did you mean "length"?'),
        ("length()", "EXP-005", 1, "arguments"),
        ("round(AGE, AGE)", "EXP-005", 12, "number"),
        ("round(AGE, 1.5)", "EXP-005", 12, "number"),
        ("(" * 61 + "1" + ")" * 61, "EXP-006", 62, "Split"),
        ("+".join(["1"] * 200), "EXP-006", 121, "Split"),
        ("a" * 20_001, "EXP-006", 1, "Shorten"),
    ],
)
def test_what_cannot_be_read_is_a_finding_with_its_column(text: str, code: str, column: int, remedy: str) -> None:
    found = parse_expression(text, Place("forms/checks.yaml", 7))
    assert not isinstance(found, Expression)
    (finding,) = found
    assert (finding.code, finding.place.line) == (code, 7)
    assert f"at column {column} of" in finding.got
    assert remedy in finding.remedy


def test_a_long_chain_of_alternatives_is_not_deep() -> None:
    text = " or ".join(f'SEX == "{i}"' for i in range(500)) + ' or SEX == "M"'
    assert evaluate(_parsed(text), ROW) is True


@pytest.mark.parametrize(
    ("text", "codes", "words"),
    [
        ("AGE > 3", (), ""),
        ('SEX == "M" and START < "2014-02-01"', (), ""),
        ("SEX == 1", (), ""),
        ("AGEE > 3", ("EXP-007",), 'Did you mean "AGE"?'),
        ("SEX and AGE > 3", ("EXP-008",), "a text value at column 1"),
        ('AGE == "M"', ("EXP-008",), "a text value at column 8"),
        ('START > "yesterday"', ("EXP-008",), "a text value at column 9"),
        ("upper(AGE) is present", ("EXP-008",), "a number value at column 7"),
        ("AGE + (SEX is missing)", ("EXP-008",), "a boolean value at column 8"),
        ("(AGE > 1) < (AGE > 2)", ("EXP-008",), "`<` of conditions"),
        ("AGE == missing", ("EXP-009",), "is missing"),
        ('SEX in ("M", "")', ("EXP-009",), "is missing"),
    ],
)
def test_what_makes_no_sense_is_found(text: str, codes: tuple[str, ...], words: str) -> None:
    findings = check_expression(_parsed(text), TYPES)
    assert findings.codes() == codes
    assert all(words in f"{f.got} {f.remedy}" for f in findings)


def test_a_condition_may_be_demanded() -> None:
    assert check_expression(_parsed("AGE + 1"), TYPES, gives="boolean").codes() == ("EXP-008",)
    assert check_expression(_parsed("AGE + 1"), TYPES, gives="number").ok


def test_both_values_of_a_branch_have_one_type() -> None:
    assert check_expression(_parsed("if(AGE > 60, SYSBP, AGE)"), TYPES, gives="number").ok
    assert check_expression(_parsed('if(AGE > 60, SYSBP, "high")'), TYPES).codes() == ("EXP-008",)
    assert check_expression(_parsed("if(AGE, 1, 2)"), TYPES).codes() == ("EXP-008",)
    assert check_expression(_parsed("if(SEX is missing, START, END)"), TYPES, gives="date").ok


def test_the_collected_text_of_a_date_may_be_asked_for_its_year() -> None:
    assert check_expression(_parsed("year(END)"), TYPES, gives="number").ok
    assert check_expression(_parsed("year(AGE)"), TYPES).codes() == ("EXP-008",)


def test_a_value_of_another_visit_is_a_name_with_the_type_of_its_item() -> None:
    change = _parsed("AGE - DM.AGE at previous > 1 and START at BL < START and AGE is present")
    assert change.names() == ("AGE", "DM.AGE at previous", "START at BL", "START")
    assert change.items() == ("AGE", "DM.AGE", "START")
    row = {"AGE": "10", "DM.AGE at previous": "8.0", "START": "03-JAN-2014", "START at BL": "2014-01-02"}
    assert evaluate(change, row, TYPES) is True
    assert evaluate(change, {**row, "START at BL": "04-JAN-2014"}, TYPES) is False
    assert evaluate(_parsed("AGE at BL < AGE"), {"AGE": "10", "AGE at BL": "9"}, TYPES) is True
    assert check_expression(change, TYPES, gives="boolean", visits=["BL"]).ok


@pytest.mark.parametrize(
    ("text", "visits", "code", "words"),
    [
        ("AGE at BL > 3", None, "EXP-010", "edit checks"),
        ("AGE at previous > 3", None, "EXP-010", "edit checks"),
        ("AGE at BLL > 3", ["BL"], "EXP-011", 'Did you mean "BL"?'),
        ("AGE at last > 3", [], "EXP-011", "schedule"),
        ("AGEE at BL > 3", ["BL"], "EXP-007", 'Did you mean "AGE"?'),
        ('AGE at BL == "M"', ["BL"], "EXP-008", "number"),
    ],
)
def test_an_unknown_visit_or_one_where_there_is_none_is_a_finding(
    text: str, visits: list[str] | None, code: str, words: str
) -> None:
    (finding,) = check_expression(_parsed(text), TYPES, visits=visits)
    assert finding.code == code
    assert words in finding.remedy


def test_every_code_and_function_is_documented(root: Path) -> None:
    page = (root / "docs" / "expressions.md").read_text(encoding="utf-8")
    source = root / "src" / "opencro" / "kernel" / "expression"
    text = "".join(path.read_text(encoding="utf-8") for path in source.glob("*.py"))
    assert all(f"### {code}" in page for code in set(re.findall(r"EXP-\d{3}", text)))
    functions = re.findall(r'^    "(\w+)": Function\(', (source / "functions.py").read_text(encoding="utf-8"), re.M)
    assert len(functions) == 23
    assert all(f"| `{name}(" in page for name in functions)


def test_the_examples_of_the_page_run(root: Path) -> None:
    page = (root / "docs" / "expressions.md").read_text(encoding="utf-8")
    examples = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", page, re.M)
    assert len(examples) >= 10
    for text, row, result in examples:
        names = dict(re.findall(r'(\w[\w ]*) = "(.*?)"', row))
        assert str(evaluate(_parsed(text), names)) == result, text
