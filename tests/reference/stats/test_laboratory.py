"""Method comparison and diagnostic accuracy against R packages and commercial software (lab/ of the shared data)."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opencro.stats import agreement, categorical

LAB = Path(__file__).resolve().parents[4] / "shared" / "data" / "lab"
pytestmark = pytest.mark.peer

# R mcr (and Calanas, tested against it) compares slopes with -1 in floating point: of creatinine's 20 slopes of
# exactly -1 it leaves out 13 and counts 4 below and 3 above, which moves its median by half a place.
ROUNDING = {"creatinine|PaBa|analytical", "published|creatinine-PaBa-calanas"}
# R deming's pbreg takes other places for the limits and interpolates; the estimates agree.
OTHER_LIMITS = "passing_bablok_1983"


def _cases(name: str) -> list[dict[str, Any]]:
    path = LAB / name
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.is_file() else []


COMPARISONS = _cases("method_comparison/reference_method_comparison.json")
DIAGNOSTICS = _cases("diagnostic/reference_diagnostic.json")
LINES = [
    c for c in COMPARISONS if c["settings"].get("method") in ("Deming", "WDeming", "PaBa") and "ci" in c["settings"]
]


def _fit(method: str, x: Any, y: Any, interval: str, ratio: float) -> agreement.MethodComparison:
    if method == "PaBa":
        return agreement.fit_passing_bablok(x, y)
    if method == "WDeming":
        return agreement.fit_weighted_deming(x, y, error_ratio=ratio)
    return agreement.fit_deming(x, y, error_ratio=ratio, interval=interval)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", LINES, ids=lambda c: c["id"])
def test_lines_between_methods(case: dict[str, Any]) -> None:
    settings, data = case["settings"], case["input"]
    found = _fit(settings["method"], data["x"], data["y"], settings["ci"], settings["error_ratio"])
    got = np.stack([found.estimate, found.se, found.lower, found.upper], axis=1)
    wanted = np.array([case["expected"]["Intercept"], case["expected"]["Slope"]], dtype=float)
    if case["id"] in ROUNDING:
        np.testing.assert_allclose(got, wanted, rtol=2e-3)
        return
    # mcr stops its weights at a change of 1e-6.
    np.testing.assert_allclose(got, wanted, rtol=1e-6 if settings["method"] == "WDeming" else 1e-8, atol=1e-12)


@pytest.mark.parametrize("case", [c for c in COMPARISONS if c["fn"] == "bland_altman"], ids=lambda c: c["id"])
def test_limits_of_agreement(case: dict[str, Any]) -> None:
    expected = case["expected"]
    found = agreement.bland_altman(case["input"]["y"], case["input"]["x"])  # the reference takes y - x
    wanted = [expected["bias"], expected["loa_lower"], expected["loa_upper"]]
    np.testing.assert_allclose(found.estimate, wanted, rtol=1e-8, atol=1e-12)
    assert found.sd == pytest.approx(expected["sd"], rel=1e-10)
    assert [found.lower[0], found.upper[0]] == pytest.approx(expected["bias_ci"], rel=1e-8)
    assert found.sd * np.sqrt(3 / found.n) == pytest.approx(expected["loa_se_approx"], rel=1e-8)
    assert found.se[1] == pytest.approx(expected["loa_se_approx"], rel=0.06)  # 1.96² is nearly 4


@pytest.mark.parametrize(
    "case", [c for c in COMPARISONS if c["fn"] in ("published_anchor", OTHER_LIMITS)], ids=lambda c: c["id"]
)
def test_passing_bablok_elsewhere(case: dict[str, Any]) -> None:
    found = agreement.fit_passing_bablok(case["input"]["x"], case["input"]["y"])
    wanted = [case["expected"]["intercept"], case["expected"]["slope"]]
    np.testing.assert_allclose(found.estimate, wanted, rtol=2e-3 if case["id"] in ROUNDING else 1e-8)


def _published() -> list[tuple[str, ET.Element, ET.Element]]:
    found = []
    for path in sorted((LAB / "method_comparison").glob("*.xml")):
        root = ET.fromstring(re.sub("<!DOCTYPE[^>]*>", "", path.read_text(encoding="utf-8")))
        for algorithm in root.iter("Algorithm"):
            if algorithm.findtext(".//RegMethod") in ("PaBa", "Deming", "WDeming"):
                found.append((f"{path.stem}.{(algorithm.findtext('Name') or '').strip()}", root, algorithm))
    return found


def _numbers(root: ET.Element, tag: str) -> np.ndarray:
    return np.array([float(v) for v in (root.findtext(f".//{tag}") or "").split(",")])


@pytest.mark.parametrize("case", _published(), ids=lambda c: c[0])
def test_commercial_software(case: tuple[str, ET.Element, ET.Element]) -> None:
    _, root, algorithm = case
    method = algorithm.findtext(".//RegMethod") or ""
    x, y = _numbers(root, "X"), _numbers(root, "Y")
    reference = algorithm.find("ReferenceResults")
    assert reference is not None
    wanted = np.array(
        [float(reference.findtext(f"{t}{e}") or "nan") for t in ("Intercept", "Slope") for e in ("", "L", "U")]
    )
    opposed = method == "PaBa" and np.corrcoef(x, y)[0, 1] < 0  # mcr turns x round by itself
    ratio = float(algorithm.findtext(".//ErrorRatio") or 1)
    found = _fit(method, -x if opposed else x, y, algorithm.findtext(".//CIMethod") or "", ratio)
    got = np.stack([found.estimate, found.lower, found.upper], axis=1)
    if opposed:
        got[1] = -got[1, [0, 2, 1]]
    # Printed with 6 to 9 digits; the weights of WDeming were not iterated to the end.
    np.testing.assert_allclose(got.ravel(), wanted, rtol=1e-4 if "Intranet" in case[0] else 1e-5, atol=1e-9)


@pytest.mark.parametrize("case", [c for c in DIAGNOSTICS if c["fn"] == "roc_auc_delong"], ids=lambda c: c["id"])
def test_areas_of_proc(case: dict[str, Any]) -> None:
    positive, marker = np.array(case["input"]["outcome"]) == "Poor", case["input"]["marker"]
    expected = case["expected"]
    found, curve = agreement.area_under_curve(marker, positive), agreement.roc_curve(marker, positive)
    wanted = [expected["auc"], *expected["delong_ci"], expected["var"]]
    assert [found.estimate, found.lower, found.upper, found.se**2] == pytest.approx(wanted, rel=1e-9)
    youden = expected["youden"]
    best = [curve.threshold[curve.best], curve.specificity[curve.best], curve.sensitivity[curve.best]]
    assert best == pytest.approx([youden["threshold"], youden["specificity"], youden["sensitivity"]], rel=1e-9)
    assert agreement.partial_area(marker, positive) == pytest.approx(expected["pauc_90_100"], rel=1e-9)


@pytest.mark.parametrize("case", [c for c in DIAGNOSTICS if c["fn"] == "roc_compare_delong"], ids=lambda c: c["id"])
def test_paired_areas_of_proc(case: dict[str, Any]) -> None:
    positive = np.array(case["input"]["outcome"]) == "Poor"
    found = agreement.compare_areas_paired(case["input"]["a"], case["input"]["b"], positive)
    assert (found.z, found.p_value) == pytest.approx((case["expected"]["Z"], case["expected"]["p"]), rel=1e-9)


ROWS = {"tp": 0, "ap": 1, "se": 2, "sp": 3, "pv.pos": 4, "pv.neg": 5, "diag.ac": 6, "lr.pos": 7, "lr.neg": 8}
ROWS |= {"diag.or": 9, "youden": 10}


@pytest.mark.parametrize(
    "case",
    [c for c in DIAGNOSTICS if c["fn"] == "diagnostic_2x2" and c["settings"]["ci"] != "agresti"],
    ids=lambda c: c["id"],
)
def test_diagnostic_tables_of_epir(case: dict[str, Any]) -> None:
    found = agreement.diagnostic_accuracy(**case["input"], interval=case["settings"]["ci"])
    for name, row in ROWS.items():
        got = [found.estimate[row], found.lower[row], found.upper[row]]
        wanted = list(case["expected"][name].values())
        if None in wanted:  # a zero cell: epiR gives what remains, we give no limits
            assert not np.isfinite(got).all()
            continue
        # At x = n epiR leaves Jeffreys' interval as it is (0.99998 for 1).
        assert got == pytest.approx(wanted, rel=1e-5, abs=3e-5 if case["settings"]["ci"] == "jeffreys" else 1e-9), name


@pytest.mark.parametrize("case", [c for c in DIAGNOSTICS if c["fn"] == "ppa_npa_opa_wilson"], ids=lambda c: c["id"])
def test_percent_agreement(case: dict[str, Any]) -> None:
    data, expected = case["input"], case["expected"]
    found = agreement.diagnostic_accuracy(data["pp"], data["pn"], data["np"], data["nn"])
    for name, row in (("ppa", 2), ("npa", 3), ("opa", 6)):
        assert found.estimate[row] == pytest.approx(expected[name], rel=1e-10)
        assert [found.lower[row], found.upper[row]] == pytest.approx(expected[f"{name}_ci"], rel=1e-10)


@pytest.mark.parametrize("case", [c for c in DIAGNOSTICS if c["fn"] == "agreement_kappa"], ids=lambda c: c["id"])
def test_kappa_of_epir(case: dict[str, Any]) -> None:
    expected = case["expected"]["kappa"]
    found = categorical.kappa(case["input"]["table"], variance="cohen")
    wanted = [expected["est"], expected["se"], expected["lower"], expected["upper"]]
    assert [found.estimate, found.se, found.lower, found.upper] == pytest.approx(wanted, rel=1e-6)
    pairs = categorical.mcnemar(case["input"]["table"])
    assert pairs.chi_square == pytest.approx(case["expected"]["mcnemar"]["test.statistic"], rel=1e-9)
