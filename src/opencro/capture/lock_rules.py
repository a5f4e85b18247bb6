"""What a study asks of its forms before they may be locked: `conduct/lock.yaml`.

Without it every form that a site types is asked for at each of its visits that took place, and signed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from opencro.capture.documents import read_document
from opencro.kernel.finding import Finding, Findings, suggest
from opencro.study import Form, Name, Part, Study

DOCUMENT = "conduct/lock.yaml"


class LockRules(Part):
    """conduct/lock.yaml."""

    optional: tuple[Name, ...] = Field(default=(), description="forms that may be absent")
    once: tuple[Name, ...] = Field(default=(), description="forms that are wanted at one of their visits, not at each")
    unsigned: tuple[Name, ...] = Field(default=(), description="forms that nobody signs")


def read_lock_rules(study: Study) -> tuple[LockRules, Findings]:
    """The study's conduct/lock.yaml, or the defaults; LCK-101 (not as documented), LCK-102 (no such form)."""
    rules, findings = read_document(study, DOCUMENT, LockRules, "LCK-101")
    if rules is None:
        return LockRules(), findings
    return rules, findings + _unknown_forms(study, rules)


def _unknown_forms(study: Study, rules: LockRules) -> Iterator[Finding]:
    document = study.documents[DOCUMENT]
    for key in ("optional", "once", "unsigned"):
        for n, name in enumerate(getattr(rules, key)):
            if name not in study.forms:
                remedy = suggest(name, study.forms) or "Name a form of the study."
                yield Finding("LCK-102", document.place(key, n), f'form "{name}"', "a form of the study", remedy)


def is_typed(form: Form) -> bool:
    """Whether people type a form; what a transfer fills is neither completed nor signed by them."""
    return form.source != "transfer"
