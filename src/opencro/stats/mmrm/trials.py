"""Layouts of many trials at once: one data set with many weightings of its subjects, or many responses.

Both give stacks on a common scale and what brings the coefficients back to that of y.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Cells, Ints, Layout, press_rows, root_of, sort_classes, spread
from opencro.stats.mmrm.rows import Scaled


@dataclass(frozen=True)
class Trials:
    """A layout and, by trial, y = x shift + size * scaled y and x = q triangle."""

    layout: Layout = field(repr=False)
    triangle: Floats = field(repr=False)  # (trials or 1, p, p)
    shift: Floats = field(repr=False)  # (trials or 1, p)
    size: Floats = field(repr=False)  # (trials or 1,)
    rows: Floats = field(repr=False)  # (trials,): the (weighted) number of values
    log_weight: Floats = field(repr=False)  # (trials,): the sum of the logarithms of the weights of rows


@dataclass(frozen=True)
class Basis:
    """One class: its subjects, their coordinates in a basis of their rows, and that basis."""

    subjects: Ints
    coordinates: Floats  # (subjects, rank)
    vectors: Floats  # (rank, visits, columns)


def weigh_subjects(scaled: Scaled, bases: tuple[Basis, ...], weights: Floats, logs: Floats) -> Trials:
    """One trial per row of `weights` (trials, subjects): a subject's likelihood counts that often.

    `logs` (subjects,) are the sums of the logarithms of the weights of their rows.
    """
    cells = scaled.cells
    _, first = sort_classes(cells)
    stacks, owner, counts = [], [], []
    for c, basis in enumerate(bases):
        share = weights[:, basis.subjects]
        counts.append(share.sum(axis=1))
        rank = basis.coordinates.shape[1]
        if rank >= len(basis.subjects):
            part = np.sqrt(share)[:, :, None, None] * cells.values[basis.subjects]
        else:
            gram = np.einsum("ni,tn,nj->tij", basis.coordinates, share, basis.coordinates, optimize=True)
            values, vectors = np.linalg.eigh(gram)
            root = np.sqrt(np.maximum(values, 0.0))[:, :, None] * np.swapaxes(vectors, -1, -2)
            part = (root.reshape(-1, rank) @ basis.vectors.reshape(rank, -1)).reshape(-1, *basis.vectors.shape)
        stacks.append(part)
        owner.append(np.full(part.shape[1], c))
    distance = cells.distance
    if distance is not None and distance.ndim == 3:
        distance = distance[first]
    layout = Layout(
        np.concatenate(stacks, axis=1), np.concatenate(owner), np.stack(counts, axis=1), cells.observed[first],
        cells.group[first], distance,
    )  # fmt: skip
    rows = weights @ cells.observed.sum(axis=1)
    return Trials(
        layout, scaled.triangle[None], scaled.least_squares[None], np.array([scaled.size]), rows, weights @ logs
    )


def find_bases(cells: Cells) -> tuple[Basis, ...]:
    """An orthonormal basis of the rows of each class."""
    member, first = sort_classes(cells)
    order = np.argsort(member, kind="stable")
    blocks = np.split(order, np.cumsum(np.bincount(member, minlength=len(first)))[:-1])
    return tuple(_basis(cells, block) for block in blocks)


def _basis(cells: Cells, subjects: Ints) -> Basis:
    values = cells.values[subjects]
    shape = values.shape[1:]
    seen = cells.observed[subjects[0]]
    flat = values[:, seen].reshape(len(values), -1)
    root = root_of(flat.T @ flat)
    if len(root) >= len(values):
        return Basis(subjects, np.eye(len(values)), values)
    directions = np.linalg.qr(root.T)[0].T
    vectors = np.zeros((len(directions), *shape))
    vectors[:, seen] = directions.reshape(len(directions), -1, shape[1])
    return Basis(subjects, flat @ directions.T, vectors)


def lay_responses(x: Floats, y: Floats, subject: Ints, visit: Ints, group: Ints, weight: Floats, visits: int) -> Trials:
    """One trial per row of `y` (trials, rows), NaN where not observed; `x` (rows, p) or (trials, rows, p)."""
    root = np.sqrt(weight)
    q, triangle = np.linalg.qr((x if x.ndim == 3 else x[None]) * root[:, None])
    seen = np.isfinite(y)
    values = np.where(seen, y, 0.0) * root
    masked = q * seen[..., None]
    gram = np.swapaxes(masked, -1, -2) @ masked
    along = np.linalg.solve(gram, (np.swapaxes(masked, -1, -2) @ values[..., None]))[..., 0]
    residual = np.where(seen, values - np.einsum("tni,ti->tn", masked, along), 0.0)
    size = np.sqrt((residual**2).sum(axis=1) / seen.sum(axis=1))
    rows = residual / size[:, None]
    subjects = len(group)
    table = [np.column_stack([masked[t if len(masked) > 1 else 0], rows[t]]) for t in range(len(y))]
    cells = [_cells_of(table[t], seen[t], subject, visit, subjects, visits, group) for t in range(len(y))]
    shift = np.linalg.solve(triangle, along[..., None])[..., 0]
    return Trials(_union(cells), triangle, shift, size, seen.sum(axis=1).astype(float), seen @ np.log(weight))


def _cells_of(
    rows: Floats, seen: NDArray[np.bool_], subject: Ints, visit: Ints, subjects: int, visits: int, group: Ints
) -> Cells:
    values, observed = spread(rows[seen], subject[seen], visit[seen], subjects, visits)
    there = observed.any(axis=1)
    return Cells(values[there], observed[there], group[there], None)


def _union(trials: list[Cells]) -> Layout:
    """One layout whose classes are those of any trial; a class with fewer stacks in a trial is filled up with zeros."""
    keys = [np.hstack([c.group[:, None], c.observed.astype(np.int64)]) for c in trials]
    known, member = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    members = np.split(member.reshape(-1), np.cumsum([len(k) for k in keys])[:-1])
    observed = known[:, 1:].astype(bool)
    counts = np.stack([np.bincount(m, minlength=len(known)) for m in members]).astype(float)
    parts: list[Floats] = []
    for c in range(len(known)):
        pressed = [press_rows(t.values[m == c], observed[c]) for t, m in zip(trials, members, strict=True)]
        height = max(len(p) for p in pressed)
        part = np.zeros((len(trials), height, *trials[0].values.shape[1:]))
        for t, p in enumerate(pressed):
            part[t, : len(p)] = p
        parts.append(part)
    owner = np.repeat(np.arange(len(known)), [p.shape[1] for p in parts])
    return Layout(np.concatenate(parts, axis=1), owner, counts, observed, known[:, 0], None)
