"""Covariances of least squares coefficients that don't believe in equal variances, or in independent rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.linear.fit import Floats, LinearModel
from opencro.stats.result import Note, StatsError

HcKind = Literal["HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"]
ClusterKind = Literal["CR0", "CR1", "CR1S", "CR2", "CR3"]


def hc_robust(fit: LinearModel, *, kind: HcKind = "HC3") -> LinearModel:
    """The model with a covariance that is right under unequal variances; degrees of freedom stay n - rank.

    (X'WX)^-1 X' diag(w^2 e^2 a) X (X'WX)^-1 with h the leverage and a = 1 (HC0), n / (n - p) (HC1), 1 / (1 - h) (HC2),
    1 / (1 - h)^2 (HC3), (1 - h)^-min(4, nh/p) (HC4), (1 - h)^-(min(1, nh/p) + min(1.5, nh/p)) (HC4m), (1 -
    h)^-(min(nh/p, max(4, 0.7 n max(h) / p)) / 2) (HC5). A row with h = 1 has no residual and adds nothing (Note
    STA-104). Raises StatsError STA-105 for another kind.

    Source: MacKinnon JG, White H. J Econometrics 1985; 29:305-325 (HC0-HC3); Cribari-Neto F. Comput Stat Data Anal
    2004; 45:215-233 (HC4); Cribari-Neto F, da Silva WB. AStA 2011; 95:129-146 (HC4m); Cribari-Neto F, Souza TC,
    Vasconcellos KLP. Commun Stat Theory Methods 2007; 36:1877-1888 (HC5).
    """
    n, p = len(fit.residuals), fit.matrix.rank
    h = np.minimum(fit.leverage, 1.0)
    ratio = n * h / p
    powers: dict[str, Floats] = {
        "HC0": np.zeros(n),
        "HC1": np.zeros(n),
        "HC2": np.ones(n),
        "HC3": np.full(n, 2.0),
        "HC4": np.minimum(4, ratio),
        "HC4m": np.minimum(1, ratio) + np.minimum(1.5, ratio),
        "HC5": np.minimum(ratio, max(4.0, 0.7 * n * h.max() / p)) / 2,
    }
    if kind not in powers:
        raise StatsError("STA-105", f"kind {kind!r}", ", ".join(powers), "Choose one of them.")
    full = h > 1 - 1e-10
    inflated = (fit.weights * fit.residuals) ** 2 * np.where(full, 0.0, np.where(full, 1.0, 1 - h) ** -powers[kind])
    score = _kept(fit) * np.sqrt(inflated)[:, None]
    factor = n / (n - p) if kind == "HC1" else 1.0
    notes = (
        (Note("STA-104", f"{int(full.sum())} rows are fitted exactly and add nothing to {kind}"),) if full.any() else ()
    )
    return replace(fit, covariance=factor * _sandwich(fit, score), covariance_name=kind, notes=(*fit.notes, *notes))


def cluster_robust(fit: LinearModel, cluster: ArrayLike, *, kind: ClusterKind = "CR2") -> LinearModel:
    """The model with a covariance that is right when rows of one cluster are correlated.

    `cluster` (rows,) labels each row of the data or of the analysis. With e the residuals of a cluster of weight 1:
    CR0 uses e; CR1 multiplies by G / (G - 1), CR1S (Stata) also by (n - 1) / (n - p); CR2 uses (I - H)^-1/2 e and CR3
    (I - H)^-1 e, H the cluster's block of the hat matrix. CR2 has Satterthwaite's degrees of freedom for every
    combination of coefficients, the others G - 1. Weighted models work on rows times the root of the weight. Raises
    StatsError STA-105 for another kind or fewer than two clusters.

    Source: Liang KY, Zeger SL. Biometrika 1986; 73:13-22 (CR0); Bell RM, McCaffrey DF. Survey Methodology 2002;
    28:169-181 (CR2, its degrees of freedom, CR3); Pustejovsky JE, Tipton E. J Bus Econ Stat 2018; 36:672-683.
    """
    labels = np.asarray(cluster)
    labels = labels[fit.matrix.keep] if labels.shape == fit.matrix.keep.shape else labels
    if kind not in ("CR0", "CR1", "CR1S", "CR2", "CR3"):
        raise StatsError("STA-105", f"kind {kind!r}", "CR0, CR1, CR1S, CR2 or CR3", "Choose one of them.")
    if labels.shape != fit.residuals.shape or len(codes := np.unique(labels)) < 2:
        raise StatsError("STA-105", f"clusters {labels.shape}", "one label per row, two or more", "Check the labels.")
    n, p, g = len(labels), fit.matrix.rank, len(codes)
    members = [np.flatnonzero(labels == code) for code in codes]
    power = {"CR2": -0.5, "CR3": -1.0}.get(kind, 0.0)
    x, root = _kept(fit) * np.sqrt(fit.weights)[:, None], np.sqrt(fit.weights)
    blocks = [_cluster_adjustment(x[rows], fit, power) @ x[rows] for rows in members]
    score = np.array([(root * fit.residuals)[rows] @ b for rows, b in zip(members, blocks, strict=True)])
    factor = {"CR1": g / (g - 1), "CR1S": g / (g - 1) * (n - 1) / (n - p)}.get(kind, 1.0)
    df = _Satterthwaite(fit, x, members, blocks) if kind == "CR2" else float(g - 1)
    return replace(fit, covariance=factor * _sandwich(fit, score), df=df, covariance_name=kind)


def _kept(fit: LinearModel) -> Floats:
    return fit.matrix.x[:, ~fit.matrix.aliased]


def _bread(fit: LinearModel) -> Floats:
    kept = ~fit.matrix.aliased
    return fit.unscaled[np.ix_(kept, kept)]


def _sandwich(fit: LinearModel, score: Floats) -> Floats:
    kept = ~fit.matrix.aliased
    outer = score @ _bread(fit)
    whole = np.full(fit.covariance.shape, np.nan)
    whole[np.ix_(kept, kept)] = outer.T @ outer
    return whole


def _cluster_adjustment(x: Floats, fit: LinearModel, power: float) -> Floats:
    """(I - H) to a power, H the cluster's block of the hat matrix; a direction that is fitted exactly adds nothing."""
    if power == 0:
        return np.eye(len(x))
    values, vectors = np.linalg.eigh(np.eye(len(x)) - x @ _bread(fit) @ x.T)
    kept = values > 1e-10
    return np.asarray((vectors[:, kept] * values[kept] ** power) @ vectors[:, kept].T)


class _Satterthwaite:
    """Degrees of freedom of a combination under equal variances: 2 E(v)^2 / Var(v) of its variance estimate v."""

    def __init__(self, fit: LinearModel, x: Floats, members: list[NDArray[np.intp]], blocks: list[Floats]) -> None:
        self.kept, self.bread, self.x, self.members, self.blocks = ~fit.matrix.aliased, _bread(fit), x, members, blocks

    def __call__(self, combination: Floats) -> float:
        along = self.bread @ np.atleast_2d(combination)[0][self.kept]
        inner = np.zeros((len(self.x), len(self.members)))
        for i, (rows, block) in enumerate(zip(self.members, self.blocks, strict=True)):
            inner[rows, i] = block @ along
        gram = inner.T @ inner - (inner.T @ self.x) @ self.bread @ (self.x.T @ inner)
        return float(np.trace(gram) ** 2 / (gram**2).sum())
