"""`opencro sdv`: what the plan of source data verification asks for, and how far it has come."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from opencro.app.review import check_new_csv
from opencro.app.wiring import open_study_ledger
from opencro.capture import SdvProgress, plan_sdv, read_enrolled, read_sdv_plan, sdv_progress
from opencro.capture.sdv_plan import DOCUMENT
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study


def report_sdv(
    study: Study,
    *,
    site: str | None = None,
    participant: str | None = None,
    path: Path | None = None,
    database: str | None = None,
) -> SdvProgress:
    """Every value that is to be verified, with its state; `path` takes those that are not verified, as CSV.

    Refused with SDV-001..004, SDV-005 (there is no plan), AUD-001, AUD-002 (the file).
    """
    wrong = check_new_csv(path)
    if wrong:
        raise Refused(wrong)
    plan, findings = read_sdv_plan(study)
    if not findings.ok:
        raise Refused(findings)
    if plan is None:
        remedy = "Write one; docs/sdv.md has an example."
        raise Refused([Finding("SDV-005", Place(DOCUMENT), "no plan", "a plan of source data verification", remedy)])
    with open_study_ledger(study, database) as ledger:
        progress = sdv_progress(ledger, plan_sdv(study, plan, read_enrolled(ledger)), participant)
    items = progress.items if site is None else progress.items.filter(pl.col("site") == site)
    if path is not None:
        items.filter(pl.col("state") != "verified").write_csv(path, include_bom=True)
    return SdvProgress(progress.position, items)
