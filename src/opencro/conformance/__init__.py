"""Conformance: published rules of CDISC and a sponsor's own, run over datasets as vectorized queries."""

from opencro.conformance.cases import Case, check_cases, find_cases, run_case
from opencro.conformance.exceptions import Reasoned, explain_report, parse_exceptions, render_schemas
from opencro.conformance.model import Issue, Report, Rule, RuleOutcome, Status, Table, VariableFacts
from opencro.conformance.parse import parse_rule
from opencro.conformance.read import read_rules, read_tables, table_of
from opencro.conformance.render import render_page, render_text, render_values, render_workbook
from opencro.conformance.run import Setting, conform

__all__ = [
    "Case",
    "Issue",
    "Reasoned",
    "Report",
    "Rule",
    "RuleOutcome",
    "Setting",
    "Status",
    "Table",
    "VariableFacts",
    "check_cases",
    "conform",
    "explain_report",
    "find_cases",
    "parse_exceptions",
    "parse_rule",
    "read_rules",
    "read_tables",
    "render_page",
    "render_schemas",
    "render_text",
    "render_values",
    "render_workbook",
    "run_case",
    "table_of",
]
