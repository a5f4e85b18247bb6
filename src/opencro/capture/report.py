"""An import as text for a person."""

from __future__ import annotations

from opencro.capture.model import ImportReport
from opencro.kernel.finding import render_finding

_MOST = 50


def render_import(report: ImportReport, *, most: int = _MOST) -> str:
    """What was done, how many rows of each kind, and the first `most` findings."""
    counts = ", ".join(f"{count:,} {status}" for status, count in report.counts.items() if count) or "no rows"
    lines = [f"{report.file}: {counts}"]
    findings = list(report.findings)
    lines += [f"  {render_finding(finding)}" for finding in findings[:most]]
    if len(findings) > most:
        lines.append(f"  ... and {len(findings) - most:,} more findings")
    lines.append(f"  {_outcome(report)}")
    return "\n".join(lines)


def _outcome(report: ImportReport) -> str:
    changes, people = len(report.plan.changes), len(report.plan.acts)
    what = f"{changes:,} record(s)" + (f" of {people:,} new participant(s)" if people else "")
    if report.receipt is not None and report.receipt.facts:
        return f"Written: {what}, facts {report.receipt.first_seq} to {report.receipt.last_seq}."
    if report.dry_run and changes:
        return f"Dry run: {what} would be written."
    if not report.findings.ok:
        return "Nothing was written: correct the errors above, or import the sound rows alone (partial)."
    return "Nothing was written: everything is in the ledger already."
