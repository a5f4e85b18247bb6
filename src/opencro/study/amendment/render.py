"""A diff in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from opencro.study.amendment.model import Change, StudyDiff

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def render_diff(diff: StudyDiff) -> str:
    """An amendment as text: what changed by kind of part, then what it touches."""
    if not diff.changes and not diff.files:
        return "Nothing changed.\n"
    lines = [f"Version {diff.before} -> {diff.after}: {_count(len(diff.changes), 'change')} in {_files(diff)}"]
    for kind in dict.fromkeys(change.kind for change in diff.changes):
        lines += ["", kind]
        lines += [line for change in diff.changes if change.kind == kind for line in _change(change)]
    lines += ["", "touches", *_touched(diff)]
    return "\n".join(lines) + "\n"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _files(diff: StudyDiff) -> str:
    return _count(len(diff.files), "file")


def _change(change: Change) -> Iterator[str]:
    what = f"  {_SIGNS[change.action]} {change.id}"
    if change.action == "changed":
        yield f"{what} {change.field}: {_short(change.before)} -> {_short(change.after)}"
    else:
        yield f"{what} ({change.file})"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:97] + "..."


def _touched(diff: StudyDiff) -> Iterator[str]:
    touched = diff.touched
    for word, names in (
        ("forms", touched.forms),
        ("visits", touched.visits),
        ("datasets", touched.datasets),
        ("analyses", touched.analyses),
        ("participants in flight", touched.participants),
    ):
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        yield f"  {word}: {shown or 'none'}"
