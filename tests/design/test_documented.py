"""Every error of the room has its line in docs/design.md, early-phase.md or simulation.md, and a test."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import opencro.design as de


def _modules() -> list[ModuleType]:
    names = [m.name for m in pkgutil.walk_packages(de.__path__, "opencro.design.")]
    return [importlib.import_module(name) for name in names]


@pytest.mark.parametrize("module", _modules(), ids=lambda m: m.__name__)
def test_the_examples_of_docstrings_run(module: ModuleType) -> None:
    face = vars(importlib.import_module(module.__name__.rpartition(".")[0]))
    found = [
        e for e in doctest.DocTestFinder(exclude_empty=True).find(module, globs={**face, **vars(module)}) if e.examples
    ]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in found:
        runner.run(example)
    assert runner.failures == 0


def test_every_error_code_is_documented_and_tested(root: Path) -> None:
    door = [root / "src/opencro/app/trial_design.py", root / "src/opencro/app/cli/trial_design.py"]
    modules = [*(root / "src/opencro/design").rglob("*.py"), *door]
    source = "".join(p.read_text(encoding="utf-8") for p in modules)
    raised = set(re.findall(r'"(DES-\d{3})"', source))
    pages = ("design.md", "early-phase.md", "randomization.md", "simulation.md")
    page = "\n".join((root / "docs" / name).read_text(encoding="utf-8") for name in pages)
    assert raised == set(re.findall(r"^\| (DES-\d{3}) \|", page, re.MULTILINE))
    written = [*(root / "tests/design").rglob("*.py"), root / "tests/app/test_trial_design.py"]
    tests = "".join(p.read_text(encoding="utf-8") for p in written)
    assert raised <= set(re.findall(r"DES-\d{3}", tests))
