"""Generalized estimating equations: marginal models of repeated or clustered outcomes (Liang and Zeger 1986)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.generalized.clusters import Clusters, Correlation, arrange, working_correlation
from opencro.stats.generalized.families import BINOMIAL, IDENTITY, LOG, LOGIT, NORMAL, POISSON, Array, Family, Link
from opencro.stats.generalized.fits import recession
from opencro.stats.generalized.gee_errors import CORRECTIONS, Errors, compute_gee_covariances
from opencro.stats.generalized.inputs import (
    ModelData,
    check_binomial,
    check_choice,
    check_counts,
    read_labels,
    read_model,
)
from opencro.stats.generalized.scoring import inverse, one_trial, score
from opencro.stats.result import Note, Result, StatsError

Outcome = Literal["normal", "binomial", "poisson"]
_MODELS: dict[Outcome, tuple[Family, Link]] = {
    "normal": (NORMAL, IDENTITY), "binomial": (BINOMIAL, LOGIT), "poisson": (POISSON, LOG),
}  # fmt: skip


@dataclass(frozen=True)
class GeeFit(Result):
    """A marginal model: one row per term with the chosen standard errors.

    Kept aside: `covariances` (all kinds by name), `correlation` (the working matrix of a full cluster), `scale`,
    `clusters`, `errors` (the kind shown), `df` of t (infinite: normal).
    """

    title: ClassVar[str] = "Generalized estimating equations"

    term: tuple[str, ...]
    estimate: Array
    se: Array
    z: Array
    p: Array
    lower: Array
    upper: Array
    covariance: Array
    covariances: Mapping[str, Array]
    correlation: Array
    scale: float
    clusters: int
    errors: Errors
    df: float
    alpha: float
    notes: tuple[Note, ...]

    def columns(self) -> Mapping[str, Any]:
        """Term, estimate, standard error, z (or t), p and interval."""
        return {name: getattr(self, name) for name in ("term", "estimate", "se", "z", "p", "lower", "upper")}


def fit_gee(
    y: ArrayLike, x: ArrayLike, cluster: ArrayLike, *, outcome: Outcome, correlation: Correlation = "independence",
    time: ArrayLike | None = None, offset: ArrayLike | None = None, errors: Errors = "robust", df: float = np.inf,
    names: Sequence[str] | None = None, alpha: float = 0.05,
) -> GeeFit:  # fmt: skip
    """Marginal model of clustered outcomes with a working correlation and robust errors.

    `y` (n,), `x` (n, p) with intercept column, `cluster` (n,): labels. `outcome`: "normal" (identity), "binomial"
    (logit, y 0/1) or "poisson" (log). `correlation`: "independence", "exchangeable", "ar1", "unstructured"; the
    latter two place rows by `time` (n,), whose sorted values are the occasions (rows in order where not given).
    `errors`: "robust" (Liang-Zeger), "model", or with a small-sample correction "mancl_derouen", "kauermann_carroll",
    "fay_graubard"; all are kept. `df`: of t, e.g. clusters minus p. Moments as in SAS PROC GENMOD: scale sum r^2 / (N
    - p), correlations divided by (pairs - p) scale; R geepack leaves p out there. Few clusters (< 40) with plain
    robust errors give STA-210. Raises STA-201, STA-202, STA-203, STA-205 (separation), STA-209 (one cluster), STA-220.
    Sources: Liang and Zeger 1986, Biometrika 73:13-22; Mancl and DeRouen 2001, Biometrics 57:126-134; Kauermann and
    Carroll 2001, JASA 96:1387-1396; Fay and Graubard 2001, Biometrics 57:1198-1206. Example: `fit_gee(y, x, subject,
    outcome="binomial", correlation="exchangeable")`.
    """
    check_choice("outcome", outcome, _MODELS)
    check_choice("correlation", correlation, get_args(Correlation))
    check_choice("errors", errors, get_args(Errors))
    data = read_model(y, x, offset=offset, names=names)
    {"binomial": check_binomial, "poisson": check_counts}.get(outcome, lambda _: None)(data)
    family, link = _MODELS[outcome]
    if recession(data, family, link) is not None:
        raise StatsError("STA-205", "outcomes that a term separates perfectly", "overlap", "Drop the term.")
    grouped = arrange(data, *_places(data, cluster, time))
    beta, matrix, scale, settled = _solve(data, grouped, family, link, correlation)
    covariances = compute_gee_covariances(grouped, beta, matrix, scale, family, link)
    if not settled:
        covariances = {name: np.full_like(c, np.nan) for name, c in covariances.items()}
    covariance = covariances[errors]
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance))
    z, half = beta / se, stats.t.isf(alpha / 2, df) * se
    p = 2 * stats.t.sf(np.abs(z), df)
    return GeeFit(
        data.names, beta, se, z, p, beta - half, beta + half, covariance, covariances, matrix, scale,
        len(grouped.rows), errors, df, alpha, _notes(len(grouped.rows), errors, settled),
    )  # fmt: skip


def _notes(clusters: int, errors: Errors, settled: bool) -> tuple[Note, ...]:
    notes: tuple[Note, ...] = ()
    if clusters < 40 and errors == "robust":
        text = f"{clusters} clusters are few: robust errors are too small on average; see {', '.join(CORRECTIONS)}"
        notes += (Note("STA-210", text),)
    if not settled:
        notes += (Note("STA-206", "the estimating equations did not settle; the estimates are their last step"),)
    return notes


def _places(data: ModelData, cluster: ArrayLike, time: ArrayLike | None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Cluster code and occasion of every row."""
    codes, labels = read_labels(cluster, len(data.y), "cluster")
    if len(labels) < 2:
        raise StatsError("STA-209", f"{len(labels)} cluster", "at least 2", "Check the cluster labels.")
    if time is not None:
        occasions, _ = read_labels(time, len(data.y), "time")
    else:
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(labels)))
        occasions = np.empty(len(codes), dtype=np.intp)
        occasions[order] = np.arange(len(codes)) - starts[codes[order]]
    pairs = codes * (int(occasions.max()) + 1) + occasions
    if len(np.unique(pairs)) < len(pairs):
        raise StatsError("STA-201", "two rows of one cluster at the same time", "one", "Number rows within clusters.")
    return codes, occasions


def _solve(
    data: ModelData, grouped: Clusters, family: Family, link: Link, correlation: Correlation
) -> tuple[Array, Array, float, bool]:
    """Alternates moment estimates of the correlation with scoring steps of the coefficients."""
    beta = score(one_trial(data, family, link)).beta[0]
    matrix, scale = np.eye(grouped.width), 1.0
    for _ in range(200):
        matrix, scale = working_correlation(grouped, grouped.residuals(beta, family, link), len(beta), correlation)
        d, inverse_v, residual = grouped.pieces(beta, matrix, family, link)
        weighted = inverse_v @ d
        information = np.einsum("gmp,gmq->pq", d, weighted)
        gradient = np.einsum("gmp,gm->p", weighted, residual)
        step = inverse(information[None])[0] @ gradient
        if not np.isfinite(step).all() or not scale > 0:
            break
        step *= min(1.0, 3.0 / max(float(np.abs(data.x @ step).max()), 1e-300)) if link.name != "identity" else 1.0
        beta = beta + step
        if float(step @ information @ step) < 1e-18 * scale:
            return beta, matrix, scale, True
    return beta, matrix, scale, False
