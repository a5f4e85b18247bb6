"""Figures: declared as data, computed by `stats`, drawn as vectors that read in print and in grey."""

from opencro.analysis.figures.draw import draw_figure, draw_pages
from opencro.analysis.figures.drawing import Drawing, render_png, render_svg, write_pdf
from opencro.analysis.figures.model import Figure
from opencro.analysis.figures.profile import participants_of
from opencro.analysis.figures.read import read_figures
from opencro.analysis.figures.schema import render_schemas
from opencro.analysis.figures.uses import figure_datasets

__all__ = [
    "Drawing",
    "Figure",
    "draw_figure",
    "draw_pages",
    "figure_datasets",
    "participants_of",
    "read_figures",
    "render_png",
    "render_schemas",
    "render_svg",
    "write_pdf",
]
