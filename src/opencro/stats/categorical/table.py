"""What the methods for contingency tables take and give: checked tables in, a test or arrays of tests out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import Note, Result, StatsError

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]


class Tests(NamedTuple):
    """What a `_batch` function gives: arrays of statistics, degrees of freedom and p-values, one value a trial."""

    statistic: Floats
    df: Floats
    p_value: Floats


@dataclass(frozen=True)
class ChiSquareTest(Result):
    """A chi-square test."""

    title: ClassVar[str] = "Chi-square test"
    method: str
    chi_square: float
    df: int
    p_value: float
    notes: tuple[Note, ...] = ()


def check_table(table: ArrayLike, axes: int, *, square: bool = False) -> Floats:
    """Counts as floats with `axes` axes, whole and not negative, with at least two rows and columns."""
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != axes or min(counts.shape[-2:], default=0) < 2:
        raise StatsError(
            "STA-521",
            f"an array of shape {counts.shape}",
            f"{axes} axes, the last two of length 2 or more",
            "Rows are groups and columns are categories; further axes come before them.",
        )
    if square and counts.shape[-1] != counts.shape[-2]:
        raise StatsError(
            "STA-521", f"shape {counts.shape}", "as many rows as columns", "Both have the same categories."
        )
    if not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
        raise StatsError(
            "STA-521", "cells that are no counts", "whole numbers, none negative", "Give counts of persons."
        )
    return counts


def check_side(alternative: Alternative) -> None:
    """Raises for an unknown side."""
    if alternative not in ("two-sided", "less", "greater"):
        raise StatsError(
            "STA-526",
            f"alternative={alternative!r}",
            '"two-sided", "less" or "greater"',
            "Name the side as given here.",
        )


def check_alpha(alpha: float) -> float:
    """`alpha` if it lies between 0 and 1."""
    if not 0.0 < alpha < 1.0:
        raise StatsError("STA-526", f"alpha={alpha}", "0 < alpha < 1", "A 95 % interval has alpha=0.05.")
    return float(alpha)
