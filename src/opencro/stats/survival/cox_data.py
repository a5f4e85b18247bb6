"""The rows of a Cox model in the order in which risk sets are built, with covariates centred and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.formula import ModelMatrix
from opencro.stats.result import StatsError
from opencro.stats.survival.sample import Floats, Ints, Sample, take_sample, take_strata


@dataclass(frozen=True)
class CoxData:
    """Checked input of a Cox model. `x` (n, p) is (given - centre)/scale; `by_stop` and `by_start` are row orders
    by stratum and then latest first; `bounds` (strata + 1,) says where each stratum begins in both."""

    sample: Sample
    x: Floats
    centre: Floats
    scale: Floats
    offset: Floats
    stratum: Ints
    by_stop: Ints
    by_start: Ints
    bounds: Ints
    names: tuple[str, ...]


def take_cox_data(x: ArrayLike, names: Sequence[str] | None, arrays: Sequence[ArrayLike | None]) -> CoxData:
    """Covariates and time, event, entry, stratum, weight and offset as `CoxData`.

    StatsError STA-401 to STA-406, STA-440 for covariates that do not fit.
    """
    time, event, entry, stratum, weight, offset = arrays
    sample = take_sample([] if time is None else time, [] if event is None else event, entry=entry, weight=weight)
    given = np.asarray(x, dtype=np.float64)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or given.shape[0] != sample.n:
        raise StatsError("STA-440", f"x of shape {given.shape}", f"({sample.n}, covariates)", "Give a row per time.")
    if not np.isfinite(given).all():
        raise StatsError("STA-440", "a missing or infinite covariate", "finite covariates", "Drop or impute such rows.")
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(given.shape[1]))
    if len(labels) != given.shape[1]:
        raise StatsError("STA-440", f"{len(labels)} names", f"{given.shape[1]} names", "Name each column of x.")
    shift = np.zeros(sample.n) if offset is None else np.asarray(offset, dtype=np.float64)
    if shift.shape != (sample.n,) or not np.isfinite(shift).all():
        raise StatsError("STA-440", f"offset of shape {shift.shape}", "a finite value a row", "Correct the offset.")
    centre = np.average(given, axis=0, weights=sample.weight) if sample.weight.any() else given.mean(axis=0)
    spread = given.std(axis=0)
    scale = np.where(spread > 1e-12 * np.maximum(np.abs(centre), 1e-300), spread, 1.0)
    return arrange(sample, (given - centre) / scale, centre, scale, shift, take_strata(stratum, sample.n), labels)


def open_matrix(
    x: ArrayLike | ModelMatrix, names: Sequence[str] | None, arrays: Sequence[ArrayLike | None]
) -> tuple[ArrayLike, Sequence[str] | None, list[ArrayLike | None]]:
    """The covariates of a model matrix, without its intercept, their names, and the other arrays with the rows kept.

    An array may have the rows of the data or those that the matrix kept. Plain covariates pass through.
    """
    if not isinstance(x, ModelMatrix):
        return x, names, list(arrays)
    columns = np.array([x.terms[i] != "(Intercept)" for i in x.assign])
    labels = [name for name, used in zip(x.names, columns, strict=True) if used]
    kept = [None if a is None else np.asarray(a) for a in arrays]
    cut = [a[x.keep] if a is not None and a.shape[:1] == x.keep.shape else a for a in kept]
    return x.x[:, columns], names if names is not None else labels, list(cut)


def arrange(
    sample: Sample, x: Floats, centre: Floats, scale: Floats, offset: Floats, stratum: Ints, names: tuple[str, ...]
) -> CoxData:
    """The orders of the rows for checked parts."""
    by_stop = np.lexsort((-sample.time, stratum))
    by_start = np.lexsort((-sample.entry, stratum))
    bounds = np.concatenate(([0], np.cumsum(np.bincount(stratum)))).astype(np.int64)
    x = np.ascontiguousarray(x)
    return CoxData(sample, x, centre, scale, offset, stratum, by_stop, by_start, bounds, names)


def with_columns(data: CoxData, columns: Ints) -> CoxData:
    """The model with some covariates only."""
    names = tuple(data.names[j] for j in columns)
    return CoxData(
        data.sample, np.ascontiguousarray(data.x[:, columns]), data.centre[columns], data.scale[columns], data.offset,
        data.stratum, data.by_stop, data.by_start, data.bounds, names,
    )  # fmt: skip


def risk_scores(data: CoxData, beta: Floats) -> tuple[Floats, float]:
    """exp(x beta + offset - shift) and the shift that keeps the largest at 1; `beta` for the scaled covariates."""
    eta = data.x @ beta + data.offset
    shift = float(eta.max())
    return np.exp(eta - shift), shift
