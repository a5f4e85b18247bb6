"""`opencro check`: the definition of a study, as far as every room understands its part of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opencro.analysis import check_datasets, displays, figures, read_datasets, read_switches
from opencro.app.wiring import terms_of
from opencro.capture import check_documents
from opencro.design import trial
from opencro.kernel.finding import Finding, Findings, Refused, suggest
from opencro.rehearsal import read_plan
from opencro.rehearsal.model import DOCUMENT as REHEARSAL
from opencro.study import Study, check_study, load_study
from opencro.submission.ectd.application import FILE as DOSSIER
from opencro.submission.ectd.application import load_dossier
from opencro.submission.guides.texts import FILE as GUIDES
from opencro.submission.guides.texts import load_texts
from opencro.tabulation import SUPP_COLUMNS, Domain, derive_trial_design, load_links, plan_tabulation, read_domains

FORMATS = {
    "usdm": ("4.0",),
    "odm": ("1.3.2", "2.0"),
    "define": ("2.1",),
    "dataset-json": ("1.1",),
    "sas-transport": ("5",),
    "adamig": ("1.0", "1.1", "1.2", "1.3"),
}
"""Exchange formats that this version writes."""
DICTIONARIES = ("meddra", "whodrug")
"""Licensed dictionaries: read from the user's own files, never packs."""


def check_everything(folder: Path) -> Findings:
    """Findings of all phases: files, references, standards, declarations; a later phase only after a clean one."""
    findings = check_study(folder)
    if not findings.ok:
        return findings
    study = load_study(folder)
    findings += check_standards(study)
    findings += check_documents(study)
    findings += trial.read_designs(study)[1]
    domains, wrong = read_domains(study)
    findings += wrong
    try:
        load_links(study)
    except Refused as refusal:
        findings += refusal.findings
    planned = plan_tabulation(study, domains)[1] if wrong.ok else wrong
    findings += planned if wrong.ok else ()
    findings += check_analysis(study, domains) if planned.ok else read_datasets(study)[1]
    definitions, unclear = displays.read_definitions(study)
    findings += unclear
    if definitions is not None:
        tables, wrong_tables = displays.read_displays(study, definitions)
        findings += wrong_tables + displays.read_listings(study, definitions, tables)[1]
        findings += figures.read_figures(study, definitions)[1]
    try:
        if study.protocol.schedule.visits or REHEARSAL in study.documents:
            read_plan(study)
    except Refused as refusal:
        findings += refusal.findings
    return findings + check_submission(study)


def check_submission(study: Study) -> Findings:
    """What is wrong with the files of submission/, where they are (ECT-051, ECT-060)."""
    found = Findings()
    for name, load in ((DOSSIER, load_dossier), (GUIDES, load_texts)):
        try:
            if name in study.documents:
                load(study)
        except Refused as refusal:
            found += refusal.findings
    return found


def check_analysis(study: Study, domains: Mapping[str, Domain]) -> Findings:
    """What is wrong with analysis declarations beside the tabulated datasets, also with each switch turned."""
    datasets, findings = read_datasets(study)
    if not findings.ok:
        return findings
    columns = tabulated_columns(study, domains)
    found = [*findings, *check_datasets(datasets, columns)]
    for switch in read_switches(study):
        found += check_datasets(read_datasets(study, {switch.id: not switch.on})[0], columns)
    return Findings(tuple(dict.fromkeys(found)))


def tabulated_columns(study: Study, domains: Mapping[str, Domain]) -> dict[str, list[str]]:
    """The variables of each tabulated dataset, as the declarations name them."""
    found = {name: list(domain.variables) for name, domain in domains.items()}
    found |= {f"SUPP{name}": list(SUPP_COLUMNS) for name, domain in domains.items() if domain.supplemental}
    return found | {name: frame.columns for name, frame in derive_trial_design(study).items()}


def check_standards(study: Study) -> Findings:
    """Pinned standards that are not here (TRM-020), and versions of formats that are not written (STD-001)."""
    pinned = study.file.standards
    document = study.documents.get("study.yaml")
    packs = {k: v for k, v in pinned.items() if k not in FORMATS and k not in DICTIONARIES}
    places = {k: document.place("standards", k) for k in packs} if document else None
    findings = terms_of(study).check_pins(packs, places)
    for name, versions in FORMATS.items():
        if name in pinned and pinned[name] not in versions and document is not None:
            got = f"{name} {pinned[name]}"
            remedy = suggest(pinned[name], versions) or "Pin a version that is written."
            place = document.place("standards", name)
            findings += (Finding("STD-001", place, got, " or ".join(versions), remedy),)
    return findings
