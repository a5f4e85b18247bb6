"""What becomes of the fields of a dictionary, and every finding with its positive case and a near miss."""

from __future__ import annotations

import csv
import io

import pytest

from opencro.kernel.finding import Refused, render_finding
from opencro.study import Form, Item
from opencro.study.formats.redcap import COLUMNS, RedcapImport, read_redcap

Row = dict[str, str]
FIRST: Row = {"field_name": "record_id", "form_name": "visit", "field_type": "text", "field_label": "Record"}
VALIDATION = "text_validation_type_or_show_slider_number"
CHOICES = "select_choices_or_calculations"


def _dictionary(*rows: Row, api: bool = False, delimiter: str = ",") -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(COLUMNS if api else COLUMNS.values())
    for row in (FIRST, *rows):
        whole = {"field_name": "x", "form_name": "visit", "field_type": "text", "field_label": "Question", **row}
        writer.writerow([whole.get(name, "") for name in COLUMNS])
    return target.getvalue().encode()


def _read(*rows: Row) -> RedcapImport:
    return read_redcap(_dictionary(*rows), "dictionary.csv")


def _item(found: RedcapImport, name: str = "x") -> Item:
    return next(item for form in found.forms for group in form.groups for item in group.items if item.id == name)


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ({VALIDATION: "integer"}, {"type": "integer"}),
        ({VALIDATION: "number", "text_validation_min": "1,5"}, {"type": "decimal", "minimum": 1.5}),
        ({VALIDATION: "number_2dp", "text_validation_max": "9"}, {"type": "decimal", "decimals": 2, "maximum": 9.0}),
        ({VALIDATION: "date_mdy"}, {"type": "date"}),
        ({VALIDATION: "datetime_seconds_ymd"}, {"type": "datetime"}),
        ({VALIDATION: "time"}, {"type": "time"}),
        ({"field_type": "notes"}, {"type": "text", "lines": 4}),
        ({"field_type": "file"}, {"type": "file"}),
        ({"field_type": "yesno"}, {"type": "choice", "codes": "YESNO"}),
        ({"field_type": "truefalse"}, {"type": "choice", "codes": "TRUEFALSE"}),
        ({"field_type": "radio", CHOICES: "1, Yes | 2, No, never"}, {"type": "choice", "codes": "x"}),
        ({"field_type": "checkbox", CHOICES: "1, Yes\n2, No"}, {"type": "choices", "codes": "x"}),
        ({"field_type": "slider", CHOICES: "low | mid | high"}, {"help": "0 = low; 50 = mid; 100 = high"}),
        ({"field_note": "in cm", "section_header": "Body"}, {"help": "in cm", "section": "Body"}),
        ({"required_field": "y", "identifier": "y"}, {"required": True, "sensitive": True}),
        ({"field_label": "<b>How</b><br>much?&nbsp;"}, {"label": "How\nmuch?"}),
        ({"field_annotation": "@CHARLIMIT=12"}, {"length": 12}),
        ({"field_annotation": "@CALCTEXT(if([record_id] = 'a', 'A', ''))"},
         {"derive": 'if(record_id == "a", "A", missing)'}),
        ({"field_label": ""}, {"label": "x"}),
    ],
)  # fmt: skip
def test_a_field_becomes_an_item(row: Row, values: dict[str, object]) -> None:
    found = _read(row)
    assert found.findings.ok
    item = _item(found)
    assert {name: getattr(item, name) for name in values} == values


def test_a_matrix_is_a_group_whose_items_share_their_answers() -> None:
    rows = [{"field_name": name, "field_type": "radio", CHOICES: "0, No | 1, Yes", "matrix_group_name": "diary"}
            for name in ("a", "b")]  # fmt: skip
    found = _read(*rows, {"field_name": "c"})
    (form,) = found.forms
    assert [group.id for group in form.groups] == ["visit", "diary", "visit_2"]
    assert {item.codes for item in form.groups[1].items} == {"diary"}
    assert [(c.value, c.label) for c in found.codelists[0].codes] == [("0", "No"), ("1", "Yes")]


def test_what_only_shows_something_stands_over_the_next_item() -> None:
    shown = {"field_name": "hello", "field_type": "descriptive", "field_label": "Read this first."}
    found = _read(shown, {"section_header": "Part B"}, {**shown, "field_name": "bye"})
    assert _item(found).section == "Read this first.\nPart B"
    assert [f.got for f in found.findings if f.code == "RCP-024"][-1] == "a text at the end of a form"


def test_limits_of_dates_become_edit_checks() -> None:
    limits = {"text_validation_min": "2020-01-01", "text_validation_max": "[record_date]"}
    found = _read({"field_name": "record_date", VALIDATION: "date_ymd"}, {VALIDATION: "date_ymd", **limits})
    assert [(c.id, c.when, c.severity) for c in found.checks] == [
        ("x_minimum", 'x < "2020-01-01"', "warning"),
        ("x_maximum", "x > record_date", "warning"),
    ]


def test_forms_of_a_dictionary_belong_to_the_participant() -> None:
    forms: tuple[Form, ...] = _read({"form_name": "end_of_study"}).forms
    assert [(f.id, f.title, f.participant_level) for f in forms] == [
        ("visit", "Visit", True),
        ("end_of_study", "End of study", True),
    ]


