"""Files up to 400 lines, functions up to 40, classes up to 200; every exception stands here with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "opencro"
LARGE_FILES: dict[str, str] = {}
LARGE_FUNCTIONS: dict[str, str] = {}
LARGE_CLASSES: dict[str, str] = {}


def _modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _definitions(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, int]]:
    for path in _modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, kind):
                name = f"{path.relative_to(SOURCE).as_posix()}:{node.name}"  # type: ignore[attr-defined]
                yield name, node.end_lineno - node.lineno + 1  # type: ignore[attr-defined]


def test_files_have_at_most_400_lines() -> None:
    long = {
        path.relative_to(SOURCE).as_posix(): count
        for path in _modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert set(long) == set(LARGE_FILES), long


def test_functions_have_at_most_40_lines() -> None:
    long = {name: n for name, n in _definitions((ast.FunctionDef, ast.AsyncFunctionDef)) if n > 40}
    assert set(long) == set(LARGE_FUNCTIONS), long


def test_classes_have_at_most_200_lines() -> None:
    long = {name: n for name, n in _definitions(ast.ClassDef) if n > 200}
    assert set(long) == set(LARGE_CLASSES), long


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "service", "base"])
def test_rooms_are_named_as_trial_people_speak(word: str) -> None:
    named = [p for p in SOURCE.rglob("*") if p.stem == word]
    assert not [p for p in named if "allauth" not in p.parts]  # a library names the templates that stand in for its own
