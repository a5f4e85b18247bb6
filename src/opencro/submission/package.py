"""The files that describe a package: define.xml, its stylesheet, and a page that opens in any browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from opencro.analysis import AnalysisDataset
from opencro.study import Study
from opencro.submission.define_xml import read_stylesheet, render_define_html, write_define
from opencro.submission.describe.analysis import describe_analysis
from opencro.submission.describe.whole import describe_datasets
from opencro.tabulation import Domain, Outline
from opencro.terms import TermsStore


def write_define_files(
    study: Study,
    domains: Mapping[str, Domain],
    datasets: Mapping[str, Outline],
    store: TermsStore,
    folder: Path,
    created: datetime,
) -> tuple[Path, ...]:
    """Write define.xml, define.xsl and define.html into a folder beside `xpt/`; Refused when something does not fit."""
    return _write(write_define(describe_datasets(study, domains, datasets, store, created)), folder)


def write_analysis_define_files(
    study: Study,
    datasets: Mapping[str, AnalysisDataset],
    outlines: Mapping[str, Outline],
    folder: Path,
    created: datetime,
    *,
    domains: Mapping[str, Domain],
    store: TermsStore,
) -> tuple[Path, ...]:
    """Write the same files for analysis datasets; Refused when something does not fit."""
    return _write(
        write_define(describe_analysis(study, datasets, outlines, created, domains=domains, store=store)), folder
    )


def _write(document: bytes, folder: Path) -> tuple[Path, ...]:
    texts = {
        "define.xml": document,
        "define.xsl": read_stylesheet(),
        "define.html": render_define_html(document).encode("utf-8"),
    }
    for name, content in texts.items():
        (folder / name).write_bytes(content)
    return tuple(folder / name for name in texts)
