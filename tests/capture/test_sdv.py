"""The plan of source data verification: who is chosen, which items, and what counts as verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.capture import (
    Enrolled,
    SdvPlan,
    SdvProgress,
    count_sdv,
    plan_sdv,
    read_enrolled,
    read_sdv_plan,
    sdv_progress,
)
from opencro.capture.sdv_plan import draw
from opencro.kernel.located import parse_located
from opencro.ledger import Act, Actor, Change, Ledger, ParticipantEnrolled, RecordKey, Removal, SourceVerified
from opencro.study import Study
from tests.capture.conftest import make_study

MONITOR = Actor("mona", "monitor")
KEY = RecordKey("701", "701-01", "BL", 1, "VS", 1, "VS", 1)
Write = Callable[..., None]


def _plan(**more: object) -> SdvPlan:
    levels = [{"id": "critical", "items": ["DM.SEX", "DM.AGE"]}, {"id": "routine", "items": ["VS"], "share": 0.25}]
    return SdvPlan.model_validate({"seed": "s", "levels": levels, **more})


def _people(count: int, site: str = "701") -> list[Enrolled]:
    return [Enrolled(site, f"{site}-{i:04d}") for i in range(count)]


def test_the_draw_of_a_participant_can_be_repeated_by_hand() -> None:
    # printf 's/701-0001' | sha256sum gives 5385ff4e6847c6a0...
    assert draw("s", "701-0001") == 0x5385FF4E6847C6A0 / 2**64


def test_a_level_takes_its_share_on_average_and_all_at_a_site_that_says_so(study: Study) -> None:
    people = [*_people(2_000), *_people(50, "702")]
    targets = plan_sdv(study, _plan(sites={"702": {"all": True}}), people)
    routine = [p for p, levels in targets.chosen.items() if "routine" in levels]
    at_701 = [p for p in routine if p.startswith("701")]
    assert 440 < len(at_701) < 560  # 500 expected, three standard deviations are 58
    assert len(routine) - len(at_701) == 50
    assert all("critical" in levels for levels in targets.chosen.values())
    assert len(targets.chosen) == 2_050


def test_the_first_participants_of_each_site_are_chosen_whatever_they_draw(study: Study) -> None:
    levels = [{"id": "routine", "items": ["VS"], "share": 0, "first": 2}]
    plan = SdvPlan.model_validate({"seed": "s", "levels": levels, "sites": {"702": {"first": 1}}})
    mixed = [*_people(3)[:1], *_people(3, "702"), *_people(3)[1:]]
    assert list(plan_sdv(study, plan, mixed).chosen) == ["701-0000", "702-0000", "701-0001"]


@given(st.lists(st.integers(0, 400), unique=True, min_size=1), st.integers(1, 40), st.text(min_size=1))
def test_nobody_who_enrols_later_changes_who_was_chosen(numbers: list[int], cut: int, seed: str) -> None:
    plan = SdvPlan.model_validate({**_plan().model_dump(), "seed": seed.strip() or "s"})
    people = [Enrolled(f"70{n % 3}", f"70{n % 3}-{n:04d}") for n in numbers]
    early, late = (plan_sdv(make_study(), plan, some).chosen for some in (people[:cut], people))
    assert {p: late[p] for p in early} == early


@given(st.floats(0, 1), st.floats(0, 1))
def test_who_is_chosen_for_a_small_share_is_chosen_for_a_larger_one(one: float, other: float) -> None:
    small, large = sorted((one, other))
    levels = [{"id": "s", "items": ["VS"], "share": small}, {"id": "l", "items": ["DM"], "share": large}]
    chosen = plan_sdv(make_study(), SdvPlan.model_validate({"seed": "x", "levels": levels}), _people(200)).chosen
    assert all("l" in levels for levels in chosen.values() if "s" in levels)


def test_an_item_belongs_to_the_first_level_that_names_it(study: Study) -> None:
    levels = [{"id": "critical", "items": ["DM.AGE"]}, {"id": "rest", "items": ["DM", "LOG.NOTE"]}]
    targets = plan_sdv(study, SdvPlan.model_validate({"seed": "s", "levels": levels}), _people(1))
    assert targets.items["critical"] == {("DM", "DM"): ("AGE",)}
    assert targets.items["rest"] == {("DM", "DM"): ("DMDAT", "SEX", "COUNTRY"), ("LOG", "LOG"): ("NOTE",)}
    assert targets.items_of("701-0000", "DM", "DM") == ("AGE", "DMDAT", "SEX", "COUNTRY")
    assert targets.items_of("nobody", "DM", "DM") == ()


@pytest.fixture
def write(any_ledger: Ledger) -> Write:
    def append(*entries: Change | Removal | Act, actor: Actor = MONITOR) -> None:
        any_ledger.append(entries, actor=actor, source="ui", reason="misread", definition_version="7")

    return append


def _progress(study: Study, ledger: Ledger, participant: str | None = None) -> SdvProgress:
    targets = plan_sdv(study, SdvPlan.model_validate({"seed": "s", "levels": [{"id": "all", "items": ["VS"]}]}),
                       read_enrolled(ledger))  # fmt: skip
    return sdv_progress(ledger, targets, participant)


def _states(progress: SdvProgress) -> dict[str, str]:
    return {f"{r['participant']}.{r['item']}": r["state"] for r in progress.items.iter_rows(named=True)}


def _enrol(participant: str) -> Act:
    return Act(ParticipantEnrolled("2026-03-01"), RecordKey("701", participant))


@pytest.mark.requirement(6)
def test_values_are_verified_until_they_change_and_then_again(study: Study, any_ledger: Ledger, write: Write) -> None:
    write(_enrol("701-01"), Change(KEY, {"SYSBP": "120", "VSTIM": "10:00"}))
    assert _states(_progress(study, any_ledger)) == {"701-01.VSTIM": "open", "701-01.SYSBP": "open"}
    write(Act(SourceVerified(["SYSBP", "VSTIM"]), KEY))
    assert set(_states(_progress(study, any_ledger)).values()) == {"verified"}
    write(Change(KEY, {"SYSBP": "130", "VSDAT": "2026-03-01"}))
    after = {"701-01.SYSBP": "changed since", "701-01.VSTIM": "verified", "701-01.VSDAT": "open"}
    assert _states(_progress(study, any_ledger)) == after
    write(Act(SourceVerified(["SYSBP"]), KEY))
    assert _states(_progress(study, any_ledger))["701-01.SYSBP"] == "verified"
    write(Change(KEY, {"VSTIM": None}))
    assert "701-01.VSTIM" not in _states(_progress(study, any_ledger))


def test_a_record_that_was_removed_and_entered_again_is_to_be_verified_again(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    write(_enrol("701-01"), Change(KEY, {"SYSBP": "120"}))
    write(Act(SourceVerified(["SYSBP"]), KEY))
    write(Removal(KEY))
    assert _states(_progress(study, any_ledger)) == {}
    write(Change(KEY, {"SYSBP": "120"}))
    assert _states(_progress(study, any_ledger)) == {"701-01.SYSBP": "changed since"}


def test_progress_is_counted_and_can_be_of_one_participant(study: Study, any_ledger: Ledger, write: Write) -> None:
    other = KEY._replace(participant="701-02")
    write(_enrol("701-01"), _enrol("701-02"), Change(KEY, {"SYSBP": "1"}), Change(other, {"SYSBP": "2"}))
    write(Act(SourceVerified(["SYSBP"]), other))
    (row,) = count_sdv(_progress(study, any_ledger).items, "site").to_dicts()
    assert row == {"site": "701", "required": 2, "verified": 1, "changed_since": 0, "open": 1}
    assert _states(_progress(study, any_ledger, "701-02")) == {"701-02.SYSBP": "verified"}
    assert _states(_progress(study, any_ledger, "701-01")) == {"701-01.SYSBP": "open"}


def test_a_participant_who_was_not_chosen_needs_nothing(study: Study, any_ledger: Ledger, write: Write) -> None:
    write(_enrol("701-01"), Change(KEY, {"SYSBP": "120"}))
    levels = [{"id": "none", "items": ["VS"], "share": 0}]
    targets = plan_sdv(study, SdvPlan.model_validate({"seed": "s", "levels": levels}), read_enrolled(any_ledger))
    assert sdv_progress(any_ledger, targets).items.is_empty()


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("levels: []", "SDV-001", 1),
        ("seed: s\nlevels:\n  - {id: a, items: [DM.AGES]}", "SDV-002", 3),
        ("seed: s\nlevels:\n  - {id: a, items: [DM]}\n  - {id: a, items: [VS]}", "SDV-003", 4),
        ("seed: s\nlevels:\n  - {id: a, items: [DM, DM]}", "SDV-003", 3),
        ("seed: s\nlevels:\n  - {id: a, items: [DM]}\nsites:\n  999: {all: true}", "SDV-004", 5),
    ],
)
def test_a_plan_that_names_what_is_not_there_is_found(study: Study, text: str, code: str, line: int) -> None:
    documents = {}
    for name, content in (("conduct/sdv.yaml", text), ("conduct/sites.yaml", "sites: {701: {}}")):
        documents[name], _ = parse_located(content, name)
    findings = read_sdv_plan(replace(study, documents=documents))[1]  # type: ignore[arg-type]
    assert (findings.codes()[0], next(iter(findings)).place.line) == (code, line)
