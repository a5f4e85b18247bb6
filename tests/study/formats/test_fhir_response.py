"""Responses become records and records responses; what does not fit is found at its linkId."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.kernel.finding import Refused, Severity
from opencro.study import Code, CodeList, Form, Item, ItemGroup, Protocol, Study, StudyFile
from opencro.study.formats.fhir import ResponseData, read_responses, write_responses
from opencro.study.formats.odm import OdmRecord

YN = CodeList(id="YN", codes=(Code(value="Y", label="Yes"), Code(value="N", label="No"), Code(value="OTHER")))
PLAIN = (
    Item(id="text", label="Text"),
    Item(id="whole", label="Whole", type="integer"),
    Item(id="number", label="Number", type="decimal", unit="kg"),
    Item(id="day", label="Day", type="date"),
    Item(id="part", label="Part", type="partial-date"),
    Item(id="clock", label="Clock", type="time"),
    Item(id="moment", label="Moment", type="datetime"),
    Item(id="one", label="One", type="choice", codes="YN"),
    Item(id="one_OTHER", label="One: other"),
    Item(id="many", label="Many", type="choices", codes="YN"),
    Item(id="file", label="File", type="file"),
)
FORM = Form(
    id="F_1",
    title="Form",
    participant_level=True,
    groups=(
        ItemGroup(id="G", items=PLAIN),
        ItemGroup(
            id="R", repeating=True, items=(Item(id="drug", label="Drug"), Item(id="dose", label="Dose", type="decimal"))
        ),
        ItemGroup(id="n", repeating=True, items=(Item(id="n", label="N", type="integer"),)),
    ),
)
OTHER_FORM = Form(id="F2", title="Form", groups=(ItemGroup(id="G", items=(Item(id="x", label="X"),)),))


def _study(*forms: Form) -> Study:
    file = StudyFile(id="S", title="Study", version="1")
    return Study(Path(), file, Protocol(), {form.id: form for form in forms or (FORM,)}, {"YN": YN}, (), {})


def _answer(link: str, **value: Any) -> dict[str, Any]:
    return {"linkId": link, "answer": [value]}


def _read(*items: dict[str, Any], study: Study | None = None, **more: Any) -> ResponseData:
    whole = {"resourceType": "QuestionnaireResponse", "status": "completed", "subject": {"reference": "Patient/001"}}
    return read_responses(
        json.dumps({**whole, "item": list(items), **more}).encode(), study or _study(), "r.json", site="A"
    )


@pytest.mark.parametrize(
    ("link", "value", "expected"),
    [
        ("text", {"valueString": " words "}, "words"),
        ("text", {"valueUri": "http://x.org"}, "http://x.org"),
        ("whole", {"valueInteger": 3}, "3"),
        ("number", {"valueDecimal": 3.5}, "3.5"),
        ("number", {"valueQuantity": {"value": 3.5, "unit": "kg"}}, "3.5"),
        ("day", {"valueDate": "2020-01-31"}, "2020-01-31"),
        ("part", {"valueDate": "2020-01"}, "2020-01"),
        ("clock", {"valueTime": "13:28:17"}, "13:28:17"),
        ("moment", {"valueDateTime": "2015-02-07T13:28:17-05:00"}, "2015-02-07T13:28:17"),
        ("one", {"valueCoding": {"code": "Y", "display": "Yes"}}, "Y"),
        ("file", {"valueAttachment": {"title": "scan.pdf"}}, "scan.pdf"),
        ("day", {"valueString": "not a day"}, "not a day"),
    ],
)
def test_an_answer_becomes_a_text(link: str, value: dict[str, Any], expected: str) -> None:
    found = _read(_answer(link, **value))
    assert found.findings.ok
    assert found.records == (OdmRecord("A", "001", "", "", "F_1", "", "G", "1", {link: expected}),)


def test_several_answers_and_an_answer_in_own_words() -> None:
    several = {"linkId": "many", "answer": [{"valueCoding": {"code": "Y"}}, {"valueCoding": {"code": "N"}}]}
    found = _read(several, _answer("one", valueString="perhaps"))
    assert found.records[0].items == {"many": "Y;N", "one": "OTHER", "one_OTHER": "perhaps"}


def test_decimals_keep_their_digits() -> None:
    data = b'{"resourceType": "QuestionnaireResponse", "status": "completed", "subject": {"reference": "Patient/1"},'
    data += b'"item": [{"linkId": "number", "answer": [{"valueDecimal": 5.60}]}]}'
    assert read_responses(data, _study()).records[0].items == {"number": "5.60"}


def test_repeats_are_numbered_as_they_come() -> None:
    rows = [{"linkId": "group:R", "item": [_answer("drug", valueString=name)]} for name in ("a", "b")]
    numbers = {"linkId": "n", "answer": [{"valueInteger": 1}, {"valueInteger": 2}]}
    found = _read(*rows, numbers)
    assert [(r.group, r.group_repeat, dict(r.items)) for r in found.records] == [
        ("R", "1", {"drug": "a"}),
        ("R", "2", {"drug": "b"}),
        ("n", "1", {"n": "1"}),
        ("n", "2", {"n": "2"}),
    ]


def test_a_response_says_whose_it_is_and_of_which_visit() -> None:
    subject = {"subject": {"identifier": {"value": "007"}}, "encounter": {"reference": "Encounter/BASELINE"}}
    found = _read(_answer("text", valueString="a"), questionnaire="http://x.org/Questionnaire/F-1|2", **subject)
    assert (found.records[0].participant, found.records[0].event, found.records[0].form) == ("007", "BASELINE", "F_1")


ERRORS: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("FHR-003", [{"linkId": "text", "answer": {}}], {}),
    ("FHR-040", [], {"resourceType": "Patient"}),
    ("FHR-041", [_answer("text", valueString="a")], {"questionnaire": "Questionnaire/other"}),
    ("FHR-042", [_answer("text", valueString="a")], {"subject": {}}),
    ("FHR-043", [_answer("text", valueString="a")], {"status": "entered-in-error"}),
    ("FHR-044", [_answer("texd", valueString="a")], {}),
    ("FHR-045", [_answer("whole", valueDecimal=1.5)], {}),
    ("FHR-045", [_answer("number", valueQuantity={"value": 1, "unit": "lb"})], {}),
    ("FHR-045", [{"linkId": "whole", "answer": [{"valueInteger": 1}, {"valueInteger": 2}]}], {}),
    ("FHR-045", [_answer("day", valueBoolean=True)], {}),
    ("FHR-045", [_answer("one", valueCoding={"system": "x"})], {}),
]


@pytest.mark.parametrize(("code", "items", "more"), ERRORS)
def test_an_error_is_found_with_its_place(code: str, items: list[dict[str, Any]], more: dict[str, Any]) -> None:
    errors = _read(*items, **more).findings.errors
    assert code in {f.code for f in errors}
    assert all(f.place.path for f in errors)


def test_a_form_must_be_named_where_there_are_several() -> None:
    found = _read(_answer("text", valueString="a"), study=_study(FORM, OTHER_FORM))
    assert found.findings.codes() == ("FHR-041",)


def test_what_is_lost_is_listed() -> None:
    found = _read(_answer("moment", valueDateTime="2015-02-07T13:28:17Z"))
    assert [(f.code, f.severity) for f in found.findings] == [("FHR-046", Severity.WARNING)]
    two = _read({"linkId": "text", "answer": [{"valueString": "a"}, {"valueString": "b"}]})
    assert (two.findings.codes(), two.records[0].items) == (("FHR-046",), {"text": "a;b"})
    assert not _read(_answer("day", valueDate="2015-02-07")).findings


def test_what_is_no_resource_is_refused() -> None:
    with pytest.raises(Refused):
        read_responses(b"[]", _study())


def test_a_bundle_holds_responses() -> None:
    response = {"resourceType": "QuestionnaireResponse", "subject": {"reference": "Patient/1"}, "status": "completed"}
    entries = [
        {"resource": {**response, "item": [_answer("text", valueString="a")]}},
        {"resource": {"resourceType": "Patient"}},
    ]
    found = read_responses(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), _study())
    assert (len(found.records), found.findings.codes(), found.findings.ok) == (1, ("FHR-040",), True)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs")), min_size=1, max_size=8)
_VALUES = {
    "text": _TEXT,
    "whole": st.sampled_from(["0", "12", "-3", "+7", "007", "many"]),
    "number": st.sampled_from(["1", "1.50", "-0.25", ".5", "1e3", "12,5"]),
    "day": st.sampled_from(["2014-01-31", "31-JAN-2014", "2014-02-30", "UN-JAN-2014"]),
    "part": st.sampled_from(["2014", "2014-01", "UN-JAN-2014", "2014---15", "UNK"]),
    "clock": st.sampled_from(["14:30", "14:30:15", "25:00"]),
    "moment": st.sampled_from(["2014-01-31T14:30", "2014-01-31T14:30:15", "2014-01-31", "2014-01-31T14"]),
    "one": st.sampled_from(["Y", "N", "OTHER", "unknown"]),
    "one_OTHER": _TEXT,
    "many": st.sampled_from(["Y", "Y;N", "N;Y", "x;Y"]),
    "file": st.sampled_from(["scan.pdf", "b c.png"]),
    "drug": _TEXT,
    "dose": st.sampled_from(["1", "2.50"]),
    "n": st.sampled_from(["1", "2"]),
}


@st.composite
def _records(draw: st.DrawFn) -> list[OdmRecord]:
    records = []
    for participant in draw(st.lists(st.sampled_from(["001", "002", "A/3"]), min_size=1, max_size=2, unique=True)):
        for group in FORM.groups:
            for repeat in draw(st.lists(st.integers(1, 4), max_size=2, unique=True)) if group.repeating else [1]:
                names = draw(st.lists(st.sampled_from([i.id for i in group.items]), min_size=1, unique=True))
                items = {i.id: draw(_VALUES[i.id]) for i in group.items if i.id in names}
                records.append(OdmRecord("S1", participant, "V1", "1", "F_1", "2", group.id, str(repeat), items))
    return sorted(records, key=lambda r: (r.participant, [g.id for g in FORM.groups].index(r.group), r.group_repeat))


@settings(max_examples=80, deadline=None)
@given(_records(), st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
def test_records_come_back_as_they_were(records: list[OdmRecord], zone: str) -> None:
    data = write_responses(_study(FORM, OTHER_FORM), records, lambda site: zone)
    found = read_responses(data, _study(FORM, OTHER_FORM), "x.json")
    assert found.findings.ok
    assert sorted(found.records, key=lambda r: (r.participant, r.group, r.group_repeat)) == sorted(
        records, key=lambda r: (r.participant, r.group, r.group_repeat)
    )


def test_values_are_written_in_the_types_of_fhir() -> None:
    items = {
        "whole": "3",
        "number": "5.60",
        "day": "31-JAN-2014",
        "clock": "14:30",
        "moment": "2014-07-01T14:30",
        "one": "Y",
    }
    record = OdmRecord("S1", "001", "", "", "F_1", "1", "G", "1", items)
    data = write_responses(_study(), [record], lambda site: "Europe/Berlin")
    assert b"5.60" in data
    response = json.loads(data)["entry"][0]["resource"]
    answers = {i["linkId"]: i["answer"][0] for i in response["item"][0]["item"]}
    assert answers["whole"] == {"valueInteger": 3}
    assert answers["day"]["valueDate"] == "2014-01-31"
    assert answers["clock"]["valueTime"] == "14:30:00"
    assert answers["moment"]["valueDateTime"] == "2014-07-01T14:30:00+02:00"
    assert answers["one"] == {"valueCoding": {"code": "Y", "display": "Yes"}}
