"""Queries: what the facts say of them now, and what a run of the edit checks changes.

A query is open until it is answered, and stands until it is closed. One that an edit check raised is closed by the
check when the data no longer give rise to it. One that a person closed stays closed, also where the check still speaks:
it is raised again only when the data that the check reads have changed since.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from opencro.capture.edit_check import CheckRun, EditCheckRun
from opencro.ledger import (
    Act,
    Fact,
    Ledger,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    RecordKey,
)

QueryState = Literal["open", "answered", "closed", "cancelled"]
SETTLED: frozenset[QueryState] = frozenset({"closed", "cancelled"})

QUERY_KINDS = tuple(k.NAME for k in (QueryRaised, QueryAnswered, QueryClosed, QueryReopened, QueryCancelled))


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
    reopened: str = ""


def read_queries(ledger: Ledger, until: int | None = None) -> list[Query]:
    """All queries as they stand after fact `until` (default: now), in the order in which they were raised."""
    until = ledger.position if until is None else until
    queries: dict[str, Query] = {}
    for fact in ledger.facts(kind=QUERY_KINDS, until=until):
        name = fact.payload["query"]
        query = next_query(queries.get(name), fact)
        if query is not None:
            queries[name] = query
    return list(queries.values())


def next_query(before: Query | None, fact: Fact) -> Query | None:
    """A query after a fact about it; None when the fact is none of a query, or of one that was never raised."""
    what = fact.what
    if isinstance(what, QueryRaised):
        put = (what.query, fact.key, what.item, what.rule, what.text)
        return Query(*put, "open", fact.recorded_at, fact.actor, fact.seq)
    if before is None:
        return None
    if isinstance(what, QueryAnswered):
        return replace(before, state="answered", answer=what.text, last_fact=fact.seq)
    if isinstance(what, QueryReopened):
        return replace(before, state="open", reopened=what.text, last_fact=fact.seq)
    if isinstance(what, QueryCancelled):
        return replace(before, state="cancelled", last_fact=fact.seq)
    return replace(before, state="closed", last_fact=fact.seq) if isinstance(what, QueryClosed) else None


def plan_queries(run: EditCheckRun, queries: Sequence[Query], new_name: Callable[[], str] | None = None) -> list[Act]:
    """What raises a query for each record on which a check newly speaks, and closes those that no longer hold.

    Checks of severity `warning` raise none: they speak to whoever types, not to a data manager afterwards. Running
    again on the same data plans nothing. `new_name` gives the name of each new query; without it they are numbered on.
    """
    latest = {(query.rule, query.key): query for query in queries if query.rule}
    if new_name is None:
        number = itertools.count(max((int(q.id[1:]) for q in queries if q.id[1:].isdecimal()), default=0) + 1)
        new_name = lambda: f"Q{next(number):06d}"  # noqa: E731  two lines for one word
    standing: dict[str, list[Query]] = {}
    for query in latest.values():
        standing.setdefault(query.rule, []).append(query)
    acts: list[Act] = []
    for one in run.runs:
        if one.check.severity == "warning":
            continue
        spoken = set()
        for key, fact in _places(one):
            spoken.add(key)
            known = latest.get((one.check.id, key))
            if known is None or (known.state in SETTLED and fact > known.last_fact):
                raised = QueryRaised(new_name(), one.check.item or "", one.check.id, one.check.message)
                acts.append(Act(raised, key))
        acts += _closings(spoken, standing.get(one.check.id, ()))
    return acts


def _places(one: CheckRun) -> Iterable[tuple[RecordKey, int]]:
    for site, participant, event, event_repeat, form_repeat, group_repeat, fact, _ in one.hits.iter_rows():
        place = (site, participant, event, event_repeat, one.check.form, form_repeat, one.group, group_repeat)
        yield RecordKey(*place), fact


def _closings(spoken: set[RecordKey], queries: Iterable[Query]) -> list[Act]:
    settled = (q for q in queries if q.state not in SETTLED and q.key not in spoken)
    return [Act(QueryClosed(query.id), query.key) for query in settled]
