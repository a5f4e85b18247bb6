"""What becomes of each type of question.

Source: XLSForm's reference documentation (question types, metadata); names of types that older forms use.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from opencro.study.model.form import ItemType

PLAIN: dict[str, ItemType] = {
    "text": "text", "string": "text", "phone number": "text", "barcode": "text",
    "integer": "integer", "int": "integer", "percentage": "integer", "decimal": "decimal",
    "date": "date", "time": "time", "datetime": "datetime",
    "image": "file", "photo": "file", "audio": "file", "video": "file", "file": "file",
    "geopoint": "text", "gps": "text", "location": "text", "geotrace": "text", "geoshape": "text",
}  # fmt: skip
"""Types that are an item by themselves."""

OTHERWISE = {
    "barcode": ("a scanned barcode", "Read as text; a scanner types it."),
    "phone number": ("a phone number", "Read as text; write an edit check of its form."),
    "percentage": ("a percentage", "Read as a whole number from 0 to 100."),
    "geopoint": ("a place on the map", "Read as text: latitude, longitude, altitude, accuracy."),
    "gps": ("a place on the map", "Read as text: latitude, longitude, altitude, accuracy."),
    "location": ("a place on the map", "Read as text: latitude, longitude, altitude, accuracy."),
    "geotrace": ("a line on the map", "Read as text: the places of the line."),
    "geoshape": ("an area on the map", "Read as text: the places around it."),
    "rank": ("choices in an order", "Read as text: write the codes in their order."),
    "range": ("a slider", "Read as a number between its ends."),
    "hidden": ("a value that nobody types", "Kept as an item that is never asked."),
    "acknowledge": ("a button to acknowledge", "Read as a choice of OK."),
    "trigger": ("a button to acknowledge", "Read as a choice of OK."),
}  # fmt: skip
"""Types of which something is lost: what it is, and what is done with it."""

METADATA = frozenset([
    "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "audit",
    "imei", "start-geopoint", "background-audio", "device id", "subscriber id", "sim id", "start time", "end time",
    "get start time", "get end time", "get today", "get device id", "get subscriber id", "get sim id",
    "get phone number",
])  # fmt: skip
"""What a device adds by itself; here the audit trail says who, when and how."""

LEFT_OUT = {
    "osm": "a map of OpenStreetMap",
    "include": "another form inside this one",
    "csv-external": "a file of data beside the form",
    "xml-external": "a file of data beside the form",
}
SPECIAL = frozenset(["note", "calculate", "hidden", "range", "rank", "acknowledge", "trigger"])
KNOWN = frozenset([*PLAIN, *METADATA, *LEFT_OUT, *SPECIAL, "select_one", "select_multiple", "begin group", "end group"])

_SELECT = re.compile(
    r"(?P<command>select_one_from_file|select_multiple_from_file|select_one_external|select one external|select_one|"
    r"select1|select_multiple|(?:add )?select (?:one|multiple)(?: prompt)?(?: using| from)?|"
    r"select all that apply(?: from)?|rank)"
    r"\s+(?P<list>.+?)(?P<other>\s+(?:or specify other|or_other|or other))?",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(
    r"(?P<act>begin|end)[ _](?P<kind>group|repeat|loop|lgroup)(?:\s+over\s+(?P<list>\S+))?", re.IGNORECASE
)
_URI = re.compile(r"uri:\s*(\S+)", re.IGNORECASE)


class Kind(NamedTuple):
    """A type that was understood: `word` of the tables above, or one of open, close, select_one, select_multiple,
    external, from_file."""

    word: str
    list_name: str = ""
    other: bool = False
    container: str = ""


def read_type(written: str) -> Kind | None:
    """The kind of a type as it is written; None when there is no such type."""
    text = " ".join(written.split())
    boundary = _BOUNDARY.fullmatch(text)
    if boundary:
        container = {"lgroup": "repeat"}.get(boundary["kind"].casefold(), boundary["kind"].casefold())
        act = "open" if boundary["act"].casefold() == "begin" else "close"
        return Kind(act, boundary["list"] or "", container=container)
    select = _SELECT.fullmatch(text)
    if select:
        return Kind(_command(select["command"].casefold()), select["list"], select["other"] is not None)
    word = text.casefold()
    if _URI.fullmatch(word) or word.startswith("start-geopoint"):
        return Kind("deviceid")
    first = word.split()[0] if word else ""
    if first in LEFT_OUT:
        return Kind(first)
    return Kind(word) if word in KNOWN and not word.startswith(("select", "begin", "end ")) else None


def _command(word: str) -> str:
    if "from_file" in word:
        return "from_file"
    if "external" in word:
        return "external"
    if word == "rank":
        return "rank"
    return "select_multiple" if "multiple" in word or "all that apply" in word else "select_one"
