"""A fitted generalized linear model, its covariance, and what it says where the maximum lies at infinity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from opencro.stats.generalized.dispersion import k_information
from opencro.stats.generalized.families import Array, Family, Link
from opencro.stats.generalized.inputs import ModelData, independent_columns
from opencro.stats.generalized.scoring import (
    Problem,
    Scored,
    inverse,
    observed_information,
    one_trial,
    score,
    working,
)
from opencro.stats.generalized.separation import Recession, find_recession
from opencro.stats.result import Note, Result

Information = Literal["expected", "observed"]
Engine = Callable[[Problem], Scored]
Kind = TypeVar("Kind", bound="GeneralizedFit")


@dataclass(frozen=True)
class GeneralizedFit(Result):
    """A fitted model: one row per term with its Wald test and interval on the link scale.

    Kept aside: `covariance`, `log_likelihood`, `deviance`, `null_deviance`, `aic`, `df_residual`, `fitted` means per
    row (proportions for the binomial), `dispersion` (k of the negative binomial) with its standard error, and the
    `data`.
    """

    title: ClassVar[str] = "Generalized linear model"
    aside: ClassVar[frozenset[str]] = frozenset()

    term: tuple[str, ...]
    estimate: Array
    se: Array
    z: Array
    p: Array
    lower: Array
    upper: Array
    covariance: Array
    alpha: float
    log_likelihood: float
    deviance: float
    null_deviance: float
    aic: float
    df_residual: int
    fitted: Array
    dispersion: float
    dispersion_se: float
    family: Family
    link: Link
    data: ModelData
    notes: tuple[Note, ...]

    def columns(self) -> Mapping[str, Any]:
        """Term, estimate, standard error, z, p and interval."""
        return {name: getattr(self, name) for name in ("term", "estimate", "se", "z", "p", "lower", "upper")}

    @property
    def problem(self) -> Problem:
        """The model as the scoring function takes it."""
        return one_trial(self.data, self.family, self.link, self.dispersion)


def wald_columns(estimate: Array, se: Array, alpha: float) -> tuple[Array, Array, Array, Array]:
    """z, two-sided p, lower and upper limit of normal theory."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = estimate / se
    half = stats.norm.isf(alpha / 2) * se
    return z, 2 * stats.norm.sf(np.abs(z)), estimate - half, estimate + half


@dataclass(frozen=True)
class Reached:
    """Estimates of all terms, and the rows and columns that they were determined from."""

    beta: Array
    fitted: Array
    covariance: Array
    k: float
    k_se: float
    notes: tuple[Note, ...]


def assemble(
    kind: type[Kind], data: ModelData, family: Family, link: Link, *, alpha: float,
    information: Information = "expected", engine: Engine = score, extra: tuple[Note, ...] = (),
) -> Kind:  # fmt: skip
    """Fits by `engine`, steps aside to the overlapping rows where estimates are infinite, and makes the result."""
    problem = one_trial(data, family, link)
    with np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    ):  # where it leads is judged, not how it got there
        scored = engine(problem)
        reached = _settle(data, family, link, scored, information, engine)
    estimate, covariance = reached.beta, reached.covariance
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance))
    z, p, lower, upper = wald_columns(np.where(np.isfinite(estimate), estimate, np.nan), se, alpha)
    k = np.array([[reached.k]])
    mu = reached.fitted[None]
    log_likelihood = float((data.weights * family.log_likelihood(data.y[None], mu, data.trials, k)).sum())
    deviance = float((data.weights * family.deviance(data.y[None], mu, data.trials, k)).sum())
    parameters = len(estimate) + (family.name == "negative binomial")
    return kind(
        data.names, estimate, se, z, p, lower, upper, covariance, alpha, log_likelihood, deviance,
        _null_deviance(data, family, link, reached.k), -2 * log_likelihood + 2 * parameters,
        len(data.y) - len(estimate), reached.fitted, reached.k, reached.k_se, family, link, data, extra + reached.notes,
    )  # fmt: skip


def _settle(
    data: ModelData, family: Family, link: Link, scored: Scored, information: Information, engine: Engine
) -> Reached:
    mu, k = scored.mu[0], float(scored.k[0])
    if suspicious(family, mu[None], scored.converged)[0]:
        away = recession(data, family, link)
        if away is not None:
            return beyond(data, family, link, away, information, engine)
    covariance, k_se = compute_covariance(one_trial(data, family, link, k), scored.beta, information)
    notes: tuple[Note, ...] = ()
    if not scored.converged[0]:
        notes = (
            Note("STA-206", "the likelihood has no maximum that scoring could reach; the estimates are its last step"),
        )
    if family.name == "negative binomial" and k == 0:
        notes += (Note("STA-207", "no overdispersion: k = 0 maximizes the likelihood, the fit is that of Poisson"),)
    return Reached(scored.beta[0], mu, covariance, k, k_se, notes)


