"""Which variables decide a result: those of the model, the strata, the base, the censoring."""

from __future__ import annotations

import polars as pl

from opencro.analysis.displays import Display
from opencro.analysis.results import METHODS, Analysis, Definitions, Material
from opencro.app.browse.tables import used_variables
from opencro.app.build_displays import Shells


def test_strata_base_and_censoring_are_among_the_variables_of_a_result() -> None:
    groupings = {
        "arm": {"dataset": "ADSL", "variable": "ARM", "groups": [{"id": "a", "value": "A"}, {"id": "b", "value": "B"}]},
        "sex": {"dataset": "ADSL", "variable": "SEX"},
    }
    definitions = Definitions.model_validate({"populations": {"ALL": {"label": "All"}}, "groupings": groupings})
    times = pl.DataFrame({"USUBJID": ["1"], "AVAL": [1.0], "CNSR": [0.0], "SITE": ["x"]})
    people = pl.DataFrame({"USUBJID": ["1"], "ARM": ["A"], "SEX": ["F"]})
    material = Material({"ADSL": people, "ADTTE": times}, definitions)
    options = (("across", "arm"), ("strata", ("sex", "SITE")))
    found = used_variables(Analysis("hazard_ratio", "ADTTE", "ALL", "AVAL", options=options), material)
    assert set(found) == {"ADTTE.AVAL", "ADTTE.CNSR", "ADSL.ARM", "ADSL.SEX", "ADTTE.SITE"}
    based = Analysis("risk_difference", "ADTTE", "ALL", options=(("across", "arm"), ("base", ("sex",))))
    assert set(used_variables(based, material)) == {"ADSL.ARM", "ADSL.SEX"}


def test_a_build_reads_the_censoring_that_no_declaration_names() -> None:
    definitions = Definitions.model_validate({"populations": {"ALL": {"label": "All"}}})
    row = {"method": "kaplan_meier", "of": "AVAL", "cells": {"": "{median}"}}
    told = {
        "id": "T",
        "number": "1",
        "title": "x",
        "population": "ALL",
        "dataset": "ADTTE",
        "columns": [{"label": "x"}],
    }
    shell = Display.model_validate({**told, "rows": [row]})
    assert {"AVAL", "CNSR"} <= Shells({"T": shell}, {}, Material({}, definitions)).words_of(shell)
    assert all(method.variables == ("CNSR",) for method in METHODS.values() if "censor" in method.options)
