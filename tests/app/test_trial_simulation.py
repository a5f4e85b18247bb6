"""`opencro simulate`: a study's designs under three scenarios, simulation beside integration."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app

RUNNER = CliRunner()
SURVIVAL = """
title: Time to progression
endpoint:
  type: survival
  hazard_ratio: 0.7
  control_median: 12
  accrual: [{months: 24}]
  follow_up: 12
  dropout: {share: 0.05, by: 12}
looks: [0.5, 0.75, 1]
futility: {rule: z, bounds: [0, 0.5]}
"""
TWO_SIDED = """
title: A mean with two sides
endpoint: {type: means, difference: 0.5, sd: 1}
alpha: 0.05
sided: 2
looks: [0.5, 1]
"""


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(
        root / "studies" / "cdiscpilot01", folder, ignore=shutil.ignore_patterns("build", "*.sqlite", "versions")
    )
    (folder / "design" / "progression.yaml").write_text(SURVIVAL, encoding="utf-8")
    (folder / "design" / "mean.yaml").write_text(TWO_SIDED, encoding="utf-8")
    return folder


def _run(*arguments: str | Path, code: int = 0) -> str:
    done = RUNNER.invoke(app, ["simulate", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def test_simulation_agrees_with_integration_in_every_scenario(study: Path) -> None:
    """Within four standard errors; of participants and 0.02, for Schoenfeld's approximation under the alternative."""
    found: dict[str, Any] = json.loads(_run(study, "--trials", "10000", "--json"))
    rows = {(r["design"], r["scenario"], r["fidelity"]): r for r in found["rows"]}
    assert len(rows) == 3 * 3 * 2 + 3
    assert {k[2] for k in rows if k[0] == "progression"} == {"analytic", "score process", "day-grid participants"}
    for (design, scenario, fidelity), row in rows.items():
        exact = rows[design, scenario, "analytic"]
        slack = 0.02 if fidelity == "day-grid participants" else 0.0
        for name in ("power", "stopped"):
            assert abs(row[name] - exact[name]) <= slack + 4 * row[f"{name}_se"], (design, scenario, fidelity, name)
        assert abs(row["count"] - exact["count"]) <= 2.5 + 4 * row["count_se"], (design, scenario, fidelity)
    assert 0.85 < rows["progression", "planned effect", "day-grid participants"]["power"] < 0.93
    assert rows["mean", "no effect", "score process"]["power"] == pytest.approx(0.05, abs=0.01)


def test_the_table_is_the_same_on_two_workers_and_is_written(study: Path) -> None:
    one = _run(study, "progression", "--trials", "6000", "--seed", "3")
    first = pl.read_csv(study / "build/design/simulation.csv")
    assert "planned effect" in one
    _run(study, "progression", "--trials", "6000", "--seed", "3", "--workers", "2", "--output", study / "other")
    assert pl.read_csv(study / "other/simulation.csv").equals(first)


def test_an_unknown_design_is_refused(study: Path) -> None:
    assert "DES-003" in _run(study, "progresion", code=1)
