"""docs/commands.md tells of every command and every finding of the doors."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from opencro.app.cli.main import app


def test_every_command_has_a_line(root: Path) -> None:
    text = (root / "docs/commands.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)) == set(commands)


def test_every_finding_of_the_doors_has_a_line(root: Path) -> None:
    text = (root / "docs/commands.md").read_text(encoding="utf-8")
    sources = "".join(p.read_text(encoding="utf-8") for p in (root / "src/opencro/app").rglob("*.py"))
    codes = set(re.findall(r'"((?:ARC|AUD|BRW|CLI|CNV|IMP|RUN|STD)-\d+)"', sources))
    assert codes == set(re.findall(r"^\| ((?:ARC|AUD|BRW|CLI|CNV|IMP|RUN|STD)-\d+) \|", text, re.MULTILINE))


def test_every_code_of_a_finding_stands_in_a_document(root: Path) -> None:
    documents = "".join(p.read_text(encoding="utf-8") for p in (root / "docs").rglob("*.md"))
    sources = "".join(p.read_text(encoding="utf-8") for p in (root / "src/opencro").rglob("*.py"))
    codes = set(re.findall(r'"([A-Z]{3,4}-\d{3})"', sources))
    assert not {c for c in codes if c not in documents}
