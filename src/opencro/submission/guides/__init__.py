"""Reviewer's guides out of what a build knows: cSDRG and ADRG as PDF and HTML, with named blanks for people's words."""

from opencro.submission.guides.adam import make_adrg
from opencro.submission.guides.model import Blank, Grid, Guide, Known, Section, Words
from opencro.submission.guides.render_html import render_html
from opencro.submission.guides.render_pdf import render_pdf
from opencro.submission.guides.sdtm import make_csdrg
from opencro.submission.guides.texts import GuideTexts, check_texts, load_texts, render_schemas

__all__ = [
    "Blank",
    "Grid",
    "Guide",
    "GuideTexts",
    "Known",
    "Section",
    "Words",
    "check_texts",
    "load_texts",
    "make_adrg",
    "make_csdrg",
    "render_html",
    "render_pdf",
    "render_schemas",
]
