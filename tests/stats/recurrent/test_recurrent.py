"""Recurrent events: laws, limits, and the published results of CAMIS on bladder2 (R survival and SAS PHREG agree)."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs
from numpy.testing import assert_allclose

from opencro.stats import StatsError, formula, recurrent
from opencro.stats import recurrent as rec
from opencro.stats import survival as sv

SIDES: tuple[Literal["less", "greater"], ...] = ("less", "greater")
few = settings(max_examples=15, deadline=None)
NAMES = {name: getattr(recurrent, name) for name in recurrent.__all__}


@pytest.mark.parametrize("module", sorted(m.name for m in pkgutil.iter_modules(recurrent.__path__)))
def test_examples(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"opencro.stats.recurrent.{module}"), extraglobs=NAMES)
    assert found.failed == 0


def _trial(seed: int, n: int = 30, *, dying: bool = False) -> tuple[np.ndarray, ...]:
    """start, stop, event, subject, arm, death of a made-up trial with dependent events and tied times."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(n):
        rate, now, end = rng.gamma(2, 0.25) * (0.6 if who % 2 else 1), 0.0, float(rng.integers(5, 13))
        dead = dying and rng.random() < 0.4
        while now < end:
            nearest = now + np.ceil(rng.exponential(1 / rate))
            rows.append((now, min(nearest, end), nearest <= end, who, who % 2, dead and nearest >= end))
            now = min(nearest, end)
    return tuple(np.array(column) for column in zip(*rows, strict=True))


@few
@given(hs.integers(0, 10**6))
def test_row_order_unit_and_labels_change_nothing(seed: int) -> None:
    start, stop, event, subject, arm, death = _trial(seed, dying=True)
    mixed = np.random.default_rng(seed).permutation(stop.size)
    names = np.array([f"p{s:03}" for s in subject])
    a = rec.mean_cumulative_function(start, stop, event, subject, death=death)
    b = rec.mean_cumulative_function(start[mixed] * 7, stop[mixed] * 7, event[mixed], names[mixed], death=death[mixed])
    assert_allclose(a.mean, b.mean)
    assert_allclose(a.se, b.se)
    one = rec.compare_mean_cumulative(start, stop, event, subject, arm, death=death)
    two = rec.compare_mean_cumulative(
        start[mixed], stop[mixed], event[mixed], names[mixed], 1 - arm[mixed], death=death[mixed]
    )
    assert_allclose(one.z, -two.z)
    assert_allclose(one.p, two.p)


@few
@given(hs.integers(0, 10**6))
def test_cutting_rows_changes_nothing(seed: int) -> None:
    start, stop, event, subject, arm, death = _trial(seed, dying=True)
    middle = (start + stop) / 2
    cut = (
        np.concatenate([start, middle]), np.concatenate([middle, stop]),
        np.concatenate([np.zeros(stop.size, bool), event]), np.tile(subject, 2),
    )  # fmt: skip
    deaths = np.concatenate([np.zeros(stop.size, bool), death])
    whole = (start, stop, event, subject)
    a = rec.mean_cumulative_function(*whole, death=death)
    b = rec.mean_cumulative_function(*cut, death=deaths)
    assert_allclose(a.mean, b.mean)
    assert_allclose(a.se, b.se)
    for fit in (rec.fit_andersen_gill, rec.fit_lwyy, rec.fit_prentice_williams_peterson):
        one, two = fit(*whole[:3], arm, subject), fit(*cut[:3], np.tile(arm, 2), cut[3])
        assert_allclose(one.coef, two.coef, rtol=1e-6, atol=1e-9)
        assert_allclose(one.se, two.se, rtol=1e-6)
    gap = rec.fit_prentice_williams_peterson(*whole[:3], arm, subject, clock="gap")
    cut_gap = rec.fit_prentice_williams_peterson(*cut[:3], np.tile(arm, 2), cut[3], clock="gap")
    assert_allclose(gap.coef, cut_gap.coef, rtol=1e-6, atol=1e-9)


@few
@given(hs.integers(0, 10**6))
def test_without_censoring_the_mean_is_the_mean(seed: int) -> None:
    start, stop, event, subject, _, _ = _trial(seed)
    end = np.zeros(subject.max() + 1)
    np.maximum.at(end, subject, stop)
    early = stop <= end.min()
    curve = rec.mean_cumulative_function(start, stop, event, subject)
    at = np.searchsorted(curve.time, end.min(), side="right") - 1
    counts = np.bincount(subject, event & early, end.size)
    if at >= 0:
        assert_allclose(curve.mean[at], counts.mean(), rtol=1e-9)
        assert_allclose(curve.se[at], counts.std() / np.sqrt(end.size), rtol=1e-9)


@few
@given(hs.integers(0, 10**6))
def test_one_event_that_ends_follow_up_is_survival(seed: int) -> None:
    """An event that is also death: the mean is the cumulative incidence 1 - S; without death it is Nelson-Aalen."""
    rng = np.random.default_rng(seed)
    stop, event = rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.6
    if not event.any():
        return
    zero, who = np.zeros(40), np.arange(40)
    dead = rec.mean_cumulative_function(zero, stop, event, who, death=event)
    curve = sv.kaplan_meier(stop, event)
    steps = curve.n_event > 0
    assert_allclose(dead.mean, 1 - curve.survival[steps], atol=1e-10)
    free = rec.mean_cumulative_function(zero, stop, event, who)
    assert_allclose(free.mean, np.cumsum((curve.n_event / curve.n_risk)[steps]))


