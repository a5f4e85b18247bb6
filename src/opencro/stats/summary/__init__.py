"""Descriptive statistics, and numbers as SAS prints them."""

from opencro.stats.summary.description import (
    Description,
    GeometricDescription,
    MeanInterval,
    describe,
    describe_batch,
    describe_geometric,
    describe_geometric_batch,
    mean_interval,
)
from opencro.stats.summary.quantiles import quantile, quantile_pctldef
from opencro.stats.summary.rounding import (
    P_AMA,
    P_PILOT,
    P_SAS,
    PValueFormat,
    render_count,
    render_fixed,
    render_p,
    round_half_away,
)

__all__ = [
    "P_AMA",
    "P_PILOT",
    "P_SAS",
    "Description",
    "GeometricDescription",
    "MeanInterval",
    "PValueFormat",
    "describe",
    "describe_batch",
    "describe_geometric",
    "describe_geometric_batch",
    "mean_interval",
    "quantile",
    "quantile_pctldef",
    "render_count",
    "render_fixed",
    "render_p",
    "round_half_away",
]
