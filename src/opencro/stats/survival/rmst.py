"""Restricted mean survival time: the area under the Kaplan-Meier curve up to tau, and its contrast between arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.curve_pass import area_trials
from opencro.stats.survival.log_rank import Alternative, tail_p
from opencro.stats.survival.sample import (
    Floats,
    Ints,
    Sample,
    check_alpha,
    check_alternative,
    take_labels,
    take_sample,
)  # fmt: skip


@dataclass(frozen=True)
class RestrictedMean(Result):
    """RMST up to `tau` with limits at level 1 - alpha: one row per arm."""

    title: ClassVar[str] = "Restricted mean survival time"

    arm: list[Any]
    n: Ints
    tau: float
    rmst: Floats
    se: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class RestrictedMeanContrast(Result):
    """Difference and ratio of two RMSTs with limits at level 1 - alpha."""

    title: ClassVar[str] = "Contrast of restricted mean survival times"

    contrast: list[str]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    notes: tuple[Note, ...] = ()


def rmst(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike | None = None, *, tau: float, alpha: float = 0.05
) -> RestrictedMean:
    """Restricted mean survival time of each arm.

    `time`, `event` (n,) as in `kaplan_meier`; `arm` (n,) labels, or None for one arm; `tau` > 0 in the unit of time
    (StatsError STA-430). R(tau) = integral_0^tau S(t) dt; var = sum_i A_i^2 d_i/(n_i (n_i - d_i)) with A_i the area
    from t_i to tau. Where follow-up of an arm ends, censored, before tau, the curve is held at its last value up to
    tau and the note STA-431 says so; R survRM2 refuses such a tau. `se` of the log scale is not used: limits are
    estimate -+ z se. Source: Klein and Moeschberger (2003), section 4.5; SAS LIFETEST `rmst(tau=)`, R survRM2 `rmst2`.

    >>> rmst([1, 2, 3, 4], [1, 1, 1, 1], tau=4).rmst.tolist()
    [2.5]
    """
    check_alpha(alpha)
    sample = take_sample(time, event)
    codes, levels = take_labels(np.zeros(sample.n, np.int64) if arm is None else arm, sample.n, "arm")
    names = ["all"] if arm is None else levels
    area, notes = _areas(sample, codes, names, tau)
    z, se = stats.norm.isf(alpha / 2), np.sqrt(area[:, 1])
    return RestrictedMean(
        names, np.bincount(codes), float(tau), area[:, 0], se, area[:, 0] - z * se, area[:, 0] + z * se, notes
    )


def compare_rmst(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, tau: float, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RestrictedMeanContrast:  # fmt: skip
    """Difference and ratio of the RMSTs of two arms, the later label in sorted order against the earlier.

    Arguments as in `rmst`, two arms (StatsError STA-421); `alternative="greater"`: the later label has the longer
    RMST. var(R1 - R0) = var R1 + var R0; log(R1/R0) with the delta method, var R1/R1^2 + var R0/R0^2; the row `ratio`
    has its `se` on the log scale. Source: Uno et al. (2014), J Clin Oncol 32, 2380. R survRM2 `rmst2`.

    >>> compare_rmst([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 1, 1], tau=4).estimate.round(3).tolist()
    [2.0, 2.333]
    """
    check_alpha(alpha)
    check_alternative(alternative)
    sample = take_sample(time, event)
    codes, levels = take_labels(arm, sample.n, "arm")
    if len(levels) != 2:
        raise StatsError("STA-421", f"{len(levels)} arms", "two arms", "Compare two arms at a time.")
    area, notes = _areas(sample, codes, levels, tau)
    (r0, v0), (r1, v1) = area
    with np.errstate(divide="ignore", invalid="ignore"):
        point = np.array([r1 - r0, np.log(r1) - np.log(r0)])
        se = np.sqrt([v1 + v0, v1 / r1**2 + v0 / r0**2])
    half = stats.norm.isf(alpha / 2) * se
    lower, upper = point - half, point + half
    with np.errstate(divide="ignore", invalid="ignore"):
        z = point / se
    back = [np.array([v[0], np.exp(v[1])]) for v in (point, lower, upper)]
    return RestrictedMeanContrast(
        ["difference", "ratio"], back[0], se, back[1], back[2], z, tail_p(z, alternative), notes
    )


def _areas(sample: Sample, arm: Ints, levels: list[Any], tau: float) -> tuple[Floats, tuple[Note, ...]]:
    if not (np.isfinite(tau) and tau > 0):
        raise StatsError("STA-430", f"tau {tau}", "a time above 0", "Give the end of the interval.")
    out = np.zeros((1, len(levels), 2))
    area_trials(sample.time[None], sample.event[None], arm[None], len(levels), float(tau), out)
    notes = []
    for k, level in enumerate(levels):
        last = sample.time[arm == k].max()
        if last < tau and not sample.event[(arm == k) & (sample.time == last)].all():
            notes.append(Note("STA-431", f"Follow-up of {level} ends, censored, at {last:g}: S is held up to tau."))
    return out[0], tuple(notes)
