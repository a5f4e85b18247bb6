"""The reference designs: `../shared/data/design/reference.json`, read where it is present."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "design" / "reference.json"


@dataclass(frozen=True)
class Case:
    """A design of the file: what goes in, what should come out, and how near."""

    id: str
    family: str
    kind: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    tolerance: dict[str, float]


def cases() -> list[Case]:
    """All cases; none where the file is absent."""
    if not FILE.is_file():
        return []
    read = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    return [Case(*(c[k] for k in ("id", "family", "kind", "inputs", "expected", "tolerance"))) for c in read]
