"""Values by column: one array of texts for one item of many records."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from opencro.kernel.expression import Expression, Types, parse_expression, to_polars
from opencro.rehearsal.cohort import NEVER
from opencro.rehearsal.draws import Draws, Flags, Floats, Ints, by_arm, pick
from opencro.rehearsal.model import Number, Terms, Value
from opencro.rehearsal.world import Scene, Texts, World
from opencro.study import Item

EPOCH = date(1970, 1, 1)


@dataclass
class Making:
    """The records of one form and template while their columns are made; `known` is the day on which all is known."""

    world: World
    scene: Scene
    random: np.random.Generator
    form: str
    types: Types
    terms: Terms | None = None
    columns: dict[str, Texts] = field(default_factory=dict)
    known: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, item: Item, value: Value, name: str) -> None:
        """Make the column of an item; `name` distinguishes what stays with a person."""
        column = self._draw(item, value, name)
        column = column.copy() if value.copy_of is not None else column
        if value.fatal is not None and self.scene.fatal is not None:
            column[self.scene.fatal] = value.fatal
        for condition in (value.when, item.show_when):
            if condition:
                column[~self.true(condition)] = None
        if value.missing:
            column[self.random.random(len(self.scene)) < value.missing] = None
        self.columns[item.id] = column

    def true(self, condition: str) -> Flags:
        """Where a condition over the columns made so far holds."""
        return holds(condition, self.columns, self.types, len(self.scene))

    def _draw(self, item: Item, value: Value, name: str) -> Texts:
        if value.by_arm is not None:
            return self._by_arm(item, value, name)
        if value.constant is not None:
            return np.full(len(self.scene), value.constant or None, dtype=object)
        if value.choice is not None:
            return self._choice(value, name)
        if value.number is not None:
            return write_numbers(self._number(item, value.number, name), _decimals(item, value.number))
        if value.date is not None:
            return self._date(item, value)
        if value.ongoing is not None:
            going, ended = value.ongoing
            return texts_of(going if goes_on else ended for goes_on in (self._stop() == NEVER).tolist())
        if value.entry is not None:
            return recode(self._entry(value.entry), value)
        if value.copy_of is not None:
            return recode(self.columns[value.copy_of], value)
        if value.person is not None:
            return recode(self._field(value.person), value)
        return self._text(value.text or "")

    def _by_arm(self, item: Item, value: Value, name: str) -> Texts:
        column = np.full(len(self.scene), None, dtype=object)
        arms = self.world.cohort.arms
        for arm, own in (value.by_arm or {}).items():
            here = self.world.cohort.arm[self.scene.person] == arms.index(arm)
            column[here] = self._draw(item, own, f"{name}/{arm}")[here]
        return column

    def _choice(self, value: Value, name: str) -> Texts:
        answers = texts_of(answer or None for answer in value.choice or {})
        if value.stays or value.trait:
            uniform = self.world.draws.uniform_trait(value.trait or name, len(self.world.cohort))[self.scene.person]
        else:
            uniform = self.random.random(len(self.scene))
        return recode(answers[pick(uniform, list((value.choice or {}).values()))], value)

    def _number(self, item: Item, number: Number, name: str) -> Floats:
        world, scene = self.world, self.scene
        draws, people = world.draws, len(world.cohort)
        values = self.random.normal(0, number.sd, len(scene)) if number.sd else np.zeros(len(scene))
        if number.person_sd:
            values += number.person_sd * draws.trait(name, people)[scene.person]
        for trait, size in number.with_person.items():
            values += size * draws.trait(f"person/{trait}", people)[scene.person]
        for trait, size in number.with_visit.items():
            values += size * draws.trait(f"visit/{trait}", len(world.visits.person))[scene.row]
        values = number.mean * np.exp(values) if number.lognormal else number.mean + values
        if number.weekly:
            weeks = np.maximum(scene.day - world.cohort.first_dose[scene.person], 0) / 7
            values += weeks * by_arm(number.weekly, world.cohort.arms, world.cohort.arm)[scene.person]
        return np.clip(values, *_bounds(item, number))

    def day_of(self, basis: str) -> Ints:
        """The day on which something happened to each record's person, `NEVER` where it did not."""
        cohort, person = self.world.cohort, self.scene.person
        treated = cohort.randomized[person] | (not cohort.arms)
        match basis:
            case "visit":
                return self.scene.day
            case "start":
                return self.scene.day if self.scene.start is None else self.scene.start
            case "stop":
                return self._stop()
            case "consent":
                return cohort.consent[person]
            case "birth":
                return cohort.birth[person]
            case "end":
                return self.world.visits.end[person]
            case "last_dose":
                return np.where(treated, self.world.visits.end[person], NEVER)
            case "randomization" | "first_dose":
                return np.where(treated, cohort.first_dose[person], NEVER)
            case _:
                return self.world.visits.day_of(basis)[person]

    def _stop(self) -> Ints:
        return np.full(len(self.scene), NEVER) if self.scene.stop is None else self.scene.stop

    def _date(self, item: Item, value: Value) -> Texts:
        day = self.day_of(value.date or "visit")
        low, high = value.days if isinstance(value.days, tuple) else (value.days, value.days)
        shift = self.random.integers(low, high + 1, len(day)) if high > low else low
        day = np.where(day == NEVER, NEVER, day + shift)
        if value.until is not None:
            day = np.minimum(day, self.day_of(value.until))
        self.known = np.maximum(self.known, np.where(day < NEVER, day, 0))
        column = write_days(day)
        if value.partial and item.type.startswith("partial"):
            column = _forget(column, value.partial, self.random)
        if item.type.endswith("datetime"):
            minutes = self.random.integers(8 * 60, 12 * 60, len(day)).tolist()
            clock = _times()
            column = texts_of(
                t + clock[m] if t is not None and len(t) == 10 else t
                for t, m in zip(column.tolist(), minutes, strict=True)
            )
        return column

    def _entry(self, name: str) -> Texts:
        if self.terms is None or self.scene.term is None or name not in self.terms.columns:
            return np.full(len(self.scene), None, dtype=object)
        at = self.terms.columns.index(name)
        return texts_of(None if row[at] in (None, "") else str(row[at]) for row in self.terms.rows)[self.scene.term]

    def _field(self, name: str) -> Texts:
        if name == "visit":
            names = texts_of(v.name for v in self.world.visits.visits)
            return names[self.world.visits.visit[self.scene.row]]
        return self.world.texts[name][self.scene.person]

    def _text(self, template: str) -> Texts:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        fields = {name: self._field(name).tolist() for name in sorted(names - {"n"})}
        return texts_of(
            template.format(n=n, **{name: column[i] or "" for name, column in fields.items()}) or None
            for i, n in enumerate(self.scene.n.tolist())
        )


