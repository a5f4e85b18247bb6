"""YAML that remembers its lines, so that a finding can point at the line that a person wrote.

Source: YAML 1.2 core schema. Only true/false are booleans (NO is Norway's country code), dates and
007 stay text, and a key
given twice is a finding instead of a silent loss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opencro.kernel.finding import Finding, Place

Key = tuple[str | int, ...]
DEEPEST = 100
"""Levels that a document may have."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A loader with YAML 1.2's scalars, on libyaml where it is there; the resolvers of YAML 1.1 are replaced below."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[1-9][0-9]*[eE][-+]?[0-9]+)$",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes every text which the loader above would not read as text."""

    ignore_aliases = staticmethod(lambda _data: True)  # type: ignore[assignment]


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    resolvers = [
        *_Loader.yaml_implicit_resolvers.get(text[:1], []),
        *yaml.SafeDumper.yaml_implicit_resolvers.get(text[:1], []),
    ]
    style = "'" if any(pattern.match(text) for _, pattern in resolvers) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def render_yaml(value: Any, width: int = 120) -> str:
    """Plain values as YAML that `parse_located` reads as the same values: `1e5` as a text comes back as a text."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)


@dataclass(frozen=True, slots=True)
class Located:
    """A document's plain value with the line of each key: `line(("items", 2, "label"))`."""

    value: Any
    file: str
    lines: dict[Key, int] = field(default_factory=dict)

    def line(self, key: Key) -> int | None:
        """The 1-based line of a path, or of its nearest written parent."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key[:-1]
        return self.lines.get((), None)

    def place(self, *key: str | int) -> Place:
        """The place of a path in this document."""
        return Place(self.file, self.line(key), "/".join(str(k) for k in key))


def parse_located(text: str, file: str) -> tuple[Located | None, list[Finding]]:
    """Parse YAML (or JSON, its subset) text; returns the document, or None, and findings YML-001..003."""
    try:
        if _is_deep(text):
            return None, [_finding("YML-001", Place(file), "values nested too deeply", "a handful of levels")]
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, None if mark is None else mark.line + 1)
        return None, [_finding("YML-001", place, f"not readable as YAML: {error.problem}", "well-formed YAML")]
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        return None, [_finding("YML-001", Place(file), f"not readable as YAML: {error}", "well-formed YAML")]
    if node is None:
        return None, [_finding("YML-002", Place(file), "the file is empty", "a YAML mapping")]
    findings: list[Finding] = []
    lines: dict[Key, int] = {}
    try:
        value = _Building(file, lines, findings).construct(node, ())
    except RecursionError:
        return None, [_finding("YML-001", Place(file), "an alias that holds itself", "a tree of values")]
    except yaml.constructor.ConstructorError as error:
        mark = error.problem_mark
        place = Place(file, None if mark is None else mark.line + 1)
        return None, [_finding("YML-001", place, f"a tag that is not known: {error.problem}", "plain YAML")]
    return Located(value, file, lines), findings


def _is_deep(text: str) -> bool:
    """Composing recurses in libyaml, where too deep a text would end the process; reading its events does not."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


def read_located(path: Path, root: Path) -> tuple[Located | None, list[Finding]]:
    """Read one YAML file; its name in findings is relative to `root`."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, [_finding("YML-001", Place(file), f"byte {error.start} is not UTF-8", "UTF-8 text")]
    return parse_located(text, file)


def _finding(code: str, place: Place, got: str, expected: str) -> Finding:
    return Finding(code, place, got, expected, "Correct the file.")


class _Building:
    """A document on its way from nodes to plain values: notes lines and keys that are given twice."""

    def __init__(self, file: str, lines: dict[Key, int], findings: list[Finding]) -> None:
        self._file = file
        self._lines = lines
        self._findings = findings
        self._scalars = _Loader("")

    def construct(self, node: yaml.Node, key: Key) -> Any:
        self._lines[key] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.construct(child, (*key, i)) for i, child in enumerate(node.value)]
        return self._scalars.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value)
            if name in mapping:
                place = Place(self._file, key_node.start_mark.line + 1, "/".join(str(k) for k in (*key, name)))
                self._findings.append(_finding("YML-003", place, f'key "{name}" is given twice', "each key once"))
                continue
            mapping[name] = self.construct(value_node, (*key, name))
            self._lines[(*key, name)] = key_node.start_mark.line + 1
        return mapping
