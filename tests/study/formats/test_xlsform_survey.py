"""What becomes of the rows of a workbook, and every finding with its positive case and a near miss."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter

from opencro.kernel.finding import Refused, Severity, render_finding
from opencro.study import Item
from opencro.study.formats.xlsform import XlsformImport, read_xlsform

CHOICES = """
| choices |
| | list_name | name | label | label::French (fr) |
| | yn | y | Yes | Oui |
| | yn | n | No | Non |
"""
PLAIN = "| | text | x | Question |"


def _read(survey: str, columns: str = "type | name | label", more: str = CHOICES) -> XlsformImport:
    return read_xlsform(f"| survey |\n| | {columns} |\n{survey}\n{more}".encode(), "form.md")


def _items(found: XlsformImport) -> dict[str, Item]:
    return {item.id: item for form in found.forms for group in form.groups for item in group.items}


def _workbook(**sheets: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return target.getvalue()


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("text", {"type": "text"}),
        ("string", {"type": "text"}),
        ("Integer", {"type": "integer"}),
        ("decimal", {"type": "decimal"}),
        ("date", {"type": "date"}),
        ("time", {"type": "time"}),
        ("dateTime", {"type": "datetime"}),
        ("image", {"type": "file"}),
        ("audio", {"type": "file"}),
        ("video", {"type": "file"}),
        ("file", {"type": "file"}),
        ("barcode", {"type": "text"}),
        ("geopoint", {"type": "text"}),
        ("geotrace", {"type": "text"}),
        ("geoshape", {"type": "text"}),
        ("percentage", {"type": "integer", "minimum": 0.0, "maximum": 100.0}),
        ("acknowledge", {"type": "choice", "codes": "ACKNOWLEDGE"}),
        ("select_one yn", {"type": "choice", "codes": "yn"}),
        ("select one from yn", {"type": "choice", "codes": "yn"}),
        ("select_multiple yn", {"type": "choices", "codes": "yn"}),
        ("select all that apply from yn", {"type": "choices", "codes": "yn"}),
        ("select_one_from_file places.csv", {"type": "text"}),
        ("rank yn", {"type": "text"}),
        ("range", {"type": "integer", "minimum": 0.0, "maximum": 10.0}),
        ("hidden", {"show_when": "false"}),
    ],
)
def test_a_type_becomes_an_item(written: str, values: dict[str, object]) -> None:
    found = _read(f"| | {written} | x | Question |")
    assert found.findings.ok, [render_finding(f) for f in found.findings]
    item = _items(found)["x"]
    assert {name: getattr(item, name) for name in values} == values


@pytest.mark.parametrize("written", ["start", "end", "today", "deviceid", "audit", "osm yn", "include other"])
def test_what_a_device_adds_is_left_out_and_named(written: str) -> None:
    found = _read(f"{PLAIN}\n| | {written} | y | Label |")
    assert list(_items(found)) == ["x"]
    assert "XLF-022" in found.findings.codes()


def test_a_range_takes_its_ends_from_the_parameters() -> None:
    found = _read("| | range | x | How much? | start=-1 end=1 step=0.5 |", "type | name | label | parameters")
    item = _items(found)["x"]
    assert (item.type, item.minimum, item.maximum) == ("decimal", -1.0, 1.0)
    assert [f.code for f in found.findings] == ["XLF-024", "XLF-021"]


def test_groups_and_repeats_become_item_groups_in_order() -> None:
    found = _read(
        """
