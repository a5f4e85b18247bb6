"""Seven groups, long names, many participants, many visits: everything still finds its room on the page."""

from __future__ import annotations

import random
import warnings
from typing import Any

import polars as pl
import pytest

from opencro.analysis.figures import Figure, draw_figure
from opencro.analysis.results import Definitions, Material

GROUPS, PEOPLE = 7, 70
VISITS = (0, 2, 4, 6, 8, 12, 16, 20, 24, 26, 52)
DRUGS = [
    {"id": f"g{k}", "value": f"G{k}", "label": f"Experimental Drug {10 * k} mg\ntwice daily"} for k in range(GROUPS)
]
HEAD: dict[str, Any] = {
    "number": "14.2.1.1",
    "title": "A Long Title that Goes on for More than One Line, for Every Endpoint and Visit has to Stand in It " * 2,
    "population": "ALL",
    "by": "arm",
    "footnotes": ["A long footnote. " * 20],
}
KINDS: dict[str, dict[str, Any]] = {
    "survival": {"dataset": "ADTTE", "kaplan_meier": {"every": 100, "band": True}},
    "means": {"dataset": "ADVS", "means": {"x_text": "AVISIT"}},
    "even means": {"dataset": "ADVS", "means": {"x_text": "AVISIT", "even": True}},
    "boxes": {"dataset": "ADVS", "boxes": {"x_text": "AVISIT"}},
    "waterfall": {"waterfall": {"of": "PCHG", "lines": [-30, 20]}},
    "swimmer": {"swimmer": {"end": "TRTDUR"}},
    "spider": {"dataset": "ADVS", "spider": {"of": "AVAL", "x": "AVISITN"}},
}


@pytest.fixture(scope="module")
def crowd() -> Material:
    """Ten participants in each of seven groups, eleven visits."""
    chance = random.Random(1)
    people = [f"STUDY-01-{i:04d}" for i in range(PEOPLE)]
    adsl = pl.DataFrame({
        "USUBJID": people,
        "TRT01A": [f"G{i % GROUPS}" for i in range(PEOPLE)],
        "TRTDUR": [chance.expovariate(0.01) + 5 for _ in people],
        "PCHG": [chance.gauss(-10, 40) for _ in people],
    })  # fmt: skip
    adtte = pl.DataFrame({
        "USUBJID": people,
        "AVAL": [chance.expovariate(0.003) for _ in people],
        "CNSR": [chance.randrange(2) for _ in people],
    })  # fmt: skip
    rows = [(who, float(v), f"Week {v} of Treatment", chance.gauss(v, 20)) for who in people for v in VISITS]
    advs = pl.DataFrame(rows, schema=["USUBJID", "AVISITN", "AVISIT", "AVAL"], orient="row")
    arm = {"dataset": "ADSL", "variable": "TRT01A", "groups": DRUGS}
    definitions = {"populations": {"ALL": {"label": "Everybody"}}, "groupings": {"arm": arm}}
    return Material({"ADSL": adsl, "ADTTE": adtte, "ADVS": advs}, Definitions.model_validate(definitions))


@pytest.mark.parametrize("name", KINDS)
def test_nothing_leaves_the_page_and_axes_keep_their_room(name: str, crowd: Material) -> None:
    figure = Figure.model_validate({"id": "F", **HEAD, **KINDS[name]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = draw_figure(figure, crowd).picture
    tight, (width, height) = picture.get_tightbbox(), picture.get_size_inches()
    assert min(tight.x0, tight.y0, width - tight.x1, height - tight.y1) >= 0.3
    first = picture.axes[0].get_position()
    assert first.width > 0.5
    assert first.height > 0.2
