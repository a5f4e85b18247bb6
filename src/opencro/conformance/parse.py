"""Published rule files become `Rule` values, or findings with file and line (CNF-001 to CNF-004)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from opencro.conformance.model import Branch, Condition, Leaf, Match, Reach, Rule, Standard
from opencro.kernel.finding import Finding, Findings, Place

_DEEPEST = 40
_BRACKETS = 500
_SUSPECT = re.compile(r"(?:^|[\s\[{,:-])\*[^\s,\]}]|^[ -]{200}", re.MULTILINE)
_LARGEST = 1_000_000
_SCOPES = {"Classes": "classes", "Domains": "domains", "Entities": "entities", "Data Structures": "structures"}


class _Wrong(Exception):
    def __init__(self, path: str, got: str, expected: str) -> None:
        super().__init__(path)
        self.path, self.got, self.expected = path, got, expected


def parse_rule(text: str, file: str) -> tuple[Rule | None, Findings]:
    """A rule from the text of its YAML file; None with findings when it is not a rule."""
    if len(text) > _LARGEST:
        return None, _refusal("CNF-001", Place(file), f"{len(text)} characters", f"at most {_LARGEST}")
    try:
        if _SUSPECT.search(text) or text.count("[") + text.count("{") > _BRACKETS:
            wrong = _events_wrong(text)
            if wrong:
                return None, _refusal(wrong[0], Place(file), *wrong[1:])
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except RecursionError:
        return None, _refusal("CNF-004", Place(file), "nesting without end", f"at most {_DEEPEST} levels")
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        return None, _refusal("CNF-001", Place(file, line), "text that is not YAML", "a rule in YAML")
    try:
        return _rule(document, file), Findings()
    except _Wrong as wrong:
        code = "CNF-004" if wrong.expected.startswith("at most") else "CNF-002"
        return None, _refusal(code, Place(file, _line(text, wrong.path), wrong.path), wrong.got, wrong.expected)


def _events_wrong(text: str) -> tuple[str, str, str] | None:
    """An alias, or nesting that would exhaust the stack of the YAML library, found without composing anything."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return "CNF-001", "a YAML alias", "plain values"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 3 * _DEEPEST:
            return "CNF-004", "nesting without end", f"at most {_DEEPEST} levels"
    return None


def _refusal(code: str, place: Place, got: str, expected: str) -> Findings:
    return Findings((Finding(code, place, got, expected, "Correct the rule file."),))


def _line(text: str, path: str) -> int:
    word = path.split("/")[0]
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.startswith(word + ":")), 1)


def _get(node: Any, key: str, kind: type | tuple[type, ...], path: str, default: Any = None) -> Any:
    value = node.get(key, default)
    if value is None and default is None:
        raise _Wrong(path, "nothing", f"a value of {key}")
    if not isinstance(value, kind):
        raise _Wrong(path, f"{key} is {type(value).__name__}", f"{key} is {getattr(kind, '__name__', 'another type')}")
    return value


def _rule(document: Any, file: str) -> Rule:
    if not isinstance(document, Mapping):
        raise _Wrong("", type(document).__name__, "a mapping with Core, Check and Outcome")
    node = {str(key).replace("_", " "): value for key, value in document.items()}
    core = _get(node, "Core", Mapping, "Core")
    outcome = {str(k).replace("_", " "): v for k, v in _get(node, "Outcome", Mapping, "Outcome").items()}
    check = _get(node, "Check", (Mapping, str), "Check")
    scope = {str(k).replace("_", " "): v for k, v in (node.get("Scope") or {}).items()}
    use_case = scope.get("Use Case") or ""
    cases = use_case if isinstance(use_case, list) else str(use_case).split(",")
    return Rule(
        id=str(_get(core, "Id", str, "Core")),
        type=_get(node, "Rule Type", str, "Rule Type"),
        message=str(outcome.get("Message") or ""),
        check=None if isinstance(check, str) else _condition(check, "Check", 0),
        sensitivity=str(node.get("Sensitivity") or "Record"),
        description=str(node.get("Description") or ""),
        executability=str(node.get("Executability") or ""),
        jsonata=check if isinstance(check, str) else "",
        operations=tuple(_get(node, "Operations", list, "Operations", [])),
        matches=tuple(_match(m) for m in _get(node, "Match Datasets", list, "Match Datasets", [])),
        outputs=tuple(str(v) for v in outcome.get("Output Variables") or ()),
        grouping=tuple(str(v) for v in node.get("Grouping Variables") or ()),
        scope={_SCOPES[k]: _reach(v) for k, v in scope.items() if k in _SCOPES and v},
        splits=(scope.get("Domains") or {}).get("include_split_datasets"),
        use_cases=tuple(c.strip() for c in cases if c.strip()),
        standards=tuple(_standards(node.get("Authorities") or ())),
        file=file,
    )


def _reach(node: Any) -> Reach:
    return Reach(tuple(map(str, node.get("Include") or ())), tuple(map(str, node.get("Exclude") or ())))


def _match(node: Any) -> Match:
    keys = tuple(
        (str(k), str(k)) if not isinstance(k, Mapping) else (str(k.get("Left")), str(k.get("Right")))
        for k in node.get("Keys") or ()
    )
    join = str(node.get("Join Type") or node.get("Join_Type") or "inner")
    return Match(str(node.get("Name")), keys, join, bool(node.get("Child")), str(node.get("Wildcard") or "**"))


def _standards(authorities: Any) -> list[Standard]:
    found = []
    for authority in authorities:
        for s in authority.get("Standards") or ():
            references: Any = s.get("References") or ({},)
            number = str((references[0].get("Rule Identifier") or {}).get("Id") or "")
            organization = str(authority.get("Organization") or "")
            names = (str(s.get("Name") or ""), str(s.get("Version") or ""), str(s.get("Substandard") or ""))
            found.append(Standard(organization, *names, number))
    return found


def _condition(node: Any, path: str, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise _Wrong(path, "deeper nesting", f"at most {_DEEPEST} levels")
    if not isinstance(node, Mapping):
        raise _Wrong(path, type(node).__name__, "all, any, not, or a test with name and operator")
    for kind in ("all", "any", "not"):
        if kind in node:
            return _branch(kind, node[kind], path, depth)
    operator = _get(node, "operator", str, path)
    options = {k: v for k, v in node.items() if k not in ("name", "operator", "value")}
    return Leaf(str(node.get("name") or ""), operator, node.get("value"), options)


def _branch(kind: str, value: Any, path: str, depth: int) -> Branch:
    parts = value if isinstance(value, list) else [value]
    if not parts or (kind == "not" and len(parts) != 1):
        raise _Wrong(path, f"{kind} with {len(parts)} parts", "one part of not, one or more of all and any")
    return Branch(kind, tuple(_condition(p, f"{path}/{kind}/{n}", depth + 1) for n, p in enumerate(parts)))
