"""Displays second: a shell declares rows, columns and cells; renderers make text, HTML, RTF, PDF and Excel of it."""

from opencro.analysis.displays.fill import fill_display, plan_analyses
from opencro.analysis.displays.list_rows import fill_listing, listed_variables
from opencro.analysis.displays.listing_model import ListedColumn, Listing
from opencro.analysis.displays.model import CellSpec, Column, Display, Row
from opencro.analysis.displays.needs import used_datasets
from opencro.analysis.displays.read import read_definitions, read_displays
from opencro.analysis.displays.read_listings import read_listings
from opencro.analysis.displays.render_html import render_html
from opencro.analysis.displays.render_pdf import write_pdf
from opencro.analysis.displays.render_rtf import render_rtf
from opencro.analysis.displays.render_text import render_text
from opencro.analysis.displays.render_xlsx import write_xlsx
from opencro.analysis.displays.schema import render_schemas
from opencro.analysis.displays.table import HeaderCell, Listed, Table, TableCell, TableRow

__all__ = [
    "CellSpec",
    "Column",
    "Display",
    "HeaderCell",
    "Listed",
    "ListedColumn",
    "Listing",
    "Row",
    "Table",
    "TableCell",
    "TableRow",
    "fill_display",
    "fill_listing",
    "listed_variables",
    "plan_analyses",
    "read_definitions",
    "read_displays",
    "read_listings",
    "render_html",
    "render_rtf",
    "render_schemas",
    "render_text",
    "used_datasets",
    "write_pdf",
    "write_xlsx",
]
