"""The edit checks of the pilot study over its real raw records, and the queries in the ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.queries import query_study
from opencro.app.wiring import open_study_ledger
from opencro.study import load_study

_CRITERIA = ("AESDTH", "AESHOSP", "AESLIFE", "AESDISAB", "AESCONG")


def _read(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "cdisc/raw_360i/raw" / name, infer_schema=False)


def test_a_check_across_visits_speaks_as_often_as_a_plain_count_says(root: Path, shared: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "studies/cdiscpilot01", tmp_path / "study")
    study = load_study(tmp_path / "study")
    raw = shared / "cdisc/raw_360i/raw"
    with open_study_ledger(study, None, create=True) as ledger:
        import_deliveries(study, ledger, find_deliveries(study, [raw / "DM.csv", raw / "VS.csv.gz"], None), user="dm1")
        runs = query_study(study, ledger, only=("VS007", "VS008", "VS009", "VS010")).run.runs
    number = {visit.name: visit.number for visit in study.protocol.schedule.visits}
    weights = (
        _read(shared, "VS.csv.gz")
        .filter(pl.col("WEIGHT_VSORRES").is_not_null())
        .with_columns(kg=pl.col("WEIGHT_VSORRES").cast(float), at=pl.col("VISIT").replace_strict(number))
        .sort("SUBJID", "at")
    )
    unit, before = pl.col("WEIGHT_VSORRESU"), pl.col("kg").shift(1).over("SUBJID")
    changed = ((pl.col("kg") - before).abs() > 0.1 * before) & (unit == unit.shift(1).over("SUBJID"))
    assert [len(run.hits) for run in runs] == [6, 1, 0, 11]
    assert len(weights.filter(changed)) == 6
    assert len(weights.filter(unit != unit.first().over("SUBJID"))) == 1


def test_checks_on_the_raw_records_speak_as_often_as_a_plain_count_says(
    root: Path, shared: Path, tmp_path: Path
) -> None:
    shutil.copytree(root / "studies/cdiscpilot01", tmp_path / "study")
    study = load_study(tmp_path / "study")
    raw = shared / "cdisc/raw_360i/raw"
    with open_study_ledger(study, None, create=True) as ledger:
        import_deliveries(
            study, ledger, find_deliveries(study, [raw / n for n in ("DM.csv", "AE.csv", "EX.csv")], None), user="dm1"
        )
        first = query_study(study, ledger, write=True)
        again = query_study(study, ledger, write=True)
        assert ledger.verify().ok
    spoken = {run.check.id: len(run.hits) for run in first.run.runs}
    events, doses = _read(shared, "AE.csv"), _read(shared, "EX.csv")
    serious = pl.any_horizontal(pl.col(name) == "Y" for name in _CRITERIA)
    assert spoken["AE007"] == len(events.filter((pl.col("AESER") == "No") & serious)) == 33
    assert spoken["AE006"] == len(events.filter(pl.col("AETERM").is_not_null() & pl.col("AEREL").is_null())) == 4
    assert spoken["EX002"] == doses["EXENDAT"].null_count() == 6
    assert not first.run.not_run
    assert (first.raised, first.closed) == (43, 0)
    assert (again.raised, again.closed) == (0, 0)
    assert {query.state for query in again.queries} == {"open"}
