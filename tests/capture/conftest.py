"""A small study and its ledger for imports."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opencro.capture import ImportReport, import_data, parse_delimited
from opencro.kernel.hashing import sha256_hex
from opencro.ledger import Actor, Ledger, create_ledger
from opencro.study import (
    Activity,
    Code,
    CodeList,
    Form,
    Item,
    ItemGroup,
    Protocol,
    Study,
    StudyFile,
    Transfer,
    Visit,
)


class Clock:
    """The time at which facts are recorded, as a test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


ACTOR = Actor("dm1", "data manager")


def _form(
    name: str, items: tuple[Item, ...], *, log: bool = False, repeating: bool = False, many: bool = False
) -> Form:
    group = ItemGroup(id=name, repeating=many, items=items)
    return Form(id=name, title=name, participant_level=log, repeating=repeating, groups=(group,))


def make_study() -> Study:
    """Demography (log), vital signs (visits), events (log, repeating group), a repeating log form."""
    dm = (
        Item(id="DMDAT", label="Date", type="date", required=True),
        Item(id="SEX", label="Sex", type="choice", codes="SEX"),
        Item(id="AGE", label="Age", type="integer", minimum=18, maximum=90),
        Item(id="COUNTRY", label="Country", length=3),
    )
    vs = (
        Item(id="VSDAT", label="Date", type="date"),
        Item(id="SYSBP", label="Systolic", type="decimal", minimum=40, maximum=300, decimals=1),
        Item(id="VSTIM", label="Time", type="time"),
    )
    ae = (
        Item(id="AESPID", label="Number"),
        Item(id="AETERM", label="Term", length=20),
        Item(id="AESTDAT", label="Start", type="partial-date"),
    )
    visits = (
        Visit(id="SCR", name="SCREENING 1", number=1, day=-7),
        Visit(id="BL", name="BASELINE", number=2, day=1),
        Visit(id="UNS_2_1", name="UNSCHEDULED 2.1", number=2.1, unscheduled=True),
    )
    activities = (Activity(id="VITALS", name="Vital signs", forms=("VS",), visits=("SCR", "BL")),)
    protocol = Protocol.model_validate(
        {"schedule": {"visits": [v.model_dump() for v in visits], "activities": [a.model_dump() for a in activities]}}
    )
    transfers = (
        Transfer(
            id="dm", title="DM", file="dm.csv", form="DM", site="SITEID", participant="{SITEID}-{SUBJID}", enrols=True,
            skip=("STUDYID",),
        ),
        Transfer(
            id="vs", title="VS", file="vs.csv", form="VS", site="{USUBJID:0:3}", participant="USUBJID", event="VISIT"
        ),
        Transfer(
            id="ae", title="AE", file="ae.csv", form="AE", site="SITEID", participant="{SITEID}-{SUBJID}",
            key=("NUMBER",), items={"AESPID": "NUMBER"}, where='not (TAKE == "no")',
        ),
        Transfer(id="log", title="LOG", file="log.csv", form="LOG", site="SITEID", participant="{SITEID}-{SUBJID}"),
    )  # fmt: skip
    forms = (
        _form("DM", dm, log=True),
        _form("VS", vs),
        _form("AE", ae, log=True, many=True),
        _form("LOG", (Item(id="NOTE", label="Note"),), log=True, repeating=True),
    )
    sex = CodeList(id="SEX", codes=(Code(value="F"), Code(value="M")))
    return Study(
        root=Path(),
        file=StudyFile(id="S1", title="A study", version="7"),
        protocol=protocol,
        forms={f.id: f for f in forms},
        codelists={"SEX": sex},
        checks=(),
        transfers={t.id: t for t in transfers},
    )


DM = "STUDYID,SITEID,SUBJID,DMDAT,SEX,AGE,COUNTRY\nS1,701,01,2014-01-02,F,63,USA\nS1,701,02,03-JAN-2014,M,70,\n"


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with create_ledger(tmp_path / "l.sqlite", study="S1") as made:
        yield made


_number = itertools.count()


@pytest.fixture
def clock() -> Clock:
    """The clock of `any_ledger`: noon of Monday, 2 March 2026, until a test sets `clock.now`."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def any_ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """An empty rehearsal ledger on every database, at the time of `clock`."""
    url = f"sqlite:///{tmp_path / 'any.sqlite'}"
    if request.param == "postgres":
        url = f"{request.getfixturevalue('postgres')[0]}&schema=capture_{next(_number)}"
    with create_ledger(url, study="S1", purpose="rehearsal", clock=clock) as made:
        yield made


Importer = Callable[..., ImportReport]


@pytest.fixture
def bring(study: Study, ledger: Ledger) -> Importer:
    """Import a text as the file of a transfer."""

    def bring_in(transfer: str, text: str, **options: object) -> ImportReport:
        data = text.encode()
        found = study.transfers[transfer]
        frame = parse_delimited(data, found.file)
        return import_data(
            study, found, frame, ledger, actor=ACTOR, digest=sha256_hex(data), file=found.file, **options
        )  # type: ignore[arg-type]

    return bring_in
