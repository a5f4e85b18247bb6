"""What a cell shows."""

from __future__ import annotations

import pytest

from opencro.analysis.displays.template import fill_template
from opencro.analysis.results import Definitions
from opencro.kernel.finding import Refused


@pytest.mark.parametrize(
    ("template", "values", "shown"),
    [
        ("{n:3} ({pct:3.0}%)", {"n": 5, "pct": 12.5}, "  5 ( 13%)"),
        ("{mean:5.1}", {"mean": 42.65}, " 42.7"),
        ("{mean:0.1}", {"mean": -0.04}, "0.0"),
        ("{mean:0.0}", {"mean": -2.5}, "-3"),
        ("{n} of {N}", {"n": 2.0, "N": 7.0}, "2 of 7"),
        ("{p:p3}", {"p": 0.0004}, "<.001"),
        ("{p:p3}", {"p": 0.001}, "0.001"),
        ("{p:p3}", {"p": 1.0}, ">.99"),
        ("no numbers", {}, "no numbers"),
    ],
)
def test_numbers_stand_in_their_places(
    template: str, values: dict[str, float], shown: str, definitions: Definitions
) -> None:
    assert fill_template(template, values, definitions) == shown


def test_a_number_that_is_missing_leaves_the_cell_to_its_words_for_nothing(definitions: Definitions) -> None:
    assert fill_template("{mean:5.1} ({sd:5.2})", {"mean": 3.0, "sd": None}, definitions) is None
    assert fill_template("{mean:5.1}", {"mean": float("nan")}, definitions) is None


def test_small_negative_numbers_keep_their_sign_where_the_study_says_so(definitions: Definitions) -> None:
    kept = definitions.model_copy(update={"negative_zero": "keep"})
    assert fill_template("{mean:5.1}", {"mean": -0.04}, kept) == " -0.0"


def test_an_unknown_format_is_refused_with_the_one_that_was_meant(definitions: Definitions) -> None:
    with pytest.raises(Refused, match=r'DSP-011.*Did you mean "p3"'):
        fill_template("{p:p33}", {"p": 0.5}, definitions)
