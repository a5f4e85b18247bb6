"""Rows arranged by cluster and occasion, and the moment estimates of their correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from opencro.stats.generalized.families import Array, Family, Link
from opencro.stats.generalized.inputs import ModelData

_RANGE = {"identity": (-np.inf, np.inf), "logit": (-36.0, 36.0), "log": (-36.0, 36.0)}  # beyond it weights vanish
Correlation = Literal["independence", "exchangeable", "ar1", "unstructured"]


@dataclass(frozen=True)
class Clusters:
    """Padded arrays, cluster by occasion: `rows` (g, m) indices or -1, `here` (g, m), y, offset (g, m), x (g, m, p)."""

    rows: NDArray[np.intp]
    here: NDArray[np.bool_]
    y: Array
    x: Array
    offset: Array

    @property
    def width(self) -> int:
        """Occasions of a full cluster."""
        return int(self.rows.shape[1])

    def residuals(self, beta: Array, family: Family, link: Link) -> Array:
        """Pearson residuals, 0 where there is no row."""
        mu = link.inverse(np.clip(self.x @ beta + self.offset, *_RANGE[link.name]))
        root = np.sqrt(np.maximum(family.variance(mu, np.zeros(1)), 1e-300))
        return np.where(self.here, (self.y - mu) / root, 0.0)

    def pieces(self, beta: Array, matrix: Array, family: Family, link: Link) -> tuple[Array, Array, Array]:
        """D (g, m, p), the inverse of A^1/2 R A^1/2 (g, m, m), and y - mu (g, m); absent rows add nothing."""
        eta = np.clip(self.x @ beta + self.offset, *_RANGE[link.name])
        mu = link.inverse(eta)
        root = np.where(self.here, np.sqrt(np.maximum(family.variance(mu, np.zeros(1)), 1e-300)), 1.0)
        both = self.here[:, :, None] & self.here[:, None, :]
        r = np.where(both, matrix, np.eye(self.width))
        inverse_v = np.linalg.inv(r) / (root[:, :, None] * root[:, None, :])
        d = np.where(self.here[:, :, None], link.slope(eta)[:, :, None] * self.x, 0.0)
        return d, inverse_v, np.where(self.here, self.y - mu, 0.0)


def arrange(data: ModelData, codes: NDArray[np.intp], occasions: NDArray[np.intp]) -> Clusters:
    """Places every row at its cluster and occasion."""
    shape = (int(codes.max()) + 1, int(occasions.max()) + 1)
    rows = np.full(shape, -1, dtype=np.intp)
    rows[codes, occasions] = np.arange(len(data.y))
    here = rows >= 0
    return Clusters(
        rows, here, np.where(here, data.y[rows], 0.0), np.where(here[:, :, None], data.x[rows], 0.0),
        np.where(here, data.offset[rows], 0.0),
    )  # fmt: skip


def working_correlation(clusters: Clusters, r: Array, p: int, kind: Correlation) -> tuple[Array, float]:
    """Working correlation matrix and scale from Pearson residuals by moments (SAS PROC GENMOD's definitions)."""
    here = clusters.here.astype(np.float64)
    m = clusters.width
    total = here.sum()
    scale = float((r**2).sum() / max(total - p, 1.0))
    identity = np.eye(m)
    if kind == "independence" or m == 1:
        return identity, scale
    if kind == "exchangeable":
        sizes = here.sum(1)
        pairs = float((sizes * (sizes - 1)).sum() / 2)
        rho = float(((r.sum(1) ** 2 - (r**2).sum(1)) / 2).sum() / (max(pairs - p, 1.0) * scale))
        return np.where(identity == 1, 1.0, _inside(rho, -1 / (m - 1))), scale
    if kind == "ar1":
        near = float((here[:, 1:] * here[:, :-1]).sum())
        rho = float((r[:, 1:] * r[:, :-1]).sum() / (max(near - p, 1.0) * scale))
        lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
        return np.asarray(_inside(rho, -1.0) ** lag), scale
    count = np.maximum(here.T @ here - p, 1.0)
    matrix = (r.T @ r) / (count * scale)
    np.fill_diagonal(matrix, 1.0)
    return _positive(matrix), scale


def _inside(rho: float, lowest: float) -> float:
    return min(max(rho, lowest + 1e-6), 1 - 1e-6)


def _positive(matrix: Array) -> Array:
    """The matrix itself, or, if moments gave one that is not positive definite, the same shrunk until it is."""
    values = np.linalg.eigvalsh(matrix)
    if values[0] > 1e-6:
        return matrix
    share = (1e-6 - values[0]) / (1 - values[0])
    return np.asarray((1 - share) * matrix + share * np.eye(len(matrix)))
