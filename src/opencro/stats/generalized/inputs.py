"""What a model is fitted to: outcome, design, offset and weights, checked once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.generalized.families import Array
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class ModelData:
    """Rows of a model: y (a proportion where trials > 1), design, offset, trials, frequency weights, term names."""

    y: Array
    x: Array
    offset: Array
    trials: Array
    weights: Array
    names: tuple[str, ...]

    def rows(self, keep: NDArray[np.bool_]) -> ModelData:
        """The same with some rows only."""
        return replace(
            self, y=self.y[keep], x=self.x[keep], offset=self.offset[keep], trials=self.trials[keep],
            weights=self.weights[keep],
        )  # fmt: skip

    def columns(self, keep: Sequence[int]) -> ModelData:
        """The same with some columns of the design only."""
        return replace(self, x=self.x[:, list(keep)], names=tuple(self.names[j] for j in keep))


def read_model(
    y: ArrayLike, x: ArrayLike, *, offset: ArrayLike | None = None, trials: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None,
) -> ModelData:  # fmt: skip
    """Checks lengths, finiteness and the rank of the design; rows of weight zero leave."""
    design = _finite(x, "x", 2)
    outcome = _finite(y, "y", 1)
    n, p = design.shape
    counts = np.ones(n) if trials is None else _column(trials, n, "trials")
    data = ModelData(
        outcome, design,
        np.zeros(n) if offset is None else _column(offset, n, "offset"),
        counts,
        np.ones(n) if weights is None else _column(weights, n, "weights"),
        tuple(names) if names is not None else tuple(f"x{j}" for j in range(p)),
    )  # fmt: skip
    _check_shape(data, n, p)
    if (data.weights < 0).any() or (counts < 0).any():
        raise StatsError(
            "STA-201", "a negative weight or number of trials", "values of at least 0", "Correct the rows."
        )
    data = data.rows((data.weights > 0) & (counts > 0))
    if trials is not None:
        data = replace(data, y=data.y / data.trials)
    check_rank(data.x, data.names)
    return data


def _check_shape(data: ModelData, n: int, p: int) -> None:
    if len(data.y) != n or len(data.names) != p:
        raise StatsError(
            "STA-201", f"y of {len(data.y)} and {len(data.names)} names for a design of {n} rows and {p} columns",
            "one outcome per row and one name per column", "Give arrays of matching lengths.",
        )  # fmt: skip


def independent_columns(x: Array) -> list[int]:
    """The columns that do not follow from those before them."""
    scale = np.sqrt((x**2).sum(0))
    q = np.zeros((0, len(x)))
    kept = []
    for j in range(x.shape[1]):
        column = x[:, j] / scale[j] if scale[j] > 0 else x[:, j]
        for _ in range(2):  # twice is enough for orthogonality to rounding
            column = column - q.T @ (q @ column)
        length = float(np.linalg.norm(column))
        if length > 1e-9:
            kept.append(j)
            q = np.vstack([q, column / length])
    return kept


def check_rank(x: Array, names: Sequence[str]) -> None:
    """Refuses a design whose columns depend linearly on each other, and names the columns that add nothing."""
    dependent = sorted(set(range(x.shape[1])) - set(independent_columns(x)))
    if dependent:
        raise StatsError(
            "STA-202", f"a design in which {', '.join(names[j] for j in dependent)} follows from the columns before",
            "linearly independent columns", "Drop these columns, or an empty level of a factor.",
        )  # fmt: skip


def check_binomial(data: ModelData) -> None:
    """Refuses outcomes outside 0 to the number of trials."""
    if (data.y < 0).any() or (data.y > 1).any():
        raise StatsError(
            "STA-203", f"an outcome from {data.y.min():g} to {data.y.max():g} per trial", "0 to the number of trials",
            "Code events 1 and non-events 0, or give `trials`.",
        )  # fmt: skip


def check_counts(data: ModelData) -> None:
    """Refuses negative or fractional counts."""
    if (data.y < 0).any() or (data.y != np.floor(data.y)).any():
        raise StatsError("STA-203", "a negative or fractional count", "whole numbers from 0", "Put time in the offset.")


def _finite(values: ArrayLike, name: str, dimensions: int) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or array.size == 0 or not np.isfinite(array).all():
        raise StatsError(
            "STA-201", f"`{name}` of shape {array.shape}, finite: {bool(np.isfinite(array).all())}",
            f"a non-empty array of finite numbers with {dimensions} dimension(s)", "Remove rows with missing values.",
        )  # fmt: skip
    return array


def _column(values: ArrayLike, n: int, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        array = np.full(n, float(array))
    array = _finite(array, name, 1)
    if len(array) != n:
        raise StatsError("STA-201", f"{len(array)} values of `{name}`", f"{n}, one per row", "Give one per row.")
    return array


def read_labels(values: ArrayLike, n: int, name: str) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Labels as codes 0.. in sorted order, and the labels."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise StatsError("STA-201", f"`{name}` of shape {array.shape}", f"{n} labels", "Give one label per row.")
    labels, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.intp), labels


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """An option that is one of named choices."""
    if value not in choices:
        close = get_close_matches(str(value), choices, 1)
        remedy = f'Did you mean "{close[0]}"?' if close else "Choose one of them."
        raise StatsError("STA-220", f"{name} {value!r}", ", ".join(choices), remedy)
