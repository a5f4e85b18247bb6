"""What may enter the ledger: keys without odd characters, text values, a named actor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from opencro.kernel.finding import Finding, Place
from opencro.ledger.model import Act, Actor, Change, Entry, RecordKey

# Key parts stand in JSON and in listings without an escape: no control characters, quotes, backslashes, surrogates.
_ODD = re.compile(r'[\x00-\x1f\x7f"\\\ud800-\udfff]')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TEXT = frozenset((str, type(None)))
RESERVED = frozenset(
    ("record", "fact", "site", "participant", "event", "event_repeat", "form", "form_repeat", "group", "group_repeat")
)


def check_entries(entries: Sequence[Entry], actor: Actor) -> list[Finding]:
    """Findings LED-001..004, 006, 007 on what is to be appended, in order."""
    findings = _check_actor(actor)
    findings += check_names({name for e in entries for name in _names(_place(e))}, "key")
    findings += _check_keys(entries)
    shapes = {tuple(e.values) for e in entries if isinstance(e, Change)}
    findings += check_names({name for shape in shapes for name in shape}, "item", required=True)
    for entry in entries:
        if isinstance(entry, Change) and not _TEXT.issuperset(map(type, entry.values.values())):
            findings += [_not_text(entry.key, n, v) for n, v in entry.values.items() if type(v) not in _TEXT]
        if entry.device_time is not None and entry.device_time.tzinfo is None:
            place = Place(path=str(_place(entry)))
            got = f"device time {entry.device_time.isoformat()} has no zone"
            findings.append(Finding("LED-007", place, got, "a time with zone", "Send the device's offset from UTC."))
    return findings


def check_names(names: Iterable[str], what: str, required: bool = False) -> list[Finding]:
    """Findings LED-001 (odd characters) and LED-003 (item name empty or reserved) on distinct names."""
    findings = []
    for name in sorted(names):
        if _ODD.search(name):
            expected = "no control characters, double quotes or backslashes"
            findings.append(
                Finding("LED-001", Place(path=ascii(name)), f"odd character in a {what}", expected, "Rename it.")
            )
        elif required and (not name or name in RESERVED):
            expected = "a name that is not " + ", ".join(sorted(RESERVED))
            findings.append(Finding("LED-003", Place(path=name), f'item name "{name}"', expected, "Rename the item."))
    return findings


def surrogate_finding(key: RecordKey) -> Finding:
    """LED-004 for text that UTF-8 cannot hold."""
    got = "text with half a surrogate pair"
    return Finding(
        "LED-004", Place(path=str(key)), got, "text that UTF-8 can hold", "Correct the encoding of the input."
    )


def _check_actor(actor: Actor) -> list[Finding]:
    findings = []
    for what, name in (("user", actor.user), ("role", actor.role)):
        if not name.strip() or _UNPRINTABLE.search(name):
            findings.append(
                Finding(
                    "LED-006",
                    Place(path=what),
                    f'{what} "{ascii(name)[1:-1]}"',
                    "a name",
                    "Say who acts, in which role.",
                )
            )
    return findings


def _place(entry: Entry) -> RecordKey:
    return entry.place if isinstance(entry, Act) else entry.key


def _names(key: RecordKey) -> tuple[str, str, str, str, str]:
    return key.site, key.participant, key.event, key.form, key.group


def _check_keys(entries: Sequence[Entry]) -> list[Finding]:
    findings = []
    for entry in entries:
        key = _place(entry)
        _, participant, _, event_repeat, form, form_repeat, _, group_repeat = key
        if not (_is_count(event_repeat) and _is_count(form_repeat) and _is_count(group_repeat)):
            got = f"repeats {(event_repeat, form_repeat, group_repeat)}"
            findings.append(
                Finding("LED-002", Place(path=str(key)), got, "whole numbers from 0", "Correct the repeat.")
            )
        if not (participant and form) and not isinstance(entry, Act):
            got = "a record without participant or form"
            findings.append(Finding("LED-002", Place(path=str(key)), got, "both", "Name participant and form."))
    return findings


def _is_count(repeat: object) -> bool:
    return type(repeat) is int and repeat >= 0


def _not_text(key: RecordKey, item: str, value: object) -> Finding:
    place = Place(path=f"{key}/{item}")
    return Finding(
        "LED-004", place, f"a value of type {type(value).__name__}", "text or None", "Pass the collected text."
    )
