"""What is expected of a participant: visits in order, and at each the forms that a site fills in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opencro.app.web.models import FormRow
from opencro.study import Form, Study, Visit

STATES = ("planned", "started", "complete", "verified", "signed", "locked")
_RANK = {"empty": 1, "started": 1, "complete": 2, "verified": 3, "signed": 4}


@dataclass(frozen=True)
class Column:
    """A visit as a column of the matrix: the visit, and the forms that sites fill in there."""

    visit: Visit
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """How a participant stands at a visit: the least advanced of what sites typed there, and the queries."""

    event: str
    state: str
    done: int
    expected: int
    queries: int
    stale: bool = False


def columns(study: Study) -> tuple[Column, ...]:
    """The planned visits."""
    return tuple(
        Column(visit, _forms_at(study, visit.id)) for visit in study.protocol.schedule.visits if not visit.unscheduled
    )


def _forms_at(study: Study, visit: str) -> tuple[str, ...]:
    asked = [form for a in study.protocol.schedule.activities if visit in a.visits for form in a.forms]
    return tuple(dict.fromkeys(form for form in asked if _typed(study.forms.get(form))))


def _typed(form: Form | None) -> bool:
    return form is not None and form.source == "site" and not form.participant_level


def log_forms(study: Study) -> list[Form]:
    """Forms that belong to the participant and not to a visit."""
    return [form for form in study.forms.values() if form.participant_level]


def compute_cell(column: Column, rows: Iterable[FormRow]) -> Cell:
    """A cell of the matrix from the forms that exist at a visit."""
    found = list(rows)
    queries = sum(row.open_queries for row in found)
    ranks = {row.form: 5 if row.locked else _RANK[row.state] for row in found if row.form in column.forms}
    done = sum(rank >= 2 for rank in ranks.values())
    state = STATES[min(ranks.values())] if ranks else "planned"
    return Cell(column.visit.id, state, done, len(column.forms), queries, any(row.stale for row in found))