@pytest.mark.parametrize("dying", [False, True])
def test_the_error_is_that_of_the_jackknife(dying: bool) -> None:
    start, stop, event, subject, _, death = _trial(5, 80, dying=dying)
    full = rec.mean_cumulative_function(start, stop, event, subject, death=death)
    at = np.searchsorted(full.time, 6.5, side="right") - 1
    left_out = []
    for who in range(80):
        keep = subject != who
        part = rec.mean_cumulative_function(start[keep], stop[keep], event[keep], subject[keep], death=death[keep])
        left_out.append(part.mean[np.searchsorted(part.time, 6.5, side="right") - 1])
    values = np.array(left_out)
    jackknife = np.sqrt(79 / 80 * ((values - values.mean()) ** 2).sum())
    assert_allclose(full.se[at], jackknife, rtol=0.04)


def test_the_comparison_is_close_to_the_score_test_of_the_rate_ratio() -> None:
    start, stop, event, subject, arm, _ = _trial(3, 300)
    z = rec.compare_mean_cumulative(start, stop, event, subject, arm).z
    fit = rec.fit_lwyy(start, stop, event, arm, subject)
    assert_allclose(z, fit.z[0], rtol=0.05)
    sides = [rec.compare_mean_cumulative(start, stop, event, subject, arm, alternative=a).p for a in SIDES]
    assert_allclose(sum(sides), 1)


def test_a_model_matrix_will_do() -> None:
    start, stop, event, subject, arm, _ = _trial(4)
    matrix = formula.model_matrix("~ arm", {"arm": arm.astype(float)})
    for fit in (rec.fit_andersen_gill, rec.fit_lwyy, rec.fit_prentice_williams_peterson):
        assert_allclose(fit(start, stop, event, matrix, subject).coef, fit(start, stop, event, arm, subject).coef)


@pytest.mark.peer
def test_bladder_as_in_r_and_sas() -> None:
    """CAMIS, recurrent events: ratio, error and p of rx to the digits printed; R survival 3.5-3 survfit(id =)."""
    from tests.reference.stats.material import FOLDER, table

    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent")
    b = table("stats_data/bladder2.csv")
    args = (b["start"], b["stop"], b["event"], b.select("rx", "size", "number").to_numpy().astype(float))
    pwp = rec.fit_prentice_williams_peterson
    found = {
        "lwyy": (rec.fit_lwyy(*args, b["id"]), 0.631, 0.258, 0.0747),
        "total": (pwp(*args, b["id"]), 0.716, 0.197, 0.0898),
        "gap": (pwp(*args, b["id"], clock="gap"), 0.764, 0.208, 0.1952),
    }
    for fit, ratio, se, p in found.values():
        assert_allclose(fit.ratio[0], ratio, atol=5e-4)
        assert_allclose(fit.se[0], se, atol=5e-4)
        assert_allclose(fit.p[0], p, atol=5e-5)
    assert_allclose(rec.fit_andersen_gill(*args, b["id"]).ratio[0], 0.631, atol=5e-4)
    one = b.filter(b["rx"] == 1)
    curve = rec.mean_cumulative_function(one["start"], one["stop"], one["event"], one["id"])
    at = np.searchsorted(curve.time, [10, 20, 40], side="right") - 1
    assert_allclose(curve.mean[at], [0.5977807679, 1.1828852975, 1.9332157935], rtol=1e-9)
    assert_allclose(curve.se[at], [0.1189722301, 0.1942102212, 0.3037142530], rtol=1e-9)


def test_no_event_is_said_so() -> None:
    curve = rec.mean_cumulative_function([0, 0], [3, 4], [0, 0], [1, 2])
    assert [n.code for n in curve.notes] == ["STA-253"]
    test = rec.compare_mean_cumulative([0, 0], [3, 4], [0, 0], [1, 2], [0, 1])
    assert [n.code for n in test.notes] == ["STA-253"]
    assert np.isnan(test.p)
    assert [n.code for n in rec.fit_lwyy([0, 0], [3, 4], [0, 0], [0, 1], [1, 2]).notes] == ["STA-444"]


def test_a_picture_has_a_line_a_curve() -> None:
    start, stop, event, subject, _, _ = _trial(4)
    curve = rec.mean_cumulative_function(start, stop, event, subject)
    assert len(curve.plot().axes[0].lines) == 1


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-250", lambda: rec.fit_lwyy([0], [1, 2], [1, 1], [0, 1], [1, 2])),
        ("STA-250", lambda: rec.fit_lwyy([0, 0], [1, 2], [1, 3], [0, 1], [1, 2])),
        ("STA-251", lambda: rec.fit_lwyy([0, 2], [1, 2], [1, 1], [0, 1], [1, 2])),
        ("STA-252", lambda: rec.fit_lwyy([0, 1], [2, 3], [1, 1], [0, 1], [1, 1])),
        ("STA-254", lambda: rec.mean_cumulative_function([0], [1], [1], [1], alpha=2)),
        ("STA-255", lambda: rec.compare_mean_cumulative([0, 1], [1, 2], [1, 1], [1, 1], [0, 1])),
        ("STA-256", lambda: rec.mean_cumulative_function([0, 1], [1, 2], [1, 1], [1, 1], death=[1, 0])),
    ],
)
def test_what_are_no_rows_is_refused(code: str, call: object) -> None:
    with pytest.raises(StatsError, match=code):
        call()  # type: ignore[operator]
