"""Subjects sorted into classes, and each class pressed into as few rows as carry its information.

Subjects of one class share the covariance group, the visits that were observed and, for spatial covariances, the
coordinates, and so one covariance matrix V. The likelihood sees a class only through the number of its subjects and
through the sums over subjects of x_j x_k', x_j y_k and y_j y_k for its visits j, k. A Cholesky factor of that matrix of
sums, cut at its rank, replaces the subjects by "pseudo-subjects": exactly the same likelihood at a cost that does not
grow with the number of subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from opencro.stats.mmrm.cores import Floats

Ints = NDArray[np.int64]
WORTH_PRESSING = 24  # subjects of a class below which the factor costs more than it saves


@dataclass(frozen=True)
class Layout:
    """Stacks of rows by class. The first axis of `stacks` and `counts` is the trial (length 1 for a single fit)."""

    stacks: Floats  # (trials, stacks, visits, columns of x and, last, y); 0 where not observed
    member: Ints  # (stacks,): the class of each stack, ascending
    counts: Floats  # (trials, classes): the number of subjects
    observed: NDArray[np.bool_]  # (classes, visits)
    group: Ints  # (classes,): the covariance group, ascending
    distance: Floats | None  # (visits, visits), (classes, visits, visits), or None

    @property
    def groups(self) -> int:
        """The number of covariance groups."""
        return int(self.group.max()) + 1

    @property
    def by_class(self) -> bool:
        """Has every class distances of its own?"""
        return self.distance is not None and self.distance.ndim == 3

    def pick(self, trials: NDArray[np.bool_] | Ints) -> Layout:
        """The same for some trials only."""
        stacks, counts = self.stacks[trials], self.counts[trials]
        return Layout(stacks, self.member, counts, self.observed, self.group, self.distance)


@dataclass(frozen=True)
class Cells:
    """One row per subject: its values by visit, zero where not observed."""

    values: Floats  # (subjects, visits, columns)
    observed: NDArray[np.bool_]  # (subjects, visits)
    group: Ints  # (subjects,)
    distance: Floats | None  # (visits, visits), (subjects, visits, visits), or None


def spread(rows: Floats, subject: Ints, visit: Ints, subjects: int, visits: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Rows of a long table as (subjects, visits, columns) and which of them exist."""
    values = np.zeros((subjects, visits, rows.shape[1]))
    values[subject, visit] = rows
    observed = np.zeros((subjects, visits), dtype=bool)
    observed[subject, visit] = True
    return values, observed


def sort_classes(cells: Cells) -> tuple[Ints, Ints]:
    """The class of each subject, and for each class one subject that stands for it; classes ascend by group."""
    keys = [cells.group[:, None].astype(float), cells.observed.astype(float)]
    if cells.distance is not None and cells.distance.ndim == 3:
        keys.append(cells.distance.reshape(len(cells.group), -1))
    _, first, member = np.unique(np.hstack(keys), axis=0, return_index=True, return_inverse=True)
    return member.reshape(-1), first


def build_layout(cells: Cells, *, press: bool = True) -> Layout:
    """The layout of a single fit."""
    member, first = sort_classes(cells)
    counts = np.bincount(member, minlength=len(first)).astype(float)
    stacks, owner = [], []
    order = np.argsort(member, kind="stable")
    for c, block in enumerate(np.split(order, np.cumsum(counts[:-1]).astype(int))):
        rows = press_rows(cells.values[block], cells.observed[first[c]]) if press else cells.values[block]
        stacks.append(rows)
        owner.append(np.full(len(rows), c))
    distance = cells.distance
    if distance is not None and distance.ndim == 3:
        distance = distance[first]
    return Layout(
        np.concatenate(stacks)[None], np.concatenate(owner), counts[None], cells.observed[first],
        cells.group[first], distance,
    )  # fmt: skip


def press_rows(values: Floats, observed: NDArray[np.bool_]) -> Floats:
    """Fewer stacks with the same sums of products, shape (rank, visits, columns); or the input where that is short."""
    if len(values) < WORTH_PRESSING:
        return values
    flat = values[:, observed].reshape(len(values), -1)
    factor = root_of(flat.T @ flat)
    if len(factor) >= len(values):
        return values
    out = np.zeros((len(factor), *values.shape[1:]))
    out[:, observed] = factor.reshape(len(factor), -1, values.shape[2])
    return np.asarray(out)


def root_of(gram: Floats) -> Floats:
    """R with R'R = gram and as many rows as the rank of gram, by Cholesky with pivots."""
    factor, pivot, rank, _ = lapack.dpstrf(gram, lower=0)
    upper = np.triu(factor)[:rank]
    out = np.empty_like(upper)
    out[:, pivot - 1] = upper
    return np.asarray(out)
