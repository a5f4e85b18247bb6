"""JSON whose decimals keep the digits that were written: FHIR tells 5.60 from 5.6."""

from __future__ import annotations

import json
from decimal import Decimal


def render_json(value: object) -> bytes:
    """A value of dicts, lists, texts, numbers and truth values as indented UTF-8."""
    return (_render(value, "\n") + "\n").encode("utf-8")


def _render(value: object, newline: str) -> str:
    inner = newline + "  "
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {_render(part, inner)}" for key, part in value.items()]
        return "{" + inner + f",{inner}".join(lines) + newline + "}"
    if isinstance(value, list | tuple) and value:
        return "[" + inner + f",{inner}".join(_render(part, inner) for part in value) + newline + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
