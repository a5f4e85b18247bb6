"""NCI EVS tab-delimited text -> rows.

Source: NCI EVS "SDTM Terminology.txt" and its siblings: a heading line, eight columns, no quoting, lists before terms.
"""

from __future__ import annotations

from opencro.kernel.finding import Finding, Place
from opencro.terms.formats.rows import COLUMNS, Published, Row


def parse_nci_text(data: bytes, file: str) -> tuple[Published | None, list[Finding]]:
    """Rows of one text file, or None with findings TRM-002 (heading), TRM-003 (fields), TRM-013 (encoding)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(file, data.count(b"\n", 0, error.start) + 1)
        got = f"byte {data[error.start]:#04x} is not UTF-8"
        return None, [
            Finding("TRM-013", place, got, "UTF-8 text", "Save the file as UTF-8, or take it from NCI EVS again.")
        ]
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    heading = tuple(lines[0].split("\t"))
    if heading != COLUMNS:
        return None, [heading_finding(heading, Place(file, 1))]
    rows: list[Row] = []
    findings: list[Finding] = []
    for number, line in enumerate(lines[1:], 2):
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) == len(COLUMNS):
            rows.append(Row(number, *fields))
        else:
            got = f"{len(fields)} tab-separated fields"
            findings.append(
                Finding("TRM-003", Place(file, number), got, "8 fields", "Take the file from NCI EVS again.")
            )
    return (None if findings else Published(tuple(rows))), findings


def heading_finding(heading: tuple[str, ...], place: Place) -> Finding:
    """The finding for columns that are not the eight of NCI EVS."""
    missing = [c for c in COLUMNS if c not in heading]
    got = f"columns missing: {', '.join(missing)}" if missing else "columns in another order or too many"
    return Finding(
        "TRM-002", place, got, "the eight columns of NCI EVS", "Give a terminology file as NCI EVS publishes it."
    )
