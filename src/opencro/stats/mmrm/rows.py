"""The rows of a long table, checked and brought to a scale on which every fit is well conditioned.

The columns of x (times the square roots of the weights) become orthonormal, y becomes its least squares residual with
variance 1: units and baseline covariates of any size leave no trace in the search for the covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Cells, Ints, spread
from opencro.stats.result import Note, StatsError

ALIASED = 1e-7  # share of a column that earlier columns leave, below which it says nothing new (as in R's lm)


@dataclass(frozen=True)
class Rows:
    """Checked rows: those with a value of y, columns that aren't aliased."""

    x: Floats = field(repr=False)  # (rows, rank)
    y: Floats = field(repr=False)
    subject: Ints = field(repr=False)  # codes
    visit: Ints = field(repr=False)  # codes
    group: Ints = field(repr=False)  # codes by subject
    weight: Floats = field(repr=False)
    distance: Floats | None = field(repr=False)  # (visits, visits) or (subjects, visits, visits)
    kept: NDArray[np.bool_]  # (p,) columns of x that aren't aliased
    given: NDArray[np.bool_] = field(repr=False)  # rows of the input that are analysed
    subjects: tuple[Any, ...] = field(repr=False)
    visits: tuple[Any, ...]
    groups: tuple[Any, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Scaled:
    """sqrt(w) x = q triangle, sqrt(w) y = sqrt(w) x least_squares + size * residual."""

    cells: Cells = field(repr=False)
    triangle: Floats = field(repr=False)
    least_squares: Floats
    size: float
    constant: float  # what -2 log likelihood gains by the scaling, for REML
    constant_ml: float


def check_rows(
    x: ArrayLike, y: ArrayLike, subject: ArrayLike, visit: ArrayLike, *, group: ArrayLike | None,
    weights: ArrayLike | None, coordinates: ArrayLike | None,
) -> Rows:  # fmt: skip
    """The rows with a value, or a StatsError that says what is wrong with them."""
    matrix, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    columns = [np.asarray(subject), np.asarray(visit)]
    columns += [np.asarray(c) for c in (group, weights, coordinates) if c is not None]
    if matrix.ndim != 2 or any(len(c) != len(values) for c in [matrix, *columns]):
        got = f"x {matrix.shape}, others {[len(c) for c in columns]} for {len(values)} values"
        raise StatsError("STA-303", got, "one row each", "Give x as (rows, columns) and vectors of that length.")
    given = np.isfinite(values)
    if not given.any() or not np.isfinite(matrix[given]).all():
        raise StatsError("STA-303", "no value, or gaps in x", "numbers", "Take out rows whose covariates are missing.")
    matrix, values = matrix[given], values[given]
    labels, codes = np.unique(columns[0][given], return_inverse=True)
    visits, places = np.unique(columns[1][given], return_inverse=True)
    _refuse_repeats(labels, codes, visits, places)
    groups, of_subject = _group_of_subject(group, given, labels, codes)
    weight = _checked_weights(weights, given)
    distance = None
    if coordinates is not None:
        place = np.asarray(coordinates, dtype=float).reshape(len(given), -1)[given]
        distance = _distances(place, codes, places, len(labels), len(visits))
    kept = independent_columns(matrix)
    notes = (
        () if kept.all() else (Note("STA-308", f"{int((~kept).sum())} columns of x depend on others and are left out"),)
    )
    return Rows(
        matrix[:, kept], values, codes, places, of_subject, weight, distance, kept, given,
        tuple(labels.tolist()), tuple(visits.tolist()), groups, notes,
    )  # fmt: skip


def scale_rows(rows: Rows) -> Scaled:
    """Orthonormal columns, a residual of variance 1, and one row per subject."""
    root = np.sqrt(rows.weight)[:, None]
    q, triangle = np.linalg.qr(rows.x * root)
    y = rows.y * root[:, 0]
    largest = float(np.abs(y).max())
    along = q.T @ y
    residual = y - q @ along
    residual -= q @ (q.T @ residual)
    size = float(np.sqrt(residual @ residual / len(y)))
    if len(y) <= rows.x.shape[1] or size <= 1e-12 * largest:
        remedy = "Check that y isn't a function of the covariates, and that there are more rows than columns."
        raise StatsError("STA-306", "no variation left around the means", "residual variation", remedy)
    table = np.column_stack([q, residual / size])
    values, observed = spread(table, rows.subject, rows.visit, len(rows.subjects), len(rows.visits))
    cells = Cells(values, observed, rows.group, rows.distance)
    free, per_row = len(y) - q.shape[1], np.log(2 * np.pi) + 2 * np.log(size)
    log_w = float(np.log(rows.weight).sum())
    log_x = 2.0 * float(np.log(np.abs(np.diagonal(triangle))).sum())
    beta = np.linalg.solve(triangle, along)
    return Scaled(cells, triangle, beta, size, free * per_row + log_x - log_w, len(y) * per_row - log_w)


def independent_columns(x: Floats) -> NDArray[np.bool_]:
    """Which columns aren't combinations of earlier ones."""
    kept = np.ones(x.shape[1], dtype=bool)
    triangle = np.asarray(np.linalg.qr(x, mode="r"))
    norms = np.linalg.norm(triangle, axis=0)
    while True:
        part = np.asarray(np.linalg.qr(triangle[:, kept], mode="r"))
        left = np.zeros(int(kept.sum()))
        left[: min(part.shape)] = np.abs(np.diagonal(part))
        low = np.flatnonzero(left <= ALIASED * np.maximum(norms[kept], 1e-300))
        if not len(low):
            return kept
        kept[np.flatnonzero(kept)[low[0]]] = False


def _refuse_repeats(labels: NDArray[Any], subject: Ints, visits: NDArray[Any], visit: Ints) -> None:
    flat = subject * len(visits) + visit
    values, counts = np.unique(flat, return_counts=True)
    if counts.max() > 1:
        worst = int(values[counts.argmax()])
        got = f"{counts.max()} rows of subject {labels[worst // len(visits)]!s} at {visits[worst % len(visits)]!s}"
        raise StatsError("STA-304", got, "one row per subject and visit", "Choose one record per visit first.")


def _group_of_subject(
    group: ArrayLike | None, given: NDArray[np.bool_], labels: NDArray[Any], subject: Ints
) -> tuple[tuple[Any, ...], Ints]:
    if group is None:
        return ("all",), np.zeros(len(labels), dtype=np.int64)
    groups, codes = np.unique(np.asarray(group)[given], return_inverse=True)
    of_subject = np.zeros(len(labels), dtype=np.int64)
    of_subject[subject] = codes
    if (of_subject[subject] != codes).any():
        who = labels[subject[np.flatnonzero(of_subject[subject] != codes)[0]]]
        remedy = "The covariance is grouped by what stays the same in a subject, such as the arm."
        raise StatsError("STA-305", f"subject {who!s} in two groups", "one group per subject", remedy)
    return tuple(groups.tolist()), of_subject


def _checked_weights(weights: ArrayLike | None, given: NDArray[np.bool_]) -> Floats:
    if weights is None:
        return np.ones(int(given.sum()))
    values = np.asarray(weights, dtype=float)[given]
    if not (np.isfinite(values) & (values > 0)).all():
        raise StatsError("STA-307", "a weight that is not a positive number", "weights > 0", "Take such rows out.")
    return values


def _distances(place: Floats, subject: Ints, visit: Ints, subjects: int, visits: int) -> Floats:
    """Euclidean distances: one matrix where all subjects share the places of the visits, else one per subject."""
    table, observed = spread(place, subject, visit, subjects, visits)
    first = observed.argmax(axis=0)
    common = table[first, np.arange(visits)]
    if np.array_equal(table[observed], np.broadcast_to(common, table.shape)[observed]):
        table = common[None]
    gaps = table[:, :, None] - table[:, None]
    distance = np.sqrt((gaps**2).sum(axis=-1))
    if len(table) == 1:
        return np.asarray(distance[0])
    return np.asarray(distance * observed[:, :, None] * observed[:, None, :])


def order_visits(visits: Sequence[Any], order: Sequence[Any]) -> Ints:
    """The code of each visit in a given order of the levels."""
    known = {value: i for i, value in enumerate(order)}
    return np.array([known[v] for v in visits], dtype=np.int64)
