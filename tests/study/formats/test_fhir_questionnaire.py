"""What becomes of the elements of a questionnaire, every finding, and forms that come back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.kernel.finding import Refused, Severity, render_finding
from opencro.study import Code, CodeList, EditCheck, Form, Item, ItemGroup, Protocol, Study, StudyFile, load_study
from opencro.study.formats.fhir import QuestionnaireImport, read_questionnaire, write_questionnaire

CORE = "http://hl7.org/fhir/StructureDefinition/"
Element = dict[str, Any]


def _read(*items: Element, **resource: Any) -> QuestionnaireImport:
    whole = {"resourceType": "Questionnaire", "status": "active", "name": "form", "item": list(items), **resource}
    return read_questionnaire(json.dumps(whole).encode(), "form.json")


def _q(kind: str = "string", link: str = "x", **more: Any) -> Element:
    return {"linkId": link, "text": "Question", "type": kind, **more}


def _option(code: str, display: str = "") -> Element:
    return {"valueCoding": {"code": code, **({"display": display} if display else {})}}


def _extension(name: str, **value: Any) -> list[Element]:
    return [{"url": f"{CORE}{name}", **value}]


def _items(found: QuestionnaireImport) -> dict[str, Item]:
    return {item.id: item for form in found.forms for group in form.groups for item in group.items}


OPTIONS = [_option("a", "A"), _option("b", "B")]


@pytest.mark.parametrize(
    ("element", "values"),
    [
        (_q(), {"type": "text", "lines": 1}),
        (_q("text"), {"type": "text", "lines": 4}),
        (_q(maxLength=7), {"type": "text", "length": 7}),
        (_q("integer"), {"type": "integer"}),
        (_q("decimal", extension=_extension("maxDecimalPlaces", valueInteger=2)), {"type": "decimal", "decimals": 2}),
        (_q("date"), {"type": "date"}),
        (_q("dateTime"), {"type": "datetime"}),
        (_q("time"), {"type": "time"}),
        (_q("boolean"), {"type": "choice", "codes": "BOOLEAN"}),
        (_q("attachment"), {"type": "file"}),
        (_q("url"), {"type": "text"}),
        (_q("choice", answerOption=OPTIONS), {"type": "choice", "codes": "x"}),
        (_q("choice", answerOption=OPTIONS, repeats=True), {"type": "choices", "codes": "x"}),
        (_q("quantity", extension=_extension("questionnaire-unit", valueCoding={"code": "kg"})), {"unit": "kg"}),
        (_q("integer", extension=_extension("minValue", valueInteger=3)), {"minimum": 3.0}),
        (_q("integer", extension=_extension("maxValue", valueInteger=9)), {"maximum": 9.0}),
        (_q(required=True), {"required": True}),
        (_q(prefix="1."), {"label": "1. Question"}),
        (_q(code=[{"code": "8302-2"}]), {"concept": "8302-2"}),
        (_q(extension=_extension("questionnaire-hidden", valueBoolean=True)), {"show_when": "false"}),
        (_q(extension=_extension("entryFormat", valueString="nnn")), {"help": "nnn"}),
    ],
)
def test_an_element_becomes_an_item(element: Element, values: dict[str, object]) -> None:
    found = _read(element)
    assert found.findings.ok, [render_finding(f) for f in found.findings]
    item = _items(found)["x"]
    assert {name: getattr(item, name) for name in values} == values


def test_an_open_choice_asks_what_else() -> None:
    found = _read(_q("open-choice", answerOption=OPTIONS))
    assert _items(found)["x_OTHER"].show_when == 'x == "OTHER"'
    assert [code.value for code in found.codelists[0].codes] == ["a", "b", "OTHER"]


def test_groups_repeats_headings_and_help() -> None:
    help_text = {"linkId": "h", "type": "display", "text": "in cm", "extension": _extension(
        "questionnaire-itemControl", valueCodeableConcept={"coding": [{"code": "help"}]})}  # fmt: skip
    group = {"linkId": "g", "type": "group", "text": "Group", "item": [_q(link="b", item=[help_text])]}
    repeat = {"linkId": "r", "type": "group", "text": "Repeat", "repeats": True, "item": [_q(link="c")]}
    found = _read(_q(link="a"), {"linkId": "d", "type": "display", "text": "Heading"}, group, repeat, _q(link="e"))
    groups = found.forms[0].groups
    assert [(g.id, g.label, g.repeating, [i.id for i in g.items]) for g in groups] == [
        ("form", "", False, ["a"]),
        ("g", "Group", False, ["b"]),
        ("r", "Repeat", True, ["c"]),
        ("form_2", "", False, ["e"]),
    ]
    assert (_items(found)["b"].section, _items(found)["b"].help) == ("Heading", "in cm")


def test_a_question_that_repeats_is_a_group_of_its_own() -> None:
    groups = _read(_q("integer", "n", repeats=True), _q(link="a")).forms[0].groups
    assert [(g.id, g.repeating, [i.id for i in g.items]) for g in groups] == [
        ("n", True, ["n"]),
        ("form", False, ["a"]),
    ]


@pytest.mark.parametrize(
    ("kind", "operator", "answer", "expected"),
    [
        ("integer", "=", {"answerInteger": 3}, "x == 3"),
        ("integer", "!=", {"answerInteger": 3}, "not (x == 3)"),
        ("integer", ">=", {"answerInteger": 3}, "x >= 3"),
        ("decimal", "<", {"answerDecimal": 3.5}, "x < 3.5"),
        ("string", "=", {"answerString": 'a"b'}, 'x == "a""b"'),
        ("date", ">", {"answerDate": "2020-01-01"}, 'x > "2020-01-01"'),
        ("boolean", "=", {"answerBoolean": True}, 'x == "true"'),
        ("boolean", "exists", {"answerBoolean": True}, "x is present"),
        ("boolean", "exists", {"answerBoolean": False}, "x is missing"),
        ("choice", "=", {"answerCoding": {"code": "a"}}, 'x == "a"'),
    ],
)
def test_a_condition_shows_an_item(kind: str, operator: str, answer: Element, expected: str) -> None:
    first = _q(kind, **({"answerOption": OPTIONS} if kind == "choice" else {}))
    found = _read(first, _q(link="y", enableWhen=[{"question": "x", "operator": operator, **answer}]))
    assert found.findings.ok
    assert _items(found)["y"].show_when == expected


def test_conditions_of_groups_and_any_of_several() -> None:
    either = [{"question": "x", "operator": "=", "answerInteger": n} for n in (1, 2)]
    inner = _q(link="y", enableWhen=[{"question": "x", "operator": "exists", "answerBoolean": True}])
    group = {"linkId": "g", "type": "group", "item": [inner], "enableWhen": either, "enableBehavior": "any"}
    assert _items(_read(_q("integer"), group))["y"].show_when == "(x == 1 or x == 2) and x is present"


def test_a_value_set_inside_gives_the_codes() -> None:
    concepts = [{"code": "a", "display": "A"}, {"code": "b"}]
    by_list = {"resourceType": "ValueSet", "id": "v", "compose": {"include": [{"concept": concepts}]}}
    expanded = {
        "resourceType": "ValueSet",
        "id": "v",
        "expansion": {"contains": [{"abstract": True, "contains": concepts}]},
    }
    for value_set in (by_list, expanded):
        found = _read(_q("choice", answerValueSet="#v"), contained=[value_set])
        assert [(c.value, c.label) for c in found.codelists[0].codes] == [("a", "A"), ("b", "")]


WHEN = {"question": "x", "operator": "=", "answerString": "a"}
ERRORS: list[tuple[str, list[Element], dict[str, Any]]] = [
    ("FHR-002", [_q()], {"resourceType": "Patient"}),
    ("FHR-003", [_q(repeats="true")], {}),
    ("FHR-003", [_q(maxLength="7")], {}),
    ("FHR-003", [{"linkId": "g", "type": "group", "item": {}}], {}),
    ("FHR-004", [{"text": "Question", "type": "string"}], {}),
    ("FHR-004", [_q("strng")], {}),
    ("FHR-005", [_q(), _q()], {}),
    ("FHR-006", [_q(), _q(link="y", enableWhen=[{**WHEN, "question": "z"}])], {}),
    ("FHR-006", [_q(), _q(link="y", enableWhen=[{**WHEN, "operator": "~"}])], {}),
    ("FHR-006", [_q(), _q(link="y", enableWhen=[WHEN, WHEN])], {}),
    ("FHR-007", [_q("choice", answerOption=[_option("a;b")], repeats=True)], {}),
    ("FHR-008", [_q()], {"modifierExtension": [{"url": "http://x.org/not", "valueBoolean": True}]}),
    ("FHR-009", [_q(extension=[{"url": "urn:x-opencro:questionnaire", "extension": [
        {"url": "normal", "valueString": "{"}]}])], {}),
    ("FHR-009", [_q(extension=[{"url": "urn:x-opencro:questionnaire", "extension": [
        {"url": "colour", "valueString": "1"}]}])], {}),
    ("FHR-010", [{"linkId": "d", "type": "display", "text": "Words"}], {}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "items", "resource"), ERRORS)
def test_an_error_is_found_with_its_place(code: str, items: list[Element], resource: dict[str, Any]) -> None:
    found = _read(*items, **resource)
    assert code in {f.code for f in found.findings.errors}
    assert all(f.place.path and f.remedy for f in found.findings.errors)


def test_a_sound_questionnaire_has_no_errors() -> None:
    sound = _read(_q(), _q(link="y", enableWhen=[WHEN]), _q("choice", "z", answerOption=OPTIONS, repeats=True))
    assert sound.findings.codes() == ("FHR-024",)
    assert sound.findings.items[0].severity is Severity.NOTE


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_resource_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_questionnaire(data)
    assert refused.value.findings.codes() == ("FHR-001",)


FHIRPATH = {"valueExpression": {"language": "text/fhirpath", "expression": "1 + 1"}}
CALCULATED = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
WARNINGS: list[tuple[str, list[Element]]] = [
    ("FHR-020", [_q(link="/x")]),
    ("FHR-021", [_q("reference")]),
    ("FHR-021", [_q("string", answerOption=[{"valueString": "a"}])]),
    ("FHR-022", [_q(), {"linkId": "d", "type": "display", "text": "The end"}]),
    ("FHR-023", [_q("decimal", extension=[{"url": CALCULATED, **FHIRPATH}])]),
    ("FHR-023", [{"linkId": "r", "type": "group", "repeats": True, "item": [_q()]}, _q(link="y", enableWhen=[WHEN])]),
    ("FHR-024", [_q(extension=_extension("choiceOrientation", valueCode="horizontal"))]),
    ("FHR-024", [_q(_text={"extension": []})]),
    ("FHR-025", [_q("choice", answerValueSet="http://x.org/v")]),
    ("FHR-025", [_q("choice")]),
    ("FHR-025", [_q("choice", answerOption=[{"valueCoding": {"display": "A"}}])]),
    ("FHR-025", [_q("choice", answerOption=[_option("a"), _option("a")])]),
    ("FHR-026", [_q("quantity")]),
    ("FHR-027", [_q(item=[_q(link="y")])]),
    ("FHR-027", [_q(), {"linkId": "g", "type": "group"}]),
    ("FHR-028", [_q(initial=[{"valueString": "a"}])]),
    ("FHR-028", [_q(readOnly=True)]),
]


@pytest.mark.parametrize(("code", "items"), WARNINGS)
def test_what_cannot_be_said_here_is_listed(code: str, items: list[Element]) -> None:
    found = _read(*items)
    assert found.findings.ok
    warned = [f for f in found.findings if f.code == code and f.severity is Severity.WARNING]
    assert warned
    assert all(f.place.path for f in warned)
    assert code not in {f.code for f in _read(_q()).findings if f.severity is Severity.WARNING}


def _study(form: Form, codelists: dict[str, CodeList], checks: tuple[EditCheck, ...]) -> Study:
    file = StudyFile(id="S", title="Study", version="3", language="de")
    return Study(Path(), file, Protocol(), {form.id: form}, codelists, checks, {})


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(
    lambda text: text.strip() or "w"
)
_NUMBERS = st.none() | st.floats(-1e6, 1e6, allow_nan=False)
_FLAGS = st.booleans()
_CODELISTS = {
    "YN": CodeList(id="YN", codes=(Code(value="Y", label="Yes", term="YES"), Code(value="N"))),
    "A_B": CodeList(id="A_B", title="Letters", terminology="C1", codes=(Code(value="a"), Code(value="b", label="B"))),
    "A-B": CodeList(id="A-B", codes=(Code(value="c"),)),
}
_SHOWN = st.sampled_from(
    ["", "false", "i0 is present", 'i0 == "a"', "i0 is missing or i0 is present", "length(i0) > 3", 'not (i0 == "a")']
)


@st.composite
def _item(draw: st.DrawFn, number: int) -> Item:
    kind = draw(st.sampled_from(
        ["text", "integer", "decimal", "date", "partial-date", "time", "datetime", "partial-datetime", "choice",
         "choices", "file"]))  # fmt: skip
    return Item(
        id=f"i{number}",
        label=draw(_WORDS),
        help=draw(st.just("") | _WORDS),
        section=draw(st.just("") | _WORDS),
        type=kind if number else "text",
        length=draw(st.none() | st.integers(1, 200)),
        lines=draw(st.integers(1, 6)),
        decimals=draw(st.none() | st.integers(0, 4)),
        codes=draw(st.sampled_from([*_CODELISTS, "UNKNOWN"])) if kind.startswith("choice") and number else None,
        unit=draw(st.none() | st.just("kg")),
        required=draw(_FLAGS),
        minimum=draw(_NUMBERS),
        maximum=draw(_NUMBERS),
        normal=draw(st.none() | st.tuples(_NUMBERS, _NUMBERS)),
        derive=draw(st.sampled_from(["", "1 + 1"])),
        show_when=draw(_SHOWN) if number else "",
        sensitive=draw(_FLAGS),
        blinded=draw(_FLAGS),
        sdtm=draw(st.sampled_from(["", "VS.VSORRES"])),
        concept=draw(st.sampled_from(["", "C49677"])),
    )


@st.composite
def _form(draw: st.DrawFn) -> Form:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    groups, number = [], 0
    for index, size in enumerate(sizes):
        items = []
        for _ in range(size):
            items.append(draw(_item(number)))
            number += 1
        groups.append(
            ItemGroup(id=f"g{index}", label=draw(st.just("") | _WORDS), repeating=draw(_FLAGS), items=tuple(items))
        )
    return Form(
        id=draw(st.sampled_from(["F", "F_1"])),
        title=draw(_WORDS),
        repeating=draw(_FLAGS),
        participant_level=draw(_FLAGS),
        source=draw(st.sampled_from(["site", "participant", "transfer"])),
        double_entry=draw(_FLAGS),
        groups=tuple(groups),
    )


@settings(max_examples=60, deadline=None)
@given(_form())
def test_a_form_comes_back_as_it_was(form: Form) -> None:
    check = EditCheck(id="c", form=form.id, item="i0", when="i0 is missing", message="Say it.", severity="stop")
    study = _study(form, _CODELISTS, (check,))
    data, _ = write_questionnaire(study, form)
    found = read_questionnaire(data, "x.json")
    assert found.findings.ok, [render_finding(f) for f in found.findings]
    assert found.forms == (form,)
    assert found.checks == (check,)
    used = {item.codes for group in form.groups for item in group.items} & set(_CODELISTS)
    assert {c.id: c for c in found.codelists} == {name: _CODELISTS[name] for name in sorted(x for x in used if x)}
    assert (found.version, found.language) == ("3", "de")
    again, _ = write_questionnaire(_study(found.forms[0], {c.id: c for c in found.codelists}, found.checks), form)
    assert again == data


def test_the_forms_of_the_pilot_study_come_back(root: Path) -> None:
    study = load_study(root / "studies" / "cdiscpilot01")
    for form in study.forms.values():
        data, notes = write_questionnaire(study, form)
        assert read_questionnaire(data).forms == (form,)
        assert {n.code for n in notes} <= {"FHR-030"}


def test_texts_in_other_languages_come_back(root: Path) -> None:
    study = load_study(root / "tests" / "study" / "small")
    found = {}
    for form in study.forms.values():
        data, notes = write_questionnaire(study, form)
        read = read_questionnaire(data)
        found |= read.translations.get("de", {})
        assert ("translations" in {n.got.split()[0] for n in notes}) is bool(read.translations)
    checks = {f"check.{check.id}" for check in study.checks}
    of_forms = {k: w for k, w in study.translations["de"].items() if not k.startswith("visit.")}
    assert found == of_forms
    assert checks >= {key for key in found if key.startswith("check.")}


def test_conditions_are_written_for_other_programs() -> None:
    items = (
        Item(id="a", label="A", type="integer"),
        Item(id="b", label="B", show_when="a > 3 and a is present"),
        Item(id="c", label="C", show_when="a > 3 and length(b) > 2"),
    )
    form = Form(id="F", title="F", groups=(ItemGroup(id="G", items=items),))
    data, notes = write_questionnaire(_study(form, {}, ()), form)
    written = {i["linkId"]: i for i in json.loads(data)["item"][0]["item"]}
    assert written["b"]["enableWhen"] == [
        {"question": "a", "operator": ">", "answerInteger": 3},
        {"question": "a", "operator": "exists", "answerBoolean": True},
    ]
    assert written["b"]["enableBehavior"] == "all"
    assert "enableWhen" not in written["c"]
    assert [(n.code, n.place.path) for n in notes] == [("FHR-030", "c")]
