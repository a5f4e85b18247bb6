"""`opencro checklist`: what keeps a study, site, participant, visit or form from being locked."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opencro.app.audit import refuse_unknown
from opencro.app.wiring import open_study_ledger
from opencro.capture import (
    Checklist,
    changes_after_lock,
    plan_sdv,
    pre_lock_checklist,
    read_enrolled,
    read_lock_rules,
    read_sdv_plan,
)
from opencro.kernel.finding import Refused
from opencro.ledger import RecordKey
from opencro.study import Study


@dataclass(frozen=True)
class LockReport:
    """The checklist of a scope, and what moved after earlier locks of the study."""

    checklist: Checklist
    changes: pl.DataFrame


def report_checklist(study: Study, scope: RecordKey, *, database: str | None = None) -> LockReport:
    """The blockers of a scope; Refused with LCK-101, LCK-102, SDV-001..003 (the study's rules), AUD-003 (the scope)."""
    rules, wrong_rules = read_lock_rules(study)
    plan, wrong_plan = read_sdv_plan(study)
    if not (wrong_rules + wrong_plan).ok:
        raise Refused(wrong_rules + wrong_plan)
    refuse_unknown("form", scope.form or None, set(study.forms))
    refuse_unknown("visit", scope.event or None, {visit.id for visit in study.protocol.schedule.visits})
    with open_study_ledger(study, database) as ledger:
        known = ledger.snapshot().known_participants()
        refuse_unknown("site", scope.site or None, {site for site, _ in known})
        refuse_unknown("participant", scope.participant or None, {participant for _, participant in known})
        targets = None if plan is None else plan_sdv(study, plan, read_enrolled(ledger))
        checklist = pre_lock_checklist(study, ledger, scope, rules=rules, targets=targets)
        return LockReport(checklist, changes_after_lock(ledger))
