"""The records of a SAS transport file, version 5: where each byte of the headers stands.

Source: SAS Technical Support TS-140, sections "Header records" and "NAMESTR records". A file is a row of 80-byte
records: library header (3 records), then per member its header (5 records), NAMESTR records of 140 bytes (136 from
VAX), the observation header and the observations, each block filled with blanks to the next record.
"""

from __future__ import annotations

import struct
from datetime import datetime

RECORD = 80
NAMESTR_SIZES = (140, 136)
LIBRARY = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
MEMBER = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
DESCRIPTOR = b"HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!"
NAMESTR = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
OBSERVATIONS = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
LIBRARY_V8 = b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!"
CPORT = b"**COMPRESSED** **COMPRESSED**"
ZEROS = b"0" * 30 + b"  "
MEMBER_TAIL = b"0" * 16 + b"01600000000140  "

MAX_NAME = 8
MAX_LABEL = 40
MAX_TEXT = 200
MAX_COLUMNS = 9999

NUMERIC = 1
CHARACTER = 2

DESCRIBED = struct.Struct(">4h8s40s8s3h2s8s2hi")
"""Type, hash, length, number, name, label, format, its width, decimals and justification, fill, informat, its width and
decimals, position in the row: the first 88 bytes of a NAMESTR record; what follows is zero."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def render_stamp(moment: datetime) -> bytes:
    """A time as SAS stamps it, 16 bytes: `04APR12:22:16:21`."""
    date = f"{moment.day:02}{_MONTHS[moment.month - 1]}{moment.year % 100:02}"
    return f"{date}:{moment.hour:02}:{moment.minute:02}:{moment.second:02}".encode("ascii")


def parse_stamp(stamp: bytes) -> str:
    """The ISO 8601 time of a stamp, or empty text when it is none; years 60 to 99 are of the twentieth century."""
    text = stamp.decode("ascii", "replace").upper()
    day, month, year, clock = text[:2], text[2:5], text[5:7], text[8:16]
    if month not in _MONTHS or not (day + year + clock.replace(":", "")).isdecimal() or len(clock) != 8:
        return ""
    century = 1900 if int(year) >= 60 else 2000
    return f"{century + int(year)}-{_MONTHS.index(month) + 1:02}-{day}T{clock}"
