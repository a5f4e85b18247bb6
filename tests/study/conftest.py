"""A small study (`small/`) in a folder of its own, and a way to change one word of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.study import write_schemas

Edit = Callable[[str, str, str], None]


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """A copy of the small study, which is without any finding."""
    root = tmp_path / "study"
    shutil.copytree(Path(__file__).parent / "small", root)
    write_schemas(root / ".schemas")
    return root


@pytest.fixture
def edit(starter: Path) -> Edit:
    """`edit(file, old, new)`: replace the first place where `old` stands; an empty `old` writes the whole file."""

    def change(file: str, old: str, new: str) -> None:
        path = starter / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1) if old else new, encoding="utf-8")

    return change
