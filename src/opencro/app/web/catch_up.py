"""The application's tables follow the ledger: facts after the last known one are folded in, in one transaction.

A page may be asked by any process, so each asks first; when nothing is new that costs one look at the newest number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, cast

from django.db import transaction
from django.db.models import Model

from opencro.app.web.follow_user import follow_user
from opencro.app.web.models import FormRow, LockRow, Participant, Progress, QueryRow
from opencro.capture import QUERY_KINDS, FormWork, Query, Signature, form_place, next_query
from opencro.capture.query import QueryState
from opencro.ledger import (
    Fact,
    FormLocked,
    FormUnlocked,
    Ledger,
    ParticipantEnrolled,
    ParticipantWithdrawn,
    RecordKey,
)

_BLOCK = 50_000
"""Facts folded before rows are written: large, since a form is touched again and again over a trial."""
FORM_PLACE = ("study", "participant", "event", "event_repeat", "form", "form_repeat")
_SHOWN = ("open", "answered")
FORM_COLUMNS = (
    "state stale frozen locked flagged open_queries answered_queries last_saved_at work site".split()  # noqa: SIM905
)
QUERY_COLUMNS = "state changed_at answer reopened last_fact".split()  # noqa: SIM905


def catch_up(ledger: Ledger) -> int:
    """Bring the tables of the ledger's study up to its newest fact; returns that fact's number."""
    until = ledger.position
    known = Progress.objects.filter(study=ledger.study).values_list("position", flat=True).first()
    if known is not None and known >= until:
        return known
    Progress.objects.get_or_create(study=ledger.study)
    with transaction.atomic():
        progress = Progress.objects.select_for_update().get(study=ledger.study)
        facts = ledger.facts(after=progress.position, until=until)
        while block := list(islice(facts, _BLOCK)):
            _Block(ledger.study).fold(block)
            progress.position = block[-1].seq
        progress.save()
        return progress.position


def work_of(row: FormRow | None) -> FormWork:
    """The form's life from its row."""
    if row is None:
        return FormWork()
    said = dict(row.work)
    signature = said.pop("signature", None)
    records = {n: {k: tuple(v) for k, v in said.pop(n, {}).items()} for n in ("filled", "verified")}
    work = FormWork(filled=records["filled"], verified=records["verified"], **said)
    return replace(work, signature=Signature(**signature) if signature else None)


