"""The survey sheet as a tree: questions in groups and repeats, with every error of its structure.

Source: XLSForm's reference documentation (grouping, repeats). Loops over choices, of older forms, are written out: each
choice gets the questions anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from opencro.kernel.finding import suggest
from opencro.study.formats.xlsform.choices import ChoiceList
from opencro.study.formats.xlsform.making import Making
from opencro.study.formats.xlsform.question_types import KNOWN, Kind, read_type
from opencro.study.formats.xlsform.sheet import Column, Row, Sheet

_GOOD_NAME = re.compile(r"[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?")
_NEEDS_NO_NAME = ("note",)


@dataclass(frozen=True)
class Question:
    """One question: its row, kind and name in the workbook."""

    row: Row
    kind: Kind
    name: str


@dataclass
class Container:
    """The form itself (`kind` form), a group, a repeat or a loop, with what is in it."""

    kind: str
    name: str
    row: Row
    list_name: str = ""
    members: list[Question | Container] = field(default_factory=list)


def read_survey(making: Making, sheet: Sheet) -> Container:
    """The tree of a survey sheet; XLF-004..006 and XLF-008 say what is wrong with it."""
    root = Container("form", "", Row(sheet.name, 1, {}))
    stack = [root]
    for row in sheet.rows:
        if row.get("disabled").casefold() in ("yes", "true"):
            making.count("XLF-024", row.sheet, row.number, "disabled", "a row that is switched off")
            continue
        kind = _kind(making, row)
        if kind is None:
            continue
        if kind.word == "close":
            _close(making, stack, row, kind)
        elif kind.word == "open":
            container = Container(kind.container, _name(making, row), row, kind.list_name)
            stack[-1].members.append(container)
            stack.append(container)
        else:
            name = row.get("name") if kind.word in _NEEDS_NO_NAME else _name(making, row)
            stack[-1].members.append(Question(row, kind, name))
    for left in stack[1:]:
        got = f'the {left.kind} "{left.name}" is not ended'
        making.error(
            "XLF-008", sheet.name, left.row.number, "type", got, f"end {left.kind}", "Add the row that ends it."
        )
    _check_names(making, root)
    return root


def _kind(making: Making, row: Row) -> Kind | None:
    written = row.get("type")
    if not written:
        if row.get("name") or row.texts("label"):
            remedy = "Give its type, or remove the row."
            making.error("XLF-004", row.sheet, row.number, "type", "a question without a type", "a type", remedy)
        else:
            making.count("XLF-024", row.sheet, row.number, "", "a row without type, name and label")
        return None
    kind = read_type(written)
    if kind is None:
        remedy = suggest(written.casefold(), KNOWN) or "Use a type of XLSForm."
        making.error("XLF-005", row.sheet, row.number, "type", f'question type "{written}"', "a type", remedy)
    return kind


def _name(making: Making, row: Row) -> str:
    name = row.get("name")
    if not name:
        got = f'"{row.get("type")}" without a name'
        making.error("XLF-004", row.sheet, row.number, "name", got, "a name", "Give it a name.")
    elif not _GOOD_NAME.fullmatch(name):
        expected = "a letter or _, then letters, digits, `_`, `-`, `.`"
        making.error("XLF-004", row.sheet, row.number, "name", f'the name "{name}"', expected, "Rename it.")
    return name


def _close(making: Making, stack: list[Container], row: Row, kind: Kind) -> None:
    if len(stack) == 1:
        got = f"end {kind.container} without a beginning"
        remedy = "Remove the row, or add the one that begins it."
        making.error("XLF-008", row.sheet, row.number, "type", got, f"begin {kind.container} above", remedy)
        return
    open_one = stack[-1]
    if open_one.kind != kind.container:
        got = f'end {kind.container} where the {open_one.kind} "{open_one.name}" is open'
        making.error("XLF-008", row.sheet, row.number, "type", got, f"end {open_one.kind}", "End them from within.")
        if any(outer.kind == kind.container for outer in stack[1:]):
            while stack[-1].kind != kind.container:
                stack.pop()
            stack.pop()
        return
    stack.pop()


def _check_names(making: Making, container: Container) -> None:
    seen: set[str] = set()
    for member in container.members:
        key = member.name.casefold()
        if key and key in seen:
            where = f'in "{container.name}"' if container.name else "in the form"
            got = f'"{member.name}" twice {where}'
            row = member.row
            making.error("XLF-006", row.sheet, row.number, "name", got, "each name once", "Rename one of them.")
        seen.add(key)
        if isinstance(member, Container):
            _check_names(making, member)


def write_out_loops(making: Making, root: Container, lists: dict[str, ChoiceList]) -> Container:
    """The tree with each loop as one group per choice; XLF-007 when its list is not there."""
    return replace(root, members=list(_written_out(making, root.members, lists)))


def _written_out(
    making: Making, members: Iterable[Question | Container], lists: dict[str, ChoiceList]
) -> Iterator[Question | Container]:
    for member in members:
        if isinstance(member, Question):
            yield member
            continue
        inner = replace(member, members=list(_written_out(making, member.members, lists)))
        if member.kind != "loop":
            yield inner
            continue
        choices = lists.get(member.list_name)
        if choices is None:
            got = f'the list "{member.list_name}"'
            remedy = suggest(member.list_name, lists) or "Add its choices."
            making.error("XLF-007", member.row.sheet, member.row.number, "type", got, "a list of choices", remedy)
            continue
        got = f"a loop over the {len(choices.codelist.codes)} choices of {member.list_name}"
        remedy = "Written out: each choice has its questions."
        making.say("XLF-027", member.row.sheet, member.row.number, "type", got, "groups", remedy)
        for code in choices.codelist.codes:
            words = choices.labels.get(code.value, {})
            yield _for_choice(inner, code.value, words)


def _for_choice(loop: Container, value: str, words: Mapping[str, str]) -> Container:
    labels = {Column("label", language): text for language, text in words.items()}
    own = {column: text for column, text in loop.row.cells.items() if column.name != "label"}
    row = replace(loop.row, cells=own | labels)
    members = [_copied(member, value, words) for member in loop.members]
    return Container("group", f"{loop.name}_{value}", row, members=members)


def _copied(member: Question | Container, value: str, words: Mapping[str, str]) -> Question | Container:
    """A question or group of a loop for one choice, with the words of the choice in its texts."""
    row = _filled(member.row, value, words)
    if isinstance(member, Question):
        return replace(member, row=row)
    return replace(member, row=row, members=[_copied(inner, value, words) for inner in member.members])


def _filled(row: Row, value: str, words: Mapping[str, str]) -> Row:
    def words_in(text: str, language: str) -> str:
        label = words.get(language) or next(iter(words.values()), value)
        return text.replace("%(name)s", value).replace("%(label)s", label)

    return replace(row, cells={column: words_in(text, column.language) for column, text in row.cells.items()})
