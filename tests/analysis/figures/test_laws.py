"""What must not matter to a figure: the order of the rows, the names of the groups."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from opencro.analysis.figures import draw_figure
from opencro.analysis.results import Definitions, Material

from .conftest import DEFINITIONS, FIGURES, datasets, figure_of

SWAPPED = {"a": "b", "b": "a"}


@pytest.mark.parametrize("name", FIGURES)
def test_the_order_of_the_rows_does_not_matter(name: str, material: Material) -> None:
    shuffled = {key: frame.sample(fraction=1.0, shuffle=True, seed=7) for key, frame in datasets().items()}
    figure = figure_of(name)
    one, other = draw_figure(figure, material), draw_figure(figure, Material(shuffled, material.definitions))
    assert_frame_equal(one.frame, other.frame)
    assert one.alt == other.alt
    assert one.svg == other.svg


@pytest.mark.parametrize("name", ["survival", "means", "boxes", "waterfall", "swimmer", "spider", "liver"])
def test_groups_called_otherwise_give_the_same_numbers_under_other_names(name: str, material: Material) -> None:
    figure = figure_of(name)
    frame = draw_figure(figure, material).frame
    swapped = draw_figure(figure, Material(material.datasets, _swapped())).frame
    renamed = frame.with_columns(pl.col("group").replace(SWAPPED))
    by = [c for c in frame.columns if frame[c].dtype == pl.String]
    order = [*by, *(c for c in frame.columns if c not in by)]
    assert_frame_equal(renamed.sort(order, nulls_last=True), swapped.sort(order, nulls_last=True))


@pytest.mark.parametrize("name", ["dots", "differences", "risks"])
def test_the_other_way_round_a_difference_has_the_other_sign(name: str, material: Material) -> None:
    figure = figure_of(name)
    part = figure.kind
    kind: dict[str, Any] = getattr(figure, part).model_dump()
    turned = figure_of(name, **{part: {**kind, "pair": ["a", "b"]}})
    value = "difference" if part == "events" else "estimate"
    label = "term" if part == "events" else "line"
    one, other = (draw_figure(f, material).frame.sort(label) for f in (figure, turned))
    assert other[value].to_list() == pytest.approx([None if v is None else -v for v in one[value]])
    assert other["lower"].to_list() == pytest.approx([None if v is None else -v for v in one["upper"]], abs=1e-6)


def test_the_other_way_round_a_hazard_ratio_is_one_over_it(material: Material) -> None:
    figure = figure_of("hazards")
    assert figure.forest is not None
    turned = figure_of("hazards", forest={**figure.forest.model_dump(), "pair": ["a", "b"]})
    one, other = (draw_figure(f, material).frame.row(0, named=True) for f in (figure, turned))
    assert other["estimate"] == pytest.approx(1 / one["estimate"], rel=1e-6)
    assert other["lower"] == pytest.approx(1 / one["upper"], rel=1e-6)


def _swapped() -> Definitions:
    arm = DEFINITIONS["groupings"]["arm"]
    groups = [{**group, "id": SWAPPED[group["id"]]} for group in arm["groups"]]
    groupings = {**DEFINITIONS["groupings"], "arm": {**arm, "groups": groups}}
    return Definitions.model_validate({**DEFINITIONS, "groupings": groupings})
