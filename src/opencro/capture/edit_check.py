"""A study's edit checks, run over everything that stands in the ledger: which speak, on which records, of which values.

A check belongs to one item group, that of its item; what it names elsewhere is looked up by place. An item of another
group of the form comes from the same form, one of another visit form from the same visit, one of a form that belongs
to the participant from the participant. A value `at` another visit comes from that visit of the participant; of the
check's own group it is that of the record with the same number. Where that gives several records the check is not run
and says so, since it cannot be told which record is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from opencro.capture.other_visit import VisitOrder, value_at_visit
from opencro.kernel.expression import PREVIOUS, Expression, Name, Types, parse_expression, to_polars
from opencro.study import EditCheck, Form, ItemGroup, Study, item_types

_PARTICIPANT = ("site", "participant")
_VISIT = (*_PARTICIPANT, "event", "event_repeat")
_FORM = (*_VISIT, "form_repeat")
_KEY = (*_FORM, "group_repeat")
HITS = (*_KEY, "fact", "values")
"""Columns of `CheckRun.hits`; `fact` is the newest fact that the check looked at, `values` what it read, as words."""


class RecordSource(Protocol):
    """What the checks read: a snapshot of the ledger, or records as they would stand after a save."""

    @property
    def position(self) -> int:
        """The number of the last fact that is in it."""

    def records(self, form: str, group: str | None = None, items: Sequence[str] | None = None) -> pl.DataFrame:
        """Records as `Snapshot.records` gives them."""


@dataclass(frozen=True)
class CheckRun:
    """One check: the group whose records it judges, how many it looked at, and those on which it speaks (`HITS`)."""

    check: EditCheck
    group: str
    records: int
    hits: pl.DataFrame


@dataclass(frozen=True)
class EditCheckRun:
    """All checks at one position of the ledger; `not_run` holds a reason for each check that could not be."""

    position: int
    runs: tuple[CheckRun, ...]
    not_run: tuple[tuple[EditCheck, str], ...]


@dataclass(frozen=True)
class Source:
    """Where a name of an expression is collected; `visit` is empty where it is that of the record."""

    name: str
    item: str
    visit: str
    form: Form
    group: ItemGroup


@dataclass(frozen=True)
class Judged:
    """What a check reads: its expression, the types of its names, its group and the records with every name."""

    expression: Expression
    types: Types
    group: str
    frame: pl.DataFrame
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class _Records:
    """Records of a snapshot, each group read once with the items that any of the checks names."""

    snapshot: RecordSource
    words: frozenset[str]
    read: dict[tuple[str, str], pl.DataFrame]
    order: VisitOrder

    def of(self, form: str, group: ItemGroup, named: dict[str, str]) -> pl.DataFrame:
        """Key and newest fact of each record, and the named items as text."""
        at = (form, group.id)
        if at not in self.read:
            items = [item.id for item in group.items if item.id in self.words]
            self.read[at] = self.snapshot.records(form, group.id, items)
        return self.read[at].select(*_KEY, "fact", *(pl.col(item).alias(name) for name, item in named.items()))


class _NotRun(Exception):
    """Why a check cannot be run; its text is for a person."""


def run_edit_checks(study: Study, snapshot: RecordSource, checks: Iterable[EditCheck] | None = None) -> EditCheckRun:
    """Run checks (all of the study, when none are given) over the standing records of a snapshot.

    Nothing is written. A name that was never collected is missing, as in a record that lacks it.
    """
    runs: list[CheckRun] = []
    not_run: list[tuple[EditCheck, str]] = []
    for check, judged in _judge(study, snapshot, checks):
        if isinstance(judged, str):
            not_run.append((check, judged))
            continue
        hits = judged.frame.filter(to_polars(judged.expression, judged.types)) if len(judged.frame) else judged.frame
        shown = hits.select(*_KEY, "fact", _words(judged.sources).alias("values"))
        runs.append(CheckRun(check, judged.group, len(judged.frame), shown))
    return EditCheckRun(snapshot.position, tuple(runs), tuple(not_run))


def gather_values(study: Study, snapshot: RecordSource, checks: Iterable[EditCheck] | None = None) -> dict[str, Judged]:
    """What each check reads on every record, by the check's id; a check that cannot be run is left out.

    `Judged.frame` has the key, the newest fact, and a text column for every name of the expression.
    """
    found = _judge(study, snapshot, checks)
    return {check.id: judged for check, judged in found if not isinstance(judged, str)}


def _judge(
    study: Study, snapshot: RecordSource, checks: Iterable[EditCheck] | None
) -> Iterator[tuple[EditCheck, Judged | str]]:
    chosen = tuple(study.checks if checks is None else checks)
    parsed = [(check, parse_expression(check.when)) for check in chosen]
    items = frozenset(i.rpartition(".")[2] for _, e in parsed if isinstance(e, Expression) for i in e.items())
    records = _Records(snapshot, items, {}, VisitOrder.of(study))
    for check, expression in parsed:
        if not isinstance(expression, Expression):
            yield check, "its expression has errors; `opencro check` names them"
            continue
        try:
            yield check, _gather(study, records, check, expression)
        except _NotRun as reason:
            yield check, str(reason)


def _gather(study: Study, records: _Records, check: EditCheck, expression: Expression) -> Judged:
    sources = tuple(_find(study, check.form, name) for name in {n.name: n for n in expression.named()}.values())
    home = _home(study, check, sources)
    own = {s.name: s.item for s in sources if s.form.id == check.form and s.group.id == home.id and not s.visit}
    frame = records.of(check.form, home, own)
    for source in sources:
        if source.visit:
            frame = _look_at_visit(records, frame, study.forms[check.form], home, source)
        elif source.name not in own:
            frame = _look_up(records, frame, study.forms[check.form], source)
    types: Types = {s.name: item_types(s.form)[s.item] for s in sources}
    return Judged(expression, types, home.id, frame, sources)


def _find(study: Study, form: str, name: Name) -> Source:
    given, _, item = name.item.rpartition(".")
    forms = [study.forms[f] for f in ([given] if given else [form, *study.forms]) if f in study.forms]
    for candidate in forms:
        for group in candidate.groups:
            if any(i.id == item for i in group.items):
                return Source(name.name, item, name.visit, candidate, group)
    raise _NotRun(f"no form has {name.item}")


def _home(study: Study, check: EditCheck, sources: Sequence[Source]) -> ItemGroup:
    form = study.forms.get(check.form)
    if form is None:
        raise _NotRun(f"there is no form {check.form}")
    for group in form.groups:
        if any(item.id == check.item for item in group.items):
            return group
    own = [s.group for s in sources if s.form.id == form.id]
    return own[0] if own else form.groups[0]


def _look_up(records: _Records, frame: pl.DataFrame, home: Form, source: Source) -> pl.DataFrame:
    """Join one item of another group; the newest fact is that of all records that were read."""
    by = _place(home, source)
    other = records.of(source.form.id, source.group, {source.name: source.item})
    other = other.select(*by, source.name, pl.col("fact").alias("other_fact"))
    if other.select(by).is_duplicated().any():
        raise _NotRun(f"{source.name} stands in several records of one {by[-1].replace('_', ' ')}")
    joined = frame.join(other, on=list(by), how="left", maintain_order="left")
    return joined.with_columns(fact=pl.max_horizontal("fact", "other_fact")).drop("other_fact")


def _look_at_visit(
    records: _Records, frame: pl.DataFrame, home: Form, group: ItemGroup, source: Source
) -> pl.DataFrame:
    """Join one item as it stands at another visit of the participant."""
    if source.form.participant_level:
        raise _NotRun(f"{source.name}: the form {source.form.id} is of no visit")
    if home.participant_level and source.visit == PREVIOUS:
        raise _NotRun(f"{source.name}: the form {home.id} is of no visit, so none is before it")
    same = source.form.id == home.id and source.group.id == group.id
    by = (*_PARTICIPANT, "form_repeat", "group_repeat") if same else _PARTICIPANT
    other = records.of(source.form.id, source.group, {source.name: source.item})
    other = other.filter(pl.col(source.name).fill_null("") != "").rename({"fact": "other_fact"})
    if other.select(*by, "event", "event_repeat").is_duplicated().any():
        raise _NotRun(f"{source.name} stands in several records of one visit")
    joined = value_at_visit(frame, other, source.visit, by=by, new=(source.name, "other_fact"), order=records.order)
    if joined is None:
        raise _NotRun(f"{source.name}: the visit was held several times")
    return joined.with_columns(fact=pl.max_horizontal("fact", "other_fact")).drop("other_fact")


def _place(home: Form, source: Source) -> tuple[str, ...]:
    if source.form.id == home.id:
        return _FORM
    if source.form.participant_level:
        return _PARTICIPANT
    if home.participant_level:
        raise _NotRun(f"{source.name} is collected at visits, the form {home.id} is of no visit")
    return _VISIT


def _words(sources: Sequence[Source]) -> pl.Expr:
    """`AEOUT = FATAL, AESDTH = (none)`."""
    shown = [pl.format("{} = {}", pl.lit(s.name), pl.col(s.name).fill_null("(none)")) for s in sources]
    return pl.concat_str(shown, separator=", ") if shown else pl.lit("")