def suspicious(family: Family, mu: Array, converged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Trials whose fitted means come so near to a bound that their estimates may be infinite."""
    if family.name == "normal":
        return np.zeros(len(mu), dtype=np.bool_)
    near = mu.min(1) < 1e-6
    if family.name == "binomial":
        near |= mu.max(1) > 1 - 1e-6
    return np.asarray(near | ~converged)


def recession(data: ModelData, family: Family, link: Link) -> Recession | None:
    """Where the estimates run to infinity, or None; with an identity link they cannot."""
    if link.name == "identity":
        return None
    if family.name == "binomial" and link.name != "log":
        return find_recession(data.x, data.y == 1, data.y == 0)
    return find_recession(data.x, np.zeros(len(data.y), dtype=np.bool_), data.y == 0)


def beyond(
    data: ModelData, family: Family, link: Link, away: Recession, information: Information, engine: Engine
) -> Reached:
    """The limit of the likelihood: rows off the overlap fit perfectly, the others determine what stays finite."""
    p = data.x.shape[1]
    limit = np.where(away.direction > 0, np.inf, np.where(away.direction < 0, -np.inf, np.nan))
    estimate = np.where(away.infinite, limit, 0.0)
    covariance, fitted, k, k_se = np.full((p, p), np.nan), data.y.copy(), 0.0, np.nan
    if away.overlap.any():
        part = data.rows(away.overlap)
        order = [*np.flatnonzero(~away.infinite), *np.flatnonzero(away.infinite)]
        kept = [order[j] for j in independent_columns(part.x[:, order])]
        part = part.columns(kept)
        scored = engine(one_trial(part, family, link))
        k = float(scored.k[0])
        found, k_se = compute_covariance(one_trial(part, family, link, k), scored.beta, information)
        finite = [i for i, j in enumerate(kept) if not away.infinite[j]]
        where = np.array([kept[i] for i in finite], dtype=np.intp)
        estimate[where] = scored.beta[0][finite]
        covariance[np.ix_(where, where)] = found[np.ix_(finite, finite)]
        fitted[away.overlap] = scored.mu[0]
    names = ", ".join(data.names[j] for j in np.flatnonzero(away.infinite))
    text = f"{int((~away.overlap).sum())} of {len(data.y)} rows are fitted perfectly: no finite estimate of {names}"
    remedy = (
        "; see fit_firth_logistic or exact_logistic" if family.name == "binomial" else "; see rates for exact limits"
    )
    return Reached(estimate, fitted, covariance, k, k_se, (Note("STA-205", text + remedy),))


def compute_covariance(problem: Problem, beta: Array, information: Information) -> tuple[Array, float]:
    """Covariance of the coefficients of a single model, and the standard error of k where the family has one.

    Observed information of the negative binomial is that of coefficients and k jointly.
    """
    bend, cross = np.nan, np.zeros(beta.shape[1])
    if problem.family.name == "negative binomial" and problem.k[0, 0] > 0:
        bends, crosses = k_information(problem, beta)
        bend, cross = float(bends[0]), crosses[0]
    k_se = bend**-0.5 if bend > 0 else np.nan
    if information == "expected":
        eta = problem.predictor(beta)
        _, fisher = working(problem, eta, problem.link.inverse(eta))
        return inverse(problem.cross_product(fisher))[0], k_se
    block = observed_information(problem, beta)[0]
    if not bend > 0:
        return inverse(block[None])[0], np.nan
    whole = inverse(np.block([[block, cross[:, None]], [cross[None, :], np.array([[bend]])]])[None])[0]
    return whole[:-1, :-1], float(np.sqrt(whole[-1, -1]))


def _null_deviance(data: ModelData, family: Family, link: Link, k: float) -> float:
    """Deviance of the intercept (with the offset) alone, or of the offset alone where the design spans no intercept."""
    one = np.ones((len(data.y), 1))
    coefficients = np.linalg.lstsq(data.x, one[:, 0], rcond=None)[0]
    spans = bool(np.abs(data.x @ coefficients - 1).max() < 1e-8)
    null = ModelData(data.y, one, data.offset, data.trials, data.weights, ("intercept",))
    if spans and data.y.sum() > 0 and (family.name != "binomial" or (data.y < 1).any()):
        mu = score(one_trial(null, family, link, k)).mu
    elif spans:
        mu = data.y[None]
    else:
        mu = link.inverse(data.offset)[None]
    return float((data.weights * family.deviance(data.y[None], mu, data.trials, np.array([[k]]))).sum())
