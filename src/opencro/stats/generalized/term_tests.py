"""Tests of several coefficients together: likelihood ratio, Wald and score, which agree as samples grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.fits import GeneralizedFit
from opencro.stats.generalized.inputs import ModelData, check_rank
from opencro.stats.generalized.scoring import inverse, working
from opencro.stats.result import Result, StatsError


@dataclass(frozen=True)
class ChiSquareTest(Result):
    """A chi-square statistic with its degrees of freedom and p-value."""

    title: ClassVar[str] = ""

    test: str
    statistic: float
    df: int
    p: float


def likelihood_ratio_test(full: GeneralizedFit, reduced: GeneralizedFit) -> ChiSquareTest:
    """Likelihood ratio test of the terms that `full` has beyond `reduced`: 2 (l_full - l_reduced), chi-square.

    Both are fits of the same family to the same rows, the design of `reduced` within that of `full`. It holds under
    separation too, since the likelihood has its limit. Raises STA-211 where the fits do not match.
    Source: Wilks 1938, Annals of Mathematical Statistics 9:60-62. Example: `likelihood_ratio_test(fit_xz, fit_x)`.
    """
    _check_pair(full, reduced)
    statistic = max(0.0, 2 * (full.log_likelihood - reduced.log_likelihood))
    df = len(full.term) - len(reduced.term)
    return ChiSquareTest("likelihood ratio", statistic, df, float(stats.chi2.sf(statistic, df)))


def wald_test(fit: GeneralizedFit, terms: Sequence[str] | ArrayLike) -> ChiSquareTest:
    """Wald test that coefficients, or linear combinations of them, are zero: (L b)' (L V L')^-1 (L b), chi-square.

    `fit`: a fit with any covariance (model, sandwich, cluster). `terms`: names of terms, or a matrix L (r, p).
    Raises STA-211 for an unknown name. Source: Wald 1943. Example: `wald_test(fit, ["race2", "race3"])`.
    """
    contrast = _contrast(fit, terms)
    value = contrast @ fit.estimate
    middle = contrast @ fit.covariance @ contrast.T
    if not np.isfinite(value).all() or not np.isfinite(middle).all():
        return ChiSquareTest("Wald", np.nan, len(contrast), np.nan)
    statistic = float(value @ np.linalg.solve(middle, value))
    return ChiSquareTest("Wald", statistic, len(contrast), float(stats.chi2.sf(statistic, len(contrast))))


def score_test(reduced: GeneralizedFit, x: ArrayLike) -> ChiSquareTest:
    """Score test of columns that a model does not have yet: U' I^-1 U at the reduced fit, chi-square.

    `reduced`: a fit. `x` (n, q): the columns to test, rows as in the fit. I is the expected information, k of a
    negative binomial held at its estimate. In a 2 x 2 table this is Pearson's chi-square. Raises STA-202 for
    dependent columns. Source: Rao 1948, Proc. Cambridge Philosophical Society 44:50-57. Example:
    `score_test(fit_logistic(y, one), arm)`.
    """
    added = np.asarray(x, dtype=np.float64).reshape(len(reduced.data.y), -1)
    design = np.column_stack([reduced.data.x, added])
    check_rank(design, [*reduced.term, *(f"added{j}" for j in range(added.shape[1]))])
    names = tuple(str(j) for j in range(design.shape[1]))
    data = ModelData(
        reduced.data.y, design, reduced.data.offset, reduced.data.trials, reduced.data.weights, names
    )  # fmt: skip
    problem = replace(reduced, data=data).problem
    eta = problem.link.forward(reduced.fitted[None])
    residual, fisher = working(problem, eta, reduced.fitted[None])
    gradient = problem.score_sum(residual)[0]
    statistic = float(gradient @ inverse(problem.cross_product(fisher))[0] @ gradient)
    df = added.shape[1]
    return ChiSquareTest("score", statistic, df, float(stats.chi2.sf(statistic, df)))


def _check_pair(full: GeneralizedFit, reduced: GeneralizedFit) -> None:
    same = full.data.y.shape == reduced.data.y.shape and np.array_equal(full.data.y, reduced.data.y)
    if not same or full.family.name != reduced.family.name or len(full.term) <= len(reduced.term):
        raise StatsError(
            "STA-211", f"{len(full.term)} terms on {len(full.data.y)} rows against {len(reduced.term)} terms on "
            f"{len(reduced.data.y)} rows", "a larger and a smaller model of the same rows and family",
            "Fit both to the same outcomes, the larger one first.",
        )  # fmt: skip


def _contrast(fit: GeneralizedFit, terms: Sequence[str] | ArrayLike) -> Array:
    if isinstance(terms, Sequence) and all(isinstance(t, str) for t in terms):
        unknown = [str(t) for t in terms if t not in fit.term]
        if unknown:
            raise StatsError("STA-211", f"the terms {unknown}", f"some of {list(fit.term)}", "Check the names.")
        return np.eye(len(fit.term))[[fit.term.index(str(t)) for t in terms]]
    contrast = np.atleast_2d(np.asarray(terms, dtype=np.float64))
    if contrast.shape[1] != len(fit.term):
        raise StatsError("STA-211", f"a contrast of {contrast.shape[1]} columns", f"{len(fit.term)}", "One per term.")
    return contrast
