"""Dates as people know them: a whole date, a month, a year, or nothing; ISO 8601 out.

Source: ISO 8601-1:2019; CDISC SDTMIG 3.4 section 4.4.2 (missing parts on the right are left off, missing parts in the
middle are a hyphen each).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ISO = re.compile(
    r"^(?P<year>\d{4}|-)(?:-(?P<month>\d{2}|-)(?:-(?P<day>\d{2}|-)(?:T(?P<hour>\d{2}|-)(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?)?)?)?$",
    re.ASCII,
)
_DAY_MONTH_YEAR = re.compile(
    r"^(?:(?P<day>\d{1,2}|UN|UNK)[- /])?(?:(?P<month>[A-Za-z]{3})[- /])?(?P<year>\d{4})$", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date of which any part may be unknown; a part is None when nobody knows it."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None

    @property
    def whole(self) -> date | None:
        """The calendar date when year, month and day are all known."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)

    def __str__(self) -> str:
        """ISO 8601, unknown parts left off at the right and replaced by a hyphen in the middle."""
        return format_partial_date(self)


def format_partial_date(value: PartialDate) -> str:
    """A partial date as ISO 8601 text: `2003`, `2003---15`, `2014-01-02T10:30`; empty when nothing is known."""
    parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    last = max((i for i, part in enumerate(parts) if part is not None), default=-1)
    text = ""
    for i, part in enumerate(parts[: last + 1]):
        text += ("", "-", "-", "T", ":", ":")[i]
        text += "-" if part is None else f"{part:0{4 if i == 0 else 2}d}"
    return text


def parse_partial_date(text: str) -> PartialDate | None:
    """Read ISO 8601 or day-month-year (`02-JAN-2014`, `UN-JAN-2014`, `JAN-2014`, `2014`); None when it is neither.

    A day that does not exist in its month is refused (None), as is a month that does not exist.
    """
    text = text.strip()
    match = _ISO.match(text)
    if match is None:
        match = _DAY_MONTH_YEAR.match(text.upper())
    if match is None:
        return None
    groups = match.groupdict()
    month = groups.get("month")
    if month is not None and month in MONTHS:
        groups["month"] = str(MONTHS.index(month) + 1)
    elif month is not None and month.isalpha() and month != "UNK":
        return None
    parts = {k: int(v) if v is not None and v.isdigit() else None for k, v in groups.items()}
    return _checked(PartialDate(**parts))


def _checked(value: PartialDate) -> PartialDate | None:
    year, month, day = (
        known if part is None else part
        for known, part in zip((2000, 1, 1), (value.year, value.month, value.day), strict=True)
    )
    try:
        date(year, month, day)
    except ValueError:
        return None
    in_clock = (value.hour or 0) < 24 and (value.minute or 0) < 60 and (value.second or 0) < 60
    return value if in_clock else None
