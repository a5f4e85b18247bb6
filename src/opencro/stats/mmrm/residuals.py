"""Residuals of a fit: raw, in standard deviations, or made uncorrelated."""

from __future__ import annotations

import numpy as np

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Cells, spread
from opencro.stats.mmrm.likelihood import Point
from opencro.stats.mmrm.rows import Rows, Scaled
from opencro.stats.mmrm.sandwich import class_factors
from opencro.stats.result import StatsError

RESIDUALS = ("response", "pearson", "normalized")


def compute_residuals(rows: Rows, scaled: Scaled, point: Point, beta: Floats, kind: str) -> Floats:
    """One residual per analysed row: r = y - x beta, r / sqrt(V_jj), or L^-1 r with V = LL' within a subject.

    Raises StatsError STA-309 for another kind.
    """
    if kind not in RESIDUALS:
        raise StatsError("STA-309", f"residuals {kind!r}", "one of " + ", ".join(RESIDUALS), "Choose one of these.")
    raw = rows.y - rows.x @ beta
    if kind == "response":
        return raw
    weighted = (raw * np.sqrt(rows.weight) / scaled.size)[:, None]
    shape = scaled.cells.observed.shape
    values, observed = spread(weighted, rows.subject, rows.visit, *shape)
    lower = class_factors(Cells(values, observed, rows.group, rows.distance), point)
    if kind == "normalized":
        out = np.linalg.solve(lower, values)[..., 0]
    else:
        out = values[..., 0] / np.sqrt((lower**2).sum(axis=-1))
    return np.asarray(out[rows.subject, rows.visit])
