"""The names of new records: the next free number, behind the number of the caller's data access group.

Source: REDCap's API, content=generateNextRecordName, and forceAutoNumber of an import.
"""

from __future__ import annotations

from collections.abc import Sequence

from opencro.app.redcap.lines import read_lines
from opencro.app.redcap.session import Session


def number_records(session: Session, given: Sequence[str]) -> dict[str, str]:
    """Given name -> the next free number, in the order of the rows."""
    start = next_number(session)
    prefix, _, number = start.rpartition("-")
    joint = f"{prefix}-" if prefix else ""
    return {name: f"{joint}{int(number) + at}" for at, name in enumerate(dict.fromkeys(given))}


def next_number(session: Session) -> str:
    """The next record name that is free: one more than the greatest number, behind the number of the caller's group."""
    group = session.rights.group
    prefix = f"{session.group_ids()[group]}-" if group in session.group_ids() else ""
    taken = [r.removeprefix(prefix) for r in read_lines(session.project, session.ledger).sites if r.startswith(prefix)]
    return f"{prefix}{max((int(r) for r in taken if r.isascii() and r.isdigit()), default=0) + 1}"
