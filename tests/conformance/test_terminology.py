"""Rules that look up controlled terminology of the date that a record names."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from opencro.conformance import Report, Setting, Status, Table, conform, parse_rule
from opencro.conformance.bench import UnknownWord
from opencro.conformance.terminology import release_dates
from opencro.terms import TermsStore, add_terms

RULE = """Core: {Id: OWN-2}
Rule Type: Record Data
Sensitivity: Record
Operations:
  - {id: $list, operator: map, map: [{output: C66732}]}
  - {id: $dates, operator: valid_codelist_dates, ct_package_types: [SDTM]}
  - {id: $open, operator: codelist_extensible, codelist_code: $list, ct_package_type: SDTM, version: version}
  - {id: $value, operator: codelist_terms, codelist_code: $list, ct_package_type: SDTM, version: version,
     returntype: value, term_code: code}
  - {id: $code, operator: codelist_terms, codelist_code: $list, ct_package_type: SDTM, version: version,
     returntype: code, term_pref_term: decode}
Check:
  any:
    - {name: version, operator: is_not_contained_by, value: $dates}
    - {name: code, operator: not_equal_to, value: $code}
Outcome: {Message: Sex is not of the code list., Output Variables: [version, $open, $value, $code]}
"""


@pytest.fixture(scope="module")
def store(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> TermsStore:
    file = shared / "cdisc/ct/SDTM_Terminology_2025-03-28_NCI-EVS.tar.xz"
    if not file.is_file():
        pytest.skip(f"{file} is absent: published terminology is not part of the project")
    made = TermsStore([tmp_path_factory.mktemp("terms")])
    add_terms(file, made, standard="sdtm-ct", version="2025-03-28")
    return made


def check(rows: list[tuple[str, str, str]], store: TermsStore) -> Report:
    rule, findings = parse_rule(RULE, "OWN-2.yml")
    assert rule is not None
    assert not findings
    frame = pl.DataFrame(rows, schema=["version", "code", "decode"], orient="row")
    return conform([Table("Cohort", frame)], [rule], Setting("usdm", store=store))


def test_terms_are_those_of_the_package_of_the_date(store: TermsStore) -> None:
    rows = [
        ("2025-03-28", "C16576", "FEMALE"),
        ("2025-03-28", "C20197", "Female"),
        ("2025-03-28", "C0", "Unheard of"),
        ("28 March 2025", "C16576", "Female"),
    ]
    issues = check(rows, store).issues
    assert [list(i.values.values()) for i in issues] == [
        ["2025-03-28", False, "M", "C16576"],
        ["2025-03-28", False, None, None],
        ["28 March 2025", None, None, None],
    ]


def test_a_package_that_is_not_here_makes_the_rule_not_run(tmp_path: Path) -> None:
    outcome = check([("2023-12-15", "C16576", "Female")], TermsStore([tmp_path])).outcomes[0]
    assert (outcome.status, outcome.reason) == (Status.NOT_RUN, "terminology sdtm-ct 2023-12-15")


def test_dates_of_packages_that_we_do_not_know_are_not_made_up(tmp_path: Path) -> None:
    store = TermsStore([tmp_path])
    assert "2022-09-30" in release_dates(["DDF"], store)
    assert "2022-03-25" not in release_dates(["DDF"], store)
    with pytest.raises(UnknownWord, match="GLOSSARY"):
        release_dates(["GLOSSARY"], store)
