"""`opencro audit --review` and `opencro access`: the trail looked through, and who had access; both are on record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from opencro.app.wiring import open_study_ledger
from opencro.capture import (
    TrailFilter,
    TrailReview,
    access_on,
    read_review_rules,
    read_sites,
    review_trail,
    trail_reviewed,
)
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.ledger import Act, Actor, DataExported, Source
from opencro.study import Study

REVIEWER = "data manager"
_TIME = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d{1,3})?)?)?)?)?)?")


@dataclass(frozen=True)
class AccessReport:
    """Who had access on a day: `rows` as `access_on` gives them."""

    day: date
    rows: pl.DataFrame


def review_audit(
    study: Study, where: TrailFilter, *, user: str, path: Path | None = None, database: str | None = None
) -> TrailReview:
    """Review the trail and put the review on record; `path` takes the reviewed facts as CSV.

    Refused with AUD-001, AUD-002 (the file), AUD-004 (a time), SIT-001, REV-001, REV-002 (the study's own rules).
    """
    _refuse(_wrong_times(where), check_new_csv(path))
    sites, wrong_sites = read_sites(study)
    rules, wrong_rules = read_review_rules(study)
    _refuse(wrong_sites, wrong_rules)
    with open_study_ledger(study, database) as ledger:
        review = review_trail(study, ledger, where, rules=rules, sites=sites)
        if path is not None:
            review.facts.write_csv(path, include_bom=True)
        acts = [trail_reviewed(review)]
        if path is not None:
            acts.append(Act(DataExported("reviewed audit trail", "csv", review.position, len(review.facts))))
        actor = Actor(user, REVIEWER)
        ledger.append(acts, actor=actor, source=Source.SYSTEM, definition_version=study.file.version)
    return review


def report_access(
    study: Study, day: str, *, user: str, path: Path | None = None, database: str | None = None
) -> AccessReport:
    """Who could see what on a day, as CSV where a file is named; Refused with AUD-001, AUD-002, AUD-004."""
    _refuse(check_new_csv(path))
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Refused([_wrong_time(day, "a day, e.g. 2026-01-31")]) from None
    with open_study_ledger(study, database) as ledger:
        report = AccessReport(on, access_on(ledger, on))
        if path is not None:
            report.rows.write_csv(path, include_bom=True)
            act = Act(DataExported(f"access on {on}", "csv", ledger.position, len(report.rows)))
            actor = Actor(user, REVIEWER)
            ledger.append([act], actor=actor, source=Source.SYSTEM, definition_version=study.file.version)
    return report


def _refuse(*findings: Findings | list[Finding]) -> None:
    errors = [finding for group in findings for finding in group]
    if errors:
        raise Refused(errors)


def _wrong_times(where: TrailFilter) -> list[Finding]:
    given = [time for time in (where.since, where.until) if time is not None]
    return [
        _wrong_time(time, "the beginning of a time in UTC, e.g. 2026-01-31")
        for time in given
        if not _TIME.fullmatch(time)
    ]


def _wrong_time(time: str, expected: str) -> Finding:
    return Finding("AUD-004", Place(), f'"{time}"', expected, "Write it so.")


def check_new_csv(path: Path | None) -> list[Finding]:
    """AUD-001 for a file that is no .csv, AUD-002 for one that is there already."""
    if path is None:
        return []
    if path.suffix.lower() != ".csv":
        return [Finding("AUD-001", Place(path.name), f'"{path.suffix}"', ".csv", "Name it so.")]
    if path.exists():
        return [Finding("AUD-002", Place(path.name), "the file exists", "a new file", "Name a new file.")]
    return []
