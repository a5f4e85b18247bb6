"""A handful of people, with or without events: every method gives a defined answer, a note or a named error."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from opencro.stats import StatsError
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups


def _bounds(f: FollowUp) -> tuple[Any, Any]:
    return np.maximum(f.time - f.stratum, 0.5), np.where(f.event, f.time, np.inf)


def _diagnose(f: FollowUp) -> str:
    fit = sv.fit_cox(f.time, f.event, f.x)
    parts = [
        sv.cox_baseline_hazard(fit),
        sv.cox_schoenfeld_residuals(fit, scaled=True),
        sv.proportional_hazards_test(fit),
    ]
    return f"{parts} {sv.cox_dfbeta(fit)} {sv.cox_deviance_residuals(fit)}"


def _causes(f: FollowUp) -> Any:
    return f.event * (1 + (f.stratum == 0))


METHODS: dict[str, Callable[[FollowUp], object]] = {
    "curve": lambda f: sv.kaplan_meier_quantile(sv.kaplan_meier(f.time, f.event, limits="logit"), [0.25, 0.5]),
    "landmark": lambda f: sv.compare_kaplan_meier_at(f.time, f.event, f.arm, [1, 4]),
    "log-rank": lambda f: sv.log_rank(f.time, f.event, f.arm, stratum=f.stratum),
    "three arms": lambda f: sv.weighted_log_rank(f.time, f.event, f.stratum, sv.FlemingHarrington(1, 1)),
    "max combo": lambda f: sv.max_combo(f.time, f.event, f.arm),
    "efron": lambda f: (sv.fit_cox(f.time, f.event, f.x), sv.cox_tests(sv.fit_cox(f.time, f.event, f.x))),
    "discrete": lambda f: sv.fit_cox(f.time, f.event, f.x, ties="discrete"),
    "marginal": lambda f: sv.cox_contrast(sv.fit_cox(f.time, f.event, f.x, ties="marginal"), [1, 1]),
    "robust": lambda f: sv.fit_cox(f.time, f.event, f.x, cluster=f.stratum),
    "diagnostics": _diagnose,
    "restricted mean": lambda f: sv.compare_rmst(f.time, f.event, f.arm, tau=3),
    "incidence": lambda f: sv.cumulative_incidence(f.time, _causes(f), variance="delta"),
    "gray": lambda f: sv.gray_test(f.time, _causes(f), f.arm, stratum=f.stratum, rho=1),
    "fine-gray": lambda f: sv.fit_fine_gray(f.time, _causes(f), f.x),
    "pieces": lambda f: sv.fit_piecewise_exponential(f.time, f.event, f.x, [2, 6]),
    "turnbull": lambda f: (sv.turnbull(*_bounds(f)), sv.interval_log_rank(*_bounds(f), f.arm)),
    "weibull": lambda f: (sv.fit_weibull(*_bounds(f), f.x[:, 0]), sv.fit_exponential(*_bounds(f), f.x[:, 0])),
    "cox batch": lambda f: sv.cox_batch(f.time[None], f.event[None], f.arm, covariates=f.x[None]),
}


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=15, deadline=None)
@given(follow_ups(smallest=1, largest=7))
def test_no_sample_is_too_small_for_an_answer(name: str, f: FollowUp) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert str(METHODS[name](f))
        except StatsError as refused:
            assert refused.code in ("STA-421", "STA-446")  # noqa: PT017  two arms needed, or coefficients
