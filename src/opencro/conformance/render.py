"""A report as text, JSON values, a workbook or one page of HTML with a search field."""

from __future__ import annotations

import html
from io import BytesIO
from typing import Any

from opencro.conformance.model import Issue, Report, RuleOutcome, Status

_MOST_ROWS = 1_048_575


def render_text(report: Report) -> str:
    """One line per finding, as compilers write them, then one line per rule that did not run, then the counts."""
    lines = [
        f"{issue.dataset}:{issue.row or ''}: {issue.rule}: {issue.message} [{_values(issue)}]"
        for issue in report.issues
        if not issue.explanation
    ]
    explained = sum(bool(issue.explanation) for issue in report.issues)
    if explained:
        lines.append(f"{explained} findings are explained")
    for outcome in report.outcomes:
        if outcome.count > len(outcome.issues):
            lines.append(
                f"{outcome.rule.id}: {outcome.count - len(outcome.issues)} more findings are counted, not shown"
            )
        if outcome.status in (Status.NOT_RUN, Status.ERROR):
            lines.append(f"{outcome.rule.id}: {outcome.status}: {outcome.reason}")
    counts = ", ".join(f"{n} {status}" for status, n in report.counts().items() if n)
    return "\n".join([*lines, f"{len(report.outcomes)} rules: {counts}"]) + "\n"


def _values(issue: Issue) -> str:
    return ", ".join(f"{name}={'' if value is None else value}" for name, value in issue.values.items())


def render_values(report: Report) -> dict[str, Any]:
    """The report as plain JSON values: counts, every rule with its status, every finding that is held."""
    return {
        "counts": {status.value: n for status, n in report.counts().items()},
        "rules": [_rule(outcome) for outcome in report.outcomes],
        "findings": [
            {
                "id": issue.id,
                "rule": issue.rule,
                "dataset": issue.dataset,
                "record": issue.row,
                "message": issue.message,
                "values": dict(issue.values),
                "keys": dict(issue.keys),
                "explanation": issue.explanation,
            }
            for issue in report.issues
        ],
    }


def _rule(outcome: RuleOutcome) -> dict[str, Any]:
    return {
        "id": outcome.rule.id,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "findings": outcome.count,
        "datasets": dict(outcome.datasets),
        "authority": sorted({s.rule_id for s in outcome.rule.standards if s.rule_id}),
    }


def _detail(issue: Issue) -> list[Any]:
    keys = list(issue.keys.values())
    names, values = ", ".join(issue.values), ", ".join("" if v is None else str(v) for v in issue.values.values())
    subject = issue.keys.get("USUBJID", "")
    sequence = next((v for v, k in zip(keys, issue.keys, strict=True) if k != "USUBJID"), "")
    return [
        issue.id,
        issue.rule,
        issue.message,
        issue.dataset,
        subject,
        issue.row,
        sequence,
        names,
        values,
        issue.explanation,
    ]


_DETAIL = (
    "Finding",
    "CORE-ID",
    "Message",
    "Dataset",
    "USUBJID",
    "Record",
    "Sequence",
    "Variable(s)",
    "Value(s)",
    "Explanation",
)
_SUMMARY = ("CORE-ID", "Status", "Findings", "Message", "Reason", "Published ids")


def _summary(outcome: RuleOutcome) -> list[Any]:
    numbers = ", ".join(sorted({s.rule_id for s in outcome.rule.standards if s.rule_id}))
    return [outcome.rule.id, outcome.status.value, outcome.count, outcome.rule.message, outcome.reason, numbers]


def render_workbook(report: Report) -> bytes:
    """An Excel workbook: findings, counts per rule, and how each rule ended; findings past a sheet go to the next."""
    from xlsxwriter import Workbook  # noqa: PLC0415  every command would start slower, few write workbooks

    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    details = [_detail(issue) for issue in report.issues]
    pages = [details[n : n + _MOST_ROWS] for n in range(0, len(details), _MOST_ROWS)] or [[]]
    failed = [_summary(o) for o in report.outcomes if o.count]
    sheets: list[tuple[str, tuple[str, ...], list[list[Any]]]] = [("Issue Summary", _SUMMARY, failed)]
    sheets += [(f"Issue Details{f' {n}' if n > 1 else ''}", _DETAIL, page) for n, page in enumerate(pages, 1)]
    sheets.append(("Rules Report", _SUMMARY, [_summary(o) for o in report.outcomes]))
    for name, head, rows in sheets:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, head, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


_PAGE = """<!doctype html><meta charset="utf-8"><title>Conformance</title>
<style>body{{font:14px sans-serif;margin:2em}}
td,th{{text-align:left;padding:.2em .8em;border-bottom:1px solid #ddd}}</style>
<h1>Conformance</h1><p>{counts}</p><label>Search <input id="q" type="search"></label>
<table id="found"><caption>Findings</caption><tr>{detail}</tr>{details}</table>
<table><caption>Rules</caption><tr>{summary}</tr>{rules}</table>
<script>document.getElementById("q").oninput=function(e){{var w=e.target.value.toLowerCase();
document.querySelectorAll("tr+tr").forEach(function(r){{r.hidden=!r.textContent.toLowerCase().includes(w)}})}}</script>
"""


def render_page(report: Report) -> str:
    """One page of HTML that needs nothing else, with a field that hides the rows which lack a text."""

    def cells(values: list[Any] | tuple[str, ...], tag: str) -> str:
        return "".join(f"<{tag}>{html.escape('' if v is None else str(v))}</{tag}>" for v in values)

    return _PAGE.format(
        counts=", ".join(f"{n} {status}" for status, n in report.counts().items()),
        detail=cells(_DETAIL, "th"),
        details="".join(f"<tr>{cells(_detail(i), 'td')}</tr>" for i in report.issues),
        summary=cells(_SUMMARY, "th"),
        rules="".join(f"<tr>{cells(_summary(o), 'td')}</tr>" for o in report.outcomes),
    )
