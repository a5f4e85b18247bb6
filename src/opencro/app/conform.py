"""`opencro conform`: published rules and datasets are read, run and put where the caller wants them."""

from __future__ import annotations

from pathlib import Path

from opencro.app.wiring import USER_TERMS
from opencro.conformance import (
    Report,
    Rule,
    Setting,
    conform,
    explain_report,
    parse_exceptions,
    read_rules,
    read_tables,
)
from opencro.kernel.finding import Findings, Refused
from opencro.terms import DomainSpec, TermsStore

RULES_VARIABLE = "OPENCRO_RULES"


def conform_path(
    path: Path,
    rules: Path,
    *,
    standard: str,
    version: str,
    substandard: str = "",
    limit: int = 1000,
    exceptions: Path | None = None,
) -> tuple[Report, Findings]:
    """Check the datasets of a file or folder against the rules that are published for a standard.

    A folder may also be a study's, or its build's: then the SAS transport files of its SDTM build are checked.
    Returns the report and what is wrong with the rule files and the exceptions; Refused when there is nothing to read.
    """
    published, findings = read_rules(rules)
    chosen = tuple(rule for rule in published if is_for(rule, standard, version, substandard))
    store = TermsStore((USER_TERMS,))
    setting = Setting(standard, substandard, library_of(standard, version), limit, store)
    report = conform(read_tables(find_datasets(path)), chosen, setting)
    if exceptions is None:
        return report, findings
    reasoned, wrong = parse_exceptions(exceptions.read_text(encoding="utf-8"), exceptions.name)
    report, unused = explain_report(report, reasoned, exceptions.name)
    return report, findings + wrong + unused


def find_datasets(path: Path) -> Path:
    """The folder with the transport files, where a study, its build, or the SDTM part of a build is named."""
    inside = (path / steps for steps in ("xpt", "sdtm/xpt", "build/sdtm/xpt"))
    return next((folder for folder in inside if folder.is_dir()), path)


def is_for(rule: Rule, standard: str, version: str, substandard: str = "") -> bool:
    """Whether a rule is published for a standard; a rule that names none is for all."""
    return not rule.standards or any(
        s.name.lower() == standard.lower()
        and s.version == version
        and (not substandard or not s.substandard or s.substandard.lower() == substandard.lower())
        for s in rule.standards
    )


def library_of(standard: str, version: str) -> dict[str, DomainSpec]:
    """The published domains of a standard, where the terms store has them; rules that need others are not run."""
    try:
        catalogue = TermsStore().catalogue(standard.lower(), version)
    except Refused:
        return {}
    return {domain.name: domain for domain in catalogue.domains}
