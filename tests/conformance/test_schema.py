"""The published schema of a study's exceptions is current."""

from __future__ import annotations

from pathlib import Path

from opencro.conformance import render_schemas


def test_the_published_schema_is_current(root: Path) -> None:
    folder = root / "src/opencro/conformance/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()
