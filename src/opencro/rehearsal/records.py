"""The records of a span of days, form by form: whose, for which visit, with which values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from opencro.kernel.expression import ValueType
from opencro.rehearsal.cohort import NEVER
from opencro.rehearsal.defaults import default_value
from opencro.rehearsal.draws import Flags, Ints
from opencro.rehearsal.episodes import EpisodeTable
from opencro.rehearsal.model import LEAVING, Episodes, FormPlan, Row, Value
from opencro.rehearsal.values import Making, coin
from opencro.rehearsal.world import Scene, Texts, World, chosen_people, is_log
from opencro.study import Form, Item, ItemGroup, item_types

TWICE = (Row(), Row())
"""A table of records of which the study says nothing is filled with two."""


@dataclass(frozen=True)
class Sheet:
    """Records of one item group: `visit` indexes the visits (-1: a log), `known` is the day on which all was known."""

    form: Form
    group: ItemGroup
    person: Ints
    visit: Ints
    form_repeat: Ints
    group_repeat: Ints
    columns: dict[str, Texts]
    known: Ints

    def __len__(self) -> int:
        return len(self.person)


@dataclass
class Recorder:
    """Makes the sheets of one block of days after another; remembers which items were filled by default."""

    world: World
    defaulted: set[str] = field(default_factory=set)
    _triggers: dict[str, Ints] = field(default_factory=dict)
    _types: dict[str, dict[str, ValueType]] = field(default_factory=dict)
    _values: dict[tuple[str, str, int], list[tuple[Item, Value, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        visits = self.world.visits
        self._by_day = np.argsort(visits.day, kind="stable")
        self._days = visits.day[self._by_day]
        self._types = {form.id: item_types(form) for form in self.world.study.forms.values()}

    def make_sheets(self, first: int, after: int) -> Iterator[Sheet]:
        """The sheets of all visits on days `first` <= day < `after`."""
        span = slice(*np.searchsorted(self._days, [first, after]))
        rows = np.sort(self._by_day[span])
        for form in self.world.study.forms.values():
            random = self.world.draws.named("records", form.id, first)
            for group in form.groups:
                sheet = self._sheet(form, group, rows, random)
                if sheet is not None:
                    yield sheet

    def _sheet(self, form: Form, group: ItemGroup, rows: Ints, random: np.random.Generator) -> Sheet | None:
        plan = self.world.plans[form.id]
        repeating = group.repeating or form.repeating
        parts = list(self._scenes(form, group, plan, rows))
        made = [self._make(form, group, scene, index, random) for scene, index in parts if len(scene)]
        if not made:
            return None
        scene = _join_scenes([making.scene for making in made])
        columns = {item.id: np.concatenate([m.columns[item.id] for m in made]) for item in group.items}
        known = np.concatenate([making.known for making in made])
        order = np.argsort(scene.row, kind="stable") if not form.participant_level else np.arange(len(scene))
        order = order[_written(columns)[order]]
        if not repeating:
            order = order[np.sort(np.unique(scene.row[order], return_index=True)[1])]
        scene, known = scene.take(order), known[order]
        columns = {item: column[order] for item, column in columns.items()}
        return self._numbered(form, group, scene, columns, known) if len(scene) else None

    def _numbered(self, form: Form, group: ItemGroup, scene: Scene, columns: dict[str, Texts], known: Ints) -> Sheet:
        """The sheet with the repeat of each record, of its form or of its group."""
        once = np.ones(len(scene), dtype=np.int64)
        repeat, visit = scene.n, -once
        if not form.participant_level:
            repeat, visit = _rank(scene.row), self.world.visits.visit[scene.row]
        by_form = form.repeating and not group.repeating
        form_repeat, group_repeat = (repeat, once) if by_form else (once, repeat if group.repeating else once)
        return Sheet(form, group, scene.person, visit, form_repeat, group_repeat, columns, known)

    def _scenes(self, form: Form, group: ItemGroup, plan: FormPlan, rows: Ints) -> Iterator[tuple[Scene, int]]:
        """Scenes with the index of their template: -1 for what only the form's own values fill, -2 for "none"."""
        triggers = self._triggered(form, plan, rows)
        templates = _templates(form, group, plan)
        for index, row in enumerate(templates):
            possible = self._visited(form, plan, rows) if form.participant_level and row.at else triggers
            yield self._scene(possible[self._happens(row, possible)], index + 1), index
        if plan.episodes is None or not (group.repeating or form.repeating):
            if not templates:
                yield self._scene(triggers, 1), -1
        else:
            table = self.world.episodes[form.id]
            if form.participant_level:
                yield self._logged(form, table, rows, len(templates)), -1
                if plan.episodes.none:
                    yield self._nothing(plan, table, rows), -2
            else:
                yield self._at_visits(plan.episodes, table, triggers), -1

    def _scene(self, rows: Ints, n: int) -> Scene:
        visits = self.world.visits
        return Scene(visits.person[rows], rows, visits.day[rows], np.full(len(rows), n, dtype=np.int64))

    def _triggered(self, form: Form, plan: FormPlan, rows: Ints) -> Ints:
        """The visits at which a form is filled: all that ask for it, or for a log the first of them."""
        visits = self.world.visits
        if form.participant_level:
            if form.id not in self._triggers:
                self._triggers[form.id] = self._first_rows(form, plan)
            return np.intersect1d(rows, self._triggers[form.id])
        lookup = np.zeros(len(visits.visits), dtype=bool)
        lookup[list(self.world.asked[form.id])] = True
        wanted = lookup[visits.visit[rows]]
        if LEAVING in {*plan.at, *(v for row in plan.rows for v in row.at)}:
            wanted = wanted | visits.last[rows]
        return rows[wanted & self._people(plan)[visits.person[rows]] & self._lucky(form, plan)[rows]]

    def _visited(self, form: Form, plan: FormPlan, rows: Ints) -> Ints:
        """All visits of those of whom a form is asked: the rows of a log name their own visits."""
        return rows[self._people(plan)[self.world.visits.person[rows]] & self._lucky(form, plan)[rows]]

    def _first_rows(self, form: Form, plan: FormPlan) -> Ints:
        """For each person the first visit that asks for a log or for a form without visits, else the very first."""
        visits = self.world.visits
        asked = np.isin(visits.visit, list(self.world.asked[form.id]))
        if LEAVING in plan.at:
            asked = visits.last
        rank = np.lexsort((visits.day, ~asked, visits.person))
        first = rank[np.unique(visits.person[rank], return_index=True)[1]]
        return np.sort(first[self._people(plan)[visits.person[first]] & self._lucky(form, plan)[first]])

    def _people(self, plan: FormPlan) -> Flags:
        return chosen_people(plan, self.world.cohort)

    def _lucky(self, form: Form, plan: FormPlan) -> Flags:
        size = len(self.world.visits.person)
        if plan.chance == 1:
            return np.ones(size, dtype=bool)
        return self.world.draws.uniform_trait(f"chance/{form.id}", size) < plan.chance

    def _happens(self, row: Row, rows: Ints) -> Flags:
        """At which of the visits a template makes a record."""
        visits = self.world.visits
        wanted = np.ones(len(rows), dtype=bool)
        if row.at:
            at = [i for i, v in enumerate(visits.visits) if v.id in row.at]
            wanted = np.isin(visits.visit[rows], at) | (visits.last[rows] & (LEAVING in row.at))
        if row.chance < 1:
            toss = coin(self.world.draws, row.coin, len(visits.person))[rows] if row.coin else self._toss(row, rows)
            wanted &= (toss >= 1 - row.chance) if row.tails else (toss < row.chance)
        return wanted

    def _toss(self, row: Row, rows: Ints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        name = "/".join(f"{k}={v.constant}" for k, v in row.items.items() if v.constant is not None)
        return coin(self.world.draws, f"row/{name}/{row.at}", len(self.world.visits.person))[rows]

    def _logged(self, form: Form, table: EpisodeTable, rows: Ints, before: int) -> Scene:
        """The episodes of a log that are reported at one of these visits: the first after they began, else the last."""
        name = f"episodes/{form.id}"
        if name not in self._triggers:
            self._triggers[name] = _report_rows(self.world, table)
        report = self._triggers[name]
        in_block = np.zeros(len(self.world.visits.person), dtype=bool)
        in_block[rows] = True
        chosen = np.flatnonzero(in_block[report])
        row = report[chosen]
        day = np.maximum(self.world.visits.day[row], table.start[chosen])
        number = table.number[chosen] + before
        person, fatal = table.person[chosen], table.cause[chosen] & self.world.cohort.died[table.person[chosen]]
        return Scene(person, row, day, number, table.start[chosen], table.stop[chosen], table.term[chosen], fatal)

    def _nothing(self, plan: FormPlan, table: EpisodeTable, rows: Ints) -> Scene:
        """The persons to whom nothing happened, at their last visit."""
        count = np.diff(table.first)
        nothing = (count == 0) & self._people(plan)
        last = rows[self.world.visits.last[rows]]
        return self._scene(last[nothing[self.world.visits.person[last]]], 1)

    def _at_visits(self, plan: Episodes, table: EpisodeTable, rows: Ints) -> Scene:
        """The episodes that a person tells of at each of these visits; what ends later still goes on there."""
        visits = self.world.visits
        person = visits.person[rows]
        count = table.first[person + 1] - table.first[person]
        which = np.repeat(table.first[person] - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
        row = np.repeat(rows, count)
        day = visits.day[row]
        told = table.start[which] <= day
        if plan.report == "each visit":
            earlier = np.where((row > 0) & (visits.person[row - 1] == visits.person[row]), visits.day[row - 1], 0)
            told &= table.stop[which] >= earlier
        which, row, day = which[told], row[told], day[told]
        stop = np.where(table.stop[which] > day, NEVER, table.stop[which])
        return Scene(table.person[which], row, day, table.number[which], table.start[which], stop, table.term[which])

    def _make(self, form: Form, group: ItemGroup, scene: Scene, index: int, random: np.random.Generator) -> Making:
        plan = self.world.plans[form.id]
        terms = self.world.plan.lists.get(plan.episodes.list) if plan.episodes is not None else None
        making = Making(self.world, scene, random, form.id, self._types[form.id], terms, known=scene.day.copy())
        for item, value, name in self._resolved(form, group, plan, index):
            making.add(item, value, name)
        return making

    def _resolved(self, form: Form, group: ItemGroup, plan: FormPlan, index: int) -> list[tuple[Item, Value, str]]:
        """Where each item's values come from: the row, else the form, else a default by type."""
        key = (form.id, group.id, index)
        if key not in self._values:
            row = plan.rows[index].items if 0 <= index < len(plan.rows) else {}
            self._values[key] = [self._resolve(form, item, plan, row, index) for item in group.items]
        return self._values[key]

    def _resolve(self, form: Form, item: Item, plan: FormPlan, row: object, index: int) -> tuple[Item, Value, str]:
        name = f"{form.id}/{item.id}"
        if index == -2 and plan.episodes is not None:
            return item, plan.episodes.none.get(item.id, Value(constant="")), name
        own = row.get(item.id) if isinstance(row, dict) else None
        if own is not None:
            return item, own, f"{name}/{index}"
        if item.id in plan.items:
            return item, plan.items[item.id], name
        if item.id in plan.left_empty:
            return item, Value(constant=""), name
        self.defaulted.add(f"{form.id}.{item.id}")
        return item, default_value(item, self.world.study.codelists, self.world.cohort, is_log(form)), name


def _templates(form: Form, group: ItemGroup, plan: FormPlan) -> Sequence[Row]:
    """The rows that the study gives, for the tables of a form or else for all of it; two for a table without."""
    if plan.rows and (group.repeating or not any(g.repeating for g in form.groups)):
        return plan.rows
    return TWICE if group.repeating and plan.episodes is None else ()


def _written(columns: dict[str, Texts]) -> Flags:
    """Which records have any value."""
    size = len(next(iter(columns.values())))
    written = np.zeros(size, dtype=bool)
    for column in columns.values():
        written |= np.fromiter((text is not None for text in column.tolist()), dtype=bool, count=size)
    return written


def _report_rows(world: World, table: EpisodeTable) -> Ints:
    """For each episode the row of the first visit on or after its start, or of the person's last visit."""
    visits = world.visits
    scale = np.int64(1_000_000)
    stamp = visits.person * scale + np.minimum(visits.day, scale - 1)
    last = np.searchsorted(visits.person, table.person, side="right") - 1
    found = np.searchsorted(stamp, table.person * scale + np.clip(table.start, 0, scale - 1))
    return np.minimum(found, last)


def _join_scenes(scenes: list[Scene]) -> Scene:
    whole = [np.concatenate([getattr(s, name) for s in scenes]) for name in ("person", "row", "day", "n")]
    return Scene(*whole)


def _rank(sorted_keys: Ints) -> Ints:
    """1, 2, 3, ... within each run of equal keys."""
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    lengths = np.diff(np.concatenate([starts, [len(sorted_keys)]]))
    return np.arange(len(sorted_keys)) - np.repeat(starts, lengths) + 1
