"""The virtual now of a rehearsal: it moves forward and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

OPENING = datetime(2024, 1, 8, 8, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


class VirtualClock:
    """Calling it gives the virtual now and lets a millisecond pass; it starts on a Monday morning of 2024."""

    def __init__(self, start: datetime = OPENING) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The virtual now."""
        now = self._now
        self._now = now + TICK
        return now

    @property
    def now(self) -> datetime:
        """The virtual now, without letting time pass."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Go forward to a moment; one that has passed leaves the clock as it is."""
        self._now = max(self._now, moment)
