"""Every dependency has its line of reasons, is pinned, and no registry is named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", r, maxsplit=1)[0].lower() for r in requirements}


def test_every_runtime_dependency_has_a_line_of_reasons(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (root / "docs/dependencies.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([a-z0-9-]+) \|", page, re.MULTILINE)
    assert _names(project["dependencies"]) == set(table) - {"package"}


def test_every_dependency_is_pinned_with_hashes_and_without_addresses(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (root / "requirements/lock.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0].split("[")[0].lower() for line in lock.splitlines() if re.match(r"[a-zA-Z]", line)}
    wanted = _names(project["dependencies"]).union(*(_names(v) for v in project["optional-dependencies"].values()))
    assert wanted <= pinned
    assert "://" not in lock
    assert lock.count("==") <= lock.count("--hash=")
