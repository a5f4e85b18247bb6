"""Every published case gives exactly the published findings, or stands in misses.yaml with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.conformance import Rule, read_rules
from tests.conformance.cases import ARCHIVE, Case, find_cases, read_misses, run_case, unpack


@pytest.fixture(scope="module")
def published(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / ARCHIVE
    if not archive.is_file():
        pytest.skip(f"{archive} is absent: CDISC's rules and cases are not part of the project")
    return unpack(archive, tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="module")
def rules(published: Path) -> dict[str, Rule]:
    found, findings = read_rules(published)
    assert not findings
    assert len(found) == 823
    return {rule.id: rule for rule in found}


@pytest.mark.peer
@pytest.mark.parametrize("standard", ["SDTMIG", "SENDIG", "TIG", "USDM", "ADAMIG", "?"])
def test_published_cases_give_the_published_findings(standard: str, published: Path, rules: dict[str, Rule]) -> None:
    cases: list[Case] = [case for case in find_cases(published) if case.standard == standard]
    misses = {name for group in read_misses()["groups"] for name in group["cases"]}
    wrong = {case.name for case in cases if not run_case(case, rules[case.rule])[0]}
    assert len(cases) == read_misses()["cases"][standard]
    assert wrong == misses & {case.name for case in cases}
