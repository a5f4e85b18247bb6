"""The files: well-formed, the same bytes twice, words as words, fonts embedded, nothing outside the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader

from opencro.analysis.figures import draw_figure, render_png, write_pdf
from opencro.analysis.figures.place_labels import place_labels
from opencro.analysis.figures.style import COLORS, HATCHES, LINES, MARKS, TINTS, lighten
from opencro.analysis.results import Material

from .conftest import FIGURES, figure_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", FIGURES)
def test_an_svg_is_well_formed_has_its_words_and_is_the_same_twice(name: str, material: Material) -> None:
    drawn = draw_figure(figure_of(name, title="Sizes & <shapes> of $5", footnotes=["A note."]), material)
    root = etree.fromstring(drawn.svg)
    words = {"".join(element.itertext()) for element in root.iter(f"{SVG}text")}
    assert {"Figure 1", "Sizes & <shapes> of $5", "Population: Safety", "A note."} <= words
    assert root.findtext(f"{SVG}title") == "Figure 1 Sizes & <shapes> of $5"
    assert root.findtext(f"{SVG}desc") == drawn.alt
    assert drawn.alt.endswith(".")
    assert b"<dc:date>" not in drawn.svg
    again = draw_figure(figure_of(name, title="Sizes & <shapes> of $5", footnotes=["A note."]), material)
    assert again.svg == drawn.svg


@pytest.mark.parametrize("name", FIGURES)
def test_no_word_leaves_the_page(name: str, material: Material) -> None:
    picture = draw_figure(figure_of(name), material).picture
    tight = picture.get_tightbbox()
    width, height = picture.get_size_inches()
    assert tight.x0 >= 0.3
    assert tight.y0 >= 0.3
    assert tight.x1 <= width - 0.3
    assert tight.y1 <= height - 0.3


def test_a_pdf_has_a_page_for_each_its_fonts_and_the_same_bytes(tmp_path: Path, material: Material) -> None:
    drawings = [draw_figure(figure_of(name), material) for name in ("survival", "swimmer")]
    before = drawings[0].svg
    write_pdf(drawings, tmp_path / "one.pdf", header="Study X", footer="Draft")
    write_pdf(drawings, tmp_path / "two.pdf", header="Study X", footer="Draft")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert not list(tmp_path.glob("*.part"))
    reader = PdfReader(tmp_path / "one.pdf")
    assert len(reader.pages) == 2
    text = reader.pages[1].extract_text()
    assert "Page 2 of 2" in text
    assert "Study X" in text
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert {font["/Subtype"] for font in fonts} == {"/Type0"}
    assert all("/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts)
    assert reader.metadata is not None
    assert "/CreationDate" not in reader.metadata
    assert drawings[0].svg == before


def test_a_png_is_one(material: Material) -> None:
    assert render_png(draw_figure(figure_of("spider"), material), 40).startswith(b"\x89PNG")


def test_each_group_is_told_apart_by_color_line_mark_hatch_and_lightness() -> None:
    for kind in (COLORS, LINES, MARKS, HATCHES, TINTS):
        assert len(set(kind)) == len(COLORS)
    grey = [_luminance(lighten(color, tint)) for color, tint in zip(COLORS[:3], TINTS[:3], strict=True)]
    assert min(abs(a - b) for i, a in enumerate(grey) for b in grey[:i]) > 0.1


def _luminance(color: str) -> float:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_words_beside_points_do_not_lie_on_each_other() -> None:
    import numpy as np
    from matplotlib.figure import Figure as Picture

    axes = Picture(figsize=(11, 8.5)).subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    x = np.full(6, 5.0)
    y = np.linspace(5, 5.1, 6)
    assert place_labels(axes, x, y, np.full(6, 3.0), {i: f"TERM {i}" for i in range(6)}) == 0
    offsets = [(text.get_position(), text.get_ha()) for text in axes.texts]
    assert len(set(offsets)) == 6
    many = 60
    crowd = Picture(figsize=(11, 8.5)).subplots()
    crowd.set(xlim=(0, 10), ylim=(0, 10))
    left_out = place_labels(crowd, np.full(many, 5.0), np.full(many, 5.0), np.full(many, 3.0),
                            {i: f"TERM {i}" for i in range(many)})  # fmt: skip
    assert 0 < left_out == many - len(crowd.texts)