| | text | a | A |
| | begin group | g | Group |
| | text | b | B |
| | begin repeat | r | Repeat |
| | text | c | C |
| | begin group | inner | Inner |
| | text | d | D |
| | end group |
| | text | e | E |
| | end repeat |
| | text | f | F |
| | end group |
| | text | h | H |
"""
    )
    groups = found.forms[0].groups
    assert [(g.id, g.label, g.repeating, [i.id for i in g.items]) for g in groups] == [
        ("form", "", False, ["a"]),
        ("g", "Group", False, ["b"]),
        ("r", "Repeat", True, ["c", "d", "e"]),
        ("g_2", "", False, ["f"]),
        ("form_2", "", False, ["h"]),
    ]
    assert _items(found)["d"].section == "Inner"
    assert not found.findings


def test_a_loop_is_written_out_for_each_choice() -> None:
    found = _read("| | begin loop over yn | l | L |\n| | integer | n | How many %(label)s? |\n| | end loop | ")
    assert [(g.id, g.label) for g in found.forms[0].groups] == [("l_y", "Yes"), ("l_n", "No")]
    assert {i.id: i.label for i in _items(found).values()} == {"n": "How many Yes?", "l_n_n": "How many No?"}


def test_or_other_asks_what_is_meant() -> None:
    items = _items(found := _read("| | select_one yn or_other | x | Question |"))
    assert items["x_other"].show_when == 'x == "other"'
    assert [c.value for c in next(c for c in found.codelists if c.id == "yn_other").codes] == ["y", "n", "other"]


def test_texts_in_other_languages_are_translations() -> None:
    columns = (
        "type | name | label::English (en) | label::French (fr) | hint::French (fr) | constraint | constraint_message"
    )
    found = _read("| | integer | x | Age | Âge | en ans | . > 0 | too low |", columns)
    assert _items(found)["x"].label == "Age"
    assert found.translations["fr"] == {
        "item.form.x": "Âge",
        "help.form.x": "en ans",
        "code.yn.y": "Oui",
        "code.yn.n": "Non",
    }
    assert found.checks[0].message == "too low"


def test_a_choice_filter_becomes_a_check_that_refuses_what_does_not_fit() -> None:
    survey = "| | text | where | Where? | |\n| | select_one yn | x | Question | zone=${where} |"
    more = "| choices |\n| | list_name | name | zone |\n| | yn | y | a |\n| | yn | n | b |"
    found = _read(survey, "type | name | label | choice_filter", more)
    check = found.checks[0]
    assert check.when == 'x == "y" and not ("a" == where) or x == "n" and not ("b" == where)'
    assert (check.item, check.severity) == ("x", "stop")
    assert found.findings.codes() == ("XLF-028",)


def test_a_required_answer_may_depend_on_another() -> None:
    columns = "type | name | label | relevant | required"
    found = _read(f"{PLAIN}\n| | text | y | Y | ${{x}} != '' | ${{x}} = 'a' |", columns)
    assert found.checks[0].when == 'x is present and x == "a" and y is missing'
    assert not _items(found)["y"].required


def test_a_workbook_is_read_as_its_cells_are_typed() -> None:
    data = _workbook(
        Survey=[["Type", "Name", "Label", "Required"], ["select_one n", "x", 12.0, True], ["", "", "", ""]],
        choices=[["list name", "name", "label"], ["n", 1, "one"], ["n", 2.5, "more"]],
        settings=[["form_title", "form_id", "version"], ["A form", "a form", 7]],
    )
    found = read_xlsform(data, "book.xlsx")
    assert (found.title, found.version, found.forms[0].id) == ("A form", "7", "a_form")
    assert (_items(found)["x"].label, _items(found)["x"].required) == ("12", True)
    assert [code.value for code in found.codelists[0].codes] == ["1", "2.5"]


def test_a_single_sheet_needs_no_name() -> None:
    assert read_xlsform(_workbook(Sheet1=[["type", "name"], ["text", "x"]])).findings.ok


def test_csv_and_markdown_say_the_same() -> None:
    text = 'survey,,,\n,type,name,label\n,select_one yn,x,"A, b"\nchoices,,,\n,list_name,name,label\n,yn,y,Yes\n'
    table = (
        "| survey |\n| | type | name | label |\n| | select_one yn | x | A, b |\n"
        "| choices |\n| | list_name | name | label |\n| | yn | y | Yes |"
    )
    assert read_xlsform(text.encode(), "f.csv").forms == read_xlsform(table.encode(), "f.md").forms


ERRORS = [
    ("XLF-003", PLAIN, "type | name | label | label", PLAIN, "type | name | label | hint"),
    ("XLF-004", "| | text | | Question |", "", PLAIN, ""),
    ("XLF-004", "| | | x | Question |", "", PLAIN, ""),
    ("XLF-004", "| | text | 1x | Question |", "", "| | text | x1 | Question |", ""),
    ("XLF-005", "| | texxt | x | Question |", "", PLAIN, ""),
    ("XLF-006", f"{PLAIN}\n| | text | X | Again |", "", f"{PLAIN}\n| | text | y | Again |", ""),
    ("XLF-007", "| | select_one ny | x | Question |", "", "| | select_one yn | x | Question |", ""),
    ("XLF-008", "| | begin group | g | G |\n| | text | x | X |", "", PLAIN, ""),
    ("XLF-008", f"{PLAIN}\n| | end group |", "", PLAIN, ""),
    ("XLF-008", f"| | begin repeat | g | G |\n{PLAIN}\n| | end group |", "", PLAIN, ""),
    ("XLF-009", f"{PLAIN}\n| | text | y | Y | ${{z}} = 1 |", "type | name | label | relevant", PLAIN, ""),
    ("XLF-009", f"{PLAIN}\n| | text | y | Y | ${{x}} = |", "type | name | label | relevant", PLAIN, ""),
    ("XLF-009", "| | calculate | x | X |", "", PLAIN, ""),
    ("XLF-009", "| | text | x | Dear ${z} |", "", PLAIN, ""),
    (
        "XLF-009",
        "| | calculate | x | | ${y} |\n| | calculate | y | | ${x} |",
        "type | name | label | calculation",
        "| | calculate | x | | 1 |\n| | calculate | y | | ${x} |",
        "type | name | label | calculation",
    ),
    ("XLF-010", "| | note | x | Nothing is asked |", "", PLAIN, ""),
]


@pytest.mark.parametrize(("code", "wrong", "columns", "right", "right_columns"), ERRORS)
def test_an_error_is_found_with_its_row(code: str, wrong: str, columns: str, right: str, right_columns: str) -> None:
    found = _read(wrong, columns or "type | name | label")
    errors = [f for f in found.findings.errors if f.code == code]
    assert errors
    assert all(f.place.path.startswith("survey") and f.remedy for f in errors)
    near = _read(right, right_columns or "type | name | label")
    assert near.findings.ok


@pytest.mark.parametrize(
    ("data", "file", "code"),
    [
        (b"\xff\xfe\x00", "f.csv", "XLF-001"),
        (b"PK\x03\x04 no workbook", "f.xlsx", "XLF-001"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no workbook", "f.xls", "XLF-001"),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, file: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_xlsform(data, file)
    assert refused.value.findings.codes() == (code,)


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "| choices |\n| | list_name | name |\n| | a | b |", "| survey |\n| | name | label |\n| | x | X |"],
)
def test_without_a_survey_there_is_no_form(text: str) -> None:
    assert "XLF-002" in {f.code for f in read_xlsform(text.encode(), "f.md").findings.errors}


def test_choices_are_named_once() -> None:
    twice = "| choices |\n| | list_name | name | label |\n| | yn | y | Yes |\n| | yn | y | Again |"
    survey = "| | select_one yn | x | X |"
    assert [f.code for f in _read(survey, more=twice).findings.errors] == ["XLF-007"]
    allowed = f"{twice}\n| settings |\n| | allow_choice_duplicates |\n| | yes |"
    assert _read(survey, more=allowed).findings.ok


WARNINGS = [
    ("XLF-020", "| | text | _x | Question |", "", 3),
    ("XLF-021", "| | geopoint | x | Where? |", "", 3),
    ("XLF-021", f"| | note | n | Read this |\n{PLAIN}", "", 3),
    ("XLF-022", f"{PLAIN}\n| | osm yn | y | Map |", "", 4),
    ("XLF-023", "| | text | x | X | regex(., 'a') |", "type | name | label | constraint", 3),
    ("XLF-023", "| | date | x | X | . < today() |", "type | name | label | constraint", 3),
    ("XLF-024", "| | text | x | X | minimal |", "type | name | label | appearance", 3),
    ("XLF-024", "| | text | x | X | 5 |", "type | name | label | default", 3),
    ("XLF-025", f"{PLAIN}\n| | text | y | Dear ${{x}} |", "", 4),
    ("XLF-026", "| | text | x | X | Y |", "type | name | label | label::Klingon", None),
    ("XLF-027", f"| | begin repeat | r | R | 3 |\n{PLAIN}\n| | end repeat |", "type | name | label | repeat_count", 3),
    (
        "XLF-027",
        f"| | begin repeat | r | R |\n| | begin repeat | s | S |\n{PLAIN}\n| | end repeat |\n| | end repeat |",
        "",
        4,
    ),
]


@pytest.mark.parametrize(("code", "survey", "columns", "row"), WARNINGS)
def test_what_cannot_be_said_here_is_listed(code: str, survey: str, columns: str, row: int | None) -> None:
    found = _read(survey, columns or "type | name | label")
    assert found.findings.ok
    told = [f for f in found.findings if f.code == code]
    assert told
    assert told[0].place.line in (row, row - 1 if row else None)
    assert told[0].severity is not Severity.ERROR
    assert code not in _read(PLAIN).findings.codes()


def test_other_sheets_and_settings_are_listed() -> None:
    more = "| entities |\n| | dataset |\n| | people |\n| settings |\n| | form_title | style |\n| | F | pages |"
    codes = _read(PLAIN, more=more).findings.codes()
    assert set(codes) == {"XLF-028", "XLF-029"}
