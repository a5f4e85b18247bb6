"""Everything that can be wrong with a USDM document is a finding with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from opencro.kernel.finding import Refused, Severity
from opencro.study.formats.usdm import parse_usdm, protocol_from_usdm, read_usdm, usdm_from_protocol, write_usdm
from opencro.study.model.protocol import (
    Arm,
    Cell,
    Criterion,
    Design,
    Element,
    Eligibility,
    Epoch,
    Protocol,
    Schedule,
    Visit,
)
from opencro.study.model.whole import StudyFile

PROTOCOL = Protocol(
    design=Design(
        arms=(Arm(id="A", name="Active", ratio=2),),
        epochs=(Epoch(id="T", name="Treatment"),),
        elements=(Element(id="E", name="Drug", start_rule="First dose"),),
        cells=(Cell(arm="A", epoch="T", elements=("E",)),),
    ),
    schedule=Schedule(
        visits=(Visit(id="V1", name="Base", number=1, day=1), Visit(id="V2", name="Week 1", number=2, day=8))
    ),
    eligibility=Eligibility(criteria=(Criterion(id="I1", type="inclusion", text="Adults"),)),
)
MADE: Any = json.loads(write_usdm(usdm_from_protocol(StudyFile(id="S", title="T", version="1"), PROTOCOL)))


def design(value: Any) -> Any:
    return value["study"]["versions"][0]["studyDesigns"][0]


def timing(value: Any) -> Any:
    return design(value)["scheduleTimelines"][0]["timings"][1]


def put(holder: Callable[[Any], Any], **changes: Any) -> Callable[[Any], None]:
    return lambda value: holder(value).update(changes)


CASES: list[tuple[str, str, Callable[[Any], None]]] = [
    ("USDM-020", "arms/0/colour", put(lambda v: design(v)["arms"][0], colour="red")),
    ("USDM-021", "arms/0/name", put(lambda v: design(v)["arms"][0], name=None)),
    ("USDM-021", "arms/0", lambda v: design(v)["arms"][0].pop("dataOriginType")),
    ("USDM-022", "arms/0/name", put(lambda v: design(v)["arms"][0], name=7)),
    ("USDM-022", "arms/0/notes", put(lambda v: design(v)["arms"][0], notes=None)),
    ("USDM-022", "arms", put(design, arms={})),
    ("USDM-022", "arms/0/type", put(lambda v: design(v)["arms"][0], type="placebo")),
    ("USDM-022", "arms/0/name", put(lambda v: design(v)["arms"][0], name="")),
    ("USDM-022", "study/id", put(lambda v: v["study"], id="S-1")),
    ("USDM-023", "epochs", put(design, epochs=[])),
    ("USDM-025", "arms/0/instanceType", put(lambda v: design(v)["arms"][0], instanceType="StudyArms")),
    ("USDM-030", "epochs/0/id", put(lambda v: design(v)["epochs"][0], id="StudyArm_1")),
    ("USDM-031", "studyCells/0/armId", put(lambda v: design(v)["studyCells"][0], armId="StudyArm_9")),
    ("USDM-032", "studyCells/0/armId", put(lambda v: design(v)["studyCells"][0], armId="StudyElement_1")),
    ("USDM-040", "timings", lambda v: design(v)["scheduleTimelines"][0]["timings"].pop(0)),
    ("USDM-041", "timings/1", put(timing, relativeToScheduledInstanceId=None)),
    ("USDM-042", "timings/1/value", put(timing, value="-P2W")),
    ("USDM-044", "timings/1", put(timing, windowLower="P3D")),
    ("USDM-043", "timings/0", put(lambda v: design(v)["scheduleTimelines"][0]["timings"][0], windowLabel="3 days")),
]


@pytest.mark.parametrize(("code", "path", "spoil"), CASES, ids=[f"{c}:{p}" for c, p, _ in CASES])
def test_a_spoiled_document_gives_the_finding_at_its_place(code: str, path: str, spoil: Callable[[Any], None]) -> None:
    value = copy.deepcopy(MADE)
    spoil(value)
    text = json.dumps(value, indent=1)
    document, findings = parse_usdm(text, "study.json")
    assert document is not None
    found = next(f for f in findings if f.code == code)
    assert found.place.path.endswith(path)
    assert found.place.line is not None
    assert found.expected
    assert found.remedy
    with pytest.raises(Refused):
        read_usdm(text)


def test_the_line_of_a_finding_is_that_of_the_text() -> None:
    value = copy.deepcopy(MADE)
    design(value)["arms"][0]["colour"] = "red"
    text = json.dumps(value, indent=1)
    _, findings = parse_usdm(text)
    assert findings.items[0].place.line == text[: text.index('"colour"')].count("\n") + 1


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"\xff\xfe{", "USDM-001", "byte 0 is not UTF-8"),
        (b'{"study": {},\n "usdmVersion" "4.0"}', "USDM-001", "not JSON at column 16"),
        (b"[" * 200_000, "USDM-001", "nested too deeply"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "USDM-001", "nested too deeply"),
        (b"[]", "USDM-010", "not an object"),
        (b'{"resourceType": "ResearchStudy"}', "USDM-010", "a FHIR resource"),
        (b'{"clinicalStudy": {}}', "USDM-010", "older than version 3.0"),
        (b'{"study": {}}', "USDM-012", "usdmVersion is missing"),
        (b'{"study": {}, "usdmVersion": "2.6"}', "USDM-012", "2.6"),
    ],
)
def test_what_is_not_usdm_is_refused(data: bytes, code: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_usdm(data, "x.json")
    assert refused.value.findings.codes() == (code,)
    assert said in refused.value.findings.items[0].got


def test_a_key_given_twice_and_a_number_out_of_range_are_errors() -> None:
    text = json.dumps(MADE, indent=1).replace(
        '"usdmVersion"', '"systemName": "a",\n "systemName": 1e999,\n "usdmVersion"'
    )
    _, findings = parse_usdm(text, "x.json")
    assert {"USDM-002", "USDM-003"} <= set(findings.codes())
    twice = next(f for f in findings if f.code == "USDM-003")
    assert twice.place.path == "systemName"
    assert twice.place.line is not None
    assert text.splitlines()[twice.place.line - 1].strip().startswith('"systemName"')


def test_a_version_3_document_is_read_and_says_so() -> None:
    document, findings = parse_usdm('{"study": {"id": null, "name": "X", "versions": []}, "usdmVersion": "3.0.0"}')
    assert document is not None
    assert document.version == "3.0"
    assert findings.items[0].code == "USDM-011"
    assert findings.items[0].severity is Severity.WARNING


def test_fields_that_the_outermost_object_may_carry_are_kept() -> None:
    value = {**copy.deepcopy(MADE), "x-export": {"b": [1, 2.5, None], "a": True}}
    document = read_usdm(json.dumps(value))
    assert json.dumps(json.loads(write_usdm(document))) == json.dumps(value)


def test_two_versions_of_a_study_may_use_the_same_ids() -> None:
    value = copy.deepcopy(MADE)
    value["study"]["versions"].append(copy.deepcopy(value["study"]["versions"][0]))
    document = read_usdm(json.dumps(value))
    protocol, findings = protocol_from_usdm(document)
    assert protocol == PROTOCOL
    assert "USDM-052" in findings.codes()


def test_our_extension_with_a_value_that_we_never_write_is_refused() -> None:
    value = copy.deepcopy(MADE)
    design(value)["arms"][0]["extensionAttributes"][0]["valueInteger"] = -1
    with pytest.raises(Refused) as refused:
        protocol_from_usdm(read_usdm(json.dumps(value)))
    assert refused.value.findings.codes() == ("USDM-067",)


def test_what_the_protocol_cannot_say_is_named() -> None:
    value = copy.deepcopy(MADE)
    value["study"]["versions"][0]["rationale"] = "Because"
    design(value)["epochs"][0]["type"]["code"] = "C102255"
    timing(value)["value"] = "P1M"
    protocol, findings = protocol_from_usdm(read_usdm(json.dumps(value)))
    said = {f.code: f.got for f in findings}
    assert "StudyVersion.rationale: 1 value without a place in the protocol" in [f.got for f in findings]
    assert "C102255" in said["USDM-053"]
    assert "cannot be placed on a day" in said["USDM-057"]
    assert protocol.schedule.visits[1].day is None
