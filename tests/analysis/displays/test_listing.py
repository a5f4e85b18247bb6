"""Listings: rows as they stand, sorted, repeats left out and shown again on the next page, each cell with its row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from opencro.analysis.displays import (
    Listed,
    Listing,
    Table,
    fill_display,
    read_definitions,
    read_listings,
    render_html,
    render_rtf,
)
from opencro.analysis.displays.pages import split_pages
from opencro.analysis.results import Material
from opencro.study import Study, load_study

LISTING: dict[str, Any] = {
    "id": "L1",
    "number": "16.2.7",
    "title": "Adverse Events",
    "population": "SAF",
    "dataset": "ADAE",
    "order": ["TRT01A", "USUBJID", "-ASTDT"],
    "apart": "USUBJID",
    "columns": [
        {"label": "Arm", "show": "{TRT01A}", "width": 6, "once": True, "page": True},
        {"label": "Participant", "show": "{USUBJID}", "width": 13, "once": True},
        {"label": "Event", "show": "{AETERM} / {AEOUT}", "width": 18},
        {"label": "Start (day)", "show": "{ASTDT:date} ({ASTDY})", "width": 17},
        {"label": "Serious", "show": "{AESER}", "width": 9, "words": {"Y": "Yes", "N": "No"}},
    ],
    "footnotes": ["A note."],
}


def _fill(material: Material, **changes: object) -> Table:
    return fill_display(Listing.model_validate({**LISTING, **changes}), material)


def test_rows_are_those_of_the_population_in_the_declared_order(events: Material) -> None:
    full = [[cell.text for cell in row.again] for row in _fill(events).rows]
    assert full == [
        ["A", "1", "Rash / FATAL", "2024-01-27 (-)", ""],
        ["A", "1", "Cough / -", "2024-01-25 (-6)", "Yes"],
        ["B", "2", "Pain of the head\nthat does not\nend / RECOVERED/\nRESOLVED", "2024-01-31 (1)", "No"],
    ]


def test_a_repeat_is_left_out_until_a_participant_changes(events: Material) -> None:
    shown = [[cell.text for cell in row.cells[:2]] for row in _fill(events).rows]
    assert shown == [["A", "1"], ["", ""], ["B", "2"]]
    by_arm = _fill(events, apart=None, columns=[{**c, "page": False} for c in LISTING["columns"]])
    assert [row.blank for row in by_arm.rows] == [False] * 3


def test_a_page_says_again_what_its_first_row_would_have_left_out(events: Material) -> None:
    many = events.datasets["ADAE"].filter(pl.col("USUBJID") == "1")
    material = Material({"ADSL": events.datasets["ADSL"], "ADAE": pl.concat([many] * 20)}, events.definitions)
    pages = split_pages(_fill(material, lines_per_page=12))
    assert [len(page) for page in pages] == [12, 12, 12, 4]
    assert all(page[0].cells[1].text == "1" for page in pages)
    assert all(row.cells[1].text == "" for page in pages for row in page[1:])


def test_a_new_value_of_a_page_column_begins_a_page(events: Material) -> None:
    assert [[row.cells[0].text for row in page] for page in split_pages(_fill(events))] == [["A", ""], ["B"]]


def test_every_cell_knows_its_row_and_its_variables(events: Material) -> None:
    table = _fill(events)
    assert table.rows[1].again[3].source == Listed("ADAE", 1, ("ADAE.ASTDT", "ADAE.ASTDY"))
    assert table.rows[0].again[0].source == Listed("ADAE", 2, ("ADSL.TRT01A",))


def test_a_listing_without_rows_says_so(events: Material) -> None:
    table = _fill(events, where='AETERM == "Fracture"', none="Nobody broke a bone.")
    assert table.rows == ()
    assert "Nobody broke a bone." in render_html(table)
    assert "Nobody broke a bone." in render_rtf(table)


@pytest.mark.parametrize("width", range(3, 30))
def test_broken_lines_fit_and_lose_no_sign(events: Material, width: int) -> None:
    column = {"label": "E", "show": "{AETERM} / {AEOUT}", "width": width}
    text = _fill(events, columns=[column]).rows[2].cells[0].text
    assert max(map(len, text.split("\n"))) < width
    assert "".join(text.split()) == "Painoftheheadthatdoesnotend/RECOVERED/RESOLVED"


def test_columns_wider_than_a_page_and_repeats_behind_others_are_refused() -> None:
    wide = {"label": "x", "show": "{AETERM}", "width": 100}
    with pytest.raises(ValidationError, match="a page holds 120"):
        Listing.model_validate({**LISTING, "columns": [wide, wide]})
    with pytest.raises(ValidationError, match="before the others"):
        Listing.model_validate({**LISTING, "columns": [LISTING["columns"][2], LISTING["columns"][0]]})


DAMAGE = [
    ("population: SAF", "population: SAV", "DSP-002"),
    ("{AEOUT}", "{AEOUT:nice}", "DSP-003"),
    ("{AETERM} /", "{AETERM /", "DSP-006"),
    ("id: L1", "id: L2", "DSP-007"),
    ("{AESER}", "{AESERR}", "DSP-009"),
    ("apart: USUBJID", "apart: SUBJECT", "DSP-009"),
    ("dataset: ADAE", "dataset: ADAE\nwidth: 3", "DSP-001"),
]


@pytest.mark.parametrize(("before", "after", "code"), DAMAGE)
def test_what_a_listing_says_wrongly_is_found_with_its_place(
    root: Path, tmp_path: Path, before: str, after: str, code: str
) -> None:
    study = _study(root, tmp_path, yaml.safe_dump(LISTING, sort_keys=False, width=200).replace(before, after, 1))
    definitions, _ = read_definitions(study)
    assert definitions is not None
    findings = read_listings(study, definitions, {"T1"})[1]
    assert {finding.code for finding in findings} == {code}
    assert all(finding.place.file == "analysis/listings/L1.yaml" for finding in findings)


def test_a_listing_may_not_have_the_id_of_a_table(root: Path, tmp_path: Path) -> None:
    study = _study(root, tmp_path, yaml.safe_dump(LISTING))
    definitions, _ = read_definitions(study)
    assert definitions is not None
    assert [f.code for f in read_listings(study, definitions, {"L1"})[1]] == ["DSP-010"]
    assert read_listings(study, definitions)[1].ok


def _study(root: Path, folder: Path, text: str) -> Study:
    """The bundled study with one listing."""
    target = folder / "study"
    shutil.copytree(
        root / "studies/cdiscpilot01", target, ignore=shutil.ignore_patterns("build", "ledger*", "listings")
    )
    (target / "analysis/listings").mkdir()
    (target / "analysis/listings/L1.yaml").write_text(text, encoding="utf-8")
    return load_study(target)
