"""The checklist before a lock: every blocker where it is, none where nothing is wrong, in every scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from opencro.capture import (
    BLOCKERS,
    Checklist,
    FormWork,
    LockRules,
    SdvPlan,
    changes_after_lock,
    form_place,
    plan_sdv,
    pre_lock_checklist,
    read_enrolled,
    read_lock_rules,
)
from opencro.kernel.located import parse_located
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    FormCompleted,
    FormLocked,
    FormSigned,
    FormUnlocked,
    Ledger,
    ParticipantEnrolled,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    RecordKey,
    ReviewFlagged,
    SourceVerified,
)
from opencro.study import Form, Item, ItemGroup, Study

DM = RecordKey("701", "701-01", "", 0, "DM", 1, "DM", 1)
VS = RecordKey("701", "701-01", "SCR", 1, "VS", 1, "VS", 1)
SIGNED = FormSigned("Ann", "I have reviewed it.", "0" * 64)
Write = Callable[..., None]


@pytest.fixture
def write(any_ledger: Ledger) -> Write:
    def append(*entries: Entry) -> None:
        any_ledger.append(
            entries, actor=Actor("ann", "investigator"), source="ui", reason="misread", definition_version="7"
        )

    return append


@pytest.fixture
def sound(write: Write) -> Write:
    """A participant of whom nothing keeps the forms from being locked; gives `write`."""
    write(Act(ParticipantEnrolled("2026-03-01"), RecordKey("701", "701-01")))
    write(Change(DM, {"DMDAT": "2026-03-01"}), Change(VS, {"SYSBP": "120"}))
    for key in (DM, VS):
        write(Act(FormCompleted(), form_place(key)), Act(SIGNED, form_place(key)))
    return write


def _blockers(checklist: Checklist) -> list[tuple[str, str, str]]:
    rows = checklist.blockers.select("code", "form", "item").rows()
    assert all(f.remedy and f.place.path and f.code in BLOCKERS for f in checklist.findings())
    return rows


def _check(study: Study, ledger: Ledger, scope: RecordKey | None = None, **more: object) -> list[tuple[str, str, str]]:
    return _blockers(pre_lock_checklist(study, ledger, scope or RecordKey(), **more))  # type: ignore[arg-type]


@pytest.mark.requirement(38)
def test_nothing_keeps_sound_forms_from_being_locked(study: Study, any_ledger: Ledger, sound: Write) -> None:
    checklist = pre_lock_checklist(study, any_ledger)
    assert checklist.ok
    assert checklist.counts() == {}


@pytest.mark.requirement(38)
def test_queries_block_until_they_are_settled(study: Study, any_ledger: Ledger, sound: Write) -> None:
    sound(Act(QueryRaised("Q1", "SYSBP", "", "Right?"), VS), Act(QueryRaised("Q2", "", "", "Whose?"), VS))
    assert _check(study, any_ledger) == [("LCK-001", "VS", ""), ("LCK-001", "VS", "SYSBP")]
    sound(Act(QueryAnswered("Q1", "Yes"), VS), Act(QueryCancelled("Q2", "mistake"), VS))
    assert _check(study, any_ledger) == [("LCK-002", "VS", "SYSBP")]
    sound(Act(QueryReopened("Q1", "why?"), VS))
    assert _check(study, any_ledger) == [("LCK-001", "VS", "SYSBP")]
    sound(Act(QueryClosed("Q1"), VS))
    assert _check(study, any_ledger) == []


@pytest.mark.requirement(38)
def test_a_form_of_a_visit_that_took_place_is_missing(study: Study, any_ledger: Ledger, sound: Write) -> None:
    more = Form(id="EG", title="ECG", groups=(ItemGroup(id="EG", items=(Item(id="EGDAT", label="Date"),)),))
    activities = [a.model_dump() for a in study.protocol.schedule.activities]
    activities.append({"id": "ECG", "name": "ECG", "forms": ["EG"], "visits": ["SCR", "BL"]})
    schedule = study.protocol.schedule.model_validate(
        {**study.protocol.schedule.model_dump(), "activities": activities}
    )
    wider = replace(
        study, forms={**study.forms, "EG": more}, protocol=study.protocol.model_copy(update={"schedule": schedule})
    )
    (finding,) = pre_lock_checklist(wider, any_ledger).findings()
    assert (finding.code, finding.place.path) == ("LCK-003", "701/701-01/SCR[1]/EG[1]")
    assert _check(wider, any_ledger, rules=LockRules(optional=("EG",))) == []
    at_baseline = replace(wider, forms={**wider.forms, "EG": more.model_copy(update={"source": "transfer"})})
    assert _check(at_baseline, any_ledger) == []
    sound(Change(VS._replace(event="BL", form="EG", group="EG"), {"EGDAT": "x"}))
    codes = [b for b in _check(wider, any_ledger, rules=LockRules(once=("EG",))) if b[0] == "LCK-003"]
    assert codes == [("LCK-003", "VS", "")]  # the visit took place, its vital signs are not there


@pytest.mark.requirement(38)
def test_a_form_of_the_participant_is_asked_for_once(study: Study, any_ledger: Ledger, write: Write) -> None:
    activities = [{"id": "D", "name": "D", "forms": ["DM", "VS"], "visits": ["SCR", "BL"]}]
    schedule = study.protocol.schedule.model_validate(
        {**study.protocol.schedule.model_dump(), "activities": activities}
    )
    asked = replace(study, protocol=study.protocol.model_copy(update={"schedule": schedule}))
    write(Change(VS, {"SYSBP": "120"}), Change(VS._replace(event="BL"), {"SYSBP": "120"}))
    missing = [b for b in _check(asked, any_ledger) if b[0] == "LCK-003"]
    assert missing == [("LCK-003", "DM", "")]
    log = asked.forms["DM"].model_copy(update={"repeating": True})
    assert "LCK-003" not in [b[0] for b in _check(replace(asked, forms={**asked.forms, "DM": log}), any_ledger)]


@pytest.mark.requirement(38)
def test_a_required_item_blocks_only_where_it_is_asked(study: Study, any_ledger: Ledger, sound: Write) -> None:
    sound(Change(DM, {"DMDAT": None, "SEX": "F"}), Act(SIGNED, form_place(DM)))
    assert _check(study, any_ledger) == [("LCK-004", "DM", "DMDAT")]
    items = [i.model_copy(update={"show_when": 'SEX == "M"'} if i.id == "DMDAT" else {})
             for i in study.forms["DM"].groups[0].items]  # fmt: skip
    group = study.forms["DM"].groups[0].model_copy(update={"items": tuple(items)})
    form = study.forms["DM"].model_copy(update={"groups": (group,)})
    assert _check(replace(study, forms={**study.forms, "DM": form}), any_ledger) == []


@pytest.mark.requirement(38)
def test_a_form_saved_without_one_of_its_groups_lacks_that_groups_items(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    groups = (
        ItemGroup(id="A", items=(Item(id="ONE", label="1"),)),
        ItemGroup(id="B", items=(Item(id="TWO", label="2", required=True), Item(id="THREE", label="3"))),
    )
    two = replace(study, forms={"F": Form(id="F", title="F", participant_level=True, groups=groups)})
    key = RecordKey("701", "701-01", "", 0, "F", 1, "A", 1)
    write(Change(key, {"ONE": "x"}))
    assert ("LCK-004", "F", "TWO") in _check(two, any_ledger)
    write(Change(key._replace(group="B"), {"TWO": "y"}))
    assert ("LCK-004", "F", "TWO") not in _check(two, any_ledger)


@pytest.mark.requirement(38)
@pytest.mark.requirement(13)
def test_completion_and_signature_block_as_the_life_of_the_form_says(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    def codes() -> list[str]:
        work = FormWork()
        for fact in any_ledger.facts(participant="701-01"):
            work = work.apply(fact)
        found = [code for code, _, _ in _check(study, any_ledger)]
        assert ("LCK-006" in found) == (not work.completed)
        assert ("LCK-007" in found) == (work.signature is None)
        assert ("LCK-008" in found) == work.stale
        return found

    write(Change(VS, {"SYSBP": "120"}))
    assert codes() == ["LCK-006", "LCK-007"]
    write(Act(FormCompleted(), form_place(VS)))
    assert codes() == ["LCK-007"]
    write(Act(SIGNED, form_place(VS)))
    assert codes() == []
    write(Change(VS, {"SYSBP": "121"}))
    assert codes() == ["LCK-008"]
    assert _check(study, any_ledger, rules=LockRules(unsigned=("VS",))) == []
    write(Act(SIGNED, form_place(VS)))
    assert codes() == []


@pytest.mark.requirement(38)
def test_marks_for_review_and_the_plan_of_verification_block(study: Study, any_ledger: Ledger, sound: Write) -> None:
    plan = SdvPlan.model_validate({"seed": "s", "levels": [{"id": "all", "items": ["VS.SYSBP"]}]})
    targets = plan_sdv(study, plan, read_enrolled(any_ledger))
    assert _check(study, any_ledger, targets=targets) == [("LCK-005", "VS", "SYSBP")]
    sound(Act(SourceVerified(["SYSBP"]), VS), Act(ReviewFlagged("odd", raised=True), form_place(VS)))
    assert _check(study, any_ledger, targets=targets) == [("LCK-010", "VS", "")]
    sound(Act(ReviewFlagged("", raised=False), form_place(VS)))
    assert _check(study, any_ledger, targets=targets) == []


@pytest.mark.requirement(38)
def test_uncoded_terms_block(study: Study, any_ledger: Ledger, sound: Write) -> None:
    key = dict(zip(RecordKey._fields, VS, strict=True))
    uncoded = pl.DataFrame([{**key, "item": "SYSBP", "term": "HEDACHE"}])
    assert _check(study, any_ledger, uncoded=uncoded) == [("LCK-009", "VS", "SYSBP")]


@pytest.mark.requirement(38)
@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        (RecordKey(), True),
        (RecordKey("701"), True),
        (RecordKey("702"), False),
        (RecordKey("701", "701-01"), True),
        (RecordKey("701", "701-02"), False),
        (form_place(VS), True),
        (form_place(DM), False),
    ],
)
def test_a_scope_sees_its_own_blockers_only(
    study: Study, any_ledger: Ledger, sound: Write, scope: RecordKey, blocked: bool
) -> None:
    sound(Act(QueryRaised("Q1", "SYSBP", "", "Right?"), VS))
    assert bool(_check(study, any_ledger, scope)) is blocked


@pytest.mark.requirement(38)
def test_what_moved_after_a_lock_is_counted(study: Study, any_ledger: Ledger, sound: Write) -> None:
    assert changes_after_lock(any_ledger).is_empty()
    place = form_place(VS)
    sound(Act(FormLocked("lock"), place), Act(FormUnlocked("lock", "bob"), place))
    sound(Change(VS, {"SYSBP": "121", "VSTIM": "10:00"}), Act(FormLocked("lock"), place))
    (row,) = changes_after_lock(any_ledger).to_dicts()
    counts = {"locks": 2, "unlocks": 1, "facts": 1, "values": 2, "participants": 1, "while_locked": 0}
    assert row == {"site": "701", "form": "VS", **counts}


@pytest.mark.parametrize(
    ("text", "code"), [("onces: [DM]", "LCK-101"), ("once: [VSS]", "LCK-102"), ("optional: [DM]", "")]
)
def test_rules_that_name_no_form_are_found(study: Study, text: str, code: str) -> None:
    document, _ = parse_located(text, "conduct/lock.yaml")
    assert document is not None
    findings = read_lock_rules(replace(study, documents={"conduct/lock.yaml": document}))[1]
    assert [(f.code, f.place.line) for f in findings] == ([(code, 1)] if code else [])
