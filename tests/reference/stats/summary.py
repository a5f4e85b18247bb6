"""Quantiles, geometric means and SAS's rounding."""

from __future__ import annotations

import opencro.stats as st
from tests.reference.stats.material import Reference


def _quantiles(reference: Reference) -> list[float]:
    kind = int(reference.id.removeprefix("quantile.type"))
    return st.summary.quantile(reference.data["x"], [0.1, 0.25, 0.5, 0.75, 0.9], kind=kind).tolist()


def _geometric(reference: Reference) -> list[float]:
    found = st.summary.describe_geometric(reference.data["x"])
    return [float(v[0]) for v in (found.mean, found.cv_percent, found.lower, found.upper)]


def _rounded(reference: Reference) -> float:
    return st.summary.round_half_away(float(reference.data["x"]), int(reference.data["digits"]))


RECOMPUTE = {"quantile.type*": _quantiles, "summary.geomean": _geometric, "round.sas.*": _rounded}
