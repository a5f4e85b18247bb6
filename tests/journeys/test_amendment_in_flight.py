"""A study is amended while participants are in it: old data keep the wording under which they were entered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opencro.app.amendment import diff_with_reach
from opencro.app.build import build
from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused
from opencro.study import Study, init_study, load_study, load_version

pytestmark = pytest.mark.journey

DEMOGRAPHY = (
    "SITEID,SUBJID,VISIT,RFICDAT,BRTHDAT,SEX\n"
    "01,001,Screening,2026-01-05,1960-03,F\n01,002,Screening,2026-01-09,1971,M\n"
)
VITALS = "SITEID,SUBJID,VISIT,VSDAT,SYSBP,DIABP,PULSE,WEIGHT\n01,001,Screening,2026-01-05,130,80,70,64.5\n"
VITALS_AMENDED = (
    "SITEID,SUBJID,VISIT,VSDAT,SYSBP,DIABP,PULSE,WEIGHT,TEMP\n"
    "01,001,Screening,2026-01-05,130,80,70,64.5,\n01,002,Screening,2026-01-09,125,75,66,81.0,36.8\n"
)


def _deliver(study: Study, folder: Path, **files: str) -> list[int]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    with open_study_ledger(study, create=True) as ledger:
        reports = import_deliveries(study, ledger, find_deliveries(study, [folder]), user="ann")
        assert all(r.findings.ok for r in reports), [r.findings for r in reports]
        return [r.receipt.facts if r.receipt else 0 for r in reports]


def _amend(root: Path) -> None:
    def edit(name: str, old: str, new: str) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    edit("study.yaml", 'version: "1"', 'version: "2"')
    edit("forms/VS.yaml", "label: Pulse rate", "label: Pulse rate at rest")
    with (root / "forms/VS.yaml").open("a", encoding="utf-8") as form:
        form.write("      - {id: TEMP, label: Temperature, type: decimal, decimals: 1, unit: C, sdtm: VS.VSORRES}\n")
    edit("tabulation/VS.yaml", "tests: [SYSBP, DIABP, PULSE, WEIGHT]", "tests: [SYSBP, DIABP, PULSE, WEIGHT, TEMP]")
    for codes, term in (("VSTEST", "Temperature"), ("VSUNIT", "C")):
        text = (root / "forms/codelists.yaml").read_text(encoding="utf-8")
        head, tail = text.split(f"  - id: {codes}\n", 1)
        added = tail.replace("    codes:\n", f"    codes:\n      - {{value: TEMP, term: {term}}}\n", 1)
        (root / "forms/codelists.yaml").write_text(f"{head}  - id: {codes}\n{added}", encoding="utf-8")


@pytest.mark.requirement(35)
def test_an_amendment_in_mid_flight(tmp_path: Path) -> None:
    root = init_study(tmp_path / "T1", "T1", "A trial that is amended")
    first = load_study(root)
    _deliver(first, tmp_path / "one", DM=DEMOGRAPHY, VS=VITALS)
    before = build(first).frame("VS")
    shutil.copytree(root, tmp_path / "before", ignore=shutil.ignore_patterns("build", "versions"))

    _amend(root)
    second = load_study(root)
    reach = diff_with_reach(load_study(tmp_path / "before"), second)
    touched = reach.as_dict()["touched"]
    assert list(touched["participants"]) == ["01-001"]
    assert "VS.*" in touched["datasets"]

    _deliver(second, tmp_path / "two", VS=VITALS_AMENDED)
    after = build(second).frame("VS")
    assert after.filter(after["USUBJID"] == "T1-01-001").equals(before)
    assert after.filter(after["VSTESTCD"] == "TEMP")["VSORRES"].to_list() == ["36.8"]

    with open_study_ledger(second) as ledger:
        versions = {f.key.participant: f.definition_version for f in ledger.facts() if f.key.form == "VS"}
        assert versions == {"01-001": "1", "01-002": "2"}
        assert [f.payload["version"] for f in ledger.facts(kind="study-published/1")] == ["1", "2"]
        assert ledger.verify().ok
    labels = [load_version(root, v).forms["VS"].groups[0].items[3].label for v in ("1", "2")]
    assert labels == ["Pulse rate", "Pulse rate at rest"]


@pytest.mark.requirement(35)
def test_a_version_with_data_cannot_change_behind_their_back(tmp_path: Path) -> None:
    root = init_study(tmp_path / "T1", "T1", "A trial")
    _deliver(load_study(root), tmp_path / "one", DM=DEMOGRAPHY)
    form = root / "forms/VS.yaml"
    form.write_text(form.read_text(encoding="utf-8").replace("Pulse rate", "Heart rate"), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        _deliver(load_study(root), tmp_path / "one", DM=DEMOGRAPHY)
    assert refused.value.findings.codes() == ("STU-301",)
