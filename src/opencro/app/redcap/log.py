"""The ledger as REDCap's log: who did what when, newest first.

Source: REDCap's API, content=log. Facts that REDCap has no word for stand under `Manage/Design`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.rows import render_rows
from opencro.app.redcap.session import Session
from opencro.capture.uploads import file_name
from opencro.ledger import (
    DataExported,
    Fact,
    FormLocked,
    FormSigned,
    FormUnlocked,
    LedgerCreated,
    RecordChanged,
    RecordRemoved,
    RoleChanged,
    SettingChanged,
    StudyPublished,
    UserLoggedIn,
)

_COLUMNS = ("timestamp", "username", "action", "details", "record")
Line = tuple[str, str]
"""The kind of the line (`record_add`, `manage`, ...), and its action; the details come from `_details`."""
TYPES = ("export", "manage", "user", "record", "record_add", "record_edit", "record_delete", "lock_record", "page_view")


def export_log(session: Session, call: Call) -> Answer:
    """content=log, of one type, user, record, group or span of time where they are named."""
    session.rights.demand("api_export", "logging")
    wanted = call.text("logtype")
    if wanted and wanted not in TYPES:
        raise ApiRefused(f"The log type '{wanted}' is not valid.")
    user, record, dag = call.text("user"), call.text("record"), call.text("dag")
    begin, end = call.text("beginTime")[:16], call.text("endTime")[:16]
    sites = session.rights.sites
    rows = []
    for fact, kind, action, details in _lines(session):
        at = session.local_time(fact.recorded_at)
        typed = not wanted or kind == wanted or (wanted == "record" and kind.startswith("record"))
        here = not sites or not fact.key.site or fact.key.site in sites
        named = (not user or fact.actor == user) and (not record or fact.key.participant == record)
        if (
            typed
            and here
            and named
            and (not dag or fact.key.site == dag)
            and (not begin or at >= begin)
            and (not end or at <= end)
        ):
            rows.append(dict(zip(_COLUMNS, (at, fact.actor, action, details, fact.key.participant), strict=True)))
    return render_rows(reversed(rows), _COLUMNS, call.format, outer="logs")


def _lines(session: Session) -> Iterator[tuple[Fact, str, str, str]]:
    """Facts in their order, each with its type, its action and its details; what REDCap does not log is left out."""
    seen: set[str] = set()
    for fact in session.ledger.facts():
        if fact.kind == RecordChanged.NAME:
            fresh = fact.key.participant not in seen
            seen.add(fact.key.participant)
            door = " (API)" if fact.source == "api" else ""
            word = "Create" if fresh else "Update"
            action = f"{word} record{door} {fact.key.participant}"
            yield fact, "record_add" if fresh else "record_edit", action, _values(fact)
        elif fact.kind == RecordRemoved.NAME:
            seen.discard(fact.key.participant)
            yield fact, "record_delete", f"Delete record {fact.key.participant}", str(fact.key)
        elif fact.kind in _OTHERS:
            kind, action, details = _OTHERS[fact.kind]
            yield fact, kind, action, details(fact)


def _values(fact: Fact) -> str:
    items = [f"{name} = '{'' if new is None else file_name(new)}'" for name, (_, new) in fact.payload["items"].items()]
    repeats = [f"[instance = {n}]" for n in (fact.key.event_repeat, fact.key.form_repeat) if n > 1]
    return ", ".join([*repeats, *items])


def _setting(fact: Fact) -> str:
    name, old, new = (fact.payload[key] for key in ("setting", "old", "new"))
    word = "Delete" if not new else "Change" if old else "Add"
    said = json.loads(new or old)
    shown = said.get("role_label") or said.get("name") or ""
    return f"{word} {name.removeprefix('redcap.').replace('/', ' ')}" + (f" ({shown})" if shown else "")


_OTHERS: dict[str, tuple[str, str, Callable[[Fact], str]]] = {
    LedgerCreated.NAME: ("manage", "Manage/Design", lambda _: "Create project"),
    StudyPublished.NAME: ("manage", "Manage/Design", lambda f: f"Publish definition {f.payload['version']}"),
    SettingChanged.NAME: ("manage", "Manage/Design", _setting),
    DataExported.NAME: ("export", "Data export", lambda f: f"{f.payload['what']} ({f.payload['rows']} rows)"),
    RoleChanged.NAME: ("user", "Updated User", lambda f: f"{f.payload['user']}: {f.payload['new_role'] or 'no role'}"),
    UserLoggedIn.NAME: ("page_view", "Login", lambda f: "succeeded" if f.payload["succeeded"] else "failed"),
    FormLocked.NAME: ("lock_record", "Lock/Unlock Record", lambda f: f"Lock {f.key}"),
    FormUnlocked.NAME: ("lock_record", "Lock/Unlock Record", lambda f: f"Unlock {f.key}"),
    FormSigned.NAME: ("lock_record", "E-signature", lambda f: f"Sign {f.key}"),
}