def texts_of(texts: object) -> Texts:
    """An array of texts (or None), one element each."""
    words = list(texts)  # type: ignore[call-overload]
    column = np.empty(len(words), dtype=object)
    column[:] = words
    return column


def holds(condition: str, columns: Mapping[str, Texts], types: Types, size: int) -> Flags:
    """Where an expression over columns is true; one that names items of other forms is true everywhere."""
    expression = parse_expression(condition)
    if not isinstance(expression, Expression) or not set(expression.names()) <= set(columns):
        return np.ones(size, dtype=bool)
    names = expression.names()
    frame = pl.DataFrame({name: pl.Series(columns[name].tolist(), dtype=pl.String) for name in names})
    truth = frame.select(to_polars(expression, types).alias("true"))["true"].to_numpy()
    return np.broadcast_to(truth, (size,)).astype(bool)


def recode(column: Texts, value: Value) -> Texts:
    """Answers replaced as `recode` and `otherwise` say; what is missing stays so."""
    if not value.recode and value.otherwise is None:
        return column
    table, other = value.recode, value.otherwise
    return texts_of(None if t is None else table.get(t, t if other is None else other) or None for t in column.tolist())


def write_numbers(values: Floats, decimals: int) -> Texts:
    """Numbers as text with so many decimals; each different number is written once."""
    scaled, inverse = np.unique(np.rint(values * 10**decimals).astype(np.int64), return_inverse=True)
    return texts_of(f"{n / 10**decimals:.{decimals}f}" for n in scaled.tolist())[inverse]


def write_days(days: Ints) -> Texts:
    """Days as ISO 8601 dates, None for `NEVER`; each different day is written once."""
    known, inverse = np.unique(days, return_inverse=True)
    return texts_of(None if d >= NEVER else (EPOCH + timedelta(days=d)).isoformat() for d in known.tolist())[inverse]


@cache
def _times() -> tuple[str, ...]:
    return tuple(f"T{m // 60:02d}:{m % 60:02d}" for m in range(24 * 60))


def _forget(column: Texts, share: float, random: np.random.Generator) -> Texts:
    """Dates of which a share lost the day, or day and month."""
    lot = random.random(len(column))
    keep = np.where(lot < share * 0.5, 7, np.where(lot < share, 4, 10)).tolist()
    return texts_of(None if t is None else t[:k] for t, k in zip(column.tolist(), keep, strict=True))


def _decimals(item: Item, number: Number) -> int:
    if item.type == "integer":
        return 0
    if number.decimals is not None:
        return number.decimals
    return item.decimals if item.decimals is not None else 1


def _bounds(item: Item, number: Number) -> tuple[float, float]:
    low = number.minimum if number.minimum is not None else item.minimum
    high = number.maximum if number.maximum is not None else item.maximum
    return -np.inf if low is None else low, np.inf if high is None else high


def coin(draws: Draws, name: str, size: int) -> Floats:
    """One toss for each visit, shared by all rows that name it."""
    return draws.uniform_trait(f"coin/{name}", size)
