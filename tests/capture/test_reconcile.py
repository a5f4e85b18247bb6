"""Records of two forms that should agree: partners, those without one, differences, and listings that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opencro.capture import Reconciliation, ReconciliationRun, read_reconciliations, run_reconciliations
from opencro.kernel.located import parse_located
from opencro.ledger import Actor, Change, Ledger, RecordKey
from opencro.study import Form, Item, ItemGroup, Study

Enter = Callable[..., None]


@pytest.fixture
def study(study: Study) -> Study:
    """The study with a form of the safety database beside its events, and a form with two groups."""
    items = (Item(id="CASE", label="Case"), Item(id="TERM", label="Term"), Item(id="ONSET", label="Onset", type="date"))
    sae = Form(
        id="SAE", title="SAE", participant_level=True, groups=(ItemGroup(id="SAE", repeating=True, items=items),)
    )
    two = tuple(ItemGroup(id=g, items=(Item(id=f"{g}1", label=g),)) for g in ("A", "B"))
    return replace(study, forms={**study.forms, "SAE": sae, "TWO": Form(id="TWO", title="Two", groups=two)})


@pytest.fixture
def enter(any_ledger: Ledger) -> Enter:
    """Enter a record of a log form: `enter(form, repeat, participant, ITEM=value)`."""

    def put(form: str, repeat: int = 1, participant: str = "701-01", event: str = "", **values: str) -> None:
        key = RecordKey("701", participant, event, int(bool(event)), form, 1, form, repeat)
        actor = Actor("cora", "coordinator")
        any_ledger.append([Change(key, values)], actor=actor, source="ui", reason="misread", definition_version="7")

    return put


def _listing(**more: object) -> Reconciliation:
    plain = {"id": "SAE", "title": "Events", "left": {"form": "AE"}, "right": {"form": "SAE"}}
    return Reconciliation.model_validate({**plain, **more})


def _run(study: Study, ledger: Ledger, **more: object) -> ReconciliationRun:
    return run_reconciliations(study, ledger.snapshot(), [_listing(**more)])[0]


def _rows(run: ReconciliationRun) -> list[tuple[str, str, str]]:
    return run.rows.select("kind", "left", "right").rows()


BY_CASE = [{"left": "AESPID", "right": "CASE"}]


def test_records_without_a_partner_are_listed_on_the_side_that_is_asked(
    study: Study, any_ledger: Ledger, enter: Enter
) -> None:
    enter("AE", 1, AESPID=" e1 ", AETERM="Fall")
    enter("AE", 2, AESPID="E2", AETERM="Rash")
    enter("SAE", 1, CASE="E1", TERM="FALL")
    enter("SAE", 2, "701-02", CASE="E2", TERM="Rash")
    run = _run(study, any_ledger, pair=BY_CASE)
    assert (run.left_records, run.right_records, run.pairs) == (2, 2, 1)
    alone = ("only left", "701/701-01/AE[1]/AE[2]", ""), ("only right", "", "701/701-02/SAE[1]/SAE[2]")
    assert _rows(run) == list(alone)
    assert run.rows["values"].to_list() == ["AE.AESPID = E2", "SAE.CASE = E2"]
    assert _rows(_run(study, any_ledger, pair=BY_CASE, unpaired="left")) == [alone[0]]
    assert _rows(_run(study, any_ledger, pair=BY_CASE, unpaired="right")) == [alone[1]]
    assert _rows(_run(study, any_ledger, pair=BY_CASE, unpaired="none")) == []


def test_a_condition_leaves_records_out_before_they_are_paired(study: Study, any_ledger: Ledger, enter: Enter) -> None:
    enter("AE", 1, AESPID="E1", AETERM="Fall")
    enter("SAE", 1, CASE="E1", TERM="Fall")
    run = _run(study, any_ledger, left={"form": "AE", "where": 'AETERM == "Rash"'})
    assert _rows(run) == [("only right", "", "701/701-01/SAE[1]/SAE[1]")]


def test_dates_pair_within_so_many_days_and_a_missing_date_pairs_with_nothing(
    study: Study, any_ledger: Ledger, enter: Enter
) -> None:
    enter("AE", 1, AETERM="Fall", AESTDAT="2026-03-04")
    enter("AE", 2, AETERM="Rash", AESTDAT="2026-03")
    enter("SAE", 1, TERM="Fall", ONSET="2026-03-01")
    pair = [{"left": "AESTDAT", "right": "ONSET", "within_days": 3}]
    assert _rows(_run(study, any_ledger, pair=pair)) == [("only left", "701/701-01/AE[1]/AE[2]", "")]
    pair[0]["within_days"] = 2
    assert len(_rows(_run(study, any_ledger, pair=pair))) == 3


def test_a_difference_speaks_only_where_no_partner_is_without_it(
    study: Study, any_ledger: Ledger, enter: Enter
) -> None:
    different = [{"id": "TERM", "when": "upper(AE.AETERM) != upper(SAE.TERM)", "message": "The terms differ."}]
    enter("AE", 1, AESPID="E1", AETERM="Fall")
    enter("SAE", 1, CASE="E1", TERM="Trip")
    run = _run(study, any_ledger, pair=BY_CASE, differences=different)
    assert _rows(run) == [("TERM", "701/701-01/AE[1]/AE[1]", "701/701-01/SAE[1]/SAE[1]")]
    assert run.rows["message"].to_list() == ["The terms differ."]
    assert run.rows["values"].to_list() == ["AE.AESPID = E1, AE.AETERM = Fall, SAE.CASE = E1, SAE.TERM = Trip"]
    enter("SAE", 2, CASE="E1", TERM="FALL")
    assert _rows(_run(study, any_ledger, pair=BY_CASE, differences=different)) == []


def test_records_that_say_the_same_in_what_is_read_are_one(study: Study, any_ledger: Ledger, enter: Enter) -> None:
    enter("AE", 1, AESPID="E1", AETERM="Fall", AESTDAT="2026-03-01")
    enter("AE", 2, AESPID="E1", AETERM="Fall", AESTDAT="2026-03-09")
    assert len(_rows(_run(study, any_ledger, pair=BY_CASE))) == 1
    shown = {"form": "AE", "show": ["AESTDAT"]}
    assert len(_rows(_run(study, any_ledger, pair=BY_CASE, left=shown))) == 2


def test_visits_pair_with_the_same_visit_where_the_listing_says_so(
    study: Study, any_ledger: Ledger, enter: Enter
) -> None:
    enter("VS", 1, event="SCR", SYSBP="120")
    enter("VS", 1, event="BL", SYSBP="130")
    sides = {"left": {"form": "VS", "name": "ONE"}, "right": {"form": "VS", "name": "OTHER"}}
    differ = [{"id": "BP", "when": "ONE.SYSBP != OTHER.SYSBP", "message": "differs"}]
    assert _run(study, any_ledger, **sides, differences=differ, same_visit=True).pairs == 2
    assert _rows(_run(study, any_ledger, **sides, differences=differ, same_visit=True)) == []
    assert _run(study, any_ledger, **sides, differences=differ).pairs == 4


def test_a_study_without_records_agrees_with_itself(study: Study, any_ledger: Ledger) -> None:
    differ = [{"id": "X", "when": "AE.AETERM != SAE.TERM", "message": "differs"}]
    assert _rows(_run(study, any_ledger, pair=BY_CASE, differences=differ)) == []


GOOD = """\
listings:
  - id: SAE
    title: Events
    left: {form: AE, where: 'AETERM is present', show: [AETERM]}
    right: {form: SAE}
    pair:
      - {left: AESPID, right: CASE}
    differences:
      - {id: T, when: AE.AETERM != SAE.TERM, message: The terms differ.}
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("", "", "", 0),
        ("    pair:", "    pears:", "REC-001", 6),
        ("form: SAE", "form: SEA", "REC-002", 5),
        ("form: SAE}", "form: SAE, group: X}", "REC-002", 5),
        ("form: SAE}", "form: TWO}", "REC-002", 5),
        ("show: [AETERM]", "show: [AETERMS]", "REC-002", 4),
        ("right: CASE", "right: CASES", "REC-002", 7),
        ("right: {form: SAE}", "right: {form: SAE, name: AE}", "REC-003", 5),
        ("AETERM is present", "AETERM is", "EXP-002", 4),
        ("AETERM is present", "AETERN is present", "EXP-007", 4),
        ("when: AE.AETERM != SAE.TERM", "when: AE.AETERM != SAE.TREM", "EXP-007", 9),
        ("when: AE.AETERM != SAE.TERM", "when: AE.AETERM", "EXP-008", 9),
    ],
)
def test_a_listing_that_cannot_be_run_is_found_with_its_line(
    study: Study, old: str, new: str, code: str, line: int
) -> None:
    document, _ = parse_located(GOOD.replace(old, new, 1) if old else GOOD, "conduct/reconciliation.yaml")
    assert document is not None
    found = read_reconciliations(replace(study, documents={"conduct/reconciliation.yaml": document}))[1]
    assert (found.codes()[:1], [f.place.line for f in found][:1]) == (((code,), [line]) if code else ((), []))


def test_a_listing_or_a_difference_that_is_given_twice_is_found(study: Study) -> None:
    twice = GOOD + GOOD.split("\n", 1)[1] + "      - {id: T, when: AE.AETERM == SAE.TERM, message: Again.}\n"
    document, _ = parse_located(twice, "conduct/reconciliation.yaml")
    assert document is not None
    found = read_reconciliations(replace(study, documents={"conduct/reconciliation.yaml": document}))[1]
    assert found.codes() == ("REC-003", "REC-003")