def test_both_headers_give_the_same() -> None:
    assert read_redcap(_dictionary(api=True)).forms == read_redcap(_dictionary()).forms


@pytest.mark.parametrize(
    ("code", "row", "words"),
    [
        ("RCP-005", {"field_name": "record_id"}, "given twice"),
        ("RCP-005", {"field_name": "1st"}, "begins with a letter"),
        ("RCP-005", {"form_name": ""}, "Name the field and its form"),
        ("RCP-006", {"field_type": "radoi"}, 'Did you mean "radio"?'),
        ("RCP-007", {"field_type": "radio"}, "no choices"),
        ("RCP-007", {"field_type": "radio", CHOICES: "1, A | 1, B"}, 'code "1" twice'),
        ("RCP-007", {"field_type": "dropdown", CHOICES: ", A"}, "without a code"),
        ("RCP-007", {"field_type": "dropdown", CHOICES: "A | B"}, "without a comma"),
        ("RCP-020", {VALIDATION: "email"}, "write an edit check"),
        ("RCP-020", {VALIDATION: "number_1dp_comma_decimal"}, "decimal comma"),
        ("RCP-021", {VALIDATION: "email", "text_validation_min": "5"}, "a limit"),
        ("RCP-021", {VALIDATION: "number", "text_validation_min": "9", "text_validation_max": "1"}, "9 above"),
        ("RCP-021", {VALIDATION: "date_ymd", "text_validation_max": "today"}, "asks the clock"),
        ("RCP-021", {VALIDATION: "datetime_ymd", "text_validation_max": "2020-01-01 10:00"}, "Days are compared"),
        ("RCP-022", {"branching_logic": "[nowhere] = '1'"}, "dictionary.csv:3 (x)"),
        ("RCP-022", {"field_type": "calc", CHOICES: "median(1, 2)"}, "It is typed"),
        ("RCP-023", {"field_annotation": "@TODAY @HIDDEN"}, "@HIDDEN"),
        ("RCP-024", {"field_type": "sql", CHOICES: "select 1"}, "code list"),
        ("RCP-024", {"field_type": "file", VALIDATION: "signature"}, "electronic signature"),
        ("RCP-024", {"field_type": "slider"}, "a slider"),
        ("RCP-025", {"custom_alignment": "LH"}, "alignment was not read, 1 times"),
        ("RCP-025", {"question_number": "1"}, "number of a question"),
        ("RCP-025", {"matrix_ranking": "y"}, "ranking"),
        ("RCP-025", {"field_annotation": "seen by A."}, "annotation"),
        ("RCP-026", {"field_label": "<p>Why</p>"}, "markup"),
        ("RCP-027", {"field_label": "How old is [record_id]?"}, "from [record_id]"),
        ("RCP-029", {"form_name": "visit 2"}, '"visit 2" is called visit_2'),
    ],
)
def test_a_finding_says_what_was_not_carried(code: str, row: Row, words: str) -> None:
    said = [render_finding(finding) for finding in _read(row).findings if finding.code == code]
    assert any(words in line for line in said), said


@pytest.mark.parametrize(
    "row",
    [
        {VALIDATION: "number", "text_validation_min": "-1"},
        {"field_label": "Is 1 < 2 & [other] free?"},
        {"field_type": "radio", CHOICES: "1, 1"},
        {"field_name": "X_2", "branching_logic": "[record_id] <> ''"},
    ],
)
def test_a_near_miss_is_not_found(row: Row) -> None:
    assert _read(row).findings.items == ()


@pytest.mark.parametrize(
    ("code", "data", "words"),
    [
        ("RCP-001", b"a,b\n1,2\n", "a dictionary CSV or project XML"),
        ("RCP-001", b"field_name,form_name,field_type,field_label\n", "no field"),
        ("RCP-002", b"field_name,form_name,field_type,field_label\nx,f,text,\xff\n", "line 2"),
        ("RCP-003", b"field_name,form_name,field_type\nx,f,text\n", "Field Label"),
        ("RCP-003", b"field_name,form_name,field_type,field_label,fieldnote\nx,f,text,l,n\n", "Field Note"),
        ("RCP-003", b"field_name,form_name,field_type,field_label,Form Name\nx,f,text,l,n\n", "twice"),
        ("RCP-004", b"field_name,form_name,field_type,field_label\nx,f,text\n", "3 values"),
        ("RCP-004", b'field_name,form_name,field_type,field_label\nx,f,text,"a"b\n', "CSV"),
    ],
)
def test_what_is_no_dictionary_is_refused(code: str, data: bytes, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_redcap(data, "dictionary.csv")
    (finding,) = refused.value.findings
    assert finding.code == code
    assert words in render_finding(finding).replace("dictionary.csv:2", "line 2")


def test_semicolons_and_missing_values_of_r_are_read() -> None:
    found = read_redcap(_dictionary({"identifier": "NA", "field_note": "NA"}, delimiter=";"))
    assert _item(found).help == ""
    assert found.findings.codes() == ("RCP-010",)
    assert _item(read_redcap(_dictionary({"field_note": "NA"}))).help == "NA", "NA is a word where it may be one"
