"""Nobody reaches behind the face of another room: only `app` may import from inside a stage."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "opencro"
ROOMS = sorted(p.name for p in SOURCE.iterdir() if p.is_dir() and (p / "__init__.py").exists())
OPEN = {"kernel"}


def _imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]


def test_rooms_are_entered_by_their_face() -> None:
    breaches = []
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0]
        if room in ("app", "__init__.py"):
            continue
        for module in _imports(path):
            parts = module.split(".")
            if parts[0] == "opencro" and len(parts) > 2 and parts[1] not in OPEN | {room} and len(parts) > 2:
                breaches.append(f"{path.relative_to(SOURCE)}: {module}")
    assert not breaches, breaches


def test_every_room_has_a_half_page_and_names_its_face() -> None:
    for room in ROOMS:
        assert (SOURCE / room / "README.md").is_file(), f"{room} has no README.md"
        if room != "app":
            text = (SOURCE / room / "__init__.py").read_text(encoding="utf-8")
            assert room in OPEN or "__all__" in text, f"{room} names no face"
