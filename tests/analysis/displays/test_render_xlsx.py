"""A workbook says what the table says, as text, with its headings merged, and the same to the byte."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from lxml import etree

from opencro.analysis.displays import Display, HeaderCell, Table, TableCell, TableRow, fill_display, write_xlsx
from opencro.analysis.displays.render_xlsx import name_sheet
from opencro.analysis.results import Material

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HARMLESS = ("=1+1", "{=SUM(A1)}", "01-02", "1E5", "http://x.org", "  7 ( 3%)", "<0.001", "_x0041_", "β 2\n3", "-", "'a")


class _Book:
    """A workbook as its parts say it."""

    def __init__(self, path: Path) -> None:
        with ZipFile(path) as packed:
            self.parts = {name: packed.read(name) for name in packed.namelist()}
        self.strings = [
            re.sub(r"_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), "".join(item.itertext()))
            for item in self._part("xl/sharedStrings.xml").iterfind(f"{MAIN}si")
        ]
        self.names = [sheet.get("name") for sheet in self._part("xl/workbook.xml").iter(f"{MAIN}sheet")]

    def _part(self, name: str) -> etree._Element:
        return etree.fromstring(self.parts[name])

    def sheet(self, number: int) -> etree._Element:
        return self._part(f"xl/worksheets/sheet{number}.xml")

    def texts(self, number: int) -> dict[str, str]:
        """What each cell says, by its address."""
        cells = [cell for cell in self.sheet(number).iter(f"{MAIN}c") if len(cell)]
        assert {cell.get("t") for cell in cells} == {"s"}
        assert not list(self.sheet(number).iter(f"{MAIN}f"))
        return {cell.get("r", ""): self.strings[int(cell.findtext(f"{MAIN}v", "-1"))] for cell in cells}

    def merged(self, number: int) -> list[str]:
        return [cell.get("ref", "") for cell in self.sheet(number).iter(f"{MAIN}mergeCell")]


def _lines(texts: dict[str, str]) -> list[list[str]]:
    """The texts line by line, lines without any left out."""
    lines: dict[int, list[str]] = {}
    for place, text in texts.items():
        lines.setdefault(int(re.sub(r"\D", "", place)), []).append(text)
    return [lines[number] for number in sorted(lines)]


def test_a_sheet_says_everything_in_order(display: Display, material: Material, tmp_path: Path) -> None:
    table = fill_display(display, material)
    write_xlsx([table, table], tmp_path / "a.xlsx", "Study")
    book = _Book(tmp_path / "a.xlsx")
    assert book.names == ["1", "1 (2)"]
    titles = [[text] for text in ("Table 1", table.title, table.subtitle, table.population) if text]
    headings = [[cell.text for cell in cells if cell.text] for cells in table.header]
    body = [[text for text in texts if text] for texts in table.texts()]
    expected = [*titles, *(h for h in headings if h), *body, *([note] for note in table.footnotes)]
    assert _lines(book.texts(1)) == expected
    assert book.texts(1) == book.texts(2)


def _table(number: str, texts: tuple[str, ...]) -> Table:
    header = (
        (HeaderCell("", 1, 0), HeaderCell("Active", 2, 1), HeaderCell("", 1, 3)),
        (HeaderCell("", 1, 0), HeaderCell("Low\n(N=3)", 1, 1), HeaderCell("High", 1, 2), HeaderCell("p", 1, 3)),
    )
    rows = tuple(
        TableRow((f"row {i}",), (TableCell(text), TableCell(), TableCell()), level=i % 2, blank=i == 2)
        for i, text in enumerate(texts)
    )
    aligns = ("left", "center", "center", "decimal")
    return Table("T", number, "A & B", "=sub", "All", header, rows, ("=note",), 1, (2.0, 1.0, 1.0, 1.0), aligns)


def test_what_looks_like_formulas_dates_and_addresses_stays_text(tmp_path: Path) -> None:
    write_xlsx([_table("14-2.01", HARMLESS)], tmp_path / "a.xlsx", "A & B", "x" * 300)
    book = _Book(tmp_path / "a.xlsx")
    texts = book.texts(1)
    first = next(int(place[1:]) for place, text in texts.items() if text == "row 0")
    shown = [texts[f"B{first + i + (i >= 2)}"] for i in range(len(HARMLESS))]
    assert shown == [*HARMLESS]
    assert "=sub" in texts.values()
    assert "=note" in texts.values()
    assert not [name for name in book.parts if "hyperlink" in name.lower() or name.endswith("sheet1.xml.rels")]


def test_headings_are_merged_stay_in_view_and_repeat_in_print(tmp_path: Path) -> None:
    write_xlsx([_table("14-2.01", HARMLESS)], tmp_path / "a.xlsx", "A & B", "x" * 300)
    book = _Book(tmp_path / "a.xlsx")
    sheet, texts = book.sheet(1), book.texts(1)
    heading = next(int(place[1:]) for place, text in texts.items() if text == "Active")
    inside = [ref for ref in book.merged(1) if not ref.startswith("A")]
    assert inside == [f"B{heading}:C{heading}"]
    pane = next(sheet.iter(f"{MAIN}pane"))
    assert (pane.get("state"), pane.get("ySplit")) == ("frozen", str(heading + 1))
    setup = next(sheet.iter(f"{MAIN}pageSetup"))
    assert (setup.get("orientation"), setup.get("fitToHeight")) == ("landscape", "0")
    defined = re.findall(rb"<definedName[^>]*>([^<]*)<", book.parts["xl/workbook.xml"])
    assert f"'14-2.01'!$1:${heading + 1}".encode() in defined
    widths = [float(col.get("width", "0")) for col in sheet.iter(f"{MAIN}col")]
    assert all(width >= 6 for width in widths)
    assert "A &amp;&amp; B" in etree.tostring(sheet).decode()


def test_the_same_tables_give_the_same_bytes(display: Display, material: Material, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_xlsx([fill_display(display, material)], tmp_path / name, "Study")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_a_text_for_which_excel_has_no_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no room"):
        write_xlsx([_table("1", ("x" * 40_000,))], tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize(
    ("number", "name"),
    [("14-2.01", "14-2.01"), ("14/1:[a]*?", "14-1--a---"), ("'x'", "x"), ("", "Table"), ("History", "Table History"),
     ("n" * 40, "n" * 31)],
)  # fmt: skip
def test_sheets_have_names_that_excel_allows(number: str, name: str) -> None:
    assert name_sheet(number, set()) == name
    again = name_sheet(number, {name.lower()})
    assert again.lower() != name.lower()
    assert len(again) <= 31
