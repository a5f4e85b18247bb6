"""Every published case gives exactly the published findings, or stands in misses.yaml with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.conformance import Case, Rule, check_cases, find_cases, read_rules, run_case
from tests.conformance.cases import ARCHIVE, LIBRARY, read_misses, unpack


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
    library = LIBRARY if standard == "SDTMIG" else {}
    wrong = {case.name for case in cases if not run_case(case, rules[case.rule], library)[0]}
    assert len(cases) == read_misses()["cases"][standard]
    assert wrong == misses & {case.name for case in cases}


RULE = """Core: {Id: OWN-1}
Rule Type: Record Data
Check: {all: [{name: AETERM, operator: empty}]}
Outcome: {Message: AETERM is missing.}
"""


def write_case(folder: Path, term: str, result: str) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "results").mkdir()
    (folder / "data/ae.csv").write_text(f"DOMAIN,AETERM,AESEQ\nAE,{term},1\n", encoding="utf-8")
    (folder / "results/results.csv").write_text(f"Dataset,Record,Variable,Value\n{result}", encoding="utf-8")


def test_own_rules_are_run_on_their_own_cases(tmp_path: Path) -> None:
    (tmp_path / "OWN-1").mkdir()
    (tmp_path / "OWN-1/rule.yml").write_text(RULE, encoding="utf-8")
    assert check_cases(tmp_path)[1].codes() == ("CNF-008",)
    write_case(tmp_path / "OWN-1/positive/01", "Headache", "")
    write_case(tmp_path / "OWN-1/negative/01", "", "AE,1,AETERM,\n")
    assert check_cases(tmp_path) == (2, check_cases(tmp_path)[1])
    assert check_cases(tmp_path)[1].ok
    write_case(tmp_path / "OWN-1/negative/02", "", "AE,2,AETERM,\n")
    good, findings = check_cases(tmp_path)
    assert (good, findings.codes()) == (2, ("CNF-007",))
    assert findings.items[0].got == "failed, 1 findings"
