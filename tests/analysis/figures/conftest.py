"""A small oncology trial, by hand: two arms, tumor sizes, responses, survival, events, liver tests."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from opencro.analysis.figures import Figure
from opencro.analysis.results import Definitions, Material

DEFINITIONS: dict[str, Any] = {
    "populations": {"ALL": {"label": "Everybody"}, "SAF": {"label": "Safety", "where": 'SAFFL == "Y"'}},
    "groupings": {
        "arm": {
            "dataset": "ADSL",
            "variable": "TRT01A",
            "groups": [{"id": "a", "value": "A", "label": "Arm\nA"}, {"id": "b", "value": "B", "label": "Arm B"}],
        },
        "sex": {
            "dataset": "ADSL",
            "variable": "SEX",
            "groups": [{"id": "f", "value": "F", "label": "Female"}, {"id": "m", "value": "M", "label": "Male"}],
        },
    },
}
PEOPLE = [
    ("01", "A", "F", 51.0, "Y", 120.0, "Y"),
    ("02", "A", "M", 64.0, "Y", 85.0, "N"),
    ("03", "A", "F", 47.0, "Y", 200.0, "Y"),
    ("04", "A", "M", 70.0, "Y", 30.0, "N"),
    ("05", "B", "F", 58.0, "Y", 60.0, "N"),
    ("06", "B", "M", 66.0, "Y", 150.0, "N"),
    ("07", "B", "F", 39.0, "Y", 45.0, "N"),
    ("08", "B", "M", 73.0, "Y", 90.0, "Y"),
    ("09", "B", "F", 44.0, "N", 10.0, "N"),
]
BEST = {"01": -100, "02": -35, "03": -62, "04": 24, "05": -10, "06": -31, "07": 55, "08": 3, "09": -99}
TIMES = [("01", 12.0, 1), ("02", 5.0, 0), ("03", 20.0, 1), ("04", 3.0, 0),
         ("05", 2.0, 0), ("06", 8.0, 0), ("07", 4.0, 1), ("08", 6.0, 0), ("09", 1.0, 0)]  # fmt: skip
EVENTS = [("01", "RASH", 5.0, 9.0, "MILD"), ("01", "RASH", 40.0, None, "SEVERE"), ("02", "RASH", 2.0, 3.0, "MILD"),
          ("03", "NAUSEA", 8.0, 8.0, "MILD"), ("05", "NAUSEA", 1.0, 2.0, "MILD"), ("06", "NAUSEA", 4.0, 6.0, "MILD"),
          ("07", "NAUSEA", 4.0, 5.0, "MILD"), ("09", "RASH", 1.0, 1.0, "MILD")]  # fmt: skip
LIVER = {"01": (20, 30, 0.5), "02": (130, 40, 0.6), "03": (35, 90, 3.0), "04": (25, 200, 2.5), "05": (30, 28, 1.0),
         "06": (10, 12, 0.4), "07": (18, 22, 0.8), "08": (50, 44, None)}  # fmt: skip


def datasets() -> dict[str, pl.DataFrame]:
    """ADSL, ADTTE, ADTR (change of tumor size), ADRS (responses), ADAE, ADLB."""
    adsl = pl.DataFrame(PEOPLE, schema=["USUBJID", "TRT01A", "SEX", "AGE", "SAFFL", "TRTDUR", "ONGOFL"], orient="row")
    adtte = pl.DataFrame(TIMES, schema=["USUBJID", "AVAL", "CNSR"], orient="row")
    sizes = [
        (who, float(6 * k), 50.0 + i, best * k / 2) for i, (who, best) in enumerate(BEST.items()) for k in (0, 1, 2)
    ]
    adtr = pl.DataFrame(sizes, schema=["USUBJID", "AWEEK", "BASE", "PCHG"], orient="row")
    responses = [(who, 42.0, "Partial response") for who, best in BEST.items() if best <= -30]
    responses += [(who, 30.0, "Progression") for who, best in BEST.items() if best >= 20]
    adrs = pl.DataFrame(responses, schema=["USUBJID", "ADY", "AVALC"], orient="row")
    adae = pl.DataFrame(EVENTS, schema=["USUBJID", "AEDECOD", "ASTDY", "AENDY", "AESEV"], orient="row")
    rows = [(who, code, value, high, day) for who, values in LIVER.items()
            for code, value, high in zip(("ALT", "AST", "BILI"), values, (40.0, 40.0, 1.2), strict=True)
            for day in (8.0, 15.0)]  # fmt: skip
    columns = {"USUBJID": pl.String, "PARAMCD": pl.String, "AVAL": pl.Float64, "A1HI": pl.Float64, "ADY": pl.Float64}
    adlb = pl.DataFrame(rows, schema=columns, orient="row", strict=False).with_columns(A1LO=pl.lit(1.0))
    return {"ADSL": adsl, "ADTTE": adtte, "ADTR": adtr, "ADRS": adrs, "ADAE": adae, "ADLB": adlb}


HEAD = {"number": "1", "title": "A figure", "population": "SAF", "by": "arm"}
FIGURES: dict[str, dict[str, Any]] = {
    "survival": {"dataset": "ADTTE", "kaplan_meier": {"every": 5, "end": 20, "test": True, "band": True}},
    "means": {"dataset": "ADTR", "means": {"of": "PCHG", "x": "AWEEK", "line": 0}},
    "boxes": {"dataset": "ADTR", "boxes": {"of": "PCHG", "x": "AWEEK"}},
    "waterfall": {
        "dataset": "ADTR",
        "take": "least",
        "where": "AWEEK == 12",
        "y_label": "Best change of tumor size, %",
        "waterfall": {"of": "PCHG", "lines": [-30, 20], "text": "USUBJID"},
    },
    "swimmer": {
        "x_label": "Days since start of treatment",
        "swimmer": {
            "end": "TRTDUR",
            "going": 'ONGOFL == "Y"',
            "marks": [
                {"dataset": "ADRS", "label": "AVALC"},
                {"dataset": "ADAE", "day": "ASTDY", "label": "AEDECOD", "where": 'AESEV == "SEVERE"'},
            ],
        },
    },
    "spider": {
        "dataset": "ADTR",
        "x_label": "Weeks",
        "y_label": "Change of tumor size, %",
        "spider": {"of": "PCHG", "x": "AWEEK", "lines": [-30, 20]},
    },
    "dots": {"dataset": "ADAE", "events": {"pair": ["b", "a"]}},
    "volcano": {"dataset": "ADAE", "events": {"pair": ["b", "a"], "shape": "volcano", "alpha": 0.9}},
    "liver": {"dataset": "ADLB", "liver": {}},
    "differences": {
        "dataset": "ADTR",
        "where": "AWEEK == 12",
        "forest": {
            "method": "ancova",
            "model": "PCHG ~ arm",
            "pair": ["b", "a"],
            "lines": [{"label": "Everybody"}, {"label": "Sex", "each": "sex"}, {"label": "None", "where": "AGE > 99"}],
        },
    },
    "hazards": {
        "dataset": "ADTTE",
        "forest": {
            "method": "hazard_ratio",
            "pair": ["b", "a"],
            "favors": ["favors B", "favors A"],
            "lines": [{"label": "Everybody"}, {"label": "Under 65", "where": "AGE < 65"}],
        },
    },
    "risks": {
        "dataset": "ADAE",
        "forest": {
            "method": "risk_difference",
            "event": 'AEDECOD == "NAUSEA"',
            "everybody": True,
            "pair": ["b", "a"],
            "lines": [{"label": "Everybody"}, {"label": "Sex", "each": "sex"}, {"label": "Old", "where": "AGE > 60"}],
        },
    },
    "profile": {
        "by": None,
        "profile": {
            "participant": "01",
            "facts": {"age": "AGE", "sex": "SEX"},
            "tracks": [
                {"dataset": "ADSL", "label": "Treatment", "start": 1, "end": "TRTDUR", "text": "TRT01A"},
                {"dataset": "ADAE", "label": "Events", "start": "ASTDY", "end": "AENDY", "text": "AEDECOD",
                 "tone": "AESEV"},
            ],
            "curves": [
                {"dataset": "ADLB", "label": "ALT", "where": 'PARAMCD == "ALT"', "lower": "A1LO", "upper": "A1HI"},
                {"dataset": "ADLB", "label": "Nothing", "where": 'PARAMCD == "X"'},
            ],
        },
    },
}  # fmt: skip


def figure_of(name: str, **changes: Any) -> Figure:
    """One of the figures above, changed."""
    return Figure.model_validate({"id": name, **HEAD, **FIGURES[name], **changes})


@pytest.fixture
def definitions() -> Definitions:
    """Two arms, two sexes."""
    return Definitions.model_validate(DEFINITIONS)


@pytest.fixture
def material(definitions: Definitions) -> Material:
    """Nine participants, one of them not in the safety population."""
    return Material(datasets(), definitions)
