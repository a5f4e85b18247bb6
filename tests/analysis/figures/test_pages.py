"""More participants than a page holds go on further pages, on the same axes; none is lost or drawn twice."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from opencro.analysis.figures import Figure, draw_figure, draw_pages
from opencro.analysis.results import Definitions, Material

PEOPLE = [f"{n:03d}" for n in range(23)]
KINDS: dict[str, dict[str, Any]] = {
    "waterfall": {"waterfall": {"of": "CHG", "per_page": 10}},
    "swimmer": {"swimmer": {"end": "DAYS", "per_page": 10, "marks": [{"dataset": "ADRS", "label": "AVALC"}]}},
    "spider": {"dataset": "ADTR", "spider": {"of": "CHG", "per_page": 10}},
}


@pytest.fixture(scope="module")
def material() -> Material:
    adsl = pl.DataFrame({"USUBJID": PEOPLE, "DAYS": range(5, 28), "CHG": [n * 3.0 - 30 for n in range(23)]})
    adtr = pl.DataFrame(
        {"USUBJID": PEOPLE * 2, "ADY": [0.0] * 23 + [30.0] * 23, "CHG": [0.0] * 23 + [n - 9.0 for n in range(23)]}
    )
    adrs = pl.DataFrame({"USUBJID": PEOPLE[::4], "ADY": [3.0] * 6, "AVALC": ["Response"] * 6})
    definitions = Definitions.model_validate({"populations": {"ALL": {"label": "All"}}})
    return Material({"ADSL": adsl, "ADTR": adtr, "ADRS": adrs}, definitions)


def _figure(kind: str, **changes: object) -> Figure:
    head = {"id": "F", "number": "1", "title": "t", "population": "ALL", "dataset": "ADSL"}
    own = KINDS[kind]
    return Figure.model_validate({**head, **own, kind: {**own[kind], **changes}})


@pytest.mark.parametrize("kind", KINDS)
def test_pages_have_the_same_axes_and_say_which_they_are(kind: str, material: Material) -> None:
    pages = draw_pages(_figure(kind), material)
    assert [page.id for page in pages] == ["F", "F-2", "F-3"]
    assert [page.number for page in pages] == [f"1 (page {n} of 3)" for n in (1, 2, 3)]
    assert all(page.alt.endswith(f"(page {n} of 3)") for n, page in enumerate(pages, 1))
    axis = "get_xlim" if kind == "swimmer" else "get_ylim"
    assert len({tuple(round(end, 6) for end in getattr(page.picture.axes[0], axis)()) for page in pages}) == 1
    if kind == "spider":
        assert len({page.picture.axes[0].get_xlim() for page in pages}) == 1
    assert all(page.frame.equals(pages[0].frame) for page in pages), "the numbers are those of all"


@pytest.mark.parametrize("kind", ["waterfall", "swimmer"])
def test_every_participant_stands_on_one_page(kind: str, material: Material) -> None:
    pages = draw_pages(_figure(kind), material)
    drawn = [len(page.picture.axes[0].patches) for page in pages]
    assert drawn == [10, 10, 3]
    if kind == "swimmer":
        names = [label.get_text() for page in pages for label in page.picture.axes[0].get_yticklabels()]
        assert sorted(names) == PEOPLE


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_on_a_page_is_drawn_as_one(kind: str, material: Material) -> None:
    (page,) = draw_pages(_figure(kind, per_page=23), material)
    assert (page.id, page.number) == ("F", "1")
    assert draw_figure(_figure(kind, per_page=23), material).svg == page.svg
