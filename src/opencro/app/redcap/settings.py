"""What a project is run with and no definition holds: users' rights, roles, the file repository; each change is a fact.

A setting has a name such as `redcap.user/alice` and a JSON value; the newest fact of a name counts, an empty one
takes it away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opencro.ledger import Act, Ledger, SettingChanged

Value = dict[str, Any]
_known: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
"""(study, hash of its first fact) -> how far the facts are folded, and what they say."""


def read_settings(ledger: Ledger, kind: str) -> dict[str, Value]:
    """The settings of one kind (`user`, `role`, `file`) by the name behind the slash, oldest first."""
    start = f"redcap.{kind}/"
    return {
        name.removeprefix(start): json.loads(text) for name, text in _fold(ledger).items() if name.startswith(start)
    }


def change_settings(ledger: Ledger, kind: str, changes: Mapping[str, Value | None]) -> list[Act]:
    """The acts that make settings so (None takes one away); what is already so makes no act."""
    held = _fold(ledger)
    acts = []
    for name, value in changes.items():
        full = f"redcap.{kind}/{name}"
        old = held.get(full, "")
        new = "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
        if old != new:
            acts.append(Act(SettingChanged(full, old, new)))
    return acts


def _fold(ledger: Ledger) -> dict[str, str]:
    first = next(iter(ledger.facts(until=1)), None)
    name = (ledger.study, "" if first is None else first.hash)
    position, held = _known.get(name, (0, {}))
    now = ledger.position
    if now > position:
        held = dict(held)
        _apply(held, (fact.payload for fact in ledger.facts(kind=SettingChanged.NAME, after=position, until=now)))
        _known[name] = (now, held)
    return held


def _apply(held: dict[str, str], payloads: Iterable[Mapping[str, Any]]) -> None:
    for payload in payloads:
        if payload["new"]:
            held[payload["setting"]] = payload["new"]
        else:
            held.pop(payload["setting"], None)
