"""Who is at risk, who has an event and who is censored at each time: the table under every curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opencro.stats.survival.sample import Bools, Floats, Sample


@dataclass(frozen=True)
class RiskTable:
    """Distinct times of exit in ascending order with the (weighted) counts just before and at each."""

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_censored: Floats


def count_at_risk(sample: Sample) -> RiskTable:
    """The table of a sample; a row counts as at risk at t if entry < t <= time."""
    times, place = np.unique(sample.time, return_inverse=True)
    events = np.bincount(place, sample.weight * sample.event, times.size).astype(np.float64)
    censored = np.bincount(place, sample.weight * ~sample.event, times.size).astype(np.float64)
    leaving = (events + censored)[::-1].cumsum()[::-1]
    order = np.argsort(sample.entry, kind="stable")
    entered_weight = np.concatenate(([0.0], sample.weight[order].cumsum()))
    entered = entered_weight[np.searchsorted(sample.entry[order], times, side="left")]
    # those not yet entered are among the ones still to leave: n - entered of them
    return RiskTable(times, leaving - (entered_weight[-1] - entered), events, censored)


def step_values(times: Floats, values: Floats, at: NDArray[np.float64], before: float) -> Floats:
    """A right-continuous step function at the times `at`: `before` ahead of the first step."""
    return np.concatenate(([before], values))[np.searchsorted(times, at, side="right")]


def risk_at(sample: Sample, at: Floats) -> Floats:
    """(Weighted) number at risk at the times `at`: entry < t <= time, those who leave at t included."""
    order = np.argsort(sample.time, kind="stable")
    left = np.concatenate(([0.0], sample.weight[order].cumsum()))[np.searchsorted(sample.time[order], at, side="left")]
    order = np.argsort(sample.entry, kind="stable")
    entered = np.concatenate(([0.0], sample.weight[order].cumsum()))
    # at the start itself, those who enter there count: the table under a figure begins with everybody
    return entered[np.searchsorted(sample.entry[order], at, side="left")] - left


def as_selected(sample: Sample, chosen: Bools) -> Sample:
    """The rows that are chosen."""
    return Sample(sample.time[chosen], sample.event[chosen], sample.entry[chosen], sample.weight[chosen])
