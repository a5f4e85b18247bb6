"""From counts to score intervals: tables, stratum weights, limits on the scale of the measure, notes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.binary.interval import (
    Alternative,
    Floats,
    Limits,
    ScoreInterval,
    check_alpha,
    check_counts,
    critical_value,
    normal_p_value,
)
from opencro.stats.binary.score_core import DIFFERENCE, ODDS, RATIO, score_limits, score_parts
from opencro.stats.result import Note, StatsError

Weights = Literal["mantel-haenszel", "inverse-variance", "iterated"]
Counts = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]
_CLOSEST = {DIFFERENCE: 0.0, RATIO: 1.0, ODDS: 1.0}


def check_tables(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, strata: bool) -> Floats:
    """Counts as tables of shape (trials, strata, 4); arms without persons only where there are strata."""
    first, second = check_counts(x1, n1, empty=strata), check_counts(x2, n2, empty=strata)
    tables = np.stack(np.broadcast_arrays(*first, *second), axis=-1).astype(np.float64)
    if not strata:
        return np.ascontiguousarray(tables.reshape(-1, 1, 4))
    if tables.ndim not in (2, 3):
        raise StatsError(
            "STA-503",
            f"counts with {tables.ndim - 1} axes",
            "one axis (strata) or two (trials, strata)",
            "Give one value for each stratum.",
        )
    if tables.shape[-2] == 0:
        raise StatsError("STA-503", "no strata", "one or more", "Check the arrays of counts.")
    return np.ascontiguousarray(tables.reshape(-1, *tables.shape[-2:]))


def stratum_weights(tables: Floats, weights: Weights, measure: int) -> Floats:
    """Weights of shape (trials, strata); 0 where an arm of the stratum is empty.

    The odds ratio has no choice: its numerators are differences of counts, already weighted by their information.
    """
    x1, n1, x2, n2 = np.moveaxis(tables, -1, 0)
    usable = (n1 > 0) & (n2 > 0)
    if weights not in ("mantel-haenszel", "inverse-variance", "iterated"):
        raise StatsError(
            "STA-502",
            f"weights={weights!r}",
            '"mantel-haenszel", "inverse-variance" or "iterated"',
            "Mantel-Haenszel weights n1*n2/N are the usual ones.",
        )
    if measure == ODDS:
        return np.where(usable, 1.0, 0.0)
    size = np.maximum(n1 + n2, 1)
    if weights != "inverse-variance":
        return np.where(usable, n1 * n2 / size, 0.0)
    p1, p2 = (x1 + 0.5) / (n1 + 1), (x2 + 0.5) / (n2 + 1)
    spread1, spread2 = p1 * (1 - p1) / np.maximum(n1, 1), p2 * (1 - p2) / np.maximum(n2, 1)
    if measure == RATIO:
        spread1, spread2 = spread1 / p1**2, spread2 / p2**2
        return np.where(usable, 1 / (spread1 + spread2) / p2, 0.0)
    return np.where(usable, 1 / (spread1 + spread2), 0.0)


def compute_score_limits(
    measure: int, tables: Floats, weights: Floats, *, alpha: float, corrected: bool, iterated: bool = False
) -> Limits:
    """Limits on the scale of the measure; without any event (or non-event, for the odds) they are the whole range."""
    found = score_limits(measure, tables, weights, iterated, corrected, critical_value(alpha))
    if measure == DIFFERENCE:
        return Limits(found[:, 0], found[:, 1], found[:, 2])
    with np.errstate(divide="ignore"):
        values = found / (1 - found)
    used = weights > 0
    events = ((tables[..., 0] + tables[..., 2]) * used).sum(axis=1)
    silent = events == 0
    if measure == ODDS:
        m = tables[..., 0] + tables[..., 2]
        silent = ~(((m > 0) & (m < tables[..., 1] + tables[..., 3])) & used).any(axis=1)
    values[silent & used.any(axis=1)] = (np.nan, 0.0, np.inf)
    return Limits(values[:, 0], values[:, 1], values[:, 2])


def score_batch(
    measure: int, counts: Counts, *, alpha: float, corrected: bool, weights: Weights | None = None
) -> Limits:
    """Limits for many trials; with `weights` the last axis of the counts is the strata."""
    tables = check_tables(*counts, strata=weights is not None)
    chosen = np.ones(tables.shape[:2]) if weights is None else stratum_weights(tables, weights, measure)
    iterated = weights == "iterated" and measure != ODDS
    return compute_score_limits(measure, tables, chosen, alpha=alpha, corrected=corrected, iterated=iterated)


def score_interval(
    method: str,
    measure: int,
    counts: Counts,
    *,
    alpha: float,
    corrected: bool,
    null: float,
    alternative: Alternative,
    weights: Weights | None = None,
) -> ScoreInterval:
    """One trial with the test against `null`; with `weights` the counts are those of its strata."""
    check_alpha(alpha)
    _check_null(measure, null)
    tables = check_tables(*counts, strata=weights is not None)
    if tables.shape[0] != 1:
        raise StatsError("STA-503", f"{tables.shape[0]} tables", "one table", "For many tables use the _batch form.")
    chosen = np.ones(tables.shape[:2]) if weights is None else stratum_weights(tables, weights, measure)
    if not chosen.any():
        raise StatsError("STA-501", "no stratum with persons in both arms", "at least one", "Pool the strata.")
    iterated = weights == "iterated" and measure != ODDS
    limits = compute_score_limits(measure, tables, chosen, alpha=alpha, corrected=corrected, iterated=iterated)
    used = chosen[0] > 0
    t = null if measure == DIFFERENCE else null / (1 + null)
    numerator, variance = score_parts(measure, tables[0][used], chosen[0][used], iterated, corrected, t)
    z = numerator / np.sqrt(variance) if variance > 0 else (0.0 if abs(numerator) < 1e-14 else np.inf * numerator)
    notes = _notes(limits, int(used.size - used.sum()))
    estimate, lower, upper = (float(v[0]) for v in limits)
    p = normal_p_value(float(z), alternative)
    return ScoreInterval(method, estimate, lower, upper, alpha, null, float(z), p, alternative, notes)


def _check_null(measure: int, null: float) -> None:
    inside = -1 < null < 1 if measure == DIFFERENCE else 0 < null < np.inf
    if not inside:
        wanted = "-1 < null < 1" if measure == DIFFERENCE else "0 < null < infinity"
        raise StatsError("STA-502", f"null={null}", wanted, f"No effect is null={_CLOSEST[measure]:g}.")


def _notes(limits: Limits, left_out: int) -> tuple[Note, ...]:
    notes = []
    if left_out:
        notes.append(Note("STA-511", f"{left_out} strata without persons in one arm are left out"))
    if np.isnan(limits.estimate[0]):
        notes.append(Note("STA-510", "the tables hold no information on this measure: its interval is the whole range"))
    elif np.isinf(limits.estimate[0]):
        notes.append(Note("STA-510", "zero cells: the estimate is infinite"))
    return tuple(notes)
