"""A small table and a small listing as they are rendered, byte by byte; `pytest --rewrite-golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.analysis.displays import Display, Listing, Table, fill_display, render_html, render_rtf, render_text
from opencro.analysis.results import Material
from tests.analysis.displays.test_listing import LISTING

FOLDER = Path(__file__).parent / "golden"
FORMATS = {"txt": render_text, "rtf": render_rtf, "html": lambda table: render_html(table, whole=False) + "\n"}


@pytest.fixture
def tables(display: Display, material: Material, events: Material) -> dict[str, Table]:
    listing = Listing.model_validate(LISTING)
    return {"table": fill_display(display, material), "listing": fill_display(listing, events)}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["table", "listing"])
def test_a_display_is_rendered_as_before(
    name: str, kind: str, tables: dict[str, Table], request: pytest.FixtureRequest
) -> None:
    path = FOLDER / f"{name}.{kind}"
    made = FORMATS[kind](tables[name])
    if request.config.getoption("--rewrite-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8", newline="\n")
    assert made == path.read_text(encoding="utf-8")
