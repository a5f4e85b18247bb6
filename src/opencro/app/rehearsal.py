"""`opencro rehearse`: virtual participants into a ledger that says for ever that it is a rehearsal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from opencro.app.wiring import LEDGER_FILE, Progress, no_progress, publish_definition
from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger import Actor, Source, create_ledger
from opencro.rehearsal import RehearsalReport, VirtualClock, rehearse
from opencro.study import Study


def rehearse_study(
    study: Study,
    *,
    participants: int,
    seed: int,
    database: str | None = None,
    progress: Progress = no_progress,
    until: date | None = None,
) -> RehearsalReport:
    """Play a study through in a new ledger, to its end or `until` a day; Refused (RUN-001) where a ledger is there."""
    url = database or str(study.root / LEDGER_FILE)
    if "://" not in url and Path(url).exists():
        remedy = "Rehearse in a copy of the folder, or remove the ledger of an earlier rehearsal yourself."
        raise Refused([Finding("RUN-001", Place(LEDGER_FILE), "the study has a ledger already", "no ledger", remedy)])
    clock = VirtualClock()
    with create_ledger(url, study=study.id, purpose="rehearsal", clock=clock) as ledger:
        publish_definition(study, ledger, Actor("study.designer", "study designer"), Source.REHEARSAL)
        return rehearse(
            study, ledger, participants=participants, seed=seed, clock=clock, progress=progress, until=until
        )
