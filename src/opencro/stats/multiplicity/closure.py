"""Closed tests: a hypothesis is rejected when every intersection that contains it is rejected by its local test.

Source: Marcus, Peritz & Gabriel (1976) Biometrika 63:655. With a graph, the weights of each intersection come from
the graph after the other hypotheses are removed, and groups of hypotheses may be tested by Bonferroni, Simes or their
joint distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from opencro.stats.multiplicity.graph import Graph, note_unused_alpha, remove_node
from opencro.stats.multiplicity.normal import check_correlation, compute_rectangle_probability
from opencro.stats.multiplicity.pvalues import AdjustedP, Floats, check_alpha, check_p_values, judge
from opencro.stats.result import StatsError

LARGEST_CLOSURE = 16  # 65,535 intersections


@dataclass(frozen=True, eq=False)
class GroupTest:
    """How a group of hypotheses is tested inside an intersection.

    `hypotheses`: their names; `test`: "bonferroni", "simes" or "parametric"; for "parametric" the `correlation` of
    the test statistics (in the order of `hypotheses`) and `df`, inf for normal statistics; p-values are then
    one-sided.
    """

    hypotheses: tuple[str, ...]
    test: Literal["bonferroni", "simes", "parametric"] = "bonferroni"
    correlation: ArrayLike | None = None
    df: float = np.inf


Group = tuple[NDArray[np.int64], str, Floats, float]


def closed_test(
    p: ArrayLike,
    local_test: Callable[[tuple[int, ...]], float],
    *,
    alpha: float = 0.05,
    names: Sequence[str] | None = None,
) -> AdjustedP:
    """The closed test with any local test of intersections.

    `p`: the m p-values of the single hypotheses (for the table); `local_test`: gives the p-value of the intersection
    of the hypotheses at the positions it is called with, singles included; `alpha`; `names`. Formula: adjusted p_i is
    the largest local p-value over the intersections that contain i. Errors: STA-700, STA-701, STA-705 (more than 16
    hypotheses). Source: Marcus, Peritz & Gabriel (1976) Biometrika 63:655. Example: `closed_test(p, lambda members:
    min(len(members) * min(p[i] for i in members), 1.0))` is Holm.
    """
    values = check_p_values(p)
    members = _members(values.size)
    adjusted = np.zeros(values.size)
    for row in members:
        inside = np.flatnonzero(row)
        local = float(check_p_values([local_test(tuple(int(i) for i in inside))])[0])
        adjusted[inside] = np.maximum(adjusted[inside], local)
    return judge("Closed test", values, adjusted, alpha, names)


def _members(m: int) -> NDArray[np.bool_]:
    if m > LARGEST_CLOSURE:
        raise StatsError(
            "STA-705", f"{m} hypotheses", f"at most {LARGEST_CLOSURE} for a closed test",
            "Use `graph_shortcut`, which needs no list of intersections.",
        )  # fmt: skip
    return (np.arange(1, 2**m)[:, None] >> np.arange(m)[None, :] & 1).astype(bool)


@numba.njit(cache=True)
def _fill_weights(members: np.ndarray, weights: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    out = np.zeros(members.shape)
    for row in range(members.shape[0]):
        w, g, active = weights.copy(), transitions.copy(), np.ones(weights.size, dtype=np.bool_)
        for j in range(weights.size):
            if not members[row, j]:
                remove_node(j, w, g, active)
        out[row] = w
    return out


def compute_intersection_weights(graph: Graph) -> tuple[NDArray[np.bool_], Floats]:
    """Which hypotheses each of the 2^m - 1 intersections holds, and the weight of each in its weighted test.

    Gives two arrays of shape (2^m - 1, m). Error: STA-705. Source: Bretz et al. (2009) Stat Med 28:586, section 2.2.
    Example: `members, weights = compute_intersection_weights(holm_graph(3))`.
    """
    members = _members(graph.weights.size)
    return members, np.asarray(_fill_weights(members, graph.weights, graph.transitions))


def _groups(graph: Graph, groups: Sequence[GroupTest] | None) -> list[Group]:
    chosen = (GroupTest(graph.names),) if groups is None else tuple(groups)
    named = [n for g in chosen for n in g.hypotheses]
    if sorted(named) != sorted(graph.names):
        raise StatsError(
            "STA-705", f"groups of {', '.join(named)}", f"each of {', '.join(graph.names)} in one group",
            "Put hypotheses without a known joint distribution in a Bonferroni group.",
        )  # fmt: skip
    out: list[Group] = []
    for g in chosen:
        if g.test not in ("bonferroni", "simes", "parametric") or (g.test == "parametric") == (g.correlation is None):
            raise StatsError(
                "STA-705", f"the test {g.test}" + ("" if g.correlation is None else " with a correlation"),
                "bonferroni, simes, or parametric with the correlation",
                "Give `correlation` for a parametric group only.",
            )  # fmt: skip
        at = np.array([graph.names.index(n) for n in g.hypotheses])
        r = np.eye(at.size) if g.correlation is None else check_correlation(g.correlation, at.size)
        out.append((at, g.test, r, g.df))
    return out


def _quotient(p: Floats, weight: Floats) -> Floats:
    """p / weight, and infinity where the weight is 0, whatever p is."""
    return np.where(weight > 0, p / np.where(weight > 0, weight, 1.0), np.inf)


def _group_p(p: Floats, w: Floats, test: str, r: Floats, df: float) -> Floats:
    """The smallest level at which the group rejects its intersection, for `p` of shape (trials, members)."""
    if test == "simes":
        order = np.argsort(p, axis=-1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=-1)
        return np.asarray(_quotient(ranked, np.cumsum(w[order], axis=-1)).min(axis=-1))
    smallest = _quotient(p, w).min(axis=-1)
    used = w > 0
    if test == "bonferroni" or used.sum() == 0:
        return np.asarray(smallest)
    inner = r[np.ix_(used, used)]
    tail = np.array([compute_union_probability(w[used] * q, inner, df) if np.isfinite(q) else np.inf for q in smallest])
    return np.asarray(tail / w.sum())


def compute_union_probability(p: Floats, correlation: Floats, df: float = np.inf) -> float:
    """P(some one-sided p-value is at most its bound `p`) when the statistics have the correlation given and all nulls
    hold.

    `p`: bounds (m,); `correlation` (m, m); `df`: of the t distribution, inf for the normal. Error: STA-704.
    Example: `compute_union_probability(np.array([0.0125, 0.0125]), np.array([[1, 0.5], [0.5, 1]]))`.
    """
    bound = np.minimum(p, 1.0)
    upper = -ndtri(bound) if np.isinf(df) else -stdtrit(df, bound)
    return 1.0 - compute_rectangle_probability(upper, correlation, df=df)


def _closure(graph: Graph, values: Floats, groups: list[Group]) -> Floats:
    members, weights = compute_intersection_weights(graph)
    adjusted = np.zeros(values.shape)
    for row, w in zip(members, weights, strict=True):
        local = np.ones(len(values))
        for at, test, r, df in groups:
            inside = row[at]
            if inside.any():
                own = at[inside]
                local = np.minimum(local, _group_p(values[:, own], w[own], test, r[np.ix_(inside, inside)], df))
        adjusted[:, row] = np.maximum(adjusted[:, row], local[:, None])
    return adjusted


def graph_closure(
    graph: Graph, p: ArrayLike, *, groups: Sequence[GroupTest] | None = None, alpha: float = 0.05
) -> AdjustedP:
    """The closed test of a graph, with groups of hypotheses tested by Bonferroni, Simes or their joint distribution.

    `graph`, `p`, `alpha` as in `graph_shortcut`; `groups`: one `GroupTest` a group, together all hypotheses (one
    Bonferroni group unless given, which is the shortcut). Formula for intersection J with weights w: Bonferroni min
    p_j / w_j; Simes min over j of p_j / sum of w_k with p_k <= p_j; parametric P(union over k of P_k <= w_k q) / sum
    of w_k with q = min p_j / w_j; the smallest over the groups. Errors: STA-700 to STA-705. Note STA-710. Source:
    Bretz et al. (2011) Biom J 53:894; Xi, Glimm, Maurer & Bretz (2017) Biom J 59:918 (shares of groups kept apart, as
    here and in R graphicalMCP). Example: `graph_closure(graph, p, groups=[GroupTest(graph.names, "simes")])`.
    """
    values = check_p_values(p, graph.weights.size)
    adjusted = _closure(graph, values.reshape(1, -1), _groups(graph, groups))[0]
    return judge("Closed graphical procedure", values, adjusted, alpha, graph.names, note_unused_alpha(graph))


def graph_closure_batch(
    graph: Graph, p: ArrayLike, *, groups: Sequence[GroupTest] | None = None, alpha: float = 0.05
) -> NDArray[np.bool_]:
    """The decisions of `graph_closure` for `p` of shape (trials, m): True where rejected at `alpha`.

    The joint distribution is integrated once an intersection, not once a trial: a parametric group with the total
    weight W is rejected when some p_j <= c w_j alpha with c from P(union of P_k <= c w_k alpha) = W alpha.
    """
    values, level = np.atleast_2d(check_p_values(p, graph.weights.size)), check_alpha(alpha)
    members, weights = compute_intersection_weights(graph)
    parts = _groups(graph, groups)
    rejected = np.ones(values.shape, dtype=np.bool_)
    for row, w in zip(members, weights, strict=True):
        hit = np.zeros(len(values), dtype=np.bool_)
        for at, test, r, df in parts:
            own = at[row[at]]
            if test == "parametric" and (w[own] > 0).sum() > 1:
                hit |= (values[:, own] <= _critical_shares(w[own], r[np.ix_(row[at], row[at])], df, level)).any(axis=1)
            elif own.size:
                hit |= _group_p(values[:, own], w[own], "bonferroni" if test == "parametric" else test, r, df) <= level
        rejected[:, row] &= hit[:, None]
    return rejected


def _critical_shares(w: Floats, r: Floats, df: float, alpha: float) -> Floats:
    used = w > 0
    share, inner = w[used], r[np.ix_(used, used)]
    total = alpha * share.sum()

    def excess(c: float) -> float:
        return float(compute_union_probability(c * alpha * share, inner, df) - total)

    most = min(share.sum() / share.max(), 1 / (alpha * share.max()))  # one statistic alone may use the whole share
    c = 1.0 if excess(1.0) >= 0 else most if excess(most) <= 0 else float(brentq(excess, 1.0, most, xtol=1e-10))
    return np.where(used, c * alpha * w, -1.0)
