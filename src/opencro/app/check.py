"""`opencro check`: the definition of a study, as far as every room understands its part of it."""

from __future__ import annotations

from pathlib import Path

from opencro.app.wiring import terms_of
from opencro.kernel.finding import Findings, Refused
from opencro.study import check_study, load_study
from opencro.tabulation import load_links, plan_tabulation, read_domains


def check_everything(folder: Path) -> Findings:
    """Findings of all phases: files, references, standards, declarations; a later phase only after a clean one."""
    findings = check_study(folder)
    if not findings.ok:
        return findings
    study = load_study(folder)
    findings += terms_of(study).check_pins(study.file.standards)
    domains, wrong = read_domains(study)
    findings += wrong
    try:
        load_links(study)
    except Refused as refusal:
        findings += refusal.findings
    if wrong.ok:
        findings += plan_tabulation(study, domains)[1]
    return findings
