"""Graphs: the shortcut is the closed test, updates commute, decisions match adjusted p-values."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s

from opencro.stats import StatsError
from opencro.stats import multiplicity as mult

mpl.use("Agg")


@s.composite
def graphs(draw: s.DrawFn, m: int = 4) -> mult.Graph:
    numbers = s.lists(s.integers(0, 4), min_size=m, max_size=m)
    w = np.array(draw(numbers), dtype=float)
    w = w / max(w.sum(), 1) if w.sum() else np.eye(m)[0]
    g = np.array([draw(numbers) for _ in range(m)], dtype=float)
    np.fill_diagonal(g, 0)
    return mult.Graph(None, w, g / np.maximum(g.sum(axis=1, keepdims=True), 1))


P_VALUES = s.lists(s.floats(0.0005, 1), min_size=4, max_size=4)


@settings(max_examples=80, deadline=None)
@given(graph=graphs(), p=P_VALUES)
def test_shortcut_is_the_closed_test(graph: mult.Graph, p: list[float]) -> None:
    shortcut = mult.graph_shortcut(graph, p)
    np.testing.assert_allclose(shortcut.adjusted, np.minimum(mult.graph_closure(graph, p).adjusted, 1), rtol=1e-9)
    assert (shortcut.rejected == (shortcut.order > 0)).all()


@settings(max_examples=50, deadline=None)
@given(graph=graphs())
def test_removing_in_any_order_gives_one_graph(graph: mult.Graph) -> None:
    one, other = graph.without("H1").without("H3"), graph.without("H3").without("H1")
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-12)
    assert one.weights.sum() <= graph.weights.sum() + 1e-12


@settings(max_examples=50, deadline=None)
@given(graph=graphs(), p=P_VALUES, factor=s.floats(0.1, 1))
def test_smaller_p_values_never_adjust_to_larger_ones(graph: mult.Graph, p: list[float], factor: float) -> None:
    less = np.array(p)
    less[1] *= factor
    assert (mult.graph_shortcut_batch(graph, [less]) <= mult.graph_shortcut_batch(graph, [p]) + 1e-12).all()


@settings(max_examples=50, deadline=None)
@given(graph=graphs(), p=P_VALUES, seed=s.integers(0, 20))
def test_relabelling_the_hypotheses_relabels_the_result(graph: mult.Graph, p: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(4)
    turned = mult.Graph(None, graph.weights[order], graph.transitions[np.ix_(order, order)])
    wanted = mult.graph_shortcut(graph, p).adjusted[order]
    np.testing.assert_allclose(mult.graph_shortcut(turned, np.array(p)[order]).adjusted, wanted, rtol=1e-9)


def test_named_graphs_are_the_named_procedures() -> None:
    p = np.random.default_rng(3).random((50, 5)) ** 2
    np.testing.assert_allclose(mult.graph_shortcut_batch(mult.holm_graph(5), p), mult.adjust_holm_batch(p))
    np.testing.assert_allclose(
        mult.graph_shortcut_batch(mult.fixed_sequence_graph(5), p), mult.adjust_fixed_sequence_batch(p)
    )
    exhaustive = mult.adjust_fallback_batch(p, exhaustive=True)
    assert (exhaustive <= mult.adjust_fallback_batch(p) + 1e-12).all()
    assert (exhaustive < mult.adjust_fallback_batch(p) - 1e-6).any()


def test_exhaustive_fallback_has_the_intersection_weights_of_its_closed_test() -> None:
    """Weights scaled up to the last hypothesis left; each left one collects those rejected just before it."""
    w = np.array([0.4, 0.1, 0.3, 0.2])
    members, weights = mult.compute_intersection_weights(mult.fallback_graph(w, exhaustive=True))
    for row, got in zip(members, weights, strict=True):
        last = np.flatnonzero(row)[-1]
        share, collected, wanted = w / w[: last + 1].sum(), 0.0, np.zeros(4)
        for i in range(last + 1):
            collected += share[i]
            if row[i]:
                wanted[i], collected = collected, 0.0
        np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_fallback_by_hand() -> None:
    result = mult.adjust_fallback([0.02, 0.001, 0.04], weights=[0.5, 0.25, 0.25])
    # H1 at 0.5 alpha: 0.04; H2 alone at 0.25: 0.004; H3 at 0.25 + 0.25 after H2: 0.08, at 1 after H1: max(0.04, 0.04)
    np.testing.assert_allclose(result.adjusted, [0.04, 0.004, 0.04])


def test_the_sequence_of_graphs_follows_the_rejections() -> None:
    graph = mult.Graph(["A", "B", "C"], [0.5, 0.5, 0], [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    result = mult.graph_shortcut(graph, [0.01, 0.2, 0.011], alpha=0.05)
    assert result.order.tolist() == [1, 0, 2]
    assert [g.weights.tolist() for g in result.graphs] == [[0.5, 0.5, 0.0], [0.0, 0.75, 0.25], [0.0, 1.0, 0.0]]
    assert "rejected" in str(result)


def test_a_hypothesis_without_weight_is_never_rejected() -> None:
    graph = mult.Graph(None, [0.6, 0.0], [[0, 0], [0, 0]])
    result = mult.graph_shortcut(graph, [0.0, 0.0])
    assert result.adjusted.tolist() == [0.0, 1.0]
    assert [n.code for n in result.notes] == ["STA-710"]


@pytest.mark.parametrize(
    ("weights", "transitions", "code"),
    [
        ([0.7, 0.7], [[0, 1], [1, 0]], "STA-702"),
        ([-0.1, 0.5], [[0, 1], [1, 0]], "STA-702"),
        ([0.5, 0.5], [[0.5, 0.5], [1, 0]], "STA-703"),
        ([0.5, 0.5], [[0, 1.2], [1, 0]], "STA-703"),
        ([0.5, 0.5], [[0, 1]], "STA-703"),
    ],
)
def test_impossible_graphs_are_refused(weights: list[float], transitions: list[list[float]], code: str) -> None:
    with pytest.raises(StatsError) as caught:
        mult.Graph(None, weights, transitions)
    assert caught.value.code == code


def test_unknown_hypothesis_and_weights_that_are_not_positive() -> None:
    with pytest.raises(StatsError, match="STA-703"):
        mult.holm_graph(2).without("H9")
    with pytest.raises(StatsError, match="STA-702"):
        mult.fallback_graph([0.5, 0.0])


def test_closure_groups() -> None:
    graph = mult.holm_graph(3)
    p = [0.01, 0.02, 0.03]
    simes = mult.graph_closure(graph, p, groups=[mult.GroupTest(graph.names, "simes")])
    np.testing.assert_allclose(simes.adjusted, mult.adjust_hommel(p).adjusted)
    free = mult.graph_closure(graph, p, groups=[mult.GroupTest(graph.names, "parametric", np.eye(3))])
    bonferroni = mult.graph_closure(graph, p)
    assert (free.adjusted < bonferroni.adjusted + 1e-12).all()
    np.testing.assert_allclose(free.adjusted, mult.adjust_holm_sidak(p).adjusted, rtol=1e-9)


def test_parametric_groups_with_perfect_correlation_use_the_smallest_p_once() -> None:
    graph = mult.holm_graph(2)
    result = mult.graph_closure(
        graph, [0.02, 0.04], groups=[mult.GroupTest(graph.names, "parametric", np.ones((2, 2)))]
    )
    np.testing.assert_allclose(result.adjusted, [0.02, 0.04], rtol=1e-9)


@pytest.mark.parametrize("df", [np.inf, 20])
def test_closure_batch_decides_as_the_adjusted_p_values(df: float) -> None:
    graph = mult.Graph(None, [0.5, 0.5, 0, 0], [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]])
    groups = [
        mult.GroupTest(("H1", "H2"), "parametric", [[1, 0.5], [0.5, 1]], df),
        mult.GroupTest(("H3", "H4"), "simes"),
    ]
    p = np.random.default_rng(4).beta(0.3, 3, size=(40, 4))
    adjusted = np.array([mult.graph_closure(graph, row, groups=groups).adjusted for row in p])
    decided = mult.graph_closure_batch(graph, p, groups=groups, alpha=0.05)
    assert (decided == (adjusted <= 0.05)).all()
    assert decided.any()
    assert not decided.all()


def test_groups_must_share_out_the_hypotheses_and_carry_what_their_test_needs() -> None:
    graph = mult.holm_graph(2)
    wrong = [
        [mult.GroupTest(("H1",))],
        [mult.GroupTest(("H1", "H2"), "parametric")],
        [mult.GroupTest(("H1", "H2"), "simes", np.eye(2))],
    ]
    for groups in wrong:
        with pytest.raises(StatsError, match="STA-705"):
            mult.graph_closure(graph, [0.1, 0.1], groups=groups)
    with pytest.raises(StatsError, match="STA-704"):
        mult.graph_closure(graph, [0.1, 0.1], groups=[mult.GroupTest(("H1", "H2"), "parametric", [[1, 2], [2, 1]])])
    with pytest.raises(StatsError, match="STA-705"):
        mult.closed_test([0.5] * 17, lambda members: 1.0)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 6])
def test_a_graph_is_drawn_with_its_names_weights_and_shares(m: int) -> None:
    result = mult.graph_shortcut(mult.holm_graph(m), [0.001] + [0.9] * (m - 1))
    axes = result.plot(step=0)
    texts = [t.get_text() for t in axes.texts]
    assert sum(t.startswith("H") for t in texts) == m
    assert len(texts) == m + m * (m - 1)
    assert any("rejected" in t.get_text() for t in result.plot().texts)
    mpl.pyplot.close("all")
