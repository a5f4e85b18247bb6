"""What is simulated: two arms with accrual, dropout and piecewise hazards, looks by events, bounds of Z."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.fixed.clock import TwoArms

Floats = NDArray[np.float64]
DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class SurvivalPlan:
    """A group sequential trial with a log-rank test at numbers of events.

    `trial`: arms, accrual and allocation (`opencro.design.fixed`), in one unit of time; `events` at each look;
    `efficacy` and `futility` bounds of Z, which is above 0 where the treated do better; the trial stops at or beyond
    them. At the last look futility has no meaning. `random_entry`: entries are a Poisson process with the rates of the
    accrual, until all have entered, instead of evenly spaced. `days`: days in the unit of time. DesignError DES-520.
    """

    trial: TwoArms
    events: tuple[int, ...]
    efficacy: tuple[float, ...]
    futility: tuple[float, ...] = ()
    random_entry: bool = False
    days: float = DAYS_PER_MONTH
    participants: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "participants", round(self.trial.accrual.total))
        looks = len(self.events)
        rising = looks > 0 and min(np.diff([0, *self.events])) > 0
        fits = len(self.efficacy) == looks and len(self.futility) in (0, looks, looks - 1)
        if not (rising and fits and self.events[-1] < self.participants and self.days > 0):
            raise DesignError(
                "DES-520",
                f"events {self.events} of {self.participants}, {len(self.efficacy)} and {len(self.futility)} bounds",
                "rising events below the number of participants, bounds at each look",
                "Give one bound of each kind a look.",
            )  # fmt: skip

    @property
    def upper(self) -> Floats:
        """The bounds of efficacy."""
        return np.asarray(self.efficacy, float)

    @property
    def lower(self) -> Floats:
        """The bounds of futility; at the last look that of efficacy."""
        interim = [*self.futility, *[-np.inf] * len(self.events)][: len(self.events) - 1]
        return np.array([*interim, self.efficacy[-1]], float)

    def arms(self) -> NDArray[np.int64]:
        """The arm of each participant in order of entry, 1 treated, spread evenly by the ratio of allocation."""
        reached = np.floor(np.arange(self.participants + 1) * self.trial.share + 1e-9)
        return np.asarray(np.diff(reached), dtype=np.int64)

    def entry_times(self, counts: ArrayLike) -> Floats:
        """When so many have entered; after the end of the accrual its last rate goes on."""
        accrual = self.trial.accrual
        edges = np.concatenate([[0.0], np.cumsum(accrual.durations)])
        reached = np.concatenate([[0.0], np.cumsum(np.asarray(accrual.rates) * accrual.durations)])
        c = np.asarray(counts, float)
        last = max(accrual.rates[-1], 1e-12)
        return np.asarray(
            np.where(c <= reached[-1], np.interp(c, reached, edges), edges[-1] + (c - reached[-1]) / last)
        )

    def horizon(self) -> float:
        """A time by which the last look has practically always happened, or everything has that ever will."""
        wanted = self.events[-1] + 7 * np.sqrt(self.events[-1])
        t = self.trial.accrual.duration
        limit = t + 60.0 * 365.25 / self.days
        while t < limit and float(self.trial.expected_events(t)) < wanted:
            t *= 1.2
        return float(min(t, limit))
