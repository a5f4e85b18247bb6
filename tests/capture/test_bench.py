"""The test bench of edit checks: cases that surprise, branches that are open, files that are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opencro.capture import Cases, read_cases, run_bench
from opencro.kernel.located import Located, parse_located
from opencro.study import EditCheck, Study

RANGE = EditCheck(id="VS1", form="VS", item="SYSBP", when="SYSBP < 90 or SYSBP > 180 and DM.AGE > 65", message="Check.")
WHOLE = {"fires": [{"SYSBP": 80}, {"SYSBP": 190, "DM.AGE": 70}],
         "passes": [{"SYSBP": 120, "DM.AGE": 70}, {"SYSBP": 190, "DM.AGE": 60}]}  # fmt: skip


def _codes(study: Study, check: EditCheck, **rows: list[dict[str, object]]) -> list[str]:
    (result,) = run_bench(study, {check.id: Cases.model_validate(rows)}, [check])
    assert result.covered == result.branches - result.findings.codes().count("CHK-006")
    return list(result.findings.codes())


def test_cases_that_cover_every_branch_say_nothing(study: Study) -> None:
    (result,) = run_bench(study, {"VS1": Cases.model_validate(WHOLE)}, [RANGE])
    assert (result.cases, result.branches, result.covered, tuple(result.findings)) == (4, 6, 6, ())


@pytest.mark.parametrize(
    ("word", "at", "missing"),
    [
        ("fires", 0, ["`SYSBP < 90` decides by being true"]),
        ("fires", 1, ["`SYSBP > 180` decides by being true", "`DM.AGE > 65` decides by being true"]),
        ("passes", 0, ["`SYSBP > 180` decides by being false"]),
        ("passes", 1, ["`DM.AGE > 65` decides by being false"]),
    ],
)
def test_a_case_that_is_taken_away_leaves_its_branches_open(
    word: str, at: int, missing: list[str], study: Study
) -> None:
    rows = {**WHOLE, word: [row for i, row in enumerate(WHOLE[word]) if i != at]}
    (result,) = run_bench(study, {"VS1": Cases.model_validate(rows)}, [RANGE])
    assert [finding.got.removeprefix("VS1: no case in which ") for finding in result.findings] == missing


def test_a_condition_that_can_never_decide_is_told(study: Study) -> None:
    check = RANGE.model_copy(update={"when": "SYSBP is present and SYSBP < 90"})
    cases = Cases.model_validate({"fires": [{"SYSBP": 80}], "passes": [{"SYSBP": 99}, {}]})
    (result,) = run_bench(study, {"VS1": cases}, [check])
    (finding,) = result.findings
    assert "`SYSBP is present` decides by being false" in finding.got
    assert "leave the condition out" in finding.remedy


def test_a_case_that_gives_the_other_result_is_told_with_its_values(study: Study) -> None:
    cases = Cases.model_validate({**WHOLE, "passes": [*WHOLE["passes"], {"SYSBP": 89}]})
    (result,) = run_bench(study, {"VS1": cases}, [RANGE])
    (finding,) = result.findings
    assert (finding.code, finding.got) == ("CHK-004", "VS1 speaks on SYSBP = 89")
    assert _codes(study, RANGE, **{**WHOLE, "fires": [*WHOLE["fires"], {"SYSBP": 100}]}) == ["CHK-004"]


def test_a_check_without_cases_and_one_that_cannot_be_read(study: Study) -> None:
    (result,) = run_bench(study, {}, [RANGE])
    assert result.findings.codes() == ("CHK-005",)
    (result,) = run_bench(study, {}, [RANGE.model_copy(update={"when": "SYSBP = 3"})])
    assert result.findings.codes() == ("EXP-001",)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("checks: {VS1: {fires: [{SYSBP: 80}], passes: [{}]}}", ()),
        ("checks: {VS1: {fire: [{SYSBP: 80}]}}", ("CHK-001",)),
        ("checks: {VS1: {fires: [80]}}", ("CHK-001",)),
        ("checks: {VS2: {fires: [{SYSBP: 80}]}}", ("CHK-002",)),
        ("checks: {VS1: {fires: [{SYSBB: 80}], passes: [{AGE: 70}]}}", ("CHK-003", "CHK-003")),
    ],
)
def test_files_of_cases_are_read_or_their_mistakes_told(text: str, codes: tuple[str, ...], study: Study) -> None:
    documents = {"forms/checks/VS.yaml": _document(text)}
    cases, findings = read_cases(replace(study, checks=(RANGE,), documents=documents))
    assert findings.codes() == codes
    assert bool(cases) is (codes != ("CHK-001",) and codes != ("CHK-002",))


def test_cases_of_one_check_stand_once(study: Study) -> None:
    text = "checks: {VS1: {fires: [{SYSBP: 80}]}}"
    documents = {f"forms/checks/{name}.yaml": _document(text) for name in ("a", "b")}
    _, findings = read_cases(replace(study, checks=(RANGE,), documents=documents))
    assert findings.codes() == ("CHK-002",)


def _document(text: str) -> Located:
    document, findings = parse_located(text, "forms/checks/VS.yaml")
    assert document is not None
    assert not findings
    return document
