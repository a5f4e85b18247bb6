"""The tree of a survey laid out as item groups: where each question goes, what it is called, when it is asked.

Our forms are flat: a repeat is a repeating item group that holds all that is in it, a group is an item group, what
stands between groups is one too. What has no place of its own becomes a heading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from opencro.kernel.finding import Severity
from opencro.study.formats.xlsform.making import Making, fit
from opencro.study.formats.xlsform.question_types import LEFT_OUT, METADATA
from opencro.study.formats.xlsform.sheet import Row
from opencro.study.formats.xlsform.survey import Container, Question

Texts = dict[str, str]
"""Language -> words; the empty language is that of columns without one."""


@dataclass
class Group:
    """An item group on its way."""

    id: str
    row: Row | None
    label: Texts
    repeating: bool
    items: list[Placed] = field(default_factory=list)


@dataclass
class Placed:
    """A question that becomes an item: its id, the containers around it, and the rows that say when it is asked."""

    question: Question
    item_id: str
    group: Group
    path: tuple[Container, ...]
    heading: Texts

    @property
    def row(self) -> Row:
        """The row of the question."""
        return self.question.row

    @property
    def repeat(self) -> Container | None:
        """The innermost repeat around it."""
        return next((c for c in reversed(self.path) if c.kind == "repeat"), None)


@dataclass
class Layout:
    """The item groups in order; `unasked` names what has no value: notes, metadata, groups."""

    groups: list[Group] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)

    @property
    def items(self) -> Iterator[Placed]:
        """Every question that becomes an item."""
        return (placed for group in self.groups for placed in group.items)


def lay_out(making: Making, root: Container, form_id: str) -> Layout:
    """Where everything goes; XLF-021, XLF-022 and XLF-027 say what is lost."""
    builder = _Builder(making, form_id)
    builder.fill(root, ())
    builder.finish()
    return builder.layout


@dataclass
class _Builder:
    making: Making
    form_id: str
    layout: Layout = field(default_factory=Layout)
    groups_taken: set[str] = field(default_factory=set)
    items_taken: set[str] = field(default_factory=set)
    heading: Texts = field(default_factory=dict)
    heading_row: Row | None = None
    _open: Group | None = None
    _of_repeat: dict[int, Group] = field(default_factory=dict)

    def fill(self, container: Container, path: tuple[Container, ...]) -> None:
        """Lay out what is in a container."""
        repeats = [c for c in path if c.kind == "repeat"]
        if container.kind == "repeat":
            self._say_repeat(container, repeats[:-1])
        owns = container.kind == "repeat" or (not repeats and _asks(container))
        if container.kind != "form" and not owns:
            self._add_heading(container.row)
        for member in container.members:
            if isinstance(member, Container):
                self.layout.unasked.setdefault(member.name, f"a {member.kind}")
                self._say_empty(member)
                self.fill(member, (*path, member))
                self._open = None
            else:
                self._question(member, container, path)

    def finish(self) -> None:
        """Say what is left at the end."""
        if self.heading and self.heading_row is not None:
            got, remedy = "a text at the end of the form", "It was left out."
            self.making.say("XLF-021", self.heading_row.sheet, self.heading_row.number, "label", got, "an item", remedy)

    def _question(self, question: Question, container: Container, path: tuple[Container, ...]) -> None:
        row, word = question.row, question.kind.word
        if word == "note":
            self.layout.unasked.setdefault(question.name, "a note")
            self._note(row)
        elif word in METADATA:
            self.layout.unasked.setdefault(question.name, f"`{word}`, which a device adds")
            got = f"`{word}`, which a device adds"
            remedy = "The audit trail says who, when and how."
            self.making.say("XLF-022", row.sheet, row.number, "type", got, "a question", remedy, Severity.NOTE)
        elif word in LEFT_OUT:
            self.layout.unasked.setdefault(question.name, LEFT_OUT[word])
            self.making.say("XLF-022", row.sheet, row.number, "type", LEFT_OUT[word], "a question", "It was left out.")
        else:
            group = self._group_of(container, path)
            group.items.append(Placed(question, self._item_id(question, path), group, path, self.heading))
            self.heading, self.heading_row = {}, None

    def _item_id(self, question: Question, path: tuple[Container, ...]) -> str:
        inner = path[-1] if path else None
        word = question.name
        if fit(word).casefold() in self.items_taken and inner is not None:
            word = f"{inner.name}_{word}"
        chosen = self.making.name(word, self.items_taken, question.row.sheet, question.row.number)
        if word != question.name and chosen == word:
            got = f'"{question.name}" of "{inner.name if inner else ""}" is called {chosen}'
            remedy = "Use the new name, also in data."
            self.making.say("XLF-020", question.row.sheet, question.row.number, "name", got, "", remedy)
        return chosen

    def _group_of(self, container: Container, path: tuple[Container, ...]) -> Group:
        repeat = next((c for c in reversed(path) if c.kind == "repeat"), None)
        owner = repeat or container
        if repeat is not None and id(repeat) in self._of_repeat:
            return self._of_repeat[id(repeat)]
        if repeat is None and self._open is not None and self._open.row is owner.row:
            return self._open
        wanted = fit(owner.name) if owner.name else self.form_id
        name, number = wanted, 2
        while name.casefold() in self.groups_taken:
            name, number = f"{wanted[:60]}_{number}", number + 1
        self.groups_taken.add(name.casefold())
        first = not any(group.row is owner.row for group in self.layout.groups)
        label = owner.row.texts("label") if first else {}
        group = Group(name, owner.row, label, repeat is not None)
        self.layout.groups.append(group)
        if repeat is not None:
            self._of_repeat[id(repeat)] = group
        else:
            self._open = group
        return group

    def _note(self, row: Row) -> None:
        got, remedy = "a text that asks nothing", "Shown as heading of the next item."
        self.making.say("XLF-021", row.sheet, row.number, "type", got, "an item", remedy)
        if row.get("relevant"):
            got, remedy = "a text that is shown sometimes", "It is shown always."
            self.making.say("XLF-023", row.sheet, row.number, "relevant", got, "an item", remedy)
        self._add_heading(row)

    def _add_heading(self, row: Row) -> None:
        words = row.texts("label")
        for language, text in words.items():
            self.heading[language] = "\n".join(filter(None, [self.heading.get(language, ""), text]))
        if words:
            self.heading_row = row

    def _say_repeat(self, container: Container, outer: list[Container]) -> None:
        row = container.row
        if outer:
            got = f'the repeat "{container.name}" inside the repeat "{outer[-1].name}"'
            remedy = f'Read side by side; add an item that names the record of "{outer[-1].name}".'
            self.making.say("XLF-027", row.sheet, row.number, "type", got, "one level of repeats", remedy)
        if row.get("repeat_count"):
            got = f"a number of records, `{row.get('repeat_count')}`"
            self.making.say(
                "XLF-027", row.sheet, row.number, "repeat_count", got, "records as needed", "Add them by hand."
            )

    def _say_empty(self, member: Container) -> None:
        if not member.members:
            row, got = member.row, f'the {member.kind} "{member.name}" is empty'
            self.making.say("XLF-027", row.sheet, row.number, "type", got, "questions", "It was left out.")


def _asks(container: Container) -> bool:
    """Whether a container has a question of its own that becomes an item."""
    silent = {"note", *METADATA, *LEFT_OUT}
    return any(isinstance(m, Question) and m.kind.word not in silent for m in container.members)
