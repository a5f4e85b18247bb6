"""Standard errors that hold when the variance of a model is wrong: sandwich and cluster-robust covariances."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.fits import Kind, wald_columns
from opencro.stats.generalized.inputs import read_labels
from opencro.stats.generalized.scoring import inverse, working
from opencro.stats.result import Note, StatsError

Heteroscedastic = Literal["HC0", "HC1", "HC2", "HC3"]
Clustered = Literal["CR0", "CR1", "CR1S"]


def with_robust_errors(fit: Kind, *, kind: Heteroscedastic = "HC0") -> Kind:
    """The same fit with sandwich standard errors of independent rows.

    `fit`: a fit of this family. `kind`: B M B with B the inverse expected information and M the sum of u_i u_i', u_i
    the score of row i ("HC0", Huber-White); times n / (n - p) ("HC1"); with u_i divided by sqrt(1 - h_i) ("HC2") or 1
    - h_i ("HC3"), h_i the leverage. With a Poisson fit of 0/1 outcomes this is Zou's modified Poisson regression for
    risk ratios. Sources: White 1980, Econometrica 48:817-838; MacKinnon and White 1985, J. Econometrics 29:305-325;
    Zou 2004, American Journal of Epidemiology 159:702-706. R sandwich::vcovHC; SAS PROC GLIMMIX empirical gives HC0
    (classical) and others. Example: `with_robust_errors(fit_poisson(y, x))`.
    """
    residual, bread, leverage = _pieces(fit)
    n, p = fit.data.x.shape
    rest = np.maximum(1 - leverage, 1e-300)
    factor = {"HC2": np.sqrt(rest), "HC3": rest}.get(kind, np.ones(n))
    # a row of frequency w stands for w rows: its outer product counts w times, not w^2
    factor = np.where(leverage < 1 - 1e-10, factor, np.inf)  # a row of leverage 1 is fitted exactly
    scores = fit.data.x * (residual / factor / np.sqrt(fit.data.weights))[:, None]
    rows = fit.data.weights.sum()
    covariance = bread @ (scores.T @ scores) @ bread * (rows / (rows - p) if kind == "HC1" else 1.0)
    return _replaced(fit, covariance, ())


def with_cluster_errors(fit: Kind, cluster: ArrayLike, *, kind: Clustered = "CR1") -> Kind:
    """The same fit with standard errors robust to any correlation within clusters.

    `fit`: a fit of this family. `cluster` (n,): labels. `kind`: scores are summed by cluster and enter B M B as they
    are ("CR0"), times G / (G - 1) ("CR1", R sandwich::vcovCL), or times G / (G - 1) (n - 1) / (n - p) ("CR1S", Stata).
    Fewer than 2 clusters raise STA-209; fewer than 40 give the note STA-210: see `fit_gee` for corrections.
    Source: Liang and Zeger 1986, Biometrika 73:13-22. Example: `with_cluster_errors(fit_logistic(y, x), site)`.
    """
    residual, bread, _ = _pieces(fit)
    n, p = fit.data.x.shape
    codes, labels = read_labels(cluster, n, "cluster")
    groups = len(labels)
    if groups < 2:
        raise StatsError("STA-209", f"{groups} cluster", "at least 2", "Check the cluster labels.")
    sums = np.zeros((groups, p))
    np.add.at(sums, codes, fit.data.x * residual[:, None])
    factor = 1.0 if kind == "CR0" else groups / (groups - 1)
    factor *= (n - 1) / (n - p) if kind == "CR1S" else 1.0
    notes = (Note("STA-210", f"{groups} clusters are few: robust errors are too small on average"),)
    return _replaced(fit, bread @ (sums.T @ sums) @ bread * factor, notes if groups < 40 else ())


def _pieces(fit: Kind) -> tuple[Array, Array, Array]:
    """Score residual of every row, inverse information, leverage."""
    if not np.isfinite(fit.estimate).all():
        raise StatsError(
            "STA-205", "a fit with infinite estimates", "finite estimates", "Use fit_firth_logistic, or drop the term."
        )
    problem = fit.problem
    eta = problem.predictor(fit.estimate[None])
    residual, fisher = working(problem, eta, problem.link.inverse(eta))
    bread = inverse(problem.cross_product(fisher))[0]
    leverage = fisher[0] / fit.data.weights * ((fit.data.x @ bread) * fit.data.x).sum(1)
    return residual[0], bread, leverage


def _replaced(fit: Kind, covariance: Array, notes: tuple[Note, ...]) -> Kind:
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance))
    z, p, lower, upper = wald_columns(fit.estimate, se, fit.alpha)
    return replace(fit, covariance=covariance, se=se, z=z, p=p, lower=lower, upper=upper, notes=fit.notes + notes)
