"""Displays read the variables that their declarations use."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from opencro.analysis.figures.uses import uses_of
from opencro.app.build import build
from opencro.app.build_displays import load_shells
from opencro.app.build_frames import FramesOnDemand
from opencro.study import Study, load_study


def test_every_variable_that_a_figure_uses_is_among_the_words_of_the_declarations(root: Path) -> None:
    shells = load_shells(load_study(root / "studies/cdiscpilot01"))
    assert shells is not None
    for figure in shells.figures.values():
        assert {use.variable for use in uses_of(figure) if use.variable} <= shells.words_of(figure)


def test_a_variable_at_the_start_of_a_line_is_a_word(root: Path) -> None:
    shells = load_shells(load_study(root / "studies/cdiscpilot01"))
    assert shells is not None
    table = next(iter(shells.tables.values()))
    lines = table.model_copy(update={"where": 'SEX == "F" and\nNEWVAR == "Y" and\n\tOTHERVAR == 1'})
    assert {"NEWVAR", "OTHERVAR"} <= shells.words_of(lines)


def test_a_variable_of_a_grouping_is_read_where_a_shell_names_it_and_not_elsewhere(root: Path) -> None:
    shells = load_shells(load_study(root / "studies/cdiscpilot01"))
    assert shells is not None
    assert "AGEGR1" in shells.words_of(shells.figures["F_FOREST"])
    assert "AGEGR1" not in shells.words_of(shells.figures["F_EDISH"])


def test_frames_are_read_when_asked_for_and_only_the_last_is_kept_beside_the_participants() -> None:
    opened: list[str] = []

    def scan(name: str) -> pl.LazyFrame:
        opened.append(name)
        return pl.LazyFrame({"USUBJID": ["1"], "AVAL": [1.0], "UNUSED": [name]})

    frames = FramesOnDemand({"ADVS", "ADSL", "ADLBC"}, scan, {"USUBJID", "AVAL"})
    assert list(frames) == ["ADLBC", "ADSL", "ADVS"]
    assert opened == []
    for name in ("ADSL", "ADLBC", "ADLBC", "ADSL", "ADVS", "ADSL", "ADLBC"):
        assert frames[name].columns == ["USUBJID", "AVAL"]
    assert opened == ["ADSL", "ADLBC", "ADVS", "ADLBC"]
    with pytest.raises(KeyError):
        frames["ADXX"]


def test_a_new_study_has_tables_and_a_listing_from_its_first_build(played: Study) -> None:
    folder = build(played).folder / "displays"
    shells = load_shells(played)
    assert shells is not None
    assert {"T14_1_1", "T14_3_1", "L16_2_7"} <= set(shells.tables)
    assert all((folder / f"{name}.{kind}").stat().st_size for name in shells.tables for kind in ("txt", "html", "rtf"))
    told = (folder / "T14_1_1.txt").read_text(encoding="utf-8")
    people = pl.read_parquet(folder.parent / "adam/parquet/adsl.parquet").filter(pl.col("SAFFL") == "Y").height
    assert re.search(rf"Total\s+.*\(N={people}\)", told, re.DOTALL)
