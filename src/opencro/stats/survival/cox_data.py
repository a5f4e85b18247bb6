"""The rows of a Cox model in the order in which risk sets are built, with covariates centred and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

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


def take_cox_data(
    time: ArrayLike, event: ArrayLike, x: ArrayLike, *, names: Sequence[str] | None, entry: ArrayLike | None,
    stratum: ArrayLike | None, weight: ArrayLike | None, offset: ArrayLike | None,
) -> CoxData:  # fmt: skip
    """The arrays as `CoxData`; StatsError STA-401 to STA-406, STA-440 for covariates that do not fit."""
    sample = take_sample(time, event, entry=entry, weight=weight)
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
