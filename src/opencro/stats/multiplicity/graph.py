"""Graphs of hypotheses: nodes carry shares of alpha, edges say where a share goes when its hypothesis is rejected.

Source: Bretz, Maurer, Brannath & Posch (2009) Stat Med 28:586. The sequentially rejective shortcut equals the closed
test with weighted Bonferroni tests of the intersections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.multiplicity.picture import draw_graph
from opencro.stats.multiplicity.pvalues import Floats, check_alpha, check_p_values, name_hypotheses
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUNDING = 1e-9  # weights typed as 0.3333333333 still add up to at most 1


@dataclass(frozen=True, eq=False)
class Graph:
    """A graphical procedure: names, weights (m,) that add up to at most 1, transitions (m, m) whose rows add up to at
    most 1.

    Example: `Graph(["H1", "H2"], [0.5, 0.5], [[0, 1], [1, 0]])` is Holm's procedure. Errors: STA-702 (weights),
    STA-703 (transitions).
    """

    names: tuple[str, ...]
    weights: Floats
    transitions: Floats
    active: NDArray[np.bool_]

    def __init__(
        self, names: Sequence[str] | None, weights: ArrayLike, transitions: ArrayLike, active: ArrayLike | None = None
    ) -> None:
        w, g = np.array(weights, dtype=np.float64), np.array(transitions, dtype=np.float64)
        _check_graph(w, g)
        kept = np.ones(w.size, dtype=np.bool_) if active is None else np.array(active, dtype=np.bool_)
        for array in (w, g, kept):
            array.setflags(write=False)
        fields = {"names": name_hypotheses(w.size, names), "weights": w, "transitions": g, "active": kept}
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    def without(self, hypothesis: str) -> Graph:
        """The graph after `hypothesis` is rejected: its weight follows its edges, paths through it become edges.

        Formula: w_l + w_j g_jl; (g_lk + g_lj g_jk) / (1 - g_lj g_jl), 0 where the denominator is 0 (Bretz 2009,
        algorithm 1).
        """
        if hypothesis not in self.names:
            raise StatsError(
                "STA-703", f"no hypothesis {hypothesis}", f"one of {', '.join(self.names)}", "Check the name."
            )
        w, g, active = self.weights.copy(), self.transitions.copy(), self.active.copy()
        remove_node(self.names.index(hypothesis), w, g, active)
        return Graph(self.names, w, g, active)

    def plot(self, *, axes: Axes | None = None) -> Axes:
        """The graph drawn: circles with name and weight, arrows with the share that they pass on."""
        return draw_graph(self.names, self.weights, self.transitions, self.active, axes)


def _check_graph(w: Floats, g: Floats) -> None:
    if w.ndim != 1 or w.size == 0 or (w < 0).any() or not w.sum() <= 1 + ROUNDING:
        raise StatsError(
            "STA-702",
            f"weights {w.tolist()}",
            "at least one weight, none negative, together at most 1",
            "Divide by their sum.",
        )
    if g.shape != (w.size, w.size) or (g < 0).any() or not (g.sum(axis=1) <= 1 + ROUNDING).all() or np.diag(g).any():
        raise StatsError(
            "STA-703", f"transitions {g.tolist()}",
            f"a square of {w.size} rows, none negative, the diagonal 0, each row together at most 1",
            "Row i says where the weight of hypothesis i goes when it is rejected.",
        )  # fmt: skip


@numba.njit(cache=True)
def remove_node(j: int, w: np.ndarray, g: np.ndarray, active: np.ndarray) -> None:
    """Removes node `j` in place."""
    m = w.size
    active[j] = False
    for k in range(m):
        if active[k]:
            w[k] += w[j] * g[j, k]
    w[j] = 0.0
    old = g.copy()
    for a in range(m):
        if not active[a]:
            g[a, :] = 0.0
            continue
        rest = 1.0 - old[a, j] * old[j, a]
        for b in range(m):
            if a == b or not active[b] or rest <= 1e-12:
                g[a, b] = 0.0
            else:
                g[a, b] = (old[a, b] + old[a, j] * old[j, b]) / rest


@numba.njit(cache=True)
def _shortcut(p: np.ndarray, weights: np.ndarray, transitions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    trials, m = p.shape
    adjusted, order = np.ones((trials, m)), np.zeros((trials, m), dtype=np.int64)
    for t in range(trials):
        w, g, active = weights.copy(), transitions.copy(), np.ones(m, dtype=np.bool_)
        highest = 0.0
        for step in range(m):
            best, chosen = np.inf, -1
            for j in range(m):
                if active[j] and w[j] > 0.0 and p[t, j] / w[j] < best:
                    best, chosen = p[t, j] / w[j], j
            if chosen < 0:
                break
            highest = max(highest, min(best, 1.0))
            adjusted[t, chosen] = highest
            order[t, chosen] = step + 1
            remove_node(chosen, w, g, active)
    return adjusted, order


@dataclass(frozen=True)
class GraphResult(Result):
    """The result of a graphical procedure; `graphs` holds the graph at the start and after each rejection at
    `alpha`."""

    title: ClassVar[str] = "Graphical procedure"
    aside: ClassVar[frozenset[str]] = frozenset({"alpha", "graphs"})

    hypothesis: tuple[str, ...]
    weight: Floats
    p: Floats
    adjusted: Floats
    order: NDArray[np.int64]
    alpha: float
    graphs: tuple[Graph, ...]
    notes: tuple[Note, ...] = ()

    @property
    def rejected(self) -> NDArray[np.bool_]:
        """True where the hypothesis is rejected at the familywise level `alpha`."""
        return self.adjusted <= self.alpha

    def columns(self) -> dict[str, Any]:
        """The hypotheses with weight, p, adjusted p, the place in the order of rejection (0: not rejected), the
        decision."""
        return {**super().columns(), "rejected": self.rejected}

    def plot(self, *, step: int = -1) -> Axes:
        """The graph after `step` rejections, drawn; the last one unless said otherwise."""
        return self.graphs[step].plot()


def graph_shortcut(graph: Graph, p: ArrayLike, *, alpha: float = 0.05) -> GraphResult:
    """Sequentially rejective graphical procedure with weighted Bonferroni tests (Bretz 2009, algorithm 1).

    `graph`: weights and transitions; `p`: m p-values in the order of the names; `alpha`: familywise level. Formula:
    repeatedly take the j with the smallest p_j / w_j among the hypotheses left; its adjusted p is the largest such
    ratio so far; `graph.without(j)`. A hypothesis that never gets weight has the adjusted p 1. Errors: STA-700,
    STA-701. Note STA-710: weights add up to less than 1, alpha is left unused. Source: Bretz, Maurer, Brannath &
    Posch (2009) Stat Med 28:586; adjusted p: Bretz et al. (2011) Biom J 53:894, section 2.2. Example:
    `graph_shortcut(holm_graph(3), [0.01, 0.02, 0.4])`.
    """
    values = check_p_values(p, graph.weights.size)
    adjusted, order = _shortcut(values.reshape(1, -1), graph.weights, graph.transitions)
    order[0, adjusted[0] > check_alpha(alpha)] = 0
    graphs = [graph]
    for j in sorted(np.flatnonzero(order[0]), key=lambda j: int(order[0, j])):
        graphs.append(graphs[-1].without(graph.names[j]))
    notes = note_unused_alpha(graph)
    return GraphResult(graph.names, graph.weights, values, adjusted[0], order[0], alpha, tuple(graphs), notes)


def graph_shortcut_batch(graph: Graph, p: ArrayLike) -> Floats:
    """Adjusted p-values of `graph_shortcut` for `p` of shape (trials, m)."""
    values = check_p_values(p, graph.weights.size)
    adjusted, _ = _shortcut(np.atleast_2d(values), graph.weights, graph.transitions)
    return np.asarray(adjusted).reshape(values.shape)


def note_unused_alpha(graph: Graph) -> tuple[Note, ...]:
    """A note where the weights add up to less than 1."""
    total = float(graph.weights.sum())
    return (
        () if total >= 1 - ROUNDING else (Note("STA-710", f"the weights add up to {total:.6g}: alpha is left unused"),)
    )
