"""R's mmrm with a tight tolerance (r_numbers.R made r_numbers.csv): every covariance by every method, 102 fits.

The tolerance is what R's optimizer leaves: the coefficients move by the square root of what -2 log likelihood lacks.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from opencro.stats.mmrm import fit_mmrm
from tests.reference.stats.material import references, table

NUMBERS = Path(__file__).parent / "r_numbers.csv"
ROWS = list(csv.DictReader(NUMBERS.read_text(encoding="utf-8").splitlines()))


def _name(row: dict[str, str]) -> str:
    said = [word for word in ("grouped", "weighted") if row[word] == "TRUE"]
    kind = "REML" if row["reml"] == "TRUE" else "ML"
    return " ".join([row["covariance"], *said, kind, row["method"], row["vcov"]])


@pytest.mark.peer
@pytest.mark.skipif(not references(), reason="../shared/data is absent: the numbers are those of its FEV1 data")
@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_r_mmrm(row: dict[str, str]) -> None:
    method, vcov = row["method"].lower(), row["vcov"].lower()
    fit = fit_mmrm(
        "FEV1 ~ FEV1_BL + RACE + SEX + ARMCD * AVISIT", table("mmrm/fev_data.csv"), subject="USUBJID", visit="AVISIT",
        covariance=row["covariance"], fallback=(), reml=row["reml"] == "TRUE",
        group="ARMCD" if row["grouped"] == "TRUE" else None, weights="WEIGHT" if row["weighted"] == "TRUE" else None,
        df=vcov if vcov.startswith("kenward") else method, vcov=vcov if vcov.startswith("empirical") else "asymptotic",
    )  # fmt: skip
    unit = np.eye(12)
    single = fit.contrast(unit[5] + unit[11])
    joint = fit.test_joint({"interaction": unit[9:], "race": unit[2:4]})
    got = [
        fit.neg2_log_likelihood, single.estimate[0], single.se[0], single.df[0], joint.f[0], joint.denominator_df[0],
        joint.p_value[0], joint.f[1], joint.denominator_df[1],
    ]  # fmt: skip
    wanted = [float(row[k]) for k in ("neg2ll", "est", "se", "df", "f", "ddf", "p", "f_race", "ddf_race")]
    assert got[0] == pytest.approx(wanted[0], rel=1e-10)
    np.testing.assert_allclose(got, wanted, rtol=5e-6)
