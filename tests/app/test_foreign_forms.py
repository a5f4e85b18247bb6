"""Whatever is in a questionnaire or workbook: it is refused, or the study that it becomes has no errors."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.app.convert import convert
from opencro.kernel.finding import Refused
from opencro.study import check_study, load_study

_JUNK = st.sampled_from(
    [None, True, 1, -1, 1.5, "", "x", "a;b", [], {}, [1], [None], {"a": 1}, "é\n", "-", "9" * 80, [[]], {"url": 5},
     "group", "display", "choice", "integer", "boolean", "a", "b", "g"]
)  # fmt: skip
_CODE = {"valueCoding": {"code": "a", "display": "A"}}
_LIMIT = {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 3}
QUESTIONNAIRE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "status": "active",
    "name": "form",
    "contained": [{"resourceType": "ValueSet", "id": "v", "compose": {"include": [{"concept": [{"code": "c"}]}]}}],
    "item": [
        {"linkId": "a", "text": "A", "type": "choice", "answerOption": [_CODE, {"valueString": "b"}]},
        {"linkId": "b", "text": "B", "type": "integer", "extension": [_LIMIT], "required": True},
        {
            "linkId": "g",
            "text": "G",
            "type": "group",
            "repeats": True,
            "enableWhen": [{"question": "a", "operator": "=", "answerCoding": {"code": "a"}}],
            "item": [
                {"linkId": "c", "text": "C", "type": "open-choice", "answerValueSet": "#v", "repeats": True},
                {"linkId": "d", "text": "D", "type": "quantity", "initial": [{"valueQuantity": {"value": 1}}]},
            ],
        },
        {"linkId": "h", "text": "H", "type": "display"},
        {"linkId": "e", "text": "E", "type": "date", "item": [{"linkId": "f", "type": "display", "text": "F"}]},
    ],
}
SURVEY = [
    [
        "type",
        "name",
        "label",
        "label::French (fr)",
        "relevant",
        "constraint",
        "calculation",
        "choice_filter",
        "required",
    ],
    ["begin group", "g", "Group", "Groupe", "", "", "", "", ""],
    ["integer", "age", "Age", "Âge", "", ". > 0", "", "", "yes"],
    ["select_one yn", "one", "One", "Un", "${age} > 3", "", "", "zone = ${age}", ""],
    ["end group", "", "", "", "", "", "", "", ""],
    ["begin repeat", "r", "Repeat", "", "${one} = 'y'", "", "", "", ""],
    ["select_multiple yn or_other", "many", "Many", "", "", "not(selected(., 'y') and selected(., 'n'))", "", "", ""],
    ["calculate", "sum", "", "", "", "", "if(${age} > 1, ${age} + 1, 0)", "", ""],
    ["end repeat", "", "", "", "", "", "", "", ""],
    ["note", "n", "Dear ${age}", "", "", "", "", "", ""],
    ["range", "x", "X", "", "", "", "", "", "${age} = 1"],
]
CHOICES = [["list_name", "name", "label", "zone"], ["yn", "y", "Yes", "1"], ["yn", "n", "No", "2"]]
_CELLS = st.sampled_from(
    ["", "text", "begin repeat", "end group", "begin group", "${x}", "${", "not(", "select_one yn", "calculate", "1",
     "-", "a b", "é", "name", "label", "constraint", ". > ${age}", "selected(., 'a')", "begin loop over yn", "_x",
     "note", "%(label)s", "9" * 80, "if(1,2,3)", "'a' < 'b'", "true()", "${age}/b", "hidden", "default",
     "${sum} + ${many}", "y", "date", "${one}", "count-selected(${many})", "${many} = 'y'", "${g}", "age", "one"]
)  # fmt: skip


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, part in inner for p in _paths(part, (*path, key)))]


@st.composite
def _questionnaire(draw: st.DrawFn) -> bytes:
    whole = json.loads(json.dumps(QUESTIONNAIRE))
    for path in draw(st.lists(st.sampled_from(_paths(QUESTIONNAIRE)[3:]), min_size=1, max_size=3)):
        part = whole
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = draw(_JUNK)
        except (KeyError, IndexError, TypeError):
            continue
    return json.dumps(whole).encode()


@st.composite
def _workbook(draw: st.DrawFn) -> bytes:
    sheets = {"survey": [list(row) for row in SURVEY], "choices": [list(row) for row in CHOICES]}
    for _ in range(draw(st.integers(1, 4))):
        rows = sheets[draw(st.sampled_from(["survey", "survey", "choices"]))]
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(row) - 1))] = draw(_CELLS)
    lines = []
    for name, rows in sheets.items():
        lines += [f"| {name} |", *("| | " + " | ".join(row) + " |" for row in rows)]
    return "\n".join(lines).encode()


def _judge(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / name, Path(folder) / "study"
        source.write_bytes(data)
        try:
            convert(source, target)
        except Refused:
            assert not target.exists()
        else:
            assert check_study(load_study(target)).ok


@settings(max_examples=120, deadline=None)
@given(_questionnaire())
def test_a_questionnaire_never_becomes_a_study_with_errors(data: bytes) -> None:
    _judge(data, "form.json")


@settings(max_examples=120, deadline=None)
@given(_workbook())
def test_a_workbook_never_becomes_a_study_with_errors(data: bytes) -> None:
    _judge(data, "form.md")


def test_what_they_start_from_is_sound() -> None:
    _judge(json.dumps(QUESTIONNAIRE).encode(), "form.json")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "form.json"
        source.write_text(json.dumps(QUESTIONNAIRE))
        assert convert(source, Path(folder) / "study").ok
