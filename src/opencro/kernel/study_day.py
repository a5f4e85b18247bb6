"""Counting days in a trial: day 1 is the reference date, the day before it is day -1, there is no day 0.

Source: CDISC SDTMIG 3.4 section 4.4.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, order=True)
class StudyDay:
    """A day relative to the reference date; never 0."""

    number: int

    def __post_init__(self) -> None:
        if self.number == 0:
            raise ValueError("there is no study day 0: the day before day 1 is day -1")

    def on(self, reference: date) -> date:
        """The calendar date of this study day."""
        return reference + timedelta(days=self.number - 1 if self.number > 0 else self.number)


def compute_study_day(day: date, reference: date) -> StudyDay:
    """The study day of a calendar date."""
    distance = (day - reference).days
    return StudyDay(distance + 1 if distance >= 0 else distance)


@dataclass(frozen=True, slots=True)
class Window:
    """How many days before and after its target a visit may take place: `Window(-3, 3)`."""

    earliest: int
    latest: int

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise ValueError(f"window ends ({self.latest}) before it starts ({self.earliest})")

    def holds(self, days_from_target: int) -> bool:
        """Whether a visit so many days from its target is inside."""
        return self.earliest <= days_from_target <= self.latest
