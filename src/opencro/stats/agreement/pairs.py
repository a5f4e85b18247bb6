"""What the methods for paired measurements take: two checked samples of the same length."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]


def check_pairs(x: ArrayLike, y: ArrayLike, least: int = 3) -> tuple[Floats, Floats]:
    """Both samples as floats: one axis, equally long, finite, at least `least` pairs."""
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    fits = first.ndim == 1 and first.shape == second.shape and first.size >= least
    if not fits or not (np.isfinite(first).all() and np.isfinite(second).all()):
        missing = "" if not fits else " with missing values"
        raise StatsError(
            "STA-760",
            f"samples of shapes {first.shape} and {second.shape}{missing}",
            f"two equally long samples of at least {least} finite values",
            "Leave pairs with a missing value out first, and say how many.",
        )
    return first, second


def check_alpha(alpha: float) -> float:
    """`alpha` if it lies between 0 and 1."""
    if not 0.0 < alpha < 1.0:
        raise StatsError("STA-761", f"alpha={alpha}", "0 < alpha < 1", "A 95 % interval has alpha=0.05.")
    return float(alpha)


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raises for a value that is none of the choices."""
    if value not in choices:
        raise StatsError("STA-761", f"{name}={value!r}", " or ".join(map(repr, choices)), "Name one of these.")
