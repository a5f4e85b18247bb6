"""JSON that can say on which line a value stands.

Source: RFC 8259. The values are read by the standard library; lines are found by a second pass that runs only when a
finding needs them, since most files have none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from opencro.kernel.finding import Finding, Place

Key = tuple[str | int, ...]
MAX_BYTES = 200 * 1024 * 1024
"""A larger document is refused unread: the largest published example has 1.7 MB."""
MAX_DEPTH = 100
"""A study definition needs about 20 levels; without a bound a hostile file could exhaust the stack of its readers."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


def parse_json(data: bytes | str, file: str) -> tuple[Any, str, list[Finding]]:
    """Read JSON; returns the value, the text for `locate_values`, and findings USDM-001..003 (001: no value)."""
    if len(data) > MAX_BYTES:
        return None, "", [_unreadable(file, None, f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")]
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, "", [_unreadable(file, None, f"byte {error.start} is not UTF-8", "UTF-8 text")]
    odd: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(items)
        if len(value) != len(items):
            odd.append("key")
        return value

    def number(word: str) -> float:
        value = float(word)
        if not math.isfinite(value):
            odd.append(word)
        return value

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_float=number, parse_constant=number)
    except json.JSONDecodeError as error:
        return None, text, [_unreadable(file, error.lineno, f"not JSON at column {error.colno}", "well-formed JSON")]
    except RecursionError:
        return None, text, [_unreadable(file, None, "nested too deeply to read", "a document nested as USDM is")]
    if _is_deeper(value, MAX_DEPTH):
        return None, text, [_unreadable(file, None, "nested too deeply to read", "a document nested as USDM is")]
    findings = [_number(file, word) for word in odd if word != "key"]
    if "key" in odd:
        findings += [_repeated(file, key, line) for key, line in _walk(text) if key and key[-1] == _REPEATED]
    return value, text, findings


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return bool(level)


def locate_values(text: str) -> dict[Key, int]:
    """The 1-based line on which each value of a JSON text starts, by its path; for text that `parse_json` has read."""
    return {key: line for key, line in _walk(text) if not key or key[-1] != _REPEATED}


_REPEATED = "\0repeated"


def _walk(text: str) -> Iterator[tuple[Key, int]]:
    """Every value with its line; a key that is given again yields its path with a mark at the end."""
    stack: list[tuple[str, set[str]]] = []
    path: list[str | int] = []
    line, name = 1, ""
    awaiting_name = False
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == "\n":
            line += 1
        elif word in "}]":
            stack.pop()
            path.pop()
        elif word == ",":
            awaiting_name = stack[-1][0] == "{"
            if not awaiting_name:
                path[-1] = int(path[-1]) + 1
        elif word == ":":
            path[-1] = name
            awaiting_name = False
        elif awaiting_name:
            name = json.loads(word)
            if name in stack[-1][1]:
                yield (*path[:-1], name, _REPEATED), line
            stack[-1][1].add(name)
        else:
            yield tuple(path), line
            if word in "{[":
                stack.append((word, set()))
                path.append("" if word == "{" else 0)
                awaiting_name = word == "{"


def _unreadable(file: str, line: int | None, got: str, expected: str) -> Finding:
    return Finding("USDM-001", Place(file, line), got, expected, "Give a USDM JSON file as its system wrote it.")


def _number(file: str, word: str) -> Finding:
    return Finding("USDM-002", Place(file), f"number {word}", "a finite number", "Give a number that JSON permits.")


def _repeated(file: str, key: Key, line: int) -> Finding:
    place = Place(file, line, "/".join(str(k) for k in key[:-1]))
    return Finding("USDM-003", place, f'key "{key[-2]}" is given twice', "each key once", "Remove one of the two.")
