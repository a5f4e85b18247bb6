"""Protocol -> USDM -> protocol is the identity, and what we write is valid USDM."""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis.strategies as st
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from opencro.study.formats.usdm import parse_usdm, protocol_from_usdm, read_usdm, usdm_from_protocol, write_usdm
from opencro.study.model.protocol import (
    Activity,
    Arm,
    Cell,
    Criterion,
    Design,
    Element,
    Eligibility,
    Endpoint,
    Epoch,
    Estimand,
    IntercurrentEvent,
    Objective,
    Objectives,
    Parameter,
    Population,
    Protocol,
    Schedule,
    Summary,
    Visit,
)
from opencro.study.model.whole import StudyFile

FILE = StudyFile(id="S1", title="A study", version="1.0", sponsor="A sponsor", phase="Phase II")

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=30)
filled = words.map(str.strip).filter(bool)
marked = st.one_of(filled, st.sampled_from(["age < 18 & > 3", "<p>not markup</p>", "&lt; stays", "a\nb  c", "100 %"]))
maybe = st.one_of(st.just(""), marked)
days = st.integers(-400, 900).filter(bool)
windows = st.one_of(st.none(), st.tuples(st.integers(-20, 0), st.integers(0, 20)), st.just((2, 5)))
levels = st.sampled_from(["primary", "secondary", "exploratory"])


def ids(prefix: str, least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.integers(least, most).map(lambda n: [f"{prefix}{i}" for i in range(n)])


@st.composite
def designs(draw: st.DrawFn) -> Design:
    arms = [
        Arm(
            id=i,
            name=draw(filled),
            description=draw(maybe),
            ratio=draw(st.integers(0, 4)),
            type=draw(st.sampled_from(["experimental", "active comparator", "placebo comparator", "no intervention"])),
        )
        for i in draw(ids("A", 1, 3))
    ]
    epochs = [
        Epoch(
            id=i,
            name=draw(filled),
            description=draw(maybe),
            type=draw(st.sampled_from(["screening", "run-in", "treatment", "washout", "follow-up"])),
        )
        for i in draw(ids("E", 1, 3))
    ]
    elements = [
        Element(
            id=i,
            name=draw(filled),
            start_rule=draw(marked),
            end_rule=draw(maybe),
            duration=draw(st.sampled_from(["", "P2W", "P1Y", "PT4H"])),
        )
        for i in draw(ids("L", 1, 3))
    ]
    cells = [
        Cell(
            arm=a.id,
            epoch=e.id,
            elements=tuple(draw(st.lists(st.sampled_from([x.id for x in elements]), min_size=1, max_size=2))),
            branch=draw(maybe),
            transition=draw(maybe),
        )
        for a in arms
        for e in epochs
    ]
    return Design(arms=tuple(arms), epochs=tuple(epochs), elements=tuple(elements), cells=tuple(cells))


@st.composite
def schedules(draw: st.DrawFn, design: Design) -> Schedule:
    visits = [
        Visit(
            id=i,
            name=draw(filled),
            number=draw(st.floats(0, 99, allow_nan=False)),
            day=draw(st.one_of(st.none(), days)),
            window=draw(windows),
            epoch=draw(st.one_of(st.none(), st.sampled_from([e.id for e in design.epochs]))),
            arms=tuple(draw(st.sampled_from([(), (design.arms[0].id,)]))),
            contact=draw(st.sampled_from(["site", "telephone", "home", "remote"])),
            start_rule=draw(maybe),
            end_rule=draw(maybe),
            unscheduled=draw(st.booleans()),
        )
        for i in draw(ids("V", 0, 5))
    ]
    activities = [
        Activity(
            id=i,
            name=draw(filled),
            forms=tuple(draw(st.sampled_from([(), ("AE",), ("AE", "VS.1")]))),
            visits=tuple(v.id for v in visits if draw(st.booleans())),
            note=draw(maybe),
        )
        for i in draw(ids("T", 0, 4))
    ]
    return Schedule(visits=tuple(visits), activities=tuple(activities))


@st.composite
def objectives(draw: st.DrawFn) -> Objectives:
    endpoints = [
        Endpoint(id=i, text=draw(marked), level=draw(levels), purpose=draw(maybe)) for i in draw(ids("P", 1, 3))
    ]
    populations = [
        Population(id=i, name=draw(filled), text=draw(marked), rule=draw(maybe)) for i in draw(ids("Q", 1, 2))
    ]
    estimands = [
        Estimand(
            id=i,
            treatment=draw(filled),
            population=draw(st.sampled_from([p.id for p in populations])),
            endpoint=draw(st.sampled_from([e.id for e in endpoints])),
            summary=draw(marked),
            events=(IntercurrentEvent(name=draw(filled), strategy="hypothetical", text=draw(maybe)),),
        )
        for i in draw(ids("M", 0, 2))
    ]
    aims = (Objective(id="O1", level=draw(levels), text=draw(marked), endpoints=tuple(endpoints)),)
    return Objectives(objectives=aims, estimands=tuple(estimands), populations=tuple(populations))


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    design = draw(designs())
    criteria = tuple(
        Criterion(
            id=i,
            type=draw(st.sampled_from(["inclusion", "exclusion"])),
            text=draw(marked),
            version=draw(st.sampled_from(["1", "2"])),
            rule=draw(maybe),
        )
        for i in draw(ids("C", 1, 4))
    )
    parameters = (
        Parameter(code="SEXPOP", name="Sex", values=("F", "M"), null_flavor=""),
        Parameter(code="PCLAS", null_flavor="NI"),
    )
    return Protocol(
        design=design,
        schedule=draw(schedules(design)),
        eligibility=Eligibility(criteria=criteria),
        objectives=draw(objectives()),
        summary=Summary(parameters=draw(st.sampled_from([(), parameters]))),
    )


@pytest.fixture(scope="session")
def schema(shared: Path) -> jsonschema.Draft202012Validator:
    path = shared / "cdisc" / "usdm" / "usdm-4-0-schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.requirement(34)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(protocol=protocols())
def test_a_protocol_survives_usdm(protocol: Protocol) -> None:
    made = usdm_from_protocol(FILE, protocol)
    assert made.findings.ok, made.findings.errors
    data = write_usdm(made)
    again, _ = protocol_from_usdm(read_usdm(data))
    assert again == protocol
    assert write_usdm(usdm_from_protocol(FILE, again)) == data


@pytest.mark.peer
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(protocol=protocols())
def test_what_we_write_is_valid_by_the_published_schema(
    schema: jsonschema.Draft202012Validator, protocol: Protocol
) -> None:
    value = json.loads(write_usdm(usdm_from_protocol(FILE, protocol)))
    assert [e.message for e in schema.iter_errors(value)] == []


def test_a_protocol_without_arms_says_what_usdm_requires() -> None:
    made = usdm_from_protocol(FILE, Protocol())
    missing = [f.got for f in made.findings.errors if f.code == "USDM-023"]
    assert "InterventionalStudyDesign.arms is an empty list" in missing
    document, findings = parse_usdm(write_usdm(made), "made.json")
    assert document is not None
    assert not findings.ok


def test_a_name_that_leads_nowhere_is_a_finding() -> None:
    schedule = Schedule(activities=(Activity(id="T1", name="Weighing", visits=("V9",)),))
    made = usdm_from_protocol(FILE, Protocol(schedule=schedule))
    assert [f.got for f in made.findings if f.code == "USDM-065"] == ['visit "V9" does not exist']
