"""Why some numbers of R mmrm 0.3.18 lie more than their tolerance from ours: R stops short of the maximum.

R's first optimizer is L-BFGS-B from zero with a relative tolerance of 2e-9 of the likelihood. That search, run on our
likelihood in R's parameters, ends at R's -2 log likelihood, digit by digit, and there our formulas give R's numbers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.fit import MmrmFit
from opencro.stats.mmrm.likelihood import differentiate, evaluate
from opencro.stats.mmrm.precision import compute_precision
from tests.reference.stats import mmrm
from tests.reference.stats.material import Reference, references
from tests.reference.stats.test_published import DIFFERENCES

EARLY = [r for r in references() if r.id in DIFFERENCES and r.group in ("mmrm", "pilot") and mmrm.computes(r)]


def _stopped(fit: MmrmFit) -> MmrmFit:
    """The fit as it would be where R's optimizer stops."""
    rows, scaled = fit.rows, fit.scaled
    structure, layout = fit.solution.structure, fit.solution.layout
    shift = np.zeros((layout.groups, structure.size))
    shift[:, : structure.pick.shape[1]] = np.log(scaled.size)

    def half(theta: Floats) -> tuple[float, Floats]:
        point = evaluate(structure, layout, (theta.reshape(shift.shape) - shift)[None], reml=True)
        slope = differentiate(structure, layout, point, reml=True)
        return (float(point.value[0]) + scaled.constant) / 2, slope.gradient[0] / 2

    options: Any = {"ftol": 1e7 * np.finfo(float).eps, "gtol": 0.0, "maxcor": 5}
    end = minimize(half, np.zeros(shift.size), jac=True, method="L-BFGS-B", options=options)
    point = evaluate(structure, layout, (end.x.reshape(shift.shape) - shift)[None], reml=True)
    optimum = replace(fit.solution.optimum, point=point, slope=differentiate(structure, layout, point, reml=True))
    solution = replace(fit.solution, optimum=optimum)
    precision = compute_precision(rows, scaled, solution, fit.precision.method, fit.precision.vcov)
    beta = scaled.least_squares + scaled.size * np.linalg.solve(scaled.triangle, point.beta[0])
    return replace(
        fit, estimate=beta, beta_covariance=precision.spread.covariance(), precision=precision, solution=solution,
        neg2_log_likelihood=float(point.value[0]) + scaled.constant,
    )  # fmt: skip


@pytest.mark.peer
@pytest.mark.skipif(not references(), reason="../shared/data is absent: published results are compared with it")
def test_there_are_such_numbers() -> None:
    assert len(EARLY) == 14


@pytest.mark.peer
@pytest.mark.parametrize("reference", EARLY, ids=lambda r: r.id)
def test_where_r_stops_our_formulas_give_its_numbers(reference: Reference) -> None:
    fit = mmrm.fit_of(reference)
    stopped = _stopped(fit)
    assert stopped.neg2_log_likelihood > fit.neg2_log_likelihood
    np.testing.assert_allclose(mmrm.answer(reference, stopped), reference.value, rtol=reference.rel_tol)
    # and ours, at the maximum, are near
    np.testing.assert_allclose(mmrm.answer(reference, fit), reference.value, rtol=4e-4)
