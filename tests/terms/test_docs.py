"""The page on terms is true: its examples run, its counts hold, and every code is on it and in the program."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from opencro.terms import TermsStore
from opencro.terms import units as units_module


def test_the_examples_run(root: Path) -> None:
    page = doctest.testfile(str(root / "docs/terms.md"), module_relative=False)
    assert (page.failed, page.attempted > 5) == (0, True)
    docstrings = doctest.testmod(units_module)
    assert (docstrings.failed, docstrings.attempted) == (0, 2)


def test_every_code_is_documented_and_used(root: Path) -> None:
    source = "".join(p.read_text() for p in (root / "src/opencro/terms").rglob("*.py"))
    used = set(re.findall(r'"(TRM-\d{3})"', source))
    documented = re.findall(r"^\| (TRM-\d{3}) ", (root / "docs/terms.md").read_text(), re.MULTILINE)
    assert sorted(used) == documented


def test_every_code_is_tried_by_a_test(root: Path) -> None:
    source = "".join(p.read_text() for p in (root / "src/opencro/terms").rglob("*.py"))
    tests = "".join(p.read_text() for p in (root / "tests/terms").glob("*.py"))
    assert set(re.findall(r'"(TRM-\d{3})"', source)) <= set(re.findall(r'"(TRM-\d{3})"', tests))


def test_the_counts_on_the_page_are_those_of_the_pack(root: Path) -> None:
    pack = TermsStore().pack("sdtm-ct", "2025-03-28")
    expected = f"{len(pack.codes)} code lists of CDISC SDTM terminology, {pack.frame().height:,} terms"
    assert expected in (root / "docs/terms.md").read_text()
