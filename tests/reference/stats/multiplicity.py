"""How the published results of multiplicity procedures are computed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from opencro.stats import multiplicity as mult
from tests.reference.stats.material import Reference, table


def _adjusted(name: str) -> Callable[[Reference], list[float]]:
    return lambda reference: getattr(mult, f"adjust_{name}")(reference.data["p"]).adjusted.tolist()


def _graph(reference: Reference) -> list[float]:
    data = reference.data
    p = np.array(data["p"])
    graph = mult.Graph(None, data["w"], data["G"]) if "w" in data else mult.holm_graph(p.size)
    return mult.graph_shortcut(graph, p, alpha=data.get("alpha", 0.05)).adjusted.tolist()


def _parametric(reference: Reference) -> list[float]:
    graph = mult.Graph(None, reference.data["w"], reference.data["G"])
    groups = [mult.GroupTest(graph.names, "parametric", reference.data["corr"])]
    return mult.graph_closure(graph, reference.data["p"], groups=groups).adjusted.tolist()


def _gate(component: Any) -> Callable[[Reference], list[float]]:
    def compute(reference: Reference) -> list[float]:
        first, second = reference.data["gamma"]
        families = [mult.Family((0, 1), component, first), mult.Family((2, 3), component, second)]
        return mult.gate_parallel(families, reference.data["p"]).adjusted.tolist()

    return compute


def _dunnett_critical(reference: Reference) -> float:
    data = reference.data
    return mult.dunnett_critical_value([10] * data["k"], 10, data["df"], alpha=data["alpha"])


def _dunnett_drug(reference: Reference) -> list[float]:
    """The file holds drugs A, C, E, which the reference calls A, D, F."""
    frame = table(reference.data)
    a, c, e = (frame.filter(frame["drug"] == drug)["post"].to_numpy() for drug in "ACE")
    return mult.dunnett([a, c], e).adjusted.tolist()


RECOMPUTE = {
    "padj.bonferroni": _adjusted("bonferroni"),
    "padj.holm": _adjusted("holm"),
    "padj.hochberg": _adjusted("hochberg"),
    "padj.hommel": _adjusted("hommel"),
    "padj.sidak": _adjusted("sidak"),
    "padj.BH": _adjusted("benjamini_hochberg"),
    "padj.BY": _adjusted("benjamini_yekutieli"),
    "padj.holm_sidak": _adjusted("holm_sidak"),
    "padj.fallback": _adjusted("fallback"),
    "graph.bretz*": _graph,
    "graph.holm*": _graph,
    "graph.parametric": _parametric,
    "gate.parallel.truncHolm": _gate("holm"),
    "gate.parallel.truncHochberg": _gate("hochberg"),
    "dunnett.crit": _dunnett_critical,
    "dunnett.drug.adjp": _dunnett_drug,
}
