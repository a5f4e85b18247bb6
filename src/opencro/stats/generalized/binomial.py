"""Models of a yes/no outcome: logistic regression, and risk ratios and differences by other links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from opencro.stats.generalized.families import BINOMIAL, IDENTITY, LOG, LOGIT, PROBIT, Array, Link
from opencro.stats.generalized.fits import GeneralizedFit, Information, Kind, assemble, recession
from opencro.stats.generalized.inputs import ModelData, check_binomial, read_model
from opencro.stats.generalized.scoring import Problem, Scored, score, start_values, working
from opencro.stats.result import Note, Result


@dataclass(frozen=True)
class LogisticFit(GeneralizedFit):
    """A logistic regression; coefficients are log odds ratios."""

    title: ClassVar[str] = "Logistic regression (maximum likelihood)"


@dataclass(frozen=True)
class ProbitFit(GeneralizedFit):
    """A probit regression; coefficients are in standard deviations of a latent normal variable."""

    title: ClassVar[str] = "Probit regression (maximum likelihood)"


@dataclass(frozen=True)
class LogBinomialFit(GeneralizedFit):
    """A log-binomial regression; coefficients are log risk ratios."""

    title: ClassVar[str] = "Log-binomial regression (maximum likelihood)"


@dataclass(frozen=True)
class IdentityBinomialFit(GeneralizedFit):
    """A binomial regression with identity link; coefficients are risk differences."""

    title: ClassVar[str] = "Binomial regression with identity link (maximum likelihood)"


@dataclass(frozen=True)
class Separation(Result):
    """Where maximum likelihood estimates lie, per term; `separated` of `rows` would be fitted perfectly."""

    title: ClassVar[str] = "Separation"

    term: tuple[str, ...]
    estimate: tuple[str, ...]
    separated: int
    rows: int


def fit_logistic(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None, alpha: float = 0.05,
) -> LogisticFit:  # fmt: skip
    """Logistic regression by maximum likelihood: log(p / (1 - p)) = x b + offset.

    `y` (n,): 0/1, or numbers of events where `trials` (n,) is given. `x` (n, p): the design with its intercept column.
    `offset` (n,); `weights` (n,): frequencies; `names`: of the p terms. Perfect or quasi-complete separation gives
    infinite estimates and the note STA-205, found by a linear program (Konis 2007); SAS and R print large numbers
    there. Raises STA-201 (shapes), STA-202 (dependent columns), STA-203 (y). Source: McCullagh and Nelder 1989,
    section 4.4. SAS PROC LOGISTIC, R glm(binomial). Example: `fit_logistic(y, np.column_stack([np.ones(n), arm]))`.
    """
    data = read_model(y, x, offset=offset, trials=trials, weights=weights, names=names)
    check_binomial(data)
    return assemble(LogisticFit, data, BINOMIAL, LOGIT, alpha=alpha)


def fit_probit(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None, alpha: float = 0.05,
    information: Information = "expected",
) -> ProbitFit:  # fmt: skip
    """Probit regression by maximum likelihood: p = Phi(x b + offset).

    Arguments and errors as in `fit_logistic`. `information`: "expected" (as R glm) or "observed" (as SAS PROC GENMOD).
    Source: McCullagh and Nelder 1989, section 4.3. Example: `fit_probit(y, x)`.
    """
    data = read_model(y, x, offset=offset, trials=trials, weights=weights, names=names)
    check_binomial(data)
    return assemble(ProbitFit, data, BINOMIAL, PROBIT, alpha=alpha, information=information)


def fit_log_binomial(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None, alpha: float = 0.05,
    information: Information = "expected",
) -> LogBinomialFit:  # fmt: skip
    """Risk ratios by maximum likelihood: log p = x b + offset, with p <= 1 in every row.

    Arguments and errors as in `fit_logistic`. `information`: "expected" (as R glm) or "observed" (as SAS PROC GENMOD).
    Where the maximum lies on the boundary p = 1 it is found there, without standard errors (STA-208): take the modified
    Poisson model, `with_robust_errors(fit_poisson(...))` (Zou 2004), or `standardized_ratio`. Source: Wacholder 1986,
    American Journal of Epidemiology 123:174-184. Example: `compute_ratios(fit_log_binomial(y, x))`.
    """
    data = read_model(y, x, offset=offset, trials=trials, weights=weights, names=names)
    check_binomial(data)
    return _bounded(LogBinomialFit, data, LOG, alpha, information)


def fit_identity_binomial(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None, alpha: float = 0.05,
    information: Information = "expected",
) -> IdentityBinomialFit:  # fmt: skip
    """Risk differences by maximum likelihood: p = x b + offset, with 0 <= p <= 1 in every row.

    Arguments and errors as in `fit_logistic`; `information` and the boundary (STA-208) as in `fit_log_binomial`.
    Source: Wacholder 1986, American Journal of Epidemiology 123:174-184. Example: `fit_identity_binomial(y, x)`.
    """
    data = read_model(y, x, offset=offset, trials=trials, weights=weights, names=names)
    check_binomial(data)
    return _bounded(IdentityBinomialFit, data, IDENTITY, alpha, information)


def detect_separation(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, names: Sequence[str] | None = None
) -> Separation:
    """Whether a logistic (or probit) model has finite maximum likelihood estimates, before it is fitted.

    Arguments and errors as in `fit_logistic`. Returns per term "finite", "+infinite", "-infinite" or "undetermined" (it
    depends on others that are infinite). A linear program looks for a direction along which no row fits worse.
    Source: Konis 2007, Linear programming algorithms for detecting separated data in binary logistic regression models,
    doctoral thesis, Oxford. R detectseparation. Example: `detect_separation([0, 0, 1, 1], [[1, 0], [1, 0], [1, 1],
    [1, 1]])`.
    """
    data = read_model(y, x, trials=trials, names=names)
    check_binomial(data)
    away = recession(data, BINOMIAL, LOGIT)
    if away is None:
        return Separation(data.names, ("finite",) * len(data.names), 0, len(data.y))
    signs = np.where(away.direction > 0, "+infinite", np.where(away.direction < 0, "-infinite", "undetermined"))
    words = np.where(away.infinite, signs, "finite")
    return Separation(data.names, tuple(words.tolist()), int((~away.overlap).sum()), len(data.y))


def _bounded(kind: type[Kind], data: ModelData, link: Link, alpha: float, information: Information) -> Kind:
    found: list[bool] = []

    def engine(problem: Problem) -> Scored:
        scored = score(problem)
        near = _at_bound(scored.mu[0], link)
        if scored.converged[0] and not near:
            return scored
        beta = _constrained(problem)
        mu = np.clip(link.inverse(np.minimum(problem.predictor(beta[None]), 1.0)), 0.0, 1.0)
        found.append(_at_bound(mu[0], link))
        return replace(scored, beta=beta[None], mu=mu, converged=np.array([True]))

    fit = assemble(kind, data, BINOMIAL, link, alpha=alpha, information=information, engine=engine)
    if not any(found):
        return fit
    nothing = np.full(len(fit.term), np.nan)
    note = Note("STA-208", "the maximum lies where a fitted risk is 0 or 1: no standard errors; see fit_log_binomial")
    return replace(
        fit, se=nothing, z=nothing, p=nothing, lower=nothing, upper=nothing,
        covariance=np.full_like(fit.covariance, np.nan), notes=(note,),
    )  # fmt: skip


def _at_bound(mu: Array, link: Link) -> bool:
    return bool(mu.max() > 1 - 1e-6 or (link is IDENTITY and mu.min() < 1e-6))


def _constrained(problem: Problem) -> Array:
    """Maximum under the linear constraints that keep every risk possible; the log-likelihood is concave in eta."""
    rows = np.unique(np.column_stack([problem.x, problem.offset[0]]), axis=0)
    design, offset = rows[:, :-1], rows[:, -1]
    top = 1.0 if problem.link is IDENTITY else 0.0
    limits = [{"type": "ineq", "fun": lambda b: top - offset - design @ b, "jac": lambda _b: -design}]
    if problem.link is IDENTITY:
        limits.append({"type": "ineq", "fun": lambda b: design @ b + offset, "jac": lambda _b: design})

    def loss(b: Array) -> tuple[float, Array]:
        eta = problem.predictor(b[None])
        mu = np.clip(problem.link.inverse(np.minimum(eta, 1.0)), 1e-9, 1 - 1e-9)
        residual, _ = working(problem, problem.link.forward(mu), mu)
        return -float(problem.log_likelihood(mu)[0]), -problem.score_sum(residual)[0]

    found = minimize(
        loss, start_values(problem)[0], jac=True, constraints=limits, method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-13},
    )  # fmt: skip
    return np.asarray(found.x)
