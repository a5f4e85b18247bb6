"""Published results of the group `rank`: the family `rank`, and the t tests of `linear` on the same data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from opencro.stats import linear, rank
from tests.reference.stats.material import Reference, table


def _samples(r: Reference) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    frame = table(r.data)
    arms = [frame.filter(frame["arm"] == arm) for arm in ("A", "B")]
    return tuple(arm[name].to_numpy() for name in ("y", "site") for arm in arms)  # type: ignore[return-value]


def _corrected(r: Reference) -> list[float]:
    found = rank.rank_sum(*_samples(r)[:2])
    return [found.u, found.p_value]


def _uncorrected(r: Reference) -> float:
    return rank.rank_sum(*_samples(r)[:2], correct=False).p_value


def _exact(r: Reference) -> float:
    return rank.rank_sum_exact(*_samples(r)[:2]).p_value


def _shift(r: Reference) -> float:
    return rank.hodges_lehmann(*_samples(r)[:2]).estimate


def _blocks(r: Reference) -> list[float]:
    found = rank.stratified_rank_sum(*_samples(r), ranks="all")
    return [found.z, found.p_value]


def _van_elteren(r: Reference) -> list[float]:
    found = rank.van_elteren(*_samples(r))
    return [found.chi_square, found.p_value]


def _t_test(r: Reference) -> list[float]:
    method = {"ttest.pooled": linear.t_test_pooled, "ttest.welch": linear.t_test_welch}[r.id]
    found = method(*_samples(r)[:2])
    return [found.t, found.df, found.p_value, found.lower, found.upper]


RECOMPUTE: dict[str, Callable[[Reference], float | Sequence[float]]] = {
    "wilcoxon.cc": _corrected,
    "wilcoxon.nocc": _uncorrected,
    "wilcoxon.exact.ties": _exact,
    "hodges_lehmann": _shift,
    "strat.wilcoxon.coin": _blocks,
    "van_elteren": _van_elteren,
    "ttest.*": _t_test,
}
