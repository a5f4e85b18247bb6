"""The reconciliation listings of the pilot study over its real raw records."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.reconcile import reconcile_study
from opencro.app.wiring import open_study_ledger
from opencro.ledger import Actor, Change, RecordKey
from opencro.study import load_study


@pytest.mark.peer
def test_the_three_deaths_agree_until_one_of_their_dates_is_spoilt(root: Path, shared: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "studies/cdiscpilot01", tmp_path / "study")
    study = load_study(tmp_path / "study")
    raw = shared / "cdisc/raw_360i/raw"
    with open_study_ledger(study, None, create=True) as ledger:
        files = [raw / name for name in ("DM.csv", "AE.csv", "DS.csv")]
        import_deliveries(study, ledger, find_deliveries(study, files, None), user="dm1")
        (deaths,) = reconcile_study(study, ["DEATHS"], user="dm1")
        assert (deaths.left_records, deaths.right_records, deaths.pairs, len(deaths.rows)) == (3, 3, 3, 0)
        records = ledger.snapshot().records("DS", "DS", ["DSDECOD", "DTHDAT"])
        first = next(row for row in records.iter_rows(named=True) if row["DSDECOD"] == "DEATH")
        key = RecordKey(first["site"], first["participant"], first["event"], first["event_repeat"], "DS",
                        first["form_repeat"], "DS", first["group_repeat"])  # fmt: skip
        spoilt = Change(key, {"DTHDAT": "2012-01-01"})
        ledger.append([spoilt], actor=Actor("dm1", "data manager"), source="ui", reason="x", definition_version="1")
    (deaths,) = reconcile_study(study, ["DEATHS"], user="dm1")
    assert deaths.rows.select("kind", "participant", "right").rows() == [("DATE", first["participant"], str(key))]
