"""`opencro checks`: the cases of a study's edit checks, the branches that they cover, and what each finds so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opencro.app.queries import choose_checks
from opencro.app.wiring import open_study_ledger
from opencro.capture import BenchResult, CheckRun, read_cases, run_bench, run_edit_checks
from opencro.kernel.finding import Findings
from opencro.study import Study


@dataclass(frozen=True)
class BenchReport:
    """Results in the order of the checks; with data, what each found so far, and why the others were not run."""

    results: tuple[BenchResult, ...]
    findings: Findings
    runs: Mapping[str, CheckRun]
    not_run: Mapping[str, str]
    position: int | None = None


def bench_study(
    study: Study, *, only: Sequence[str] = (), data: bool = False, database: str | None = None
) -> BenchReport:
    """Run the cases of the edit checks (`only` these ids); with `data`, also run the checks over all records.

    Nothing is written. Refused (QRY-001) for an id that is no edit check. Findings: CHK-001..006.
    """
    checks = choose_checks(study, only)
    cases, findings = read_cases(study)
    results = tuple(run_bench(study, cases, checks))
    for result in results:
        findings += result.findings
    if not data:
        return BenchReport(results, findings, {}, {})
    with open_study_ledger(study, database) as ledger:
        run = run_edit_checks(study, ledger.snapshot(), checks)
    reasons = {check.id: reason for check, reason in run.not_run}
    return BenchReport(results, findings, {one.check.id: one for one in run.runs}, reasons, run.position)
