"""What expressions say of items: when they are asked, how they are computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from opencro.kernel.expression import Expression, ValueType, check_expression, parse_expression
from opencro.kernel.finding import suggest
from opencro.study.formats.xlsform.choices import OTHER, ChoiceList
from opencro.study.formats.xlsform.layout import Layout, Placed
from opencro.study.formats.xlsform.make_items import said_yes
from opencro.study.formats.xlsform.making import Making
from opencro.study.formats.xlsform.say_xpath import (
    Answer,
    Find,
    Said,
    Unsayable,
    both,
    quoted,
    say_condition,
    say_value,
)
from opencro.study.formats.xlsform.sheet import Row
from opencro.study.formats.xlsform.texts import Texts
from opencro.study.formats.xlsform.xpath import Here, Path, Question, Unreadable
from opencro.study.model.form import Item, ItemType
from opencro.study.model.value_types import VALUE_TYPES

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset(["and", "or", "not", "in", "is", "missing", "present", "true", "false"])
_NEVER_DERIVED = ("choices", "file", "time")
_OF_KIND: dict[ValueType | None, ItemType] = {"number": "decimal", "date": "date", "text": "text", None: "text"}
_LONGEST = 20_000
NEVER = "false"
"""Shows an item at no time."""


@dataclass
class Logic:
    """Says the expressions of a form, and tries whether they make sense among its items."""

    making: Making
    texts: Texts
    form_id: str
    layout: Layout
    choices_of: Mapping[str, ChoiceList]
    items: dict[str, Item]
    """Item id -> item; derived ones get their type when their expression is said."""

    shown: dict[str, list[Said]] = field(default_factory=dict)
    """Item id -> the conditions under which it is asked."""

    _calculated: dict[str, Said | None] = field(default_factory=dict)
    _by_name: dict[str, list[Placed]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _said: set[tuple[object, ...]] = field(default_factory=set)

    def complete(self) -> None:
        """Every item with its `derive` and `show_when`; XLF-009 and XLF-023 say what is not."""
        for placed in list(self.layout.items):
            self._calculate(placed)
        for placed in list(self.layout.items):
            self._show(placed)

    def show_other(self, placed: Placed) -> str:
        """When the item that asks what `other` is belongs to an answer."""
        name = written(placed.item_id)
        if self.items[placed.item_id].type == "choices":
            return f'selected({name}, "{OTHER}")'
        return f'{name} == "{OTHER}"'

    def attempt(self, placed: Placed, row: Row, column: str, remedy: str, say: Callable[[Find], Said]) -> Said | None:
        """What an expression says, or None with a finding."""
        try:
            said = say(lambda tree: self._find(placed, tree))
            self._judge(said)
        except Unreadable as error:
            self.note("XLF-009", row, column, error, "Correct the expression.")
        except Unsayable as error:
            self.note("XLF-023", row, column, error, remedy)
        else:
            return said
        return None

    def note(self, code: str, row: Row, column: str, error: Unreadable | Unsayable, remedy: str) -> None:
        """A finding about an expression, once."""
        key = (code, row.sheet, row.number, column, error.got)
        if key in self._said:
            return
        self._said.add(key)
        got = f"`{short(row.get(column))}`: {error.got}"
        say = self.making.error if code == "XLF-009" else self.making.say
        say(code, row.sheet, row.number, column, got, error.expected, remedy)

    def _judge(self, said: Said) -> None:
        if len(said.text) > _LONGEST:
            raise Unsayable(f"{len(said.text):,} characters in our language", f"up to {_LONGEST:,}")
        expression = parse_expression(said.text)
        if not isinstance(expression, Expression):
            raise Unsayable(expression.items[0].got, "an expression of ours")
        named = [self.items[name] for name in expression.names() if name in self.items]
        types: dict[str, ValueType] = {item.id: VALUE_TYPES.get(item.type, "text") for item in named}
        found = check_expression(expression, types, gives=said.kind)
        if found.items:
            raise Unsayable(found.items[0].got.partition(" at column ")[0], found.items[0].expected)

    def _find(self, placed: Placed, tree: Question | Here | Path) -> Answer:
        if isinstance(tree, Here):
            return self._answer(placed)
        if isinstance(tree, Path) and not tree.plain:
            raise Unsayable(f"the path `{tree.text}`", "the name of a question")
        if isinstance(tree, Path) and "/" not in tree.text:
            raise Unsayable(f"the bare word `{tree.text}`", "a question in ${}, or a text in quotes")
        return self._answer(self._target(placed, tree.name))

    def _target(self, placed: Placed, name: str) -> Placed:
        found = self._named().get(name, [])
        if not found and name in self.layout.unasked:
            raise Unsayable(f"`{name}` is {self.layout.unasked[name]}", "a question with an answer")
        if not found and "#" in name:
            raise Unsayable(f"`{name}`, an answer of another submission", "a question of this form")
        if not found:
            raise Unreadable(
                f"no question is called `{name}`", suggest(name, self._named()) or "a question of the form"
            )
        near = max(_shared(placed, other) for other in found)
        nearest = [other for other in found if _shared(placed, other) == near]
        if len(nearest) > 1:
            raise Unreadable(f"{len(nearest)} questions are called `{name}`", "a name that is there once")
        if nearest[0].repeat is not None and nearest[0].repeat is not placed.repeat:
            raise Unsayable(f"`{name}`, an answer inside another repeat", "an answer of the same record")
        return nearest[0]

    def _named(self) -> dict[str, list[Placed]]:
        """The questions by their names."""
        if not self._by_name:
            for placed in self.layout.items:
                self._by_name.setdefault(placed.question.name, []).append(placed)
        return self._by_name

    def _answer(self, placed: Placed) -> Answer:
        if placed.question.kind.word == "calculate":
            self._calculate(placed)
        item = self.items[placed.item_id]
        choices = self.choices_of.get(item.id)
        codes = tuple(code.value for code in choices.codelist.codes) if choices else ()
        return Answer(written(item.id), VALUE_TYPES.get(item.type, "text"), item.type == "choices", codes)

    def _set(self, placed: Placed, **values: Any) -> None:
        item = self.items[placed.item_id]
        self.items[placed.item_id] = Item(**{**{n: getattr(item, n) for n in Item.model_fields}, **values})

    def _calculate(self, placed: Placed) -> None:
        """The derivation of an item, once; what it needs comes first."""
        name, row, word = placed.item_id, placed.row, placed.question.kind.word
        if name in self._calculated:
            return
        if name in self._open:
            raise Unreadable(f"`{placed.question.name}` needs itself", "a value that can be computed")
        text = row.get("calculation")
        if not text and word in ("calculate", "hidden") and row.get("default"):
            self._calculated[name] = None
            self._set(placed, derive=quoted(row.get("default")).text)
            return
        if not text:
            if word == "calculate":
                got, remedy = f'"{placed.question.name}" without a calculation', "Give the calculation."
                self.making.error("XLF-009", row.sheet, row.number, "calculation", got, "an expression", remedy)
            self._calculated[name] = None
            return
        self._open.append(name)
        remedy = "It is typed; write derive, or compute it later."
        said = self.attempt(placed, row, "calculation", remedy, lambda find: say_value(text, find))
        self._open.remove(name)
        self._calculated[name] = said
        if said is not None:
            self._derive(placed, said)

    def _derive(self, placed: Placed, said: Said) -> None:
        kind = self.items[placed.item_id].type
        if placed.question.kind.word in ("calculate", "hidden"):
            self._set(placed, derive=said.text, type=_OF_KIND.get(said.kind, "text"))
            return
        wanted = VALUE_TYPES.get(kind, "text")
        if kind in _NEVER_DERIVED or (said.kind not in (wanted, None) and said.kind != "text"):
            got = f"a calculation that gives a {said.kind} for a {kind} item"
            error = Unsayable(got, f"a {wanted}")
            self.note("XLF-023", placed.row, "calculation", error, "It is typed.")
            return
        self._set(placed, derive=said.text)

    def _show(self, placed: Placed) -> None:
        rows = [(c.row, c.row.get("relevant")) for c in placed.path] + [(placed.row, placed.row.get("relevant"))]
        conditions = []
        for row, text in rows:
            if not text or said_yes(text) is True:
                continue
            if said_yes(text) is False:
                conditions.append(Said(NEVER, "boolean"))
                continue
            said = self.attempt(placed, row, "relevant", "It is asked always.", partial(say_condition, text))
            if said is not None and said.text != "true":
                conditions.append(said)
        hidden = placed.question.kind.word == "hidden" and not self.items[placed.item_id].derive
        if hidden:
            conditions = [Said(NEVER, "boolean")]
        if conditions:
            self.shown[placed.item_id] = conditions
            self._set(placed, show_when=both(*conditions).text)


def _shared(one: Placed, other: Placed) -> int:
    """How many containers two questions have in common."""
    number = 0
    for first, second in zip(one.path, other.path, strict=False):
        if first is not second:
            break
        number += 1
    return number


def written(item: str) -> str:
    """The name of an item as it stands in an expression."""
    return item if _PLAIN.fullmatch(item) and item not in _WORDS else f"`{item}`"


def short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
