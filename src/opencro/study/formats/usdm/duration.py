"""ISO 8601 durations as spans of time that can be added.

Source: ISO 8601-1:2019 section 5.5.2. Months and years have no fixed length, so they cannot place a visit on a day.
"""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"^(?P<sign>-)?P(?=.)(?:(?P<years>\d+(?:\.\d+)?)Y)?(?:(?P<months>\d+(?:\.\d+)?)M)?(?:(?P<weeks>\d+(?:\.\d+)?)W)?"
    r"(?:(?P<days>\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)


def is_duration(text: str) -> bool:
    """Whether the text is an ISO 8601 duration that is not negative."""
    match = _DURATION.match(text)
    return match is not None and match["sign"] is None


def parse_duration(text: str) -> timedelta | None:
    """The span of an ISO 8601 duration, a leading minus allowed; None when it isn't one or has months or years."""
    match = _DURATION.match(text)
    if match is None or float(match["years"] or 0) or float(match["months"] or 0):
        return None
    parts = {k: float(match[k] or 0) for k in ("weeks", "days", "hours", "minutes", "seconds")}
    span = timedelta(**parts)
    return -span if match["sign"] else span
