"""Every edit check of the pilot study speaks where something is wrong, is silent where it is right, in every branch."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.capture import read_cases, run_bench
from opencro.study import Study, check_study, load_study


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies" / "cdiscpilot01")


def test_the_study_holds_together(root: Path) -> None:
    findings = check_study(root / "studies" / "cdiscpilot01")
    assert findings.ok, findings


def test_every_check_has_cases_and_they_cover_every_branch(study: Study) -> None:
    cases, findings = read_cases(study)
    results = run_bench(study, cases)
    assert not findings
    assert {result.check.id for result in results} == set(cases)
    assert [finding for result in results for finding in result.findings] == []
    assert all(own.fires and own.passes for own in cases.values())
    assert sum(result.covered for result in results) == sum(result.branches for result in results) == 170
