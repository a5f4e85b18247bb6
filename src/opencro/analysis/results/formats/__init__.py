"""Results in exchange: the CDISC Analysis Results Standard 1.0 as JSON."""

from opencro.analysis.results.formats.ars_clauses import read_clause, write_clause
from opencro.analysis.results.formats.ars_read import PlannedAnalysis, PublishedResult, ReportingEvent, read_ars
from opencro.analysis.results.formats.ars_recompute import recompute
from opencro.analysis.results.formats.ars_write import make_reporting_event, write_ars

__all__ = [
    "PlannedAnalysis",
    "PublishedResult",
    "ReportingEvent",
    "make_reporting_event",
    "read_ars",
    "read_clause",
    "recompute",
    "write_ars",
    "write_clause",
]
