"""Least squares means: what the model expects at each level of some factors, averaged over the levels of the others.

Source: Searle SR, Speed FM, Milliken GA. Population marginal means in the linear model: an alternative to least
squares means. The American Statistician 1980; 34:216-221. Goodnight JH, Harvey WR. Least squares means in the fixed
effects general linear model. SAS Technical Report R-103, 1978.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from opencro.kernel.finding import suggest
from opencro.stats.formula.coding import TermCoding, build_columns
from opencro.stats.formula.columns import Column, Factor, Floats, Level, render_level
from opencro.stats.formula.estimates import Alternative, DegreesOfFreedom, Fit, LinearEstimates, as_fit, estimate_rows
from opencro.stats.formula.matrix import ModelMatrix
from opencro.stats.result import StatsError

Weights = Literal["equal", "observed", "outer"]


@dataclass(frozen=True)
class LsMeans(LinearEstimates):
    """Least squares means: vectors (k,), one per combination of the levels of `specs` and `by`, named in `cells`."""

    title: ClassVar[str] = "Least squares means"
    aside: ClassVar[frozenset[str]] = frozenset({"combinations", "cells", "specs", "by", "fit", "alpha"})

    cells: tuple[Mapping[str, Level], ...] = ()
    specs: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    fit: Fit | None = None
    alpha: float = 0.05

    def columns(self) -> Mapping[str, Any]:
        """The levels, then the numbers."""
        names = (*self.by, *self.specs)
        return {**{n: [render_level(c[n]) for c in self.cells] for n in names}, **super().columns()}


@dataclass(frozen=True)
class MeanContrasts(LinearEstimates):
    """Contrasts of least squares means: vectors (k,); `contrast` names each, `cells` the levels of the `by` factors."""

    title: ClassVar[str] = "Contrasts of least squares means"
    aside: ClassVar[frozenset[str]] = frozenset({"combinations", "cells", "contrast"})

    contrast: tuple[str, ...] = ()
    cells: tuple[Mapping[str, Level], ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """The names, then the numbers."""
        by = {n: [render_level(c[n]) for c in self.cells] for n in (self.cells[0] if self.cells else ())}
        return {**by, "contrast": list(self.contrast), **super().columns()}


def ls_means(
    matrix: ModelMatrix,
    beta: Floats,
    covariance: Floats,
    specs: str | Sequence[str],
    *,
    by: str | Sequence[str] = (),
    weights: Weights = "equal",
    at: Mapping[str, float | Level | Sequence[float]] | None = None,
    df: DegreesOfFreedom = math.inf,
    alpha: float = 0.05,
) -> LsMeans:
    """Least squares means of the factors `specs`, separately for each level of the factors `by`.

    `matrix`, `beta` (p,) and `covariance` (p, p) come from any model with a linear predictor; `df` is a number or a
    function of the combination combinations (p,) of each mean. `weights` say how the levels of the remaining factors
    are averaged: "equal" (SAS's and emmeans' default), "observed" (the joint frequencies of the remaining factors in
    the analysed rows: SAS's option OM, emmeans' "proportional"), "outer" (the product of their single frequencies).
    Numeric variables stand at their means over the analysed rows; a product of two of them at the product of the means
    (SAS AT MEANS; SAS's default is the mean of the product). `at` sets numeric variables, or a remaining factor, to a
    value; a numeric variable among `specs` or `by` takes the values that `at` lists for it.

    mean = L b, L the average of model rows. A mean that the data don't determine (an empty cell) is NaN with Note
    STA-010. Raises StatsError STA-011 for an unknown factor or weight, STA-012 for coefficients of another length.

    Source: Searle, Speed, Milliken, The American Statistician 1980; 34:216-221.

    >>> m = model_matrix("~ A", {"A": ["a", "b"]})
    >>> ls_means(m, np.array([1.0, 2.0]), np.eye(2), "A").estimate
    array([1., 3.])
    """
    specs, by = _as_names(specs), _as_names(by)
    cells, combinations = compute_mean_rows(matrix, specs, by=by, weights=weights, at=at)
    fit = as_fit(matrix, beta, covariance, df)
    rows = estimate_rows(fit, combinations, alpha)
    return LsMeans(**vars(rows), cells=cells, specs=specs, by=by, fit=fit, alpha=alpha)


def compute_mean_rows(
    matrix: ModelMatrix,
    specs: str | Sequence[str],
    *,
    by: str | Sequence[str] = (),
    weights: Weights = "equal",
    at: Mapping[str, float | Level | Sequence[float]] | None = None,
) -> tuple[tuple[Mapping[str, Level], ...], Floats]:
    """The combinations L (k, p) behind `ls_means`, and the levels of each row; arguments as there."""
    specs, by, at = _as_names(specs), _as_names(by), dict(at or {})
    names = (*by, *specs)
    if weights not in ("equal", "observed", "outer"):
        raise StatsError("STA-011", f"weights {weights!r}", "equal, observed or outer", "Choose one of them.")
    for name in (*names, *at):
        if name not in matrix.formula.variables:
            known = ", ".join(matrix.formula.variables)
            raise StatsError("STA-011", f"{name!r}", f"one of {known}", suggest(name, matrix.formula.variables))
    axes = [_axis(matrix, name, at) for name in names]
    cells = tuple(dict(zip(names, combination, strict=True)) for combination in itertools.product(*axes))
    fixed = {k: v for k, v in at.items() if k not in names}
    average = _average_jointly if weights == "observed" else _average_singly
    rows = [average(matrix, {**fixed, **cell}, weights) for cell in cells]
    return cells, np.array(rows).reshape(len(cells), len(matrix.names))


def _as_names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _axis(matrix: ModelMatrix, name: str, at: Mapping[str, Any]) -> Sequence[Level]:
    if name in matrix.levels and name not in at:
        return matrix.levels[name]
    if name not in at:
        raise StatsError(
            "STA-011", f"{name!r} is numeric", "a factor, or its values in `at`", f"at={{'{name}': [...]}}"
        )
    return list(np.atleast_1d(np.asarray(at[name])).tolist())


def _numbers_at(matrix: ModelMatrix, given: Mapping[str, Any]) -> dict[str, float]:
    columns = matrix.columns_used
    return {
        name: float(given[name]) if name in given else float(np.mean(column))
        for name, column in columns.items()
        if not isinstance(column, Factor)
    }


def _average_singly(matrix: ModelMatrix, given: Mapping[str, Any], weights: Weights) -> Floats:
    numbers = _numbers_at(matrix, given)
    share: dict[str, Floats] = {}
    for name, column in matrix.columns_used.items():
        if isinstance(column, Factor):
            size = len(column.levels)
            if name in given:
                share[name] = np.eye(size)[matrix.code_of(name, given[name])]
            elif weights == "equal":
                share[name] = np.full(size, 1.0 / size)
            else:
                share[name] = np.bincount(column.codes, minlength=size) / len(column.codes)
    return np.concatenate([_term_row(c, share, numbers) for c in matrix.coding]) if matrix.coding else np.zeros(0)


def _term_row(coding: TermCoding, share: Mapping[str, Floats], numbers: Mapping[str, float]) -> Floats:
    cells: Floats = np.ones(1)
    for name in coding.factors:
        cells = np.asarray(np.kron(share[name], cells))
    scale = math.prod(numbers[name] for name in coding.numerics)
    return np.asarray(cells @ coding.weights * scale)


def _average_jointly(matrix: ModelMatrix, given: Mapping[str, Any], weights: Weights) -> Floats:
    del weights
    free = [n for n, c in matrix.columns_used.items() if isinstance(c, Factor) and n not in given]
    codes = [c.codes for n in free if isinstance(c := matrix.columns_used[n], Factor)]
    joint = np.stack(codes, axis=1) if codes else np.zeros((len(matrix.x), 0), dtype=np.intp)
    cells, counts = np.unique(joint, axis=0, return_counts=True) if codes else (joint[:1], np.ones(1))
    columns: dict[str, Column] = {n: np.full(len(cells), v) for n, v in _numbers_at(matrix, given).items()}
    for name, levels in matrix.levels.items():
        if name in given:
            columns[name] = Factor(levels, np.full(len(cells), matrix.code_of(name, given[name])))
        else:
            columns[name] = Factor(levels, cells[:, free.index(name)])
    return np.asarray(np.average(build_columns(matrix.coding, columns, len(cells)), axis=0, weights=counts))


def pairwise_differences(
    means: LsMeans,
    *,
    reverse: bool = False,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    alpha: float | None = None,
) -> MeanContrasts:
    """All differences of two means within each level of the `by` factors: earlier minus later level, or the reverse.

    `null` is the difference tested, `alpha` that of the means unless given. Differences are not adjusted for their
    number.

    >>> m = model_matrix("~ A", {"A": ["a", "b"]})
    >>> pairwise_differences(ls_means(m, np.array([1.0, 2.0]), np.eye(2), "A")).contrast
    ('a - b',)
    """
    count = len(_groups(means)[0])
    pairs = [(j, i) if reverse else (i, j) for i, j in itertools.combinations(range(count), 2)]
    return _contrasts(means, _labelled(means, pairs), (null, alternative, alpha))


def differences_from(
    means: LsMeans,
    reference: Level | Sequence[Level],
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    alpha: float | None = None,
) -> MeanContrasts:
    """Each mean minus that of the level `reference` (one level per factor of `specs`), within each level of `by`.

    Raises StatsError STA-011 for a level that has no mean. See `pairwise_differences`.

    >>> m = model_matrix("~ A", {"A": ["a", "b"]})
    >>> differences_from(ls_means(m, np.array([1.0, 2.0]), np.eye(2), "A"), "a").estimate
    array([2.])
    """
    wanted: list[Level] = np.atleast_1d(np.asarray(reference, dtype=object)).tolist()
    label = ",".join(map(render_level, wanted))
    labels = _labels(means)
    if label not in labels:
        raise StatsError("STA-011", f"reference {label!r}", f"one of {labels}", suggest(label, labels) or "Choose one.")
    at = labels.index(label)
    return _contrasts(
        means, _labelled(means, [(i, at) for i in range(len(labels)) if i != at]), (null, alternative, alpha)
    )


def contrast_means(
    means: LsMeans,
    coefficients: Mapping[str, Sequence[float]],
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    alpha: float | None = None,
) -> MeanContrasts:
    """Named combinations of the means within each level of `by`: one coefficient per combination of levels of `specs`.

    Raises StatsError STA-011 for a wrong number of coefficients. See `pairwise_differences`.

    >>> m = model_matrix("~ A", {"A": ["a", "b"]})
    >>> contrast_means(ls_means(m, np.array([1.0, 2.0]), np.eye(2), "A"), {"mean": [0.5, 0.5]}).estimate
    array([2.])
    """
    count = len(_groups(means)[0])
    for name, weights in coefficients.items():
        if len(weights) != count:
            raise StatsError(
                "STA-011", f"{len(weights)} coefficients of {name!r}", f"{count}", f"The means: {_labels(means)}."
            )
    named = {name: np.asarray(weights, dtype=np.float64) for name, weights in coefficients.items()}
    return _contrasts(means, named, (null, alternative, alpha))


def _groups(means: LsMeans) -> list[list[int]]:
    groups: dict[tuple[Level, ...], list[int]] = {}
    for i, cell in enumerate(means.cells):
        groups.setdefault(tuple(cell[n] for n in means.by), []).append(i)
    return list(groups.values())


def _labels(means: LsMeans) -> list[str]:
    return [",".join(render_level(means.cells[i][n]) for n in means.specs) for i in _groups(means)[0]]


def _labelled(means: LsMeans, pairs: Sequence[tuple[int, int]]) -> dict[str, Floats]:
    labels, unit = _labels(means), np.eye(len(_groups(means)[0]))
    return {f"{labels[i]} - {labels[j]}": unit[i] - unit[j] for i, j in pairs}


def _contrasts(
    means: LsMeans, named: Mapping[str, Floats], options: tuple[float, Alternative, float | None]
) -> MeanContrasts:
    null, alternative, alpha = options
    groups = _groups(means)
    combinations = np.array([weights @ means.combinations[group] for group in groups for weights in named.values()])
    assert means.fit is not None
    rows = estimate_rows(
        means.fit,
        combinations.reshape(-1, means.combinations.shape[1]),
        means.alpha if alpha is None else alpha,
        null,
        alternative,
    )
    cells = tuple({n: means.cells[group[0]][n] for n in means.by} for group in groups for _ in named)
    return MeanContrasts(**vars(rows), contrast=tuple(named) * len(groups), cells=cells)
