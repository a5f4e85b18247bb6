"""Study -> ODM -> forms is the identity in both versions, and what we write is valid by the published schemas."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from opencro.kernel.finding import Refused
from opencro.study.formats.odm import (
    Audit,
    OdmRecord,
    OdmVersion,
    read_odm,
    read_odm_data,
    write_odm,
    write_odm_data,
)
from opencro.study.model.form import Code, CodeList, EditCheck, Form, Item, ItemGroup
from opencro.study.model.protocol import (
    Activity,
    Arm,
    Criterion,
    Design,
    Eligibility,
    Endpoint,
    Epoch,
    Objective,
    Objectives,
    Protocol,
    Schedule,
    Visit,
)
from opencro.study.model.whole import Study, StudyFile

NOW = datetime(2026, 1, 2, 3, 4, 5)
VERSIONS: list[OdmVersion] = ["1.3.2", "2.0"]
SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

legal = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufffe\uffff")
filled = st.text(legal, min_size=1, max_size=20).map(str.strip).filter(bool)
maybe = st.one_of(st.just(""), filled)
numbers = st.one_of(st.none(), st.integers(-999, 999).map(float), st.sampled_from([0.5, 1e-7, 2.25]))
expressions = st.sampled_from(["", "AGE >= 18", 'SEX = "F" and AGE < 50', "not (A)"])
TYPES = ["text", "integer", "decimal", "date", "partial-date", "time", "datetime", "partial-datetime", "file"]


@st.composite
def items(draw: st.DrawFn, name: str) -> Item:
    kind = draw(st.sampled_from([*TYPES, "choice", "choices"]))
    return Item(
        id=name,
        label=draw(filled),
        help=draw(maybe),
        section=draw(maybe),
        lines=draw(st.sampled_from([1, 4])),
        normal=draw(st.sampled_from([None, (1.5, None), (None, -2.0), (0.0, 1e-7)])),
        derive=draw(st.sampled_from(["", "AGE * 2", 'if(A < 1, "x", "y")'])),
        sensitive=draw(st.booleans()),
        blinded=draw(st.booleans()),
        type=kind,
        length=draw(st.one_of(st.none(), st.integers(1, 200))),
        decimals=draw(st.integers(0, 5)) if kind == "decimal" else None,
        codes="YN" if kind in ("choice", "choices") else None,
        unit=draw(st.sampled_from([None, "mmHg", "10^9/L", "°C"])),
        required=draw(st.booleans()),
        minimum=draw(numbers),
        maximum=draw(numbers),
        show_when=draw(expressions),
        sdtm=draw(st.sampled_from(["", "AE.AETERM"])),
        concept=draw(st.sampled_from(["", "C49677"])),
    )


@st.composite
def forms(draw: st.DrawFn, name: str) -> Form:
    groups = tuple(
        ItemGroup(
            id=f"G{g}",
            label=draw(maybe.filter(lambda label: label != "G0")),
            repeating=draw(st.booleans()),
            items=tuple(draw(items(f"{'IJ'[g]}{i}")) for i in range(draw(st.integers(1, 3)))),
        )
        for g in range(draw(st.integers(1, 2)))
    )
    return Form(
        id=name,
        title=draw(filled),
        repeating=draw(st.booleans()),
        double_entry=draw(st.booleans()),
        participant_level=draw(st.booleans()),
        source=draw(st.sampled_from(["site", "participant", "transfer"])),
        groups=groups,
    )


@st.composite
def visits(draw: st.DrawFn, name: str) -> Visit:
    window = draw(st.sampled_from([None, (0, 0), (-3, 3), (2, 5)]))
    return Visit(
        id=name,
        name=draw(filled),
        number=draw(st.floats(0, 99, allow_nan=False)),
        day=draw(st.one_of(st.none(), st.integers(-99, 400).filter(bool))),
        window=window,
        epoch=draw(st.sampled_from([None, "E1"])),
        arms=draw(st.sampled_from([(), ("A1",), ("A1", "A2")])),
        contact=draw(st.sampled_from(["site", "telephone", "home", "remote"])),
        start_rule=draw(maybe),
        end_rule=draw(maybe),
        unscheduled=draw(st.booleans()),
    )


CODELIST = CodeList(
    id="YN",
    title="No or yes",
    terminology="C66742",
    codes=(Code(value="0", label="No", term="N"), Code(value="1", label="Yes", term="Y"), Code(value=" 2")),
)
BARE = CodeList(id="BARE", codes=(Code(value="a"), Code(value="b")))


OBJECTIVES = (
    Objective(
        id="O1",
        level="primary",
        text="Is it better?",
        endpoints=(Endpoint(id="E1", text="Blood pressure"), Endpoint(id="E2", text="Pulse", level="exploratory")),
    ),
    Objective(id="O2", level="secondary", text="Is it safe?"),
)
CRITERIA = (
    Criterion(id="IN1", type="inclusion", text="Adult", rule="AGE >= 18"),
    Criterion(id="EX1", type="exclusion", text="Pregnant"),
)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    made = {name: draw(forms(name)) for name in ("AE", "VS.1", "X-2")[: draw(st.integers(1, 3))]}
    plan = tuple(draw(visits(f"V{i}")) for i in range(draw(st.integers(0, 4))))
    activities = tuple(
        Activity(id=form.id, name=form.title, forms=(form.id,), visits=tuple(v.id for v in plan))
        for form in made.values()
        if plan and not form.participant_level
    )
    design = Design(
        arms=(Arm(id="A1", name="Drug"), Arm(id="A2", name="Placebo", description="Sugar")),
        epochs=(Epoch(id="E1", name="Treatment"),),
    )
    checks = (
        EditCheck(id="C1", form="AE", item="I0", when="I0 < 3 & true", message="Too <low>?", severity="warning"),
        EditCheck(id="C2", form="AE", when="A", message="B", severity="stop"),
    )
    languages = draw(st.lists(st.sampled_from(["de", "pt-BR"]), unique=True))
    keys = ["item.AE.I0", "form.AE", "code.YN.0", "code.YN.1", "check.C1", *(f"visit.{visit.id}" for visit in plan)]
    translations = {tag: {key: f"{tag} {key}" for key in keys} for tag in languages}
    return Study(
        root=Path(),
        file=StudyFile(id="S1", title="A study", version="2.1", protocol="P-1", language="en"),
        protocol=Protocol(
            design=design,
            schedule=Schedule(visits=plan, activities=activities),
            objectives=Objectives(objectives=OBJECTIVES),
            eligibility=Eligibility(criteria=CRITERIA),
        ),
        forms=made,
        codelists={"YN": CODELIST, "BARE": BARE},
        checks=checks,
        transfers={},
        translations=translations,
    )


@st.composite
def records(draw: st.DrawFn) -> list[OdmRecord]:
    values = st.one_of(st.none(), st.text(st.one_of(legal, st.sampled_from("\n\t")), max_size=12))
    keys = st.sampled_from(["", "1", "2"])
    made = []
    for place, participant in (("S01", "P-1"), ("S02", "P 2"), ("", "P3")):
        for _ in range(draw(st.integers(0, 3))):
            names = draw(st.lists(st.sampled_from(["I0", "I1", "I2"]), min_size=1, unique=True))
            audit = Audit("u1", "2026-01-01T10:00:00+01:00", draw(maybe), place or "elsewhere", "7")
            made.append(
                OdmRecord(
                    site=place,
                    participant=participant,
                    event=draw(st.sampled_from(["", "V1"])),
                    event_repeat=draw(keys),
                    form=draw(st.sampled_from(["AE", "VS.1"])),
                    form_repeat=draw(keys),
                    group="G0",
                    group_repeat=draw(keys),
                    items={name: draw(values) for name in names},
                    audits={names[0]: audit} if draw(st.booleans()) else {},
                )
            )
    return made


@pytest.fixture(scope="session")
def schemas(shared: Path) -> dict[str, etree.XMLSchema]:
    folder = shared / "cdisc" / "odm"
    files = {"1.3.2": folder / "1.3.2/schema/ODM1-3-2.xsd", "2.0": folder / "2.0/schema/ODM.xsd"}
    return {version: etree.XMLSchema(etree.parse(path)) for version, path in files.items()}


@pytest.mark.requirement(34)
@pytest.mark.parametrize("version", VERSIONS)
@SETTINGS
@given(study=studies())
def test_forms_lists_checks_and_visits_survive(version: OdmVersion, study: Study) -> None:
    data = write_odm(study, version, created=NOW)
    again = read_odm(data, "out.xml")
    assert again.findings.codes() == ()
    assert again.forms == tuple(study.forms.values())
    assert again.codelists == tuple(study.codelists.values())
    assert again.checks == study.checks
    assert again.translations == study.translations
    assert again.language == "en"
    assert again.schedule.visits == study.protocol.schedule.visits
    assert set(again.schedule.activities) == set(study.protocol.schedule.activities)
    assert (again.study_name, again.title, again.protocol_name) == ("S1", "A study", "P-1")
    if version == "2.0":
        assert again.design == study.protocol.design
        assert again.objectives == study.protocol.objectives
        assert again.eligibility == study.protocol.eligibility
    assert write_odm(study, version, created=NOW) == data


@pytest.mark.peer
@pytest.mark.parametrize("version", VERSIONS)
@SETTINGS
@given(study=studies(), rows=records())
def test_what_we_write_is_valid(
    schemas: dict[str, etree.XMLSchema], version: OdmVersion, study: Study, rows: list[OdmRecord]
) -> None:
    for data in (write_odm(study, version, created=NOW), write_odm_data(study, rows, version, created=NOW)):
        schemas[version].validate(etree.fromstring(data))
        assert [entry.message for entry in schemas[version].error_log] == []


@pytest.mark.requirement(34)
@pytest.mark.parametrize("version", VERSIONS)
@SETTINGS
@given(study=studies(), rows=records())
def test_records_survive_with_their_audit(version: OdmVersion, study: Study, rows: list[OdmRecord]) -> None:
    data = write_odm_data(study, rows, version, created=NOW)
    again = read_odm_data(data, "data.xml")
    assert again.findings.codes() == ()
    assert again.records == tuple(rows)
    assert write_odm_data(study, again.records, version, created=NOW) == data


@pytest.mark.parametrize("version", VERSIONS)
def test_a_control_character_is_refused_rather_than_lost(version: OdmVersion) -> None:
    study = Study(Path(), StudyFile(id="S", title="T", version="1"), Protocol(), {}, {}, (), {})
    row = OdmRecord("S1", "P1", "V1", "", "AE", "", "G", "", {"I": "a\x00b"})
    with pytest.raises(Refused) as refused:
        write_odm_data(study, [row], version, created=NOW)
    assert refused.value.findings.codes() == ("ODM-040",)


def test_an_alias_of_ours_that_somebody_spoiled_is_an_error() -> None:
    text = (
        '<MetaDataVersion xmlns="http://www.cdisc.org/ns/odm/v1.3" OID="M" Name="N">\n'
        '<StudyEventDef OID="SE.V1" Name="V" Repeating="No" Type="Scheduled">\n'
        '<Alias Context="openCRO:window" Name="three days"/></StudyEventDef></MetaDataVersion>'
    )
    found = read_odm(text.encode(), "x.xml")
    assert set(found.findings.codes()) == {"ODM-034"}
    assert found.schedule.visits[0].window is None
