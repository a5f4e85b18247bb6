"""A small trial: two arms, a few participants, adverse events and a score."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from opencro.analysis.displays import Display
from opencro.analysis.results import Definitions, Material

DEFINITIONS = {
    "populations": {
        "ALL": {"label": "Everybody"},
        "SAF": {"label": "Safety", "where": 'SAFFL == "Y"'},
    },
    "groupings": {
        "arm": {
            "dataset": "ADSL",
            "variable": "TRT01A",
            "groups": [{"id": "a", "value": "A", "label": "Arm A"}, {"id": "b", "value": "B", "label": "Arm B"}],
        },
        "sex": {
            "dataset": "ADSL",
            "variable": "SEX",
            "groups": [{"id": "f", "value": "F", "label": "Female"}, {"id": "m", "value": "M", "label": "Male"}],
        },
    },
    "formats": {"p3": {"decimals": 3, "below": 0.001, "below_text": "<.001", "above": 0.99, "above_text": ">.99"}},
}
DISPLAY = {
    "id": "T1",
    "number": "1",
    "title": "A table",
    "population": "SAF",
    "columns": [
        {"each": "arm", "label": "{label}\n(N={N})", "total": {"label": "Total"}},
        {"id": "p", "label": "p"},
    ],
    "rows": [
        {
            "label": "Age",
            "method": "summarize",
            "of": "AGE",
            "beside": {"p": {"method": "anova", "options": {"across": "arm"}, "show": "{p:p3}"}},
            "lines": {"n": "{n}", "Mean (SD)": "{mean:5.1} ({sd:5.2})", "Median": "{median:5.1}"},
        },
        {
            "label": "Sex",
            "blank": True,
            "method": "count",
            "rows": [{"each": "sex", "cells": {"": {"show": "{n:2} ({pct:3.0}%)", "none": " 0"}}}],
        },
        {
            "label": "Events",
            "blank": True,
            "dataset": "ADAE",
            "where": 'TRTEMFL == "Y"',
            "method": "count",
            "rows": [
                {
                    "each": "AEDECOD",
                    "sort": {"count_in": {"arm": "b"}},
                    "cells": {
                        "": {"show": "{n:2} ({pct:3.0}%) [{records}]", "none": " 0"},
                        "p": {"method": "fisher", "options": {"across": "arm"}, "pair": ["b", "a"], "show": "{p:p3}"},
                    },
                }
            ],
        },
    ],
    "footnotes": ["A note."],
}


@pytest.fixture
def definitions() -> Definitions:
    """Two arms, two sexes."""
    return Definitions.model_validate(DEFINITIONS)


@pytest.fixture
def display() -> Display:
    """Ages, sexes, events."""
    return Display.model_validate(DISPLAY)


@pytest.fixture
def make_material(definitions: Definitions) -> Callable[..., Material]:
    """`make_material(people, events)`: rows of (id, arm, sex, age, treated) and of (id, term, emergent)."""

    def make(people: list[tuple[str, str, str, float, str]], events: list[tuple[str, str, str]]) -> Material:
        adsl = pl.DataFrame(people, schema=["USUBJID", "TRT01A", "SEX", "AGE", "SAFFL"], orient="row")
        adae = pl.DataFrame(events, schema=dict.fromkeys(("USUBJID", "AEDECOD", "TRTEMFL"), pl.String), orient="row")
        return Material({"ADSL": adsl, "ADAE": adae}, definitions)

    return make


PEOPLE = [
    ("1", "A", "F", 30.0, "Y"),
    ("2", "A", "M", 41.0, "Y"),
    ("3", "A", "F", 52.5, "Y"),
    ("4", "B", "F", 33.0, "Y"),
    ("5", "B", "F", 61.0, "Y"),
    ("6", "B", "M", 47.0, "Y"),
    ("7", "B", "F", 55.0, "Y"),
]
EVENTS = [
    ("1", "HEADACHE", "Y"),
    ("1", "HEADACHE", "Y"),
    ("2", "COUGH", "Y"),
    ("4", "COUGH", "Y"),
    ("5", "COUGH", "Y"),
    ("6", "RASH", "N"),
    ("7", "RASH", "Y"),
]


@pytest.fixture
def material(make_material: Callable[..., Material]) -> Material:
    """Seven participants, seven events."""
    return make_material(PEOPLE, EVENTS)


@pytest.fixture
def events() -> Material:
    """Three participants in two arms; one was not treated."""
    adsl = pl.DataFrame({"USUBJID": ["1", "2", "3"], "TRT01A": ["A", "B", "B"], "SAFFL": ["Y", "Y", "N"]})
    adae = pl.DataFrame(
        {
            "USUBJID": ["2", "1", "1", "3"],
            "AETERM": ["Pain of the head that does not end", "Cough", "Rash", "Fall"],
            "AEOUT": ["RECOVERED/RESOLVED", None, "FATAL", "FATAL"],
            "ASTDT": [23406.0, 23400.0, 23402.0, 23402.0],
            "ASTDY": [1, -6, None, 2],
            "AESER": ["N", "Y", None, "Y"],
        }
    )
    definitions = Definitions.model_validate({"populations": {"SAF": {"label": "Safety", "where": 'SAFFL == "Y"'}}})
    return Material({"ADSL": adsl, "ADAE": adae}, definitions)
