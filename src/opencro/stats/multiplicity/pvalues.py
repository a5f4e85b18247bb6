"""What every procedure here takes and gives: p-values in, adjusted p-values out.

An adjusted p-value is the smallest familywise level at which the hypothesis is rejected, so that `adjusted <= alpha`
is the decision at every `alpha`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import Note, Result, StatsError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AdjustedP(Result):
    """Adjusted p-values of a family of hypotheses and the decisions at `alpha`."""

    aside: ClassVar[frozenset[str]] = frozenset({"alpha"})

    method: str
    hypothesis: tuple[str, ...]
    p: Floats
    adjusted: Floats
    alpha: float = 0.05
    notes: tuple[Note, ...] = ()

    @property
    def rejected(self) -> NDArray[np.bool_]:
        """True where the hypothesis is rejected at the familywise level `alpha`."""
        return self.adjusted <= self.alpha

    def columns(self) -> dict[str, Any]:
        """The hypotheses with p, adjusted p and the decision."""
        return {**super().columns(), "rejected": self.rejected}


def check_p_values(p: ArrayLike, count: int | None = None) -> Floats:
    """`p` as an array of floats whose last axis are the hypotheses; raises STA-700 unless all lie in [0, 1]."""
    values = np.asarray(p, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise StatsError("STA-700", "no p-value", "at least one hypothesis", "Give a sequence of p-values.")
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        raise StatsError(
            "STA-700", f"the p-value {values[wrong].flat[0]}", "numbers from 0 to 1",
            "Give 1 for a hypothesis that was not tested.",
        )  # fmt: skip
    if count is not None and values.shape[-1] != count:
        raise StatsError(
            "STA-700",
            f"{values.shape[-1]} p-values",
            f"{count}, one a hypothesis",
            "Give them in the order of the names.",
        )
    return values


def check_alpha(alpha: float) -> float:
    """`alpha`; raises STA-701 unless it lies in (0, 1)."""
    if not 0 < alpha < 1:
        raise StatsError(
            "STA-701", f"alpha {alpha}", "a number between 0 and 1", "Give the familywise level, e.g. 0.05."
        )
    return float(alpha)


def name_hypotheses(count: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """The names given, or H1, H2, ...; raises STA-700 where their number is wrong or one stands twice."""
    chosen = tuple(names) if names is not None else tuple(f"H{i + 1}" for i in range(count))
    if len(chosen) != count or len(set(chosen)) != count:
        raise StatsError(
            "STA-700", f"the names {', '.join(chosen)}", f"{count} different names", "Give one name a hypothesis."
        )
    return chosen


def judge(
    method: str, p: ArrayLike, adjusted: Floats, alpha: float, names: Sequence[str] | None, notes: tuple[Note, ...] = ()
) -> AdjustedP:
    """The result of a procedure for one family of hypotheses."""
    values = np.asarray(p, dtype=np.float64)
    return AdjustedP(method, name_hypotheses(values.size, names), values, adjusted, check_alpha(alpha), notes)
