"""Text, HTML, RTF and PDF say the same; pages hold every row once."""

from __future__ import annotations

import html
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader

from opencro.analysis.displays import (
    Display,
    HeaderCell,
    Table,
    TableCell,
    TableRow,
    fill_display,
    render_html,
    render_rtf,
    write_pdf,
)
from opencro.analysis.displays.pages import split_pages
from opencro.analysis.displays.render_rtf import escape_rtf
from opencro.analysis.results import Material


def _cells(table: Table) -> list[str]:
    return [text.strip() for row in table.texts() for text in row if text.strip()]


def test_html_is_well_formed_says_all_and_calls_nobody(display: Display, material: Material) -> None:
    table = fill_display(display, material)
    page = render_html(table)
    body = etree.HTML(page)
    shown = ["".join(cell.itertext()).replace("\u2007", " ").strip() for cell in body.iterfind(".//tbody//*[@scope]")]
    assert [s for s in shown if s] == [row.labels[-1] for row in table.rows]
    told = "".join(body.itertext()).replace("\u2007", " ")
    assert all(text in told for text in _cells(table))
    assert "//" not in re.sub(r"<!doctype[^>]*>", "", page)
    assert "<script" not in page


def test_words_cannot_become_markup(display: Display, material: Material) -> None:
    bad = display.model_copy(update={"title": "<img src=x>", "footnotes": ("a & b",)})
    page = render_html(fill_display(bad, material))
    assert "<img" not in page
    assert html.escape("<img src=x>") in page


def test_rtf_is_balanced_and_every_row_has_all_its_cells(display: Display, material: Material) -> None:
    table = fill_display(display, material)
    text = render_rtf(table, "Study {1}", "made by \\x")
    bare = re.sub(r"\\[\\{}]", "", text)
    assert bare.count("{") == bare.count("}")
    rows = text.split(r"\trowd")[1:]
    assert all(row.count(r"\cellx") == row.count(r"\cell") - row.count(r"\cellx") for row in rows)
    assert all(escape_rtf(cell) in text for cell in _cells(table) if " " not in cell)


def test_rtf_writes_signs_beyond_ascii_by_their_code() -> None:
    assert escape_rtf("β") == r"\u946?"
    assert escape_rtf("😀") == r"\u-10179?\u-8704?"
    assert escape_rtf(" 5  6\n") == r"\~5 \~6\line "


def test_pdf_says_all_embeds_its_fonts_and_is_the_same_to_the_byte(
    display: Display, material: Material, tmp_path: Path
) -> None:
    table = fill_display(display, material)
    write_pdf([table, table], tmp_path / "a.pdf", "Study")
    write_pdf([table, table], tmp_path / "b.pdf", "Study")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    reader = PdfReader(tmp_path / "a.pdf")
    assert len(reader.pages) == 2
    told = reader.pages[0].extract_text()
    assert all(re.sub(r"\s+", "", text) in re.sub(r"\s+", "", told) for text in _cells(table))
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    embedded = [f for f in fonts if "/FontDescriptor" in f and "/FontFile2" in f["/FontDescriptor"]]
    assert len(embedded) >= 2


def _table(rows: list[TableRow], lines: int) -> Table:
    header = ((HeaderCell(""), HeaderCell("A", 1, 1)),)
    return Table("T", "1", "t", "", "p", header, tuple(rows), (), 1, (1.0, 1.0), ("left", "center"), lines)


ROW = st.builds(
    lambda level, blank, keep, text, n: TableRow((f"row {n}",), (TableCell(text),), level, blank, keep),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "1", "2\n3"]),
    st.integers(0, 99),
)


@given(rows=st.lists(ROW, min_size=1, max_size=60), lines=st.integers(10, 30))
def test_pages_hold_every_row_once_in_order_and_are_not_overfull(rows: list[TableRow], lines: int) -> None:
    pages = split_pages(_table(rows, lines))
    kept = [row for page in pages for row in page if "(continued)" not in row.labels[-1]]
    assert kept == rows
    for page in pages:
        height = sum(max(c.text.count("\n") for c in (*row.cells, TableCell())) + 1 + row.blank for row in page)
        assert height <= lines + 2


def test_a_group_that_goes_on_is_headed_again() -> None:
    rows = [TableRow(("CARDIAC",), (TableCell(""),))]
    rows += [TableRow((f"event {i}",), (TableCell("1"),), level=1) for i in range(15)]
    pages = split_pages(_table(rows, 10))
    assert pages[1][0].labels == ("CARDIAC (continued)",)
    assert pages[1][1].labels == ("event 9",)