class _Block:
    """Some thousand facts, folded into rows that are read once and written once."""

    def __init__(self, study: str) -> None:
        self._study = study
        self._forms: dict[RecordKey, FormRow] = {}
        self._works: dict[RecordKey, FormWork] = {}
        self._queries: dict[str, QueryRow] = {}

    def fold(self, facts: list[Fact]) -> None:
        self._read(facts)
        for fact in facts:
            if fact.kind in QUERY_KINDS:
                self._query(fact)
            elif fact.key.form and fact.key.participant:
                place = form_place(fact.key)
                self._works[place] = self._work(place).apply(fact)
            elif isinstance(what := fact.what, FormLocked | FormUnlocked):
                self._lock(fact.key, what)
            else:
                self._person(fact)
        self._write()

    def _read(self, facts: list[Fact]) -> None:
        people = {f.key.participant for f in facts if f.key.form and f.key.participant}
        for row in FormRow.objects.filter(study=self._study, participant__in=people):
            self._forms[_key(row)] = row
        names = {f.payload["query"] for f in facts if f.kind in QUERY_KINDS}
        for query in QueryRow.objects.filter(study=self._study, name__in=names):
            self._queries[query.name] = query

    def _row(self, place: RecordKey) -> FormRow:
        if place not in self._forms:
            parts = place._asdict()
            del parts["group"], parts["group_repeat"]
            self._forms[place] = FormRow(study=self._study, **parts)
        return self._forms[place]

    def _work(self, place: RecordKey) -> FormWork:
        if place not in self._works:
            self._works[place] = work_of(self._row(place))
        return self._works[place]

    def _query(self, fact: Fact) -> None:
        name = fact.payload["query"]
        row = self._queries.get(name)
        query = next_query(query_of(row) if row else None, fact)
        if query is None:
            return
        if row is None:
            parts = query.key._asdict()
            asked = {"item": query.item, "rule": query.rule, "text": query.text}
            row = QueryRow(study=self._study, name=name, raised_at=query.raised_at, raised_by=query.raised_by)
            for column, value in {**parts, **asked}.items():
                setattr(row, column, value)
            self._queries[name] = row
            self._count(query.key, query.state, 1)
        elif row.state != query.state:
            self._count(query.key, row.state, -1)
            self._count(query.key, query.state, 1)
        row.state, row.answer, row.reopened = query.state, query.answer, query.reopened
        row.changed_at, row.last_fact = fact.recorded_at, query.last_fact

    def _count(self, key: RecordKey, state: str, step: int) -> None:
        if state in _SHOWN and key.form:
            row = self._row(form_place(key))
            column = f"{state}_queries"
            setattr(row, column, getattr(row, column) + step)

    def _lock(self, place: RecordKey, what: FormLocked | FormUnlocked) -> None:
        at = {n: getattr(place, n) for n in ("site", "participant", "event", "event_repeat")}
        if isinstance(what, FormLocked):
            LockRow.objects.get_or_create(study=self._study, level=what.level, **at)
        else:
            LockRow.objects.filter(study=self._study, level=what.level, **at).delete()

    def _person(self, fact: Fact) -> None:
        what, key = fact.what, fact.key
        if isinstance(what, ParticipantEnrolled):
            values = {"site": key.site, "enrolled_on": what.enrolled_on}
            Participant.objects.update_or_create(study=self._study, participant=key.participant, defaults=values)
        elif isinstance(what, ParticipantWithdrawn):
            here = Participant.objects.filter(study=self._study, participant=key.participant)
            here.update(withdrawn_on=what.withdrawn_on)
        else:
            follow_user(self._study, fact)

    def _write(self) -> None:
        for place, work in self._works.items():
            row = self._row(place)
            row.site = place.site
            row.state, row.stale, row.frozen, row.locked = work.state, work.stale, work.frozen, work.locked
            row.flagged, row.last_saved_at, row.work = bool(work.flag), work.last_saved_at, _as_json(work)
        _upsert(FormRow, list(self._touched()), FORM_PLACE, FORM_COLUMNS)
        _upsert(QueryRow, list(self._queries.values()), ("study", "name"), QUERY_COLUMNS)

    def _touched(self) -> Iterator[FormRow]:
        counted = {form_place(query_of(q).key) for q in self._queries.values()}
        return (row for place, row in self._forms.items() if place in self._works or place in counted)


def _as_json(work: FormWork) -> dict[str, Any]:
    signature = work.signature
    values = {name: getattr(work, name) for name in FormWork.__slots__}
    return {**values, "signature": asdict(signature) if signature else None}


def _upsert(model: type[Model], rows: list[Any], unique: Sequence[str], columns: Sequence[str]) -> None:
    for row in rows:
        row.pk = None
    manager = model._default_manager
    manager.bulk_create(
        rows, batch_size=400, update_conflicts=True, unique_fields=list(unique), update_fields=list(columns)
    )


def _key(row: FormRow) -> RecordKey:
    return RecordKey(row.site, row.participant, row.event, row.event_repeat, row.form, row.form_repeat)


def query_of(row: QueryRow) -> Query:
    """A query from its row."""
    key = RecordKey(
        row.site, row.participant, row.event, row.event_repeat, row.form, row.form_repeat, row.group, row.group_repeat
    )
    return Query(
        row.name,
        key,
        row.item,
        row.rule,
        row.text,
        cast(QueryState, row.state),
        row.raised_at,
        row.raised_by,
        row.last_fact,
        row.answer,
        row.reopened,
    )
