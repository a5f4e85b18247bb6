"""Hypotheses of types I, II and III as SAS defines them: one matrix of estimable functions for each term of a model.

Source: Goodnight JH. Tests of hypotheses in fixed effects linear models. SAS Technical Report R-101, 1978 (also
Communications in Statistics A 1980; 9:167-180). They depend on the model matrix only, so that every model with a
linear predictor can use them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opencro.stats.formula.coding import TermCoding, numbers_of
from opencro.stats.formula.columns import Floats
from opencro.stats.formula.matrix import ModelMatrix
from opencro.stats.formula.notation import INTERCEPT
from opencro.stats.formula.rank import ALIAS_TOLERANCE, row_basis


def compute_type_i_contrasts(matrix: ModelMatrix, *, weights: Floats | None = None) -> dict[str, Floats]:
    """Each term after those before it: matrices combinations (q, p) by term, for `joint_tests`.

    The rows are those of the forward reduction (Doolittle) of X'X that begin in the columns of the term; of X'WX with
    `weights` (n,) above 0.

    Source: Goodnight, SAS Technical Report R-101, 1978.

    >>> compute_type_i_contrasts(model_matrix("~ A", {"A": ["a", "b", "c"]}))["A"].shape
    (2, 3)
    """
    x, codings, recode = matrix.full
    owner = _owners(codings)
    basis, aliased = row_basis(_weighted(x, weights))
    first = owner[~aliased]
    return {c.label: basis[first == i] @ recode for i, c in enumerate(codings) if c.label != INTERCEPT}


def compute_type_ii_contrasts(matrix: ModelMatrix, *, weights: Floats | None = None) -> dict[str, Floats]:
    """Each term after all that don't contain it: matrices combinations (q, p) by term, for `joint_tests`.

    The rows of the forward reduction of X'X (X'WX with `weights`) that begin in the columns of the term, the columns
    standing in the order: terms that don't contain it, the term, terms that contain it. A term contains another if it
    has the same numeric variables and all its factors, and more.

    Source: Goodnight, SAS Technical Report R-101, 1978.
    """
    x, codings, recode = matrix.full
    owner, found, x = _owners(codings), {}, _weighted(x, weights)
    for i, coding in enumerate(codings):
        if coding.label != INTERCEPT:
            rank = np.array([1 if other is coding else 2 if _contains(other, coding) else 0 for other in codings])
            order = np.argsort(rank[owner], kind="stable")
            basis, aliased = row_basis(x[:, order])
            rows = basis[owner[order][~aliased] == i]
            found[coding.label] = rows @ recode[order]
    return found


def compute_type_iii_contrasts(matrix: ModelMatrix) -> dict[str, Floats]:
    """Each term whatever the cell counts: matrices combinations (q, p) by term, for `joint_tests`.

    The estimable functions of a term that involve no other terms but those that contain it, and are orthogonal to the
    estimable functions of those. With all cells filled these are the tests of unweighted marginal means; with empty
    cells they are SAS's, whose choice among the estimable functions is a convention.

    Source: Goodnight, SAS Technical Report R-101, 1978.
    """
    x, codings, recode = matrix.full
    owner = _owners(codings)
    size = np.concatenate([np.full(len(c.columns), _size(c, matrix)) for c in codings])
    basis = row_basis(x / size)[0]
    found = {}
    for i, coding in enumerate(codings):
        if coding.label != INTERCEPT:
            inside = [other is coding or _contains(other, coding) for other in codings]
            outside = ~np.array(inside)[owner]
            rows = _null_space(basis[:, outside].T) @ basis
            rows = np.linalg.qr(rows.T)[0].T if len(rows) else rows
            # exact zeros: a rounding error there would be multiplied by coefficients in quite other units
            rows[:, outside] = 0.0
            found[coding.label] = _row_range(rows[:, owner == i].T) @ rows / size @ recode
    return found


def _weighted(x: Floats, weights: Floats | None) -> Floats:
    return x if weights is None else np.asarray(x * np.sqrt(weights)[:, None])


def _owners(codings: tuple[TermCoding, ...]) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(codings)), [len(c.columns) for c in codings])


def _contains(outer: TermCoding, inner: TermCoding) -> bool:
    return set(outer.numerics) == set(inner.numerics) and set(outer.factors) > set(inner.factors)


def _size(coding: TermCoding, matrix: ModelMatrix) -> float:
    product = np.ones(1)
    for name in coding.numerics:
        product = product * numbers_of(matrix.columns_used[name])
    return float(np.sqrt(np.mean(product * product))) or 1.0


def _null_space(a: Floats) -> Floats:
    """Orthonormal rows m with a @ m' = 0."""
    _, values, vt = np.linalg.svd(a, full_matrices=True)
    rank = int((values > ALIAS_TOLERANCE * values.max(initial=0.0)).sum())
    return np.asarray(vt[rank:])


def _row_range(a: Floats) -> Floats:
    """Orthonormal rows that span the rows of a."""
    _, values, vt = np.linalg.svd(a, full_matrices=False)
    rank = int((values > ALIAS_TOLERANCE * values.max(initial=0.0)).sum())
    return np.asarray(vt[:rank])
