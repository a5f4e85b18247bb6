"""A design file becomes bounds, sizes, words, a page and paper; what cannot be is found with file and line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from pypdf import PdfReader

from opencro.design import DesignError
from opencro.design.trial import (
    PlannedTrial,
    TrialDesign,
    plan_trial,
    read_designs,
    render_page,
    render_paper,
    render_schemas,
    write_code,
    write_plan_text,
    write_protocol_text,
)
from opencro.kernel.finding import render_finding
from opencro.study import load_study

SURVIVAL = """
title: Time to event <of interest>
endpoint:
  type: survival
  hazard_ratio: 0.7
  control_median: 9
  accrual: [{months: 6, rate: 1}, {months: 12, rate: 2}]
  follow_up: 12
  dropout: {share: 0.1, by: 12}
looks: [0.5, 0.75, 1]
futility: {rule: hwang-shih-decani, parameter: -2}
"""


def _plan(text: str) -> PlannedTrial:
    return plan_trial("example", TrialDesign.model_validate(yaml.safe_load(text)))


def test_a_survival_design_has_events_months_and_hazard_ratios_at_its_bounds() -> None:
    trial = _plan(SURVIVAL)
    looks = trial.looks
    assert looks.month[-1] == pytest.approx(30.0, abs=1e-6)
    assert looks.efficacy_effect[0] == pytest.approx(math.exp(-looks.efficacy_z[0] * 2 / math.sqrt(looks.count[0])))
    assert looks.power[-1] == pytest.approx(0.9, abs=1e-6)
    at_planned = min(range(61), key=lambda i: abs(trial.curve_effect[i] - 0.7))
    assert trial.curve_power[at_planned] == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    "endpoint",
    ["{type: means, difference: -2, sd: 6}", "{type: proportions, treatment: 0.3, control: 0.5}",
     "{type: means, difference: 0, sd: 6, null_difference: -2}"],
)  # fmt: skip
def test_the_effect_at_the_planned_drift_is_the_planned_effect(endpoint: str) -> None:
    trial = _plan(f"title: t\nendpoint: {endpoint}\nlooks: [0.5, 1]\ndropout: 0.1")
    index = 60 * 1.25 / 2.0
    low, high = trial.curve_effect[int(index)], trial.curve_effect[int(index) + 1]
    assert (low + high) / 2 == pytest.approx(trial.effect_planned, abs=1e-9)
    assert trial.n_total >= trial.n_exact / 0.9


def test_the_words_hold_the_numbers_of_the_design() -> None:
    trial = _plan(SURVIVAL)
    protocol, plan = " ".join(write_protocol_text(trial)), " ".join(write_plan_text(trial))
    assert f"randomize {trial.n_total} participants" in protocol
    assert "Two interim analyses are planned" in protocol
    assert f"{trial.looks.efficacy_z[1]:.4f}" in plan
    assert "do not bind" in plan
    fixed = _plan("title: t\nendpoint: {type: means, difference: 1, sd: 2}")
    assert "interim" not in " ".join(write_protocol_text(fixed))


def test_the_code_of_the_report_computes_the_same_design(capsys: pytest.CaptureFixture[str]) -> None:
    trial = _plan(SURVIVAL)
    exec(compile(write_code(trial), "report", "exec"), {})
    assert str(trial.looks) in capsys.readouterr().out


def test_page_and_paper_are_the_same_bytes_each_time_and_say_the_same() -> None:
    trial = _plan(SURVIVAL)
    page, paper = render_page(trial, "STUDY"), render_paper(trial, "STUDY")
    assert page == render_page(trial, "STUDY")
    assert paper == render_paper(trial, "STUDY")
    assert "&lt;of interest&gt;" in page
    assert "<of interest>" not in page
    from io import BytesIO

    text = "".join(p.extract_text() for p in PdfReader(BytesIO(paper)).pages)
    for value in (str(trial.n_total), f"{trial.looks.efficacy_z[0]:.4f}", "Text for the protocol"):
        assert value in text
        assert value in page


def test_rules_and_their_parameters_are_checked() -> None:
    head = "title: t\nendpoint: {type: means, difference: 1, sd: 2}\nlooks: [0.5, 1]\n"
    for wrong in ("efficacy: {rule: pocock, parameter: 1}", "futility: {rule: z}",
                  "futility: {rule: kim-demets, bounds: [1]}"):  # fmt: skip
        with pytest.raises(DesignError, match="DES-120"):
            _plan(head + wrong)
    for right in ("efficacy: {rule: wang-tsiatis, parameter: 0.2}", "futility: {rule: z, bounds: [0]}",
                  "futility: {rule: predictive-power, bounds: [0.1], binding: true}"):  # fmt: skip
        assert _plan(head + right).looks.power[-1] == pytest.approx(0.9, abs=1e-6)


def _study(root: Path, tmp_path: Path, text: str) -> Path:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(root / "studies" / "cdiscpilot01", folder, ignore=shutil.ignore_patterns("build", "*.sqlite"))
    (folder / "design" / "example.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            SURVIVAL.replace("hazard_ratio", "hazard_ration"),
            "DES-001 design/example.yaml:5 (endpoint/hazard_ration)",
        ),
        (SURVIVAL.replace("[0.5, 0.75, 1]", "[0.5, 0.4, 1]"), "DES-002 design/example.yaml:10 (looks)"),
        (SURVIVAL.replace("hazard_ratio: 0.7", "hazard_ratio: 1"), "DES-002 design/example.yaml:3 (endpoint)"),
    ],
)
def test_mistakes_are_found_with_file_and_line(root: Path, tmp_path: Path, text: str, found: str) -> None:
    planned, findings = read_designs(load_study(_study(root, tmp_path, text)))
    assert any(render_finding(f).startswith(found) for f in findings), [render_finding(f) for f in findings]
    assert set(planned) == {"adas_cog"}


def test_the_schema_names_every_key() -> None:
    schema = render_schemas()["trial-design.schema.json"]
    assert all(f'"{key}"' in schema for key in TrialDesign.model_fields)
