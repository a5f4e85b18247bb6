"""SAS formats as text (`DATE9.`, `$20.`, `8.2`) and as the name, width and decimals that a transport file holds.

Source: SAS Formats and Informats reference, "Syntax": `<$>format<w>.<d>`; a name doesn't end in a digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_FORMAT = re.compile(
    r"^(?P<name>\$?(?:[A-Z_](?:[A-Z0-9_]*[A-Z_])?)?)(?P<width>\d{1,5})?\.?(?P<decimals>\d{1,2})?$", re.I
)
_SHAPES = ("", "B", "C", "D", "N", "P", "S")
_DATES = {f"{order}{shape}" for order in ("DDMMYY", "MMDDYY", "YYMMDD") for shape in _SHAPES} | {
    "DATE", "WORDDATE", "WEEKDATE", "E8601DA", "B8601DA", "IS8601DA"
}  # fmt: skip
_DATETIMES = {"DATETIME", "DATEAMPM", "E8601DT", "B8601DT", "IS8601DT"}
_TIMES = {"TIME", "TIMEAMPM", "TOD", "HHMM", "E8601TM", "B8601TM", "IS8601TM"}


@dataclass(frozen=True, slots=True)
class SasFormat:
    """Name (with `$` for text), width and decimals; zero means not given."""

    name: str = ""
    width: int = 0
    decimals: int = 0

    def __str__(self) -> str:
        if self == SasFormat():
            return ""
        return f"{self.name}{self.width or ''}.{self.decimals or ''}"


def parse_sas_format(text: str) -> SasFormat | None:
    """Read a format; None when it is none. Empty text is the empty format."""
    match = _FORMAT.match(text.strip())
    if match is None:
        return None
    return SasFormat(match["name"].upper(), int(match["width"] or 0), int(match["decimals"] or 0))


def moment_of(name: str) -> Literal["date", "datetime", "time"] | None:
    """What a number with that format name is: days, seconds since 1960, seconds of the day, or just a number."""
    if name in _DATES:
        return "date"
    if name in _DATETIMES:
        return "datetime"
    return "time" if name in _TIMES else None
