"""Forms that are complete: a status of 2 in REDCap's words is the completion that our workflow asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opencro.app.redcap.project import Project
from opencro.app.redcap.session import Session
from opencro.capture import form_place
from opencro.ledger import Act, FormCompleted, RecordKey


def bare_status(project: Project) -> dict[str, str]:
    """Status column -> instrument, of forms that have no item for it: 2 completes the form, the rest says nothing."""
    return {f"{name}_complete": name for name in project.instruments if name not in project.status}


def complete_forms(session: Session, items: Mapping[RecordKey, Mapping[str, str]], said: Iterable[RecordKey]) -> None:
    """Complete the forms whose status item became 2, and those of which it was said."""
    status = {(f.form, f.group): f.item.id for f in session.project.status.values() if f.item is not None}
    changed = [key for key, values in items.items() if values.get(status.get((key.form, key.group), "")) == "2"]
    places = dict.fromkeys(form_place(key) for key in (*changed, *said))
    if places:
        done = {fact.key for fact in session.ledger.facts(kind=FormCompleted.NAME)}
        acts = [Act(FormCompleted(), place) for place in places if place not in done]
        if acts:
            session.append(acts, "enter")
