"""Queries: what the facts say of them now, and what a run of the edit checks changes.

A query is open until it is answered, and stands until it is closed. One that an edit check raised is closed by the
check when the data no longer give rise to it. One that a person closed stays closed, also where the check still speaks:
it is raised again only when the data that the check reads have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from opencro.capture.edit_check import CheckRun, EditCheckRun
from opencro.ledger import Act, Ledger, QueryAnswered, QueryClosed, QueryRaised, RecordKey

QueryState = Literal["open", "answered", "closed"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question about an item of a record; `last_fact` is the fact that brought it into its state."""

    id: str
    key: RecordKey
    item: str
    rule: str
    text: str
    state: QueryState
    raised_at: str
    raised_by: str
    last_fact: int
    answer: str = ""


def read_queries(ledger: Ledger, until: int | None = None) -> list[Query]:
    """All queries as they stand after fact `until` (default: now), in the order in which they were raised."""
    until = ledger.position if until is None else until
    kinds = (QueryRaised.NAME, QueryAnswered.NAME, QueryClosed.NAME)
    facts = sorted((f for kind in kinds for f in ledger.facts(kind=kind, until=until)), key=lambda f: f.seq)
    queries: dict[str, Query] = {}
    for fact in facts:
        what = fact.what
        if isinstance(what, QueryRaised):
            queries[what.query] = Query(
                what.query, fact.key, what.item, what.rule, what.text, "open", fact.recorded_at, fact.actor, fact.seq
            )
        elif isinstance(what, QueryAnswered) and what.query in queries:
            before = queries[what.query]
            queries[what.query] = replace(before, state="answered", answer=what.text, last_fact=fact.seq)
        elif isinstance(what, QueryClosed) and what.query in queries:
            queries[what.query] = replace(queries[what.query], state="closed", last_fact=fact.seq)
    return list(queries.values())


def plan_queries(run: EditCheckRun, queries: Sequence[Query]) -> list[Act]:
    """What raises a query for each record on which a check newly speaks, and closes those that no longer hold.

    Checks of severity `warning` raise none: they speak to whoever types, not to a data manager afterwards. Running
    again on the same data plans nothing.
    """
    latest = {(query.rule, query.key): query for query in queries if query.rule}
    number = max((int(q.id[1:]) for q in queries if q.id[1:].isdecimal()), default=0)
    acts: list[Act] = []
    for one in run.runs:
        if one.check.severity == "warning":
            continue
        spoken = set()
        for key, fact in _places(one):
            spoken.add(key)
            known = latest.get((one.check.id, key))
            if known is None or (known.state == "closed" and fact > known.last_fact):
                number += 1
                raised = QueryRaised(f"Q{number:06d}", one.check.item or "", one.check.id, one.check.message)
                acts.append(Act(raised, key))
        acts += _closings(one, spoken, latest.values())
    return acts


def _places(one: CheckRun) -> Iterable[tuple[RecordKey, int]]:
    for site, participant, event, event_repeat, form_repeat, group_repeat, fact, _ in one.hits.iter_rows():
        place = (site, participant, event, event_repeat, one.check.form, form_repeat, one.group, group_repeat)
        yield RecordKey(*place), fact


def _closings(one: CheckRun, spoken: set[RecordKey], queries: Iterable[Query]) -> list[Act]:
    settled = (q for q in queries if q.rule == one.check.id and q.state != "closed" and q.key not in spoken)
    return [Act(QueryClosed(query.id), query.key) for query in settled]
