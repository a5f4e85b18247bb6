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
from opencro.capture.coding import read_coding, read_coding_plan, uncoded_terms
from opencro.kernel.finding import Refused
from opencro.ledger import Ledger, RecordKey
from opencro.study import Study


@dataclass(frozen=True)
class LockReport:
    """The checklist of a scope, and what moved after earlier locks of the study."""

    checklist: Checklist
    changes: pl.DataFrame


def report_checklist(study: Study, scope: RecordKey, *, database: str | None = None) -> LockReport:
    """The blockers of a scope; Refused with LCK, SDV and COD (the study's files), AUD-003 (the scope)."""
    refuse_unknown("form", scope.form or None, set(study.forms))
    refuse_unknown("visit", scope.event or None, {visit.id for visit in study.protocol.schedule.visits})
    with open_study_ledger(study, database) as ledger:
        known = ledger.snapshot().known_participants()
        refuse_unknown("site", scope.site or None, {site for site, _ in known})
        refuse_unknown("participant", scope.participant or None, {participant for _, participant in known})
        return LockReport(check_lock(study, ledger, scope), changes_after_lock(ledger))


def check_lock(study: Study, ledger: Ledger, scope: RecordKey) -> Checklist:
    """The blockers of a scope by the study's own files of rules, verification and coding, where it has them.

    Refused with LCK, SDV or COD when one of these files has an error: what it asks for must not be passed over.
    """
    rules, wrong_rules = read_lock_rules(study)
    plan, wrong_plan = read_sdv_plan(study)
    coding, wrong_coding = read_coding_plan(study)
    wrong = wrong_rules + wrong_plan + wrong_coding
    if not wrong.ok:
        raise Refused(wrong)
    targets = None if plan is None else plan_sdv(study, plan, read_enrolled(ledger))
    whose = scope.participant or None
    uncoded = None if coding is None else uncoded_terms(read_coding(study, coding, ledger, whose))
    return pre_lock_checklist(study, ledger, scope, rules=rules, targets=targets, uncoded=uncoded)
