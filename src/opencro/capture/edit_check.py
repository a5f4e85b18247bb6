"""A study's edit checks, run over everything that stands in the ledger: which speak, on which records, of which values.

A check belongs to one item group, that of its item; what it names elsewhere is looked up by place. An item of another
group of the form comes from the same form, one of another visit form from the same visit, one of a form that belongs
to the participant from the participant. Where that gives several records the check is not run and says so, since it
cannot be told which record is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from opencro.kernel.expression import Expression, Types, parse_expression, to_polars
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
class _Source:
    """Where a name of an expression is collected."""

    name: str
    item: str
    form: Form
    group: ItemGroup


@dataclass(frozen=True)
class _Records:
    """Records of a snapshot, each group read once with the items that any of the checks names."""

    snapshot: RecordSource
    words: frozenset[str]
    read: dict[tuple[str, str], pl.DataFrame]

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
    chosen = tuple(study.checks if checks is None else checks)
    records = _Records(snapshot, _words_of(chosen), {})
    runs, not_run = [], []
    for check in chosen:
        try:
            runs.append(_run(study, records, check))
        except _NotRun as reason:
            not_run.append((check, str(reason)))
    return EditCheckRun(snapshot.position, tuple(runs), tuple(not_run))


def _words_of(checks: Iterable[EditCheck]) -> frozenset[str]:
    expressions = (parse_expression(check.when) for check in checks)
    names = (name for e in expressions if isinstance(e, Expression) for name in e.names())
    return frozenset(name.rpartition(".")[2] for name in names)


def _run(study: Study, records: _Records, check: EditCheck) -> CheckRun:
    expression = parse_expression(check.when)
    if not isinstance(expression, Expression):
        raise _NotRun("its expression has errors; `opencro check` names them")
    sources = [_find(study, check.form, name) for name in expression.names()]
    home = _home(study, check, sources)
    named = {s.name: s.item for s in sources if s.form.id == check.form and s.group.id == home.id}
    frame = records.of(check.form, home, named)
    for source in sources:
        if source.name not in named:
            frame = _look_up(records, frame, study.forms[check.form], source)
    types: Types = {s.name: item_types(s.form)[s.item] for s in sources}
    hits = frame.filter(to_polars(expression, types)) if len(frame) else frame
    return CheckRun(check, home.id, len(frame), hits.select(*_KEY, "fact", _words(sources).alias("values")))


def _find(study: Study, form: str, name: str) -> _Source:
    given, _, item = name.rpartition(".")
    forms = [study.forms[f] for f in ([given] if given else [form, *study.forms]) if f in study.forms]
    for candidate in forms:
        for group in candidate.groups:
            if any(i.id == item for i in group.items):
                return _Source(name, item, candidate, group)
    raise _NotRun(f"no form has {name}")


def _home(study: Study, check: EditCheck, sources: list[_Source]) -> ItemGroup:
    form = study.forms.get(check.form)
    if form is None:
        raise _NotRun(f"there is no form {check.form}")
    for group in form.groups:
        if any(item.id == check.item for item in group.items):
            return group
    own = [s.group for s in sources if s.form.id == form.id]
    return own[0] if own else form.groups[0]


def _look_up(records: _Records, frame: pl.DataFrame, home: Form, source: _Source) -> pl.DataFrame:
    """Join one item of another group; the newest fact is that of all records that were read."""
    by = _place(home, source)
    other = records.of(source.form.id, source.group, {source.name: source.item})
    other = other.select(*by, source.name, pl.col("fact").alias("other_fact"))
    if other.select(by).is_duplicated().any():
        raise _NotRun(f"{source.name} stands in several records of one {by[-1].replace('_', ' ')}")
    joined = frame.join(other, on=list(by), how="left", maintain_order="left")
    return joined.with_columns(fact=pl.max_horizontal("fact", "other_fact")).drop("other_fact")


def _place(home: Form, source: _Source) -> tuple[str, ...]:
    if source.form.id == home.id:
        return _FORM
    if source.form.participant_level:
        return _PARTICIPANT
    if home.participant_level:
        raise _NotRun(f"{source.name} is collected at visits, the form {home.id} is of no visit")
    return _VISIT


def _words(sources: list[_Source]) -> pl.Expr:
    """`AEOUT = FATAL, AESDTH = (none)`."""
    shown = [pl.format("{} = {}", pl.lit(s.name), pl.col(s.name).fill_null("(none)")) for s in sources]
    return pl.concat_str(shown, separator=", ") if shown else pl.lit("")
