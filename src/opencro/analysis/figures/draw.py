"""A figure from its declaration and the data: the rows are prepared, the numbers computed, the page drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

import opencro.stats as st
from opencro.analysis.figures.boxes import draw_boxes
from opencro.analysis.figures.data import FOLDER, Nothing
from opencro.analysis.figures.drawing import Drawing
from opencro.analysis.figures.events import draw_events
from opencro.analysis.figures.forest import draw_forest
from opencro.analysis.figures.kaplan_meier import draw_kaplan_meier
from opencro.analysis.figures.liver import draw_liver
from opencro.analysis.figures.means import draw_means
from opencro.analysis.figures.model import Figure
from opencro.analysis.figures.page import Drawn, frame_page, new_picture, settle
from opencro.analysis.figures.profile import draw_profile
from opencro.analysis.figures.read import check_data
from opencro.analysis.figures.spider import draw_spider
from opencro.analysis.figures.style import house_style
from opencro.analysis.figures.swimmer import draw_swimmer
from opencro.analysis.figures.waterfall import draw_waterfall
from opencro.analysis.results import Material
from opencro.kernel.finding import Finding, Place, Refused

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

DRAW: dict[str, Callable[..., Drawn]] = {
    "kaplan_meier": draw_kaplan_meier,
    "means": draw_means,
    "boxes": draw_boxes,
    "waterfall": draw_waterfall,
    "swimmer": draw_swimmer,
    "spider": draw_spider,
    "events": draw_events,
    "liver": draw_liver,
    "forest": draw_forest,
    "profile": draw_profile,
}
PAGED = ("swimmer", "waterfall", "spider")
NO_DATA = "No participant has data for this figure."


def draw_pages(figure: Figure, material: Material) -> tuple[Drawing, ...]:
    """A figure on as many pages as its participants need (swimmer, waterfall, spider); refused as `draw_figure` is.

    The first page has the figure's id, the others have theirs, e.g. F14_2-2; every page holds the numbers of all.
    """
    first, pages = _draw(figure, material, figure.id, 1)
    return (first, *(_draw(figure, material, f"{figure.id}-{n}", n)[0] for n in range(2, pages + 1)))


def draw_figure(figure: Figure, material: Material, participant: str = "") -> Drawing:
    """A figure on its (first) page; of a profile, that of `participant` (USUBJID) where one is asked for.

    Refused with FIG-004 or FIG-005 where a dataset or a variable is not there, with FIG-008 where a participant has
    several rows and one is meant, with FIG-009 where a method refuses the data. A figure without any row is a page that
    says so.
    """
    if figure.profile is not None and participant:
        chosen = figure.profile.model_copy(update={"participant": participant})
        figure = figure.model_copy(update={"profile": chosen})
    return _draw(figure, material, f"{figure.id} {participant}".strip(), 1)[0]


def _draw(figure: Figure, material: Material, salt: str, page: int) -> tuple[Drawing, int]:
    findings = check_data(figure, material.datasets)
    if not findings.ok:
        raise Refused(findings)
    which = {"page": page} if figure.kind in PAGED else {}
    with house_style(salt):
        picture = new_picture()
        try:
            drawn = DRAW[figure.kind](figure, getattr(figure, figure.kind), material, picture, **which)
        except Nothing:
            drawn = _nothing(picture)
        except st.StatsError as refused:
            remedy = "Correct the data, or narrow `where`."
            finding = Finding("FIG-009", Place(f"{FOLDER}{figure.id}.yaml"), str(refused), "data that it takes", remedy)
            raise Refused([finding]) from refused
        population = f"Population: {material.definitions.populations[figure.population].label}"
        several = f" (page {page} of {drawn.pages})" if drawn.pages > 1 else ""
        headings = [f"Figure {figure.number}{several}", figure.title, figure.subtitle, population, drawn.facts]
        frame_page(picture, headings, [*drawn.notes, *figure.footnotes])
        settle(picture)
    made = Drawing(salt, figure.number + several, figure.title, drawn.alt + several, drawn.frame, picture)
    return made, drawn.pages


def _nothing(picture: Picture) -> Drawn:
    picture.clear()
    axes = picture.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, NO_DATA, ha="center", va="center", fontsize=12)
    return Drawn(pl.DataFrame(), NO_DATA)
