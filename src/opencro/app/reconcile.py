"""`opencro reconcile`: what should agree between two forms and does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from opencro.app.review import check_new_csv
from opencro.app.wiring import open_study_ledger
from opencro.capture import ReconciliationRun, read_reconciliations, run_reconciliations
from opencro.capture.reconcile_plan import DOCUMENT
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Act, Actor, DataExported, Source
from opencro.study import Study


def reconcile_study(
    study: Study, only: Sequence[str] = (), *, user: str, path: Path | None = None, database: str | None = None
) -> list[ReconciliationRun]:
    """Run the study's listings (`only` these); `path` takes what does not agree, as CSV, and that is on record.

    Refused with REC-001..003 and EXP (the study's file), REC-004 (no such listing), AUD-001, AUD-002 (the file).
    """
    listings, findings = read_reconciliations(study)
    wrong = [*findings.errors, *check_new_csv(path)]
    known = {listing.id: listing for listing in listings}
    for name in only if findings.ok else ():
        if name not in known:
            remedy = suggest(name, known) or "Name a listing of the file, or none to run all."
            wrong.append(Finding("REC-004", Place(DOCUMENT), f'listing "{name}"', "the id of a listing", remedy))
    if findings.ok and not listings:
        remedy = "Write it; docs/reconciliation.md has an example."
        wrong.append(Finding("REC-004", Place(DOCUMENT), "no listing", "listings to run", remedy))
    if wrong:
        raise Refused(wrong)
    with open_study_ledger(study, database) as ledger:
        runs = run_reconciliations(study, ledger.snapshot(), [known[name] for name in only] or listings)
        if path is not None:
            rows = pl.concat([run.rows for run in runs])
            rows.write_csv(path, include_bom=True)
            act = Act(DataExported("reconciliation listings", "csv", runs[0].position, len(rows)))
            actor = Actor(user, "data manager")
            ledger.append([act], actor=actor, source=Source.SYSTEM, definition_version=study.file.version)
    return runs
