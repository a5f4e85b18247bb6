"""A fact is one line of JSON with a fixed order of fields, and its hash is the SHA-256 of exactly those bytes.

The line starts with the hash of the participant's previous fact, so the hash covers the chain. Nothing is ever encoded
again: what was hashed is what is stored and exported. An anchor is such a line too, for one append.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring

from opencro.ledger.model import RecordKey

quoted: Callable[[str], str] = encode_basestring


def render_place(key: RecordKey) -> str:
    """The fields site..group_repeat; the parts were checked to need no escape."""
    site, _, event, event_repeat, form, form_repeat, group, group_repeat = key
    return (
        f',"site":"{site}","event":"{event}","event_repeat":{event_repeat},"form":"{form}","form_repeat":{form_repeat}'
        f',"item_group":"{group}","group_repeat":{group_repeat},"payload":'
    )


def render_items(items: Mapping[str, tuple[str | None, str | None]]) -> str:
    """The payload of a changed record: `{"items":{"SYSBP":["120","130"]}}`, items in order of name."""
    lines = [
        f'"{name}":[{"null" if old is None else quoted(old)},{"null" if new is None else quoted(new)}]'
        for name, (old, new) in sorted(items.items())
    ]
    return '{"items":{' + ",".join(lines) + "}}"


def render_values(values: Mapping[str, str | None]) -> str:
    """A record's current values as JSON in order of name; items without a value are left out."""
    lines = [f'"{name}":{quoted(value)}' for name, value in sorted(values.items()) if value is not None]
    return "{" + ",".join(lines) + "}"


class FirstValues:
    """Renders a new record's payload and values; what is the same for all records of the same items is made once."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], tuple[list[str], str, str]] = {}

    def render(self, values: Mapping[str, str | None]) -> tuple[str, str]:
        """What `render_items` of (None, value) and `render_values` give; no value may be None."""
        names = tuple(values)
        shape = self._shapes.get(names) or self._learn(names)
        texts = tuple([quoted(values[name]) for name in shape[0]])  # type: ignore[arg-type]
        return shape[1] % texts, shape[2] % texts

    def _learn(self, names: tuple[str, ...]) -> tuple[list[str], str, str]:
        ordered = sorted(names)
        fields = [f'"{name}":'.replace("%", "%%") for name in ordered]
        payload = '{"items":{' + ",".join([f"{field}[null,%s]" for field in fields]) + "}}"
        shape = (ordered, payload, "{" + ",".join([f"{field}%s" for field in fields]) + "}")
        self._shapes[names] = shape
        return shape


def hash_line(line: str) -> str:
    """SHA-256 of a line's UTF-8 bytes, 64 hexadecimal digits."""
    return hashlib.sha256(line.encode()).hexdigest()


def hash_facts(hashes: list[str]) -> str:
    """SHA-256 over the hashes of an append's facts, in order, one after the other."""
    return hash_line("".join(hashes))


def render_anchor(previous: str, number: int, first_seq: int, last_seq: int, facts: str, recorded_at: str) -> str:
    """The line of an anchor; `facts` is `hash_facts` of the append."""
    fields: dict[str, str | int] = {
        "previous": previous,
        "number": number,
        "first_seq": first_seq,
        "last_seq": last_seq,
        "facts": facts,
        "recorded_at": recorded_at,
    }
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
