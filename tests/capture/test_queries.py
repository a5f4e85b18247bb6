"""Edit checks over the records of a ledger, and the queries that follow from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opencro.capture import EditCheckRun, plan_queries, read_queries, run_edit_checks
from opencro.ledger import Act, Actor, Change, Ledger, QueryAnswered, QueryClosed, QueryRaised, RecordKey, Removal
from opencro.study import EditCheck, Study

DATA_MANAGER = Actor("dm1", "data manager")
OLD = EditCheck(id="DM1", form="DM", item="AGE", when="AGE > 65", message="Please check the age.")
VITALS = RecordKey("701", "701-01", "BL", 1, "VS", 1, "VS", 1)


def _key(form: str, participant: str = "701-01", repeat: int = 1) -> RecordKey:
    return RecordKey("701", participant, "", 0, form, 1, form, repeat)


def _enter(ledger: Ledger, key: RecordKey, **values: str | None) -> None:
    ledger.append(
        [Change(key, values)], actor=DATA_MANAGER, source="ui", reason="as in the source", definition_version="7"
    )


def _run(study: Study, ledger: Ledger, *checks: EditCheck) -> EditCheckRun:
    return run_edit_checks(study, ledger.snapshot(), checks)


def _raise(study: Study, ledger: Ledger, *checks: EditCheck) -> list[Act]:
    acts = plan_queries(_run(study, ledger, *checks), read_queries(ledger))
    ledger.append(acts, actor=Actor("edit.checks", "edit checks"), source="system", definition_version="7")
    return acts


def _states(ledger: Ledger) -> list[tuple[str, str]]:
    return [(query.key.participant, query.state) for query in read_queries(ledger)]


def test_a_check_speaks_on_the_records_where_its_condition_holds(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66", SEX="F")
    _enter(ledger, _key("DM", "701-02"), AGE="65", SEX="F")
    _enter(ledger, _key("DM", "701-03"), SEX="M")
    (one,) = _run(study, ledger, OLD).runs
    assert one.records == 3
    assert one.hits["participant"].to_list() == ["701-01"]
    assert one.hits["values"].to_list() == ["AGE = 66"]


def test_a_check_reads_an_item_of_the_participant_at_every_visit(study: Study, ledger: Ledger) -> None:
    check = EditCheck(id="VS1", form="VS", item="SYSBP", when="SYSBP < 90 and DM.AGE > 65", message="Low for the age.")
    _enter(ledger, VITALS, SYSBP="80")
    assert not len(_run(study, ledger, check).runs[0].hits)
    _enter(ledger, _key("DM"), AGE="70")
    (one,) = _run(study, ledger, check).runs
    assert one.hits["values"].to_list() == ["SYSBP = 80, DM.AGE = 70"]
    assert one.hits["fact"].to_list() == [ledger.position]


def test_a_check_that_may_mean_several_records_is_not_run_and_says_why(study: Study, ledger: Ledger) -> None:
    check = EditCheck(id="DM2", form="DM", item="SEX", when='AE.AETERM == "PREGNANCY" and SEX == "M"', message="Check.")
    _enter(ledger, _key("DM"), SEX="M")
    _enter(ledger, _key("AE", repeat=1), AETERM="HEADACHE")
    assert not _run(study, ledger, check).not_run
    _enter(ledger, _key("AE", repeat=2), AETERM="PREGNANCY")
    ((_, reason),) = _run(study, ledger, check).not_run
    assert reason == "AE.AETERM stands in several records of one participant"
    at_visits = EditCheck(id="DM3", form="DM", item="AGE", when="VS.SYSBP < 90 and AGE > 65", message="Check.")
    ((_, reason),) = _run(study, ledger, at_visits).not_run
    assert "is of no visit" in reason


FALL = EditCheck(id="VS2", form="VS", item="SYSBP", when="SYSBP < SYSBP at previous - 40", message="A deep fall.")


def test_a_check_reads_the_visit_before_in_the_order_of_visit_numbers(study: Study, ledger: Ledger) -> None:
    for visit, pressure in (("UNS_2_1", "80"), ("SCR", "130"), ("BL", "125")):
        _enter(ledger, VITALS._replace(event=visit), SYSBP=pressure)
    (one,) = _run(study, ledger, FALL).runs
    assert one.records == 3
    assert one.hits.select("event", "values").rows() == [("UNS_2_1", "SYSBP = 80, SYSBP at previous = 125")]
    assert one.hits["fact"].to_list() == [ledger.position], "the value of the visit before was the newest"
    _enter(ledger, VITALS._replace(event="BL"), SYSBP=None)
    (one,) = _run(study, ledger, FALL).runs
    assert one.hits["values"].to_list() == ["SYSBP = 80, SYSBP at previous = 130"], "a visit without a value is passed"


def test_a_correction_at_the_visit_before_settles_the_query(study: Study, ledger: Ledger) -> None:
    _enter(ledger, VITALS._replace(event="SCR"), SYSBP="130")
    _enter(ledger, VITALS, SYSBP="80")
    assert len(_raise(study, ledger, FALL)) == 1
    _enter(ledger, VITALS._replace(event="SCR"), SYSBP="100")
    assert [type(act.what) for act in _raise(study, ledger, FALL)] == [QueryClosed]


def test_a_check_reads_the_first_visit_and_one_that_it_names(study: Study, ledger: Ledger) -> None:
    first = FALL.model_copy(update={"when": "SYSBP < SYSBP at first - 40"})
    named = FALL.model_copy(update={"when": "SYSBP < SYSBP at SCR - 40 and DM.AGE > 65"})
    log = EditCheck(
        id="DM4", form="DM", item="AGE", when="AGE > 65 and VS.SYSBP at BL < 90", message="Low for the age."
    )
    _enter(ledger, _key("DM"), AGE="70")
    _enter(ledger, VITALS._replace(event="SCR"), SYSBP="130")
    _enter(ledger, VITALS, SYSBP="80")
    _enter(ledger, VITALS._replace(participant="701-02"), SYSBP="80")
    runs = _run(study, ledger, first, named, log).runs
    assert [run.hits["values"].to_list() for run in runs] == [
        ["SYSBP = 80, SYSBP at first = 130"],
        ["SYSBP = 80, SYSBP at SCR = 130, DM.AGE = 70"],
        ["AGE = 70, VS.SYSBP at BL = 80"],
    ]


def test_a_record_of_another_visit_is_that_with_the_same_number(study: Study, ledger: Ledger) -> None:
    for visit, pressures in (("SCR", ("130", "90")), ("BL", ("85", "88"))):
        for number, pressure in enumerate(pressures, 1):
            _enter(ledger, VITALS._replace(event=visit, group_repeat=number), SYSBP=pressure)
    (one,) = _run(study, ledger, FALL).runs
    assert one.hits["group_repeat"].to_list() == [1]


@pytest.mark.parametrize(
    ("form", "when", "reason"),
    [
        ("DM", "VS.SYSBP at previous < 90", "VS.SYSBP at previous: the form DM is of no visit, so none is before it"),
        ("VS", "SYSBP < 90 and DM.AGE at BL > 65", "DM.AGE at BL: the form DM is of no visit"),
        ("DM", "AGE > 65 and VS.SYSBP at BL < 90", "VS.SYSBP at BL stands in several records of one visit"),
        ("VS", "SYSBP > SYSBP at UNS_2_1", "SYSBP at UNS_2_1: the visit was held several times"),
    ],
)
def test_a_check_that_cannot_tell_which_visit_is_not_run(
    form: str, when: str, reason: str, study: Study, ledger: Ledger
) -> None:
    _enter(ledger, _key("DM"), AGE="70")
    _enter(ledger, VITALS, SYSBP="80")
    _enter(ledger, VITALS._replace(group_repeat=2), SYSBP="80")
    for repeat in (1, 2):
        _enter(ledger, VITALS._replace(event="UNS_2_1", event_repeat=repeat), SYSBP="80")
    check = EditCheck(id="X", form=form, when=when, message="Check.")
    assert [why for _, why in _run(study, ledger, check).not_run] == [reason]


@pytest.mark.requirement(33)
def test_raising_again_on_the_same_data_writes_nothing(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66")
    assert len(_raise(study, ledger, OLD)) == 1
    assert _raise(study, ledger, OLD) == []
    assert _states(ledger) == [("701-01", "open")]


@pytest.mark.requirement(6)
def test_a_correction_or_a_removal_closes_the_query(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66")
    _enter(ledger, _key("DM", "701-02"), AGE="67")
    _raise(study, ledger, OLD)
    _enter(ledger, _key("DM"), AGE="56")
    ledger.append(
        [Removal(_key("DM", "701-02"))],
        actor=DATA_MANAGER, source="ui", reason="entered for another", definition_version="7",
    )  # fmt: skip
    closed = _raise(study, ledger, OLD)
    assert [type(act.what) for act in closed] == [QueryClosed, QueryClosed]
    assert _states(ledger) == [("701-01", "closed"), ("701-02", "closed")]


def test_what_a_person_closed_is_asked_again_only_when_the_data_changed(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66")
    ((raised),) = _raise(study, ledger, OLD)
    assert isinstance(raised.what, QueryRaised)
    for what in (QueryAnswered(raised.what.query, "Confirmed."), QueryClosed(raised.what.query)):
        ledger.append([Act(what, raised.place)], actor=DATA_MANAGER, source="ui", definition_version="7")
    assert [(q.state, q.answer) for q in read_queries(ledger)] == [("closed", "Confirmed.")]
    assert _raise(study, ledger, OLD) == []
    _enter(ledger, _key("DM"), AGE="99")
    assert len(_raise(study, ledger, OLD)) == 1
    assert [q.id for q in read_queries(ledger)] == ["Q000001", "Q000002"]


def test_a_warning_raises_no_query(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66")
    warning = replace_severity(OLD)
    assert len(_run(study, ledger, warning).runs[0].hits) == 1
    assert _raise(study, ledger, warning) == []


def replace_severity(check: EditCheck) -> EditCheck:
    return check.model_copy(update={"severity": "warning"})


def test_a_state_of_the_past_has_the_queries_of_the_past(study: Study, ledger: Ledger) -> None:
    _enter(ledger, _key("DM"), AGE="66")
    _raise(study, ledger, OLD)
    position = ledger.position
    _enter(ledger, _key("DM"), AGE="56")
    _raise(study, ledger, OLD)
    assert [q.state for q in read_queries(ledger, position)] == ["open"]
    assert [q.state for q in read_queries(ledger)] == ["closed"]


def test_a_study_without_records_runs_every_check_on_nothing(study: Study, ledger: Ledger) -> None:
    run = run_edit_checks(replace(study, checks=(OLD,)), ledger.snapshot())
    assert [(one.records, len(one.hits)) for one in run.runs] == [(0, 0)]
