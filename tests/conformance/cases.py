"""Where CDISC's rules and cases are, and the list of cases that we miss."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import yaml

from opencro.terms import TermsStore

ARCHIVE = "cdisc/core/rules_and_cases.tar.xz"
MISSES = Path(__file__).parent / "misses.yaml"
LIBRARY = {domain.name: domain for domain in TermsStore().catalogue("sdtmig", "3.4").domains}


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "Published"


def read_misses() -> dict[str, Any]:
    return yaml.safe_load(MISSES.read_text(encoding="utf-8"))
