"""The documents of a package, out of a build: the annotated CRF and the reviewer's guides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from opencro.analysis import load_datasets, read_switches
from opencro.app.build import Build
from opencro.app.comparison import KNOWN
from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.study import Study
from opencro.submission.annotated_crf import render_annotated_crf
from opencro.submission.define_xml import MetaData, read_define
from opencro.submission.guides import (
    Guide,
    Known,
    check_texts,
    load_texts,
    make_adrg,
    make_csdrg,
    render_html,
    render_pdf,
)
from opencro.submission.study_files import Document
from opencro.tabulation import load_domains, read_known_differences

_PACKAGES = {"cSDRG": ("sdtm", "study-data-reviewers-guide"), "ADRG": ("adam", "analysis-data-reviewers-guide")}


@dataclass(frozen=True)
class Documents:
    """PDF files of a sequence, the guides as HTML by file name, and what is said of words that are missing."""

    files: tuple[Document, ...]
    pages: Mapping[str, str]
    findings: Findings


def make_documents(study: Study, made: Build) -> Documents:
    """All documents; Refused (ECT-060) where submission/guides.yaml is not as it must be."""
    labels = {name: size.label for name, size in made.sizes.items()}
    annotated = render_annotated_crf(study, load_domains(study), labels)
    files = [
        Document("sdtm", "acrf.pdf", "Annotated CRF", ("annotated-crf", "us"), annotated.content, True, annotated.pages)
    ]
    pages: dict[str, str] = {}
    findings, texts = Findings(), load_texts(study)
    for guide in make_guides(study, made):
        words = texts.of(guide)
        package, tag = _PACKAGES[guide.short]
        name = guide.short.lower()
        files.append(Document(package, f"{name}.pdf", guide.title, (tag, "ich"), render_pdf(guide, words)))
        pages[f"{name}.html"] = render_html(guide, words)
        findings += check_texts(guide, words)
    return Documents(tuple(files), pages, findings)


def make_guides(study: Study, made: Build) -> tuple[Guide, ...]:
    """The guides to the datasets that a build made."""
    known = know(study, made)
    tabulated = make_csdrg(known)
    return (tabulated, make_adrg(known, known.adam)) if known.adam is not None else (tabulated,)


def know(study: Study, made: Build) -> Known:
    """What a build knows, read from its folder."""
    listed = {name.split("/")[0]: study.documents[name] for name in KNOWN if name in study.documents}
    packages = {"tabulation": "sdtm", "analysis": "adam"}
    sdtm = _metadata(made, "sdtm")
    if sdtm is None:
        raise FileNotFoundError(made.folder / "sdtm/define.xml")
    return Known(
        study,
        load_domains(study),
        load_datasets(study),
        read_switches(study),
        sdtm,
        _metadata(made, "adam"),
        {name: size.rows for name, size in made.sizes.items()},
        _findings(made),
        {packages[folder]: read_known_differences(document) for folder, document in listed.items()},
    )


def _metadata(made: Build, package: str) -> MetaData | None:
    path = made.folder / package / "define.xml"
    return read_define(path.read_bytes()).study.metadata if path.is_file() else None


def _findings(made: Build) -> Findings:
    """From the file: a build that was reused has them there only."""
    listed = json.loads((made.folder / "findings.json").read_text(encoding="utf-8"))
    return Findings(
        tuple(
            Finding(f["code"], Place(**f["place"]), f["got"], f["expected"], f["remedy"], Severity(f["severity"]))
            for f in listed
        )
    )
