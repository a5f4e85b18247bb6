"""Every finding code of the exchange formats has a row in its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("package", "prefix"), [("usdm", "USDM"), ("odm", "ODM"), ("redcap", "RCP"), ("xlsform", "XLF"), ("fhir", "FHR")]
)
def test_the_page_lists_the_codes_and_no_others(root: Path, package: str, prefix: str) -> None:
    folder = root / "src" / "opencro" / "study" / "formats" / package
    used = {code for path in folder.glob("*.py") for code in re.findall(rf'"({prefix}-\d\d\d)"', path.read_text())}
    page = (root / "docs" / f"{package}.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| ({prefix}-\d\d\d) \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(used)
