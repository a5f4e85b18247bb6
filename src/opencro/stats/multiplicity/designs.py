"""Graphs with a name, and the two procedures for hypotheses in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.multiplicity.graph import Graph, graph_shortcut_batch
from opencro.stats.multiplicity.pvalues import AdjustedP, Floats, check_p_values, judge
from opencro.stats.result import StatsError


def holm_graph(weights: int | ArrayLike, *, names: Sequence[str] | None = None) -> Graph:
    """The (weighted) Holm procedure as a graph: a rejected share goes to all others in proportion to their weights.

    `weights`: the number of hypotheses, or positive weights that are scaled to add up to 1. Error: STA-702.
    Source: Bretz et al. (2009) Stat Med 28:586, section 3.1. Example: `holm_graph(3)`.
    """
    w = _scale(weights)
    g = np.where(np.eye(w.size, dtype=bool), 0.0, w[None, :])
    return Graph(names, w, g / np.maximum(g.sum(axis=1, keepdims=True), np.finfo(float).tiny))


def fixed_sequence_graph(count: int, *, names: Sequence[str] | None = None) -> Graph:
    """The fixed sequence as a graph: all alpha on the first hypothesis, handed on along the order.

    `count`: hypotheses. Source: Maurer, Hothorn & Lehmacher (1995). Example: `fixed_sequence_graph(3)`.
    """
    w = np.zeros(count)
    w[:1] = 1.0
    return Graph(names, w, np.eye(count, k=1))


def fallback_graph(weights: int | ArrayLike, *, exhaustive: bool = False, names: Sequence[str] | None = None) -> Graph:
    """The fallback procedure as a graph: a rejected share goes to the next hypothesis.

    `weights` as in `holm_graph`; `exhaustive`: the last hypothesis, when rejected, hands its share back to all
    earlier ones in proportion to their weights, so that no alpha is lost. Error: STA-702. Source: Wiens (2003) Pharm
    Stat 2:211; exhaustive: Wiens & Dmitrienko (2005) J Biopharm Stat 15:929 as a graph in Bretz et al. (2009),
    section 3.2. Example: `fallback_graph([0.5, 0.3, 0.2])`.
    """
    w = _scale(weights)
    g = np.eye(w.size, k=1)
    if exhaustive and w.size > 1:
        g[-1, :-1] = w[:-1] / w[:-1].sum()
    return Graph(names, w, g)


def _scale(weights: int | ArrayLike) -> Floats:
    w = np.full(weights, 1 / max(weights, 1)) if isinstance(weights, int) else np.asarray(weights, dtype=np.float64)
    if w.ndim != 1 or w.size == 0 or not (w > 0).all():
        raise StatsError(
            "STA-702", f"weights {w.tolist()}", "positive weights", "Give one weight a hypothesis, e.g. [2, 1, 1]."
        )
    return np.asarray(w / w.sum())


def adjust_fixed_sequence_batch(p: ArrayLike) -> Floats:
    """The fixed sequence, for `p` of shape (..., m) in the order of testing; see `adjust_fixed_sequence`."""
    return np.asarray(np.maximum.accumulate(check_p_values(p), axis=-1))


def adjust_fixed_sequence(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Fixed sequence: each hypothesis at full alpha while all earlier ones are rejected; adjusted p_i = max over j <=
    i of p_j.

    `p`: p-values in the order of testing; `alpha`: familywise level; `names`. Errors: STA-700, STA-701.
    Source: Maurer, Hothorn & Lehmacher (1995); Westfall & Krishen (2001) J Statist Plann Inference 99:25.
    Example: `adjust_fixed_sequence([0.01, 0.2, 0.03])`.
    """
    return judge("Fixed sequence", p, adjust_fixed_sequence_batch(p), alpha, names)


def adjust_fallback_batch(p: ArrayLike, *, weights: ArrayLike | None = None, exhaustive: bool = False) -> Floats:
    """The fallback procedure, for `p` of shape (trials, m) in the order of testing; see `adjust_fallback`."""
    values = check_p_values(p)
    return graph_shortcut_batch(
        fallback_graph(values.shape[-1] if weights is None else weights, exhaustive=exhaustive), values
    )


def adjust_fallback(
    p: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    exhaustive: bool = False,
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> AdjustedP:
    """Fallback procedure: hypothesis i is tested at its own share of alpha plus what the rejected ones before it hand
    on.

    `p`: p-values in the order of testing; `weights`: shares of alpha (equal unless given); `exhaustive` as in
    `fallback_graph`; `alpha`; `names`. Errors: STA-700, STA-701, STA-702. Source: Wiens (2003) Pharm Stat 2:211;
    Wiens & Dmitrienko (2005). Example: `adjust_fallback([0.01, 0.2, 0.03], weights=[0.5, 0.3, 0.2])`.
    """
    adjusted = adjust_fallback_batch(p, weights=weights, exhaustive=exhaustive)
    return judge("Fallback, alpha-exhaustive" if exhaustive else "Fallback", p, adjusted, alpha, names)
