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
    # Python before 3.11.4 has no filter that keeps members inside the folder; plain files are written one by one.
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            target = (folder / member.name).resolve()
            if content is not None and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    return folder / "Published"


def read_misses() -> dict[str, Any]:
    return yaml.safe_load(MISSES.read_text(encoding="utf-8"))
