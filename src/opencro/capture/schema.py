"""The documents of a study that this room reads: their JSON Schemas, made from the types, and what is wrong with them.

Source: JSON Schema draft 2020-12. The published copies are `schemas/*.schema.json`; a test keeps them current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opencro.capture.audit_review import ReviewRules, read_rules
from opencro.capture.bench import CaseFile, read_cases
from opencro.capture.coding import CodingPlan, Synonyms, read_coding_plan, read_synonyms
from opencro.capture.lock_rules import LockRules, read_lock_rules
from opencro.capture.reconcile_plan import Reconciliations, read_reconciliations
from opencro.capture.sdv_plan import SdvPlan, read_sdv_plan
from opencro.capture.sites import Sites, read_sites
from opencro.capture.training import TrainingPlan, read_training_plan
from opencro.kernel.finding import Findings
from opencro.study import Part, Study

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, tuple[type[Part], str]] = {
    "check_cases": (CaseFile, "forms/checks/<any name>.yaml: cases on which edit checks speak or are silent"),
    "sites": (Sites, "conduct/sites.yaml: the sites and their time zones"),
    "audit_review": (ReviewRules, "conduct/audit_review.yaml: what a review of the audit trail counts"),
    "sdv": (SdvPlan, "conduct/sdv.yaml: which items of whom are verified against the source"),
    "lock": (LockRules, "conduct/lock.yaml: what is asked of forms before they are locked"),
    "training": (TrainingPlan, "conduct/training.yaml: what a role needs before it enters or signs"),
    "coding_items": (CodingPlan, "coding/items.yaml: what is coded with which dictionary"),
    "synonyms": (Synonyms, "coding/synonyms.yaml: texts that mean a code"),
    "reconciliation": (Reconciliations, "conduct/reconciliation.yaml: records of two forms that should agree"),
}
"""Schema name -> its type and title."""


def schema_of(name: str) -> dict[str, Any]:
    """One schema as a JSON value."""
    model, title = SCHEMAS[name]
    return {"$schema": DIALECT, "$id": f"{name}.schema.json", **model.model_json_schema(), "title": title}


def render_schemas() -> dict[str, str]:
    """File name -> text of every schema of this room."""
    return {f"{name}.schema.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in SCHEMAS}


def check_documents(study: Study) -> Findings:
    """What is wrong with the study's documents of this room: SIT, REV, SDV, LCK-101..2, COD-001..4, REC, CHK, EXP."""
    found = Findings()
    for _, findings in (
        read_cases(study),
        read_sites(study),
        read_rules(study),
        read_sdv_plan(study),
        read_lock_rules(study),
        read_training_plan(study),
        read_coding_plan(study),
        read_synonyms(study),
        read_reconciliations(study),
    ):
        found += findings
    return found
