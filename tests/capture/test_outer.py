"""What a page is given of other forms and visits is what the checks read there."""

from __future__ import annotations

import pytest

from opencro.capture import outer_values
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import EditCheck, Study

VITALS = RecordKey("701", "701-01", "BL", 1, "VS", 1, "VS", 1)
DM = RecordKey("701", "701-01", "", 0, "DM", 1, "DM", 1)
FALL = EditCheck(
    id="VS2", form="VS", item="SYSBP", when="SYSBP < SYSBP at previous - 40 and DM.AGE > 65", message="Deep."
)


def _record(key: RecordKey, fact: int = 1, **values: str) -> StandingRecord:
    return StandingRecord(key, values, fact)


def test_a_page_without_records_is_given_the_visit_before_and_the_participant(study: Study) -> None:
    held = [_record(VITALS._replace(event="SCR"), SYSBP="130"), _record(DM, AGE="70")]
    assert outer_values(study, VITALS, held, [FALL]) == {"VS2": {1: {"SYSBP at previous": "130", "DM.AGE": "70"}}}
    assert outer_values(study, VITALS, [], [FALL]) == {"VS2": {1: {"SYSBP at previous": "", "DM.AGE": ""}}}


def test_what_stands_on_the_page_itself_is_not_told_again(study: Study) -> None:
    held = [_record(VITALS, SYSBP="80"), _record(VITALS._replace(event="SCR"), SYSBP="130")]
    own = FALL.model_copy(update={"when": "SYSBP < 90 and VS.VSDAT is missing"})
    assert outer_values(study, VITALS, held, [own]) == {"VS2": {}}


def test_each_record_of_a_repeating_group_has_its_own(study: Study) -> None:
    form = study.forms["VS"]
    many = form.model_copy(update={"groups": (form.groups[0].model_copy(update={"repeating": True}),)})
    study.forms["VS"] = many  # type: ignore[index]
    before = VITALS._replace(event="SCR")
    held = [_record(before._replace(group_repeat=n), SYSBP=text) for n, text in ((1, "130"), (2, "90"))]
    told = outer_values(study, VITALS, held, [FALL])["VS2"]
    assert {number: values["SYSBP at previous"] for number, values in told.items()} == {1: "130", 2: "90"}


@pytest.mark.parametrize("when", ["SYSBP <", "SYSBP < 90 and AE.AETERM is present"])
def test_a_check_that_cannot_be_run_is_left_out(when: str, study: Study) -> None:
    events = [_record(RecordKey("701", "701-01", "", 0, "AE", 1, "AE", n), AETERM="X") for n in (1, 2)]
    check = FALL.model_copy(update={"when": when})
    assert outer_values(study, VITALS, events, [check]) == {}
