"""Results first: an analysis is a dataset, a population, groupings and a method; its results are data."""

from opencro.analysis.results.compute import CELL_COLUMNS, Cell, Results, RowFinder, compute_results
from opencro.analysis.results.methods import METHODS, Method
from opencro.analysis.results.model import SUBJECT, Analysis, Definitions, Group, Grouping, NumberFormat, Population
from opencro.analysis.results.prepare import Material, group_column, holds, names_of

__all__ = [
    "CELL_COLUMNS",
    "METHODS",
    "SUBJECT",
    "Analysis",
    "Cell",
    "Definitions",
    "Group",
    "Grouping",
    "Material",
    "Method",
    "NumberFormat",
    "Population",
    "Results",
    "RowFinder",
    "compute_results",
    "group_column",
    "holds",
    "names_of",
]
