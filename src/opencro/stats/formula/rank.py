"""Which columns of a model matrix depend on earlier ones, and which combinations of parameters can be estimated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opencro.stats.formula.columns import Floats

# dqrdc2, the QR decomposition behind R's lm: a column whose part that is new falls below this share of it is aliased
ALIAS_TOLERANCE = 1e-7
# SAS's SINGULAR= for estimability: |L - LH| in units of the largest |L|
ESTIMABLE_TOLERANCE = 1e-6


def triangle(x: Floats) -> Floats:
    """The factor R of x = QR: it holds the same inner products in as few rows as there are columns."""
    return np.asarray(np.linalg.qr(x, mode="r")) if len(x) > x.shape[1] else x


def row_basis(x: Floats, tolerance: float = ALIAS_TOLERANCE) -> tuple[Floats, NDArray[np.bool_]]:
    """Rows of Doolittle's forward reduction, and which columns are aliased with earlier ones.

    Returns `basis` (rank, p), the trapezoidal rows of R for the columns that are not aliased (they span the rows of
    x), and `aliased` (p,). Each column is orthogonalized twice against those kept so far (Gram-Schmidt, as stable as
    Householder).
    """
    r = triangle(x)
    height, width = r.shape
    q = np.zeros((height, min(height, width)))
    aliased = np.ones(width, dtype=bool)
    rank = 0
    norms = np.sqrt(np.einsum("ij,ij->j", r, r))
    for j in range(width):
        if rank == q.shape[1] or norms[j] == 0:
            continue
        column, kept = r[:, j], q[:, :rank]
        for _ in range(2):
            column = column - kept @ (kept.T @ column)
        size = np.sqrt(column @ column)
        if size > tolerance * norms[j]:
            q[:, rank], aliased[j], rank = column / size, False, rank + 1
    basis = q[:, :rank].T @ r
    first = np.flatnonzero(~aliased)
    for row, start in zip(basis, first, strict=True):
        row[:start] = 0.0
    return basis, aliased


def is_estimable(combinations: Floats, basis: Floats) -> NDArray[np.bool_]:
    """Whether each row of `combinations` (k, p) depends on the rows of `basis`: only then has row @ beta one value.

    Columns are brought to one size first, so that the answer doesn't depend on units.
    """
    size = np.sqrt(np.einsum("ij,ij->j", basis, basis))
    size[size == 0] = 1.0
    space = np.linalg.qr((basis / size).T)[0]
    scaled = combinations / size
    off = np.abs(scaled - (scaled @ space) @ space.T).max(axis=1, initial=0.0)
    return np.asarray(off <= ESTIMABLE_TOLERANCE * np.maximum(np.abs(scaled).max(axis=1, initial=0.0), 1e-300))
