"""Displays read the variables that their declarations use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opencro.analysis.figures.uses import uses_of
from opencro.app.build_displays import load_shells
from opencro.study import load_study


def test_every_variable_that_a_figure_uses_is_among_the_words_of_the_declarations(root: Path) -> None:
    shells = load_shells(load_study(root / "studies/cdiscpilot01"))
    assert shells is not None
    words = shells.words()
    assert {use.variable for figure in shells.figures.values() for use in uses_of(figure) if use.variable} <= words


def test_a_variable_at_the_start_of_a_line_is_a_word(root: Path) -> None:
    shells = load_shells(load_study(root / "studies/cdiscpilot01"))
    assert shells is not None
    identity, table = next(iter(shells.tables.items()))
    lines = table.model_copy(update={"where": 'SEX == "F" and\nNEWVAR == "Y" and\n\tOTHERVAR == 1'})
    assert {"NEWVAR", "OTHERVAR"} <= replace(shells, tables={identity: lines}).words()
