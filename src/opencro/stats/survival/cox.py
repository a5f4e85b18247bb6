"""Cox's proportional hazards model: fit, tests and contrasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.formula import ModelMatrix
from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.cox_data import CoxData, open_matrix, take_cox_data, with_columns
from opencro.stats.survival.cox_discrete import evaluate_discrete
from opencro.stats.survival.cox_likelihood import evaluate
from opencro.stats.survival.cox_marginal import evaluate_marginal
from opencro.stats.survival.cox_residuals import clustered_covariance
from opencro.stats.survival.newton import Evaluate, Maximum, independent_columns, maximize
from opencro.stats.survival.sample import Bools, Floats, check_alpha, take_labels

Ties = Literal["efron", "breslow", "discrete", "marginal"]
LIKELIHOODS: dict[str, Callable[[CoxData], Evaluate]] = {
    "efron": lambda data: lambda beta: evaluate(data, beta, efron=True),
    "breslow": lambda data: lambda beta: evaluate(data, beta, efron=False),
    "discrete": lambda data: lambda beta: evaluate_discrete(data, beta),
    "marginal": lambda data: lambda beta: evaluate_marginal(data, beta),
}


@dataclass(frozen=True)
class CoxFit(Result):
    """A fitted Cox model: one row per covariate, limits of the hazard ratio at level 1 - alpha.

    `se` and what follows from it are robust where rows were clustered; `naive_covariance` then keeps the inverse of
    the information. `loglik` holds the log likelihood at 0 and at the estimate.
    """

    title: ClassVar[str] = "Cox regression"
    aside: ClassVar[frozenset[str]] = frozenset(
        {"covariance", "naive_covariance", "loglik", "score_chi2", "n", "events", "ties", "alpha", "iterations", "data",
         "kept"}
    )  # fmt: skip

    term: tuple[str, ...]
    coef: Floats
    se: Floats
    hazard_ratio: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    covariance: Floats
    naive_covariance: Floats
    loglik: tuple[float, float]
    score_chi2: float
    n: int
    events: int
    ties: Ties
    alpha: float
    iterations: int
    data: CoxData
    kept: Bools
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class CoxTests(Result):
    """The three tests that all coefficients are 0."""

    title: ClassVar[str] = "Tests that all coefficients are 0"

    test: tuple[str, ...]
    chi2: Floats
    df: int
    p: Floats


@dataclass(frozen=True)
class CoxContrast(Result):
    """Linear combinations of coefficients, with exp(estimate) and its limits, and their joint Wald test."""

    title: ClassVar[str] = "Contrasts of Cox coefficients"

    contrast: tuple[str, ...]
    estimate: Floats
    se: Floats
    hazard_ratio: Floats
    lower: Floats
    upper: Floats
    p: Floats
    joint_chi2: float
    joint_df: int
    joint_p: float


def fit_cox(
    time: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, *, names: Sequence[str] | None = None,
    entry: ArrayLike | None = None, stratum: ArrayLike | None = None, weight: ArrayLike | None = None,
    offset: ArrayLike | None = None, cluster: ArrayLike | None = None, ties: Ties = "efron", alpha: float = 0.05,
) -> CoxFit:  # fmt: skip
    """Fits hazard(t | x) = h_s(t) exp(x'beta) by partial likelihood, with a baseline hazard h_s for each stratum.

    `time`, `event` (n,); `x` (n,), (n, p) or a `formula.model_matrix`; `entry` (n,): a row is at risk in (entry, time],
    so time-varying covariates take several rows a person; `stratum` (n,) or (n, factors); `cluster` (n,): robust
    Lin-Wei errors, summed within its levels; `weight`, `offset` (n,). `ties`: "efron" (R's default); "breslow" (SAS's
    default); "discrete", which R calls "exact" and SAS `ties=discrete`; "marginal", which SAS calls `ties=exact`. The
    last two have no weights, robust errors or residuals (StatsError STA-441). StatsError STA-401 to STA-407, STA-440.
    Limits: an estimate that runs to infinity is given as such (note STA-442), a covariate that is a combination of
    others or constant has no estimate (STA-443), no event at all no estimates (STA-444).
    Source: Cox (1972), JRSS B 34, 187; Efron (1977); Breslow (1974); Lin and Wei (1989), JASA 84, 1074.

    >>> round(float(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0]).coef[0]), 4)
    0.9406
    """
    check_alpha(alpha)
    weighted, clustered = weight is not None, cluster is not None
    x, names, arrays = open_matrix(x, names, (time, event, entry, stratum, weight, offset, cluster))
    data = take_cox_data(x, names, arrays[:6])
    _check_ties(ties, weighted=weighted, clustered=clustered)
    groups = None if arrays[6] is None else take_labels(arrays[6], data.sample.n, "cluster")[0]
    _, _, info = LIKELIHOODS[ties](data)(np.zeros(data.x.shape[1]))
    kept = independent_columns(info) if info.any() else np.zeros(data.x.shape[1], dtype=np.bool_)
    part = with_columns(data, np.flatnonzero(kept))
    found = maximize(LIKELIHOODS[ties](part), np.zeros(part.x.shape[1]), flat=1e-9)
    naive = _covariance(found) / np.outer(part.scale, part.scale)
    robust = naive
    if groups is not None and kept.any():
        robust = clustered_covariance(part, found.beta, naive, groups, efron=ties == "efron")
    return _fit(data, kept, found, naive, robust, ties, alpha)


def cox_tests(fit: CoxFit) -> CoxTests:
    """Likelihood ratio, Wald and score test that all coefficients of a fit are 0.

    The Wald test is robust where the fit is; the other two assume independent rows. With an infinite estimate the Wald
    statistic is NaN and the others stand. Source: Kalbfleisch and Prentice (2002), section 4.2.

    >>> cox_tests(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).chi2.round(3).tolist()
    [0.616, 0.575, 0.615]
    """
    rows = np.flatnonzero(fit.kept)
    finite = np.isfinite(fit.coef[rows]).all()
    cov = fit.covariance[np.ix_(rows, rows)]
    wald = float(fit.coef[rows] @ np.linalg.solve(cov, fit.coef[rows])) if finite and rows.size else np.nan
    ratio = 2 * (fit.loglik[1] - fit.loglik[0]) if rows.size else np.nan
    chi2 = np.array([ratio, wald, fit.score_chi2 if rows.size else np.nan])
    return CoxTests(("likelihood ratio", "Wald", "score"), chi2, int(rows.size), stats.chi2.sf(chi2, rows.size))


def cox_contrast(fit: CoxFit, matrix: ArrayLike, *, labels: Sequence[str] | None = None) -> CoxContrast:
    """Linear combinations of the coefficients of a fit and their joint Wald test.

    `matrix` (p,) or (contrasts, p); `labels`: a name for each. estimate = L beta, var = L V L'; the joint statistic is
    (L beta)'(L V L')^-1 L beta. StatsError STA-440 for a matrix of another width. SAS PHREG `contrast`.

    >>> float(cox_contrast(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0]), [2.0]).estimate[0].round(4))
    1.8812
    """
    rows = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
    if rows.shape[1] != fit.coef.size:
        raise StatsError("STA-440", f"a matrix of shape {rows.shape}", f"{fit.coef.size} columns", "One a coefficient.")
    with np.errstate(invalid="ignore"):
        used = np.where(rows != 0, fit.coef, 0.0)
        estimate = (rows * used).sum(axis=1)
    cov = rows @ np.where(fit.kept[:, None] & fit.kept, fit.covariance, 0.0) @ rows.T
    lost = (rows[:, ~fit.kept] != 0).any(axis=1)
    estimate, se = np.where(lost, np.nan, estimate), np.where(lost, np.nan, np.sqrt(np.diag(cov)))
    half = stats.norm.isf(fit.alpha / 2) * se
    p = 2 * stats.norm.sf(np.abs(estimate) / se)
    df = int(np.linalg.matrix_rank(cov, hermitian=True)) if np.isfinite(cov).all() else 0
    joint = float(estimate @ np.linalg.pinv(cov, hermitian=True) @ estimate) if df else np.nan
    names = tuple(labels) if labels is not None else tuple(f"L{i + 1}" for i in range(rows.shape[0]))
    return CoxContrast(
        names, estimate, se, np.exp(estimate), np.exp(estimate - half), np.exp(estimate + half), p, joint, df,
        float(stats.chi2.sf(joint, df)) if df else np.nan,
    )  # fmt: skip


def _check_ties(ties: str, *, weighted: bool, clustered: bool) -> None:
    if ties not in LIKELIHOODS:
        raise StatsError("STA-441", f"ties {ties!r}", f"one of {', '.join(LIKELIHOODS)}", "Choose one.")
    if ties in ("discrete", "marginal") and (weighted or clustered):
        raise StatsError("STA-441", f'ties="{ties}" with weights or clusters', "neither", 'Use ties="efron".')


def _covariance(found: Maximum) -> Floats:
    """Inverse information; rows and columns of infinite estimates are infinite resp. NaN."""
    cov = np.full(found.info.shape, np.nan)
    rest = np.flatnonzero(~found.moving)
    cov[np.ix_(rest, rest)] = np.linalg.inv(found.info[np.ix_(rest, rest)]) if rest.size else 0.0
    cov[found.moving, found.moving] = np.inf
    return cov


def _spread_out(values: Floats, kept: Bools) -> Floats:
    full = np.full((kept.size,) * values.ndim, np.nan)
    full[np.ix_(*[np.flatnonzero(kept)] * values.ndim)] = values
    return full


def _fit(data: CoxData, kept: Bools, found: Maximum, naive: Floats, robust: Floats, ties: Ties, alpha: float) -> CoxFit:
    with np.errstate(invalid="ignore"):
        beta = np.where(found.moving, np.sign(found.beta) * np.inf, found.beta) / data.scale[kept]
    coef, cov = _spread_out(beta, kept), _spread_out(robust, kept)
    se = np.sqrt(np.diag(cov))
    with np.errstate(all="ignore"):
        z = coef / se
        half = stats.norm.isf(alpha / 2) * se
        ratio, lower, upper = np.exp(coef), np.exp(coef - half), np.exp(coef + half)
    return CoxFit(
        data.names, coef, se, ratio, lower, upper, z, 2 * stats.norm.sf(np.abs(z)), cov, _spread_out(naive, kept),
        (found.start_value, found.value), found.score_chi2, data.sample.n, int(data.sample.event.sum()), ties, alpha,
        found.iterations, data, kept, _notes(data, kept, found),
    )  # fmt: skip


def _notes(data: CoxData, kept: Bools, found: Maximum) -> tuple[Note, ...]:
    if not data.sample.event.any():
        return (Note("STA-444", "No event: nothing can be estimated."),)
    notes = [Note("STA-443", f"{name} is constant or a combination of others where events happen: no estimate.")
             for name, keep in zip(data.names, kept, strict=True) if not keep]  # fmt: skip
    names = [name for name, keep in zip(data.names, kept, strict=True) if keep]
    notes += [Note("STA-442", f"The likelihood rises without end in {name}: its hazard ratio is 0 or infinite.")
              for name, moving in zip(names, found.moving, strict=True) if moving]  # fmt: skip
    if not found.converged:
        notes.append(Note("STA-445", f"No convergence in {found.iterations} iterations."))
    return tuple(notes)
