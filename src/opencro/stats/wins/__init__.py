"""Pairwise comparisons of prioritized outcomes: win ratio, net benefit, win odds, DOOR."""

from opencro.stats.wins.door import DoorProbability, PartialCredit, door_partial_credit, door_probability
from opencro.stats.wins.endpoints import Measurement, RecurrentEvents, TimeToEvent
from opencro.stats.wins.null_variance import WinRatio, win_ratio_dong_2016
from opencro.stats.wins.statistics import (
    Decisions,
    FinkelsteinSchoenfeld,
    WinBatch,
    WinStatistics,
    finkelstein_schoenfeld,
    win_statistics,
    win_statistics_batch,
)

__all__ = [
    "Decisions",
    "DoorProbability",
    "FinkelsteinSchoenfeld",
    "Measurement",
    "PartialCredit",
    "RecurrentEvents",
    "TimeToEvent",
    "WinBatch",
    "WinRatio",
    "WinStatistics",
    "door_partial_credit",
    "door_probability",
    "finkelstein_schoenfeld",
    "win_ratio_dong_2016",
    "win_statistics",
    "win_statistics_batch",
]
