"""From the terms of a formula to columns: how each factor is coded in each term, and the columns that follow.

R's rule of marginality: a factor of a term is coded by contrasts where the term without it is in the model, or part of
an earlier term with the same numeric variables, otherwise by one indicator per level; without an intercept the first
factor of the first term of factors has all its indicators. Source: Chambers JM, Hastie TJ (eds). Statistical Models in
S, 1992, chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from opencro.stats.formula.columns import Column, Factor, Floats, Level, render_level
from opencro.stats.formula.notation import INTERCEPT, Formula

Contrasts = Literal["treatment", "sum"]


@dataclass(frozen=True)
class TermCoding:
    """One term: its factors with the matrix (levels, columns) of each, and its numeric variables.

    `columns` are the names of the columns; `weights` maps the indicators of all combinations of levels to them, so that
    a row of the term is a row of `weights` times the product of the numeric variables.
    """

    label: str
    factors: tuple[str, ...]
    numerics: tuple[str, ...]
    sizes: tuple[int, ...]
    weights: Floats
    columns: tuple[str, ...]


def code_terms(
    formula: Formula,
    levels: Mapping[str, tuple[Level, ...]],
    reference: Mapping[str, Level],
    contrasts: Contrasts,
) -> tuple[TermCoding, ...]:
    """The coding of every term, the intercept first where there is one."""
    codings = [_intercept()] if formula.intercept else []
    free = not formula.intercept
    spanned: list[tuple[frozenset[str], frozenset[str]]] = []
    for term in formula.terms:
        labels = frozenset(v for v in term if v in levels)
        numbers = frozenset(term) - labels
        full = {v for v in labels if len(term) > 1 and not _is_spanned(labels - {v}, numbers, spanned)}
        if free and labels and not numbers:
            full, free = full | {next(v for v in term if v in labels)}, False
        codings.append(_code_term(term, levels, full, reference, contrasts))
        spanned.append((labels, numbers))
    return tuple(codings)


def _is_spanned(
    labels: frozenset[str], numbers: frozenset[str], spanned: list[tuple[frozenset[str], frozenset[str]]]
) -> bool:
    """Whether the columns so far span this margin: part of an earlier term with the same numeric variables."""
    return any(labels <= earlier and numbers == others for earlier, others in spanned)


def code_terms_in_full(formula: Formula, levels: Mapping[str, tuple[Level, ...]]) -> tuple[TermCoding, ...]:
    """The overparametrized coding of SAS: one indicator for every combination of levels in every term."""
    codings = [_intercept()] if formula.intercept else []
    return (*codings, *(_code_term(t, levels, set(t), {}, "treatment") for t in formula.terms))


def _intercept() -> TermCoding:
    return TermCoding(INTERCEPT, (), (), (), np.ones((1, 1)), (INTERCEPT,))


def _code_term(
    term: tuple[str, ...],
    levels: Mapping[str, tuple[Level, ...]],
    full: set[str],
    reference: Mapping[str, Level],
    contrasts: Contrasts,
) -> TermCoding:
    factors = tuple(v for v in term if v in levels)
    weights: Floats = np.ones((1, 1))
    parts = {v: [v] for v in term if v not in levels}
    for name in factors:
        coded, kept = _contrast_matrix(levels[name], None if name in full else contrasts, reference.get(name))
        weights = np.asarray(np.kron(coded, weights))
        parts[name] = [f"{name}{render_level(level)}" for level in kept]
    names = reduce(lambda done, v: [f"{d}:{p}" if d else p for p in parts[v] for d in done], term, [""])
    numerics = tuple(v for v in term if v not in levels)
    sizes = tuple(len(levels[v]) for v in factors)
    return TermCoding(":".join(term), factors, numerics, sizes, weights, tuple(names))


def _contrast_matrix(
    levels: tuple[Level, ...], contrasts: Contrasts | None, reference: Level | None
) -> tuple[Floats, list[Level]]:
    identity = np.eye(len(levels))
    if contrasts is None:
        return identity, list(levels)
    left_out = levels.index(reference) if reference is not None else (0 if contrasts == "treatment" else -1)
    kept = [i for i in range(len(levels)) if i != left_out % len(levels)]
    coded = identity[:, kept]
    if contrasts == "sum":
        coded[left_out] = -1.0
    return coded, [levels[i] for i in kept]


def build_columns(codings: tuple[TermCoding, ...], columns: Mapping[str, Column], rows: int) -> Floats:
    """The model matrix (rows, columns) of these terms."""
    x = np.empty((rows, sum(len(c.columns) for c in codings)))
    start = 0
    for coding in codings:
        end = start + len(coding.columns)
        block = x[:, start:end]
        block[...] = coding.weights[_cell_codes(coding, columns)] if coding.factors else coding.weights
        for name in coding.numerics:
            block *= numbers_of(columns[name])[:, None]
        start = end
    return x


def _cell_codes(coding: TermCoding, columns: Mapping[str, Column]) -> NDArray[np.intp]:
    codes, stride = np.zeros(1, dtype=np.intp), 1
    for name, size in zip(coding.factors, coding.sizes, strict=True):
        factor = columns[name]
        assert isinstance(factor, Factor)
        codes = codes + stride * factor.codes
        stride *= size
    return codes


def numbers_of(column: Column) -> Floats:
    """The values of a column that is no factor."""
    assert not isinstance(column, Factor)
    return column


def recode_from_full(codings: tuple[TermCoding, ...]) -> Floats:
    """The matrix C (columns in full, columns) with x = x_in_full @ C."""
    rows, width = sum(len(c.weights) for c in codings), sum(len(c.columns) for c in codings)
    recode = np.zeros((rows, width))
    row = column = 0
    for coding in codings:
        height, across = coding.weights.shape
        recode[row : row + height, column : column + across] = coding.weights
        row, column = row + height, column + across
    return recode
