"""CDISC's own USDM examples load without loss, with the findings that the published schema has."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from opencro.kernel.finding import Refused
from opencro.study.formats.usdm import (
    UsdmDocument,
    parse_usdm,
    protocol_from_usdm,
    read_usdm,
    usdm_from_protocol,
    write_usdm,
)
from opencro.study.model.protocol import Estimand, Protocol
from opencro.study.model.whole import StudyFile

EXAMPLES = {
    "CDISC_Pilot_Study.json": 0,
    "LZZT_360i_CDISC_Pilot_Study_v4.json": 0,
    "Alexion_NCT04573309_Wilsons.json.gz": 2,
    "EliLilly_NCT03421379_Diabetes.json.gz": 1,
    "devices.json.gz": 1,
    "observational.json": 4,
}
"""Example -> how many lists it leaves empty that must not be (changes of amendments)."""
WORKBENCH = "LZZT_soa_workbench.json.gz"


def load(shared: Path, name: str) -> bytes:
    data = (shared / "cdisc" / "usdm" / "examples" / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def parsed(shared: Path, name: str) -> UsdmDocument:
    document, _ = parse_usdm(load(shared, name), name)
    assert document is not None
    return document


def leaves(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    """The innermost errors of the branch that was meant."""
    if not error.context:
        yield error
        return
    branches: dict[Any, list[jsonschema.ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = min(branches.values(), key=lambda b: (any(e.validator == "const" and len(e.path) == 1 for e in b), len(b)))
    for inner in meant:
        yield from leaves(inner)


@pytest.mark.peer
@pytest.mark.requirement(34)
@pytest.mark.parametrize("name", [*EXAMPLES, WORKBENCH])
def test_an_example_survives_reading_and_writing(shared: Path, name: str) -> None:
    data = load(shared, name)
    document = parsed(shared, name)
    written = write_usdm(document)
    again, _ = parse_usdm(written, name)
    assert again is not None
    assert json.dumps(again.value) == json.dumps(json.loads(data)), "values and their order"
    assert write_usdm(again) == written


@pytest.mark.peer
@pytest.mark.parametrize("name", [*EXAMPLES, WORKBENCH])
def test_structural_findings_are_those_of_the_published_schema(shared: Path, name: str) -> None:
    schema = json.loads((shared / "cdisc" / "usdm" / "usdm-4-0-schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    errors = [leaf for error in validator.iter_errors(json.loads(load(shared, name))) for leaf in leaves(error)]
    expected = {"/".join(str(p) for p in e.absolute_path) for e in errors}
    found = {f.place.path for f in parsed(shared, name).findings if "USDM-020" <= f.code <= "USDM-026"}
    assert found == expected


@pytest.mark.peer
@pytest.mark.parametrize(("name", "empty"), EXAMPLES.items())
def test_examples_have_no_other_errors(shared: Path, name: str, empty: int) -> None:
    assert parsed(shared, name).findings.codes() == ("USDM-023",) * empty


@pytest.mark.peer
def test_a_finding_stands_on_the_line_of_its_value(shared: Path) -> None:
    name = "observational.json"
    document = parsed(shared, name)
    lines = load(shared, name).decode().splitlines()
    for finding in document.findings:
        assert finding.place.line is not None
        assert '"changes": []' in lines[finding.place.line - 1]


@pytest.mark.peer
def test_the_pilot_loads_and_one_with_empty_amendments_is_refused(shared: Path) -> None:
    assert read_usdm(load(shared, "CDISC_Pilot_Study.json")).version == "4.0"
    with pytest.raises(Refused) as refused:
        read_usdm(load(shared, "observational.json"))
    assert set(refused.value.findings.codes()) == {"USDM-023"}


@pytest.mark.peer
def test_the_workbench_file_is_refused_and_named(shared: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_usdm(load(shared, WORKBENCH), WORKBENCH)
    first = refused.value.findings.items[0]
    assert first.code == "USDM-013"
    assert "SOA Workbench" in first.got
    dangling = [f.got for f in refused.value.findings if f.code == "USDM-031"]
    assert any("blahblahblah" in got for got in dangling)


@pytest.fixture(scope="module")
def pilot(shared: Path) -> Protocol:
    protocol, _ = protocol_from_usdm(parsed(shared, "LZZT_360i_CDISC_Pilot_Study_v4.json"))
    return protocol


@pytest.mark.peer
def test_the_pilot_has_its_arms_and_epochs(pilot: Protocol) -> None:
    assert [(a.name, a.type) for a in pilot.design.arms] == [
        ("Placebo", "placebo comparator"),
        ("Xanomeline Low Dose", "active comparator"),
        ("Xanomeline High Dose", "active comparator"),
    ]
    assert [(e.name, e.type) for e in pilot.design.epochs] == [
        ("Screening", "screening"),
        ("Treatment One", "treatment"),
        ("Treatment Two", "treatment"),
        ("Treatment Three", "treatment"),
        ("Follow Up", "follow-up"),
    ]
    assert len(pilot.design.cells) == 15
    high = [c.elements for c in pilot.design.cells if c.arm == "Xanomeline_High_Dose"]
    assert high == [("EL1",), ("EL4",), ("EL5",), ("EL6",), ("EL7",)]


@pytest.mark.peer
def test_the_pilot_has_its_visits_with_days_and_windows(pilot: Protocol) -> None:
    visits = [(v.name, v.day, v.window) for v in pilot.schedule.visits]
    assert visits == [
        ("Screening 1", -14, None),
        ("Screening 2", -2, (0, 0)),
        ("Baseline", 1, None),
        ("Week 2", 15, (-3, 3)),
        ("Week 4", 29, (-3, 3)),
        ("Week 6", 43, (-3, 3)),
        ("Week 8", 57, (-3, 3)),
        ("Week 12", 85, (-4, 4)),
        ("Week 16", 113, (-4, 4)),
        ("Week 20", 141, (-4, 4)),
        ("Week 24", 169, (-4, 4)),
        ("Week 26", 183, (-3, 3)),
    ]


@pytest.mark.peer
def test_the_pilot_says_where_its_labels_and_its_timings_differ_by_the_missing_day_zero(shared: Path) -> None:
    _, findings = protocol_from_usdm(parsed(shared, "LZZT_360i_CDISC_Pilot_Study_v4.json"))
    said = [f.got for f in findings if f.code == "USDM-060"]
    assert len(said) == 9
    assert said[0] == 'visit "Week 2" says day 14, its timing gives day 15'


@pytest.mark.peer
def test_days_agree_with_labels_where_the_sponsor_counted_as_sdtm_does(shared: Path) -> None:
    protocol, findings = protocol_from_usdm(parsed(shared, "Alexion_NCT04573309_Wilsons.json.gz"))
    days = {v.name: v.day for v in protocol.schedule.visits}
    assert (days["Day -1"], days["Day 1"], days["Day 2"], days["Day 5"]) == (-1, 1, 2, 5)
    assert findings.codes().count("USDM-060") == 1


@pytest.mark.peer
def test_the_schedule_of_activities_is_that_of_the_protocol(pilot: Protocol) -> None:
    done = {a.name: a.visits for a in pilot.schedule.activities}
    assert done["Informed consent"] == ("E1",)
    assert done["ADAS-Cog"] == ("E1", "E3", "E8", "E10", "E12")
    assert done["Apo E genotyping"] == ("E4",)
    assert len(done["Vital signs while supine"]) == 12, "a timeline within an activity is done at its visits"


@pytest.mark.peer
def test_parameters_are_put_into_criteria_and_markup_is_taken_out(pilot: Protocol) -> None:
    texts = {c.id: c.text for c in pilot.eligibility.criteria}
    assert len(texts) == 31
    assert texts["IN01"] == "Males and postmenopausal females at least 50 years of age."
    assert texts["IN03"] == "MMSE score of 10 to 23."
    assert not any(re.search(r"</?[A-Za-z]", text) for text in texts.values())


@pytest.mark.peer
def test_the_estimand_keeps_its_five_attributes(pilot: Protocol) -> None:
    (estimand,) = pilot.objectives.estimands
    assert (estimand.population, estimand.endpoint) == ("AP_1", "END1")
    assert estimand.treatment
    assert estimand.summary.startswith("Group mean changes")
    assert [(e.name, e.strategy) for e in estimand.events] == [("DISTRUPTION", "treatment policy")]


@pytest.mark.peer
@pytest.mark.requirement(34)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_protocol_taken_from_an_example_gives_valid_usdm_and_itself(shared: Path, name: str) -> None:
    schema = json.loads((shared / "cdisc" / "usdm" / "usdm-4-0-schema.json").read_text(encoding="utf-8"))
    protocol, _ = protocol_from_usdm(parsed(shared, name))
    protocol = protocol.model_copy(
        update={"objectives": protocol.objectives.model_copy(update={"estimands": with_events(protocol)})}
    )
    made = usdm_from_protocol(StudyFile(id="S", title="A title", version="1"), protocol)
    assert made.findings.codes() == ()
    data = write_usdm(made)
    assert [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(data))] == []
    again, _ = protocol_from_usdm(read_usdm(data))
    assert again == protocol


def with_events(protocol: Protocol) -> tuple[Estimand, ...]:
    """Estimands without those whose every event was left out: USDM asks for one at least."""
    return tuple(e for e in protocol.objectives.estimands if e.events)
