"""The report's other tables, declared after the first twenty: their numbers are those that the report printed.

The report itself does not lie in the repository. PRINTED keeps of each table how many lines and numbers it has and a
digest of them, read with `read_report` out of `pdftotext -layout` of the report (csr-cdiscpilot01.pdf among the
examples of the Analysis Results Standard). Where its text lies beside the data the lines are compared one by one.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from opencro.analysis.displays import Display, fill_display, read_definitions, read_displays
from opencro.analysis.results import Material
from opencro.study import load_study

pytestmark = [pytest.mark.journey, pytest.mark.peer]
ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT.parent / "shared/data/cdisc/cdiscpilot01"
REPORT = PILOT / "docs/csr_tables_txt"
NUMBER = re.compile(r"[<>]?-?\d*\.?\d+")
PAGE = re.compile(r"^\s{5,}Table (14-\d\.\d+)\s*$")
END = re.compile(r"^\s*(\[1\] |NOTES?:|Note:|Source:|End of treatment is|\f?Protocol:)")
MEASURES = re.compile(r"^\s*(?!\(N=)\S.*?\s{2,}(?P<cells>\S*\d.*)$")
CELLS = {
    "14-1.03": re.compile(r"^\s+(?:\d{3}\s+\d{3}|TOTAL)\s+(?P<cells>.*)"),
    "14-3.05": MEASURES,
    "14-3.06": MEASURES,
    "14-3.09": MEASURES,
    "14-3.13": re.compile(r"^\s+(?:Week \d+)?\s+(?:n|[A-Z][a-z]+ [A-Za-z]+)\s{2,}(?P<cells>\d.*)"),
    "14-4.01": re.compile(r".*\b(?:n|mean|std|median|min|max)\s{2,}(?P<cells>\d.*)"),
    "14-5.02": re.compile(r"^\s*\w[\w ]*?\s{2,}(?P<cells>\d.*)"),
    "14-6.02": re.compile(r"^(?:[A-Z. ]+?\s{2,})?(?P<cells>.*%.*)"),
    "14-6.04": re.compile(r".*\b(?:n|Normal|High|Low)\s+(?P<cells>\d.*)$"),
    "14-7.02": re.compile(r".*(?:Week 24|End of Trt\.)\s+(?P<cells>(?:\S+\s+){5}\S+)\s*$"),
}
"""What of a line are the cells of its columns: each table's labels hold other numbers."""
PRINTED = {
    "14-1.03": (18, 216, "3643b28360dd7196"),
    "14-3.05": (16, 70, "42311c39e7f79ad8"),
    "14-3.06": (10, 34, "dfa40e1e9858a10e"),
    "14-3.09": (16, 70, "c88a5fad95d28658"),
    "14-3.13": (24, 117, "7130d5cac0f8ee93"),
    "14-4.01": (12, 72, "701eaec336c97de3"),
    "14-5.02": (4, 33, "d81643104e4df9a0"),
    "14-6.02": (30, 524, "1cdceb05f9b43f85"),
    "14-6.04": (602, 4611, "c37cf72b543f6197"),
    "14-7.02": (54, 324, "f449669b31c3f495"),
}
"""Lines with numbers, numbers, digest."""


def read_report(text: str) -> dict[str, list[list[str]]]:
    """Number of a table -> the numbers of each line that has some, over all of its pages."""
    found: dict[str, list[list[str]]] = {number: [] for number in CELLS}
    table = ""
    for line in text.splitlines():
        page = PAGE.match(line)
        if page:
            table = page[1]
        elif END.match(line):
            table = ""
        elif table in CELLS:
            cells = CELLS[table].match(line)
            numbers = NUMBER.findall(cells["cells"]) if cells else []
            if numbers:
                found[table].append(numbers)
    return found


def _digest(lines: list[list[str]]) -> tuple[int, int, str]:
    words = "\n".join(" ".join(line) for line in lines)
    return len(lines), sum(map(len, lines)), hashlib.sha256(words.encode()).hexdigest()[:16]


@cache
def _displays() -> tuple[dict[str, Display], Material]:
    study = load_study(ROOT / "studies/cdiscpilot01")
    definitions, wrong = read_definitions(study)
    assert definitions is not None, wrong
    displays, findings = read_displays(study, definitions)
    assert findings.ok
    paths = (PILOT / "parquet").glob("*/*.parquet")
    datasets = {p.stem.upper(): pl.read_parquet(p) for p in paths}
    return {d.number: d for d in displays.values()}, Material(datasets, definitions)


@cache
def _ours(number: str) -> list[list[str]]:
    displays, material = _displays()
    rows = fill_display(displays[number], material).rows
    lines = [NUMBER.findall(" ".join(cell.text for cell in row.cells)) for row in rows]
    return [line for line in lines if line]


@pytest.mark.parametrize("number", CELLS)
def test_every_number_is_the_printed_one(number: str) -> None:
    if not (PILOT / "parquet").is_dir():
        pytest.skip("../shared/data is absent: tables are computed from the published datasets")
    assert _digest(_ours(number)) == PRINTED[number]


@pytest.mark.parametrize("number", CELLS)
def test_every_line_is_the_printed_one(number: str) -> None:
    if not REPORT.is_dir():
        pytest.skip("the text of the report does not lie beside the data")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(REPORT.rglob("*.txt")))
    printed = read_report(text)[number]
    assert _ours(number) == printed
    assert _digest(printed) == PRINTED[number]


def test_labels_and_notes_of_a_page_are_not_taken_for_cells() -> None:
    page = """\
                                 Table 14-3.05
                 A score at week 16
                              (N=79)      (N=81)
    Week 16
      n                         79          81
      95% CI                  (-1.8;1.2)   (-2.2;0.9)
    p-value(One - Other) [1][3]             <.001

[1] A note of 2006 with 3 numbers.
    Week 16                     1           2
"""
    assert read_report(page)["14-3.05"] == [["79", "81"], ["-1.8", "1.2", "-2.2", "0.9"], ["<.001"]]
