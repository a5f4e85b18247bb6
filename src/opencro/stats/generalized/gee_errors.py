"""Covariances of estimating-equation estimates: model-based, robust, and corrected for few clusters."""

from __future__ import annotations

from typing import Literal

import numpy as np

from opencro.stats.generalized.clusters import Clusters
from opencro.stats.generalized.families import Array, Family, Link
from opencro.stats.generalized.scoring import inverse

Errors = Literal["robust", "model", "mancl_derouen", "kauermann_carroll", "fay_graubard"]
CORRECTIONS = ("mancl_derouen", "kauermann_carroll", "fay_graubard")
_BOUND = 0.75  # Fay and Graubard 2001, section 2.4


def compute_gee_covariances(
    clusters: Clusters, beta: Array, matrix: Array, scale: float, family: Family, link: Link
) -> dict[str, Array]:
    """All covariances by name.

    With U_i = D_i' V_i^-1 r_i, B the inverse of the sum of D_i' V_i^-1 D_i and H_i = D_i B D_i' V_i^-1: "model" is
    scale B; the others are B (sum of u_i u_i') B with u_i = U_i ("robust"); r_i replaced by (I - H_i)^-1 r_i
    ("mancl_derouen") or (I - H_i)^-1/2 r_i ("kauermann_carroll"); U_i times the diagonal of
    (1 - min(0.75, [D_i' V_i^-1 D_i B]_jj))^-1/2 ("fay_graubard").
    """
    d, inverse_v, residual = clusters.pieces(beta, matrix, family, link)
    weighted = inverse_v @ d
    own = np.swapaxes(d, 1, 2) @ weighted
    bread = inverse(own.sum(0)[None])[0]
    if not np.isfinite(bread).all():
        return dict.fromkeys(("model", "robust", *CORRECTIONS), bread)

    def sandwich(scores: Array) -> Array:
        return np.asarray(bread @ (scores.T @ scores) @ bread)

    def scores_of(r: Array) -> Array:
        return np.asarray(np.einsum("gmp,gm->gp", weighted, r))

    plain = scores_of(residual)
    leverage = np.einsum("gpq,qp->gp", own, bread)
    full, root = _corrected(d, inverse_v, bread, residual)
    return {
        "model": scale * bread,
        "robust": sandwich(plain),
        "mancl_derouen": sandwich(scores_of(full)),
        "kauermann_carroll": sandwich(scores_of(root)),
        "fay_graubard": sandwich(plain / np.sqrt(1 - np.minimum(_BOUND, leverage))),
    }


def _corrected(d: Array, inverse_v: Array, bread: Array, residual: Array) -> tuple[Array, Array]:
    """(I - H)^-1 r and (I - H)^-1/2 r: H = L S L^-1 with L L' = V and S symmetric, so powers act on S alone."""
    upper = np.swapaxes(np.linalg.cholesky(inverse_v), 1, 2)  # upper' upper = V^-1, so L^-1 = upper
    half = upper @ d
    s = half @ bread @ np.swapaxes(half, 1, 2)
    values, vectors = np.linalg.eigh(s)
    remain = np.maximum(1 - values, 1e-10)
    turned = np.einsum("gmk,gm->gk", vectors, np.einsum("gmk,gk->gm", upper, residual))

    def back(scaled: Array) -> Array:
        inner = np.einsum("gmk,gk->gm", vectors, scaled)
        return np.linalg.solve(upper, inner[:, :, None])[:, :, 0]

    return back(turned / remain), back(turned / np.sqrt(remain))
