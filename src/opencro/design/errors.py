"""Errors of this room: an assumption that no trial can meet, with what was got, what is possible and what to do."""

from __future__ import annotations

from opencro.stats import StatsError


class DesignError(StatsError):
    """An impossible assumption: code, got, expected, remedy. Every code has its line in docs/design.md."""
