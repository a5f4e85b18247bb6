"""Who is treated, and who is compared with whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError


def split_strata(strata: Sequence[Any] | None, n: int) -> list[NDArray[np.int64]]:
    """The rows of each stratum, all rows without strata; raises STA-730 for a wrong number."""
    if strata is None:
        return [np.arange(n)]
    labels = np.asarray(strata)
    if labels.shape != (n,):
        raise StatsError("STA-730", f"{labels.size} strata", f"{n}, one a patient", "Keep the order of the endpoints.")
    return [np.flatnonzero(labels == level) for level in np.unique(labels)]


def mark_treated(arm: Sequence[Any] | ArrayLike, reference: Any, n: int) -> NDArray[np.bool_]:
    """True where treated; raises STA-732 unless there are two arms with the reference among them."""
    labels = np.asarray(arm)
    levels = np.unique(labels)
    if labels.shape[-1] != n or levels.size != 2 or reference not in levels.tolist():
        raise StatsError(
            "STA-732", f"arms {', '.join(map(str, levels))} of {labels.shape[-1]} patients, reference {reference}",
            f"two arms, one of them the reference, for {n} patients", "Leave out other arms and their patients.",
        )  # fmt: skip
    return np.asarray(labels != reference)
