"""A question becomes an item: type, answers, limits and texts; its logic is said later, when all items are known.

Source: XLSForm's reference documentation (question types, range, or_other, columns).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opencro.kernel.finding import suggest
from opencro.study.formats.xlsform.choices import SEPARATORS, ChoiceList, with_other
from opencro.study.formats.xlsform.layout import Placed
from opencro.study.formats.xlsform.making import Making
from opencro.study.formats.xlsform.question_types import OTHERWISE, PLAIN
from opencro.study.formats.xlsform.sheet import MEDIA, TRANSLATED, Row
from opencro.study.formats.xlsform.texts import Texts
from opencro.study.model.form import Code, CodeList, Item

HANDLED = frozenset([
    "type", "name", "constraint", "required", "relevant", "calculation", "choice_filter", "repeat_count", "disabled",
    *TRANSLATED,
])  # fmt: skip
_SETS = {"default": "a value that is there at first", "parameters": "parameters", "trigger": "a trigger"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_YES = frozenset(["yes", "true", "true()", "1"])
_NO = frozenset(["", "no", "false", "false()", "0"])
_ACKNOWLEDGED = "OK"


def said_yes(text: str) -> bool | None:
    """Whether a cell says yes or no; None when it holds an expression."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None


@dataclass
class ItemMaker:
    """Makes items, and gathers the code lists that they need."""

    making: Making
    texts: Texts
    lists: Mapping[str, ChoiceList]
    external: Mapping[str, ChoiceList]
    form_id: str
    taken: set[str]
    codelists: dict[str, CodeList] = field(default_factory=dict)
    choices_of: dict[str, ChoiceList] = field(default_factory=dict)
    """Item -> its choices."""

    def make(self, placed: Placed) -> Item:
        """The item of a question, without what its logic says."""
        row, word = placed.row, placed.question.kind.word
        values: dict[str, Any] = {"id": placed.item_id, **self._texts(placed), **self._by_type(placed)}
        if word in OTHERWISE:
            got, remedy = OTHERWISE[word]
            self.making.say("XLF-021", row.sheet, row.number, "type", got, "an item of ours", remedy)
        values["required"] = said_yes(row.get("required")) is True
        self._say_unread(row, word)
        return Item(**values)

    def other_of(self, placed: Placed, taken: set[str]) -> Item:
        """The item that asks what `other` is, for `or_other`."""
        name = self.making.name(f"{placed.item_id[:58]}_other", taken, placed.row.sheet, placed.row.number)
        return Item(id=name, label="Specify other.")

    def _texts(self, placed: Placed) -> dict[str, str]:
        texts, at = self.texts, f"{self.form_id}.{placed.item_id}"
        labels, hints = placed.row.texts("label"), placed.row.texts("hint")
        for language, text in placed.row.texts("guidance_hint").items():
            hints[language] = "\n".join(filter(None, [hints.get(language, ""), text]))
        own = {
            "label": texts.own(labels) or placed.item_id,
            "help": texts.own(hints),
            "section": texts.own(placed.heading),
        }
        for kind, words in (("item", labels), ("help", hints), ("section", placed.heading)):
            if words:
                texts.translate(f"{kind}.{at}", words)
        return own

    def _by_type(self, placed: Placed) -> dict[str, Any]:
        word = placed.question.kind.word
        if word in ("select_one", "select_multiple", "external"):
            return self._select(placed)
        if word == "from_file":
            return self._from_file(placed)
        if word == "range":
            return self._range(placed.row)
        if word in ("acknowledge", "trigger"):
            return {"type": "choice", "codes": self._acknowledged()}
        if word == "percentage":
            return {"type": "integer", "minimum": 0.0, "maximum": 100.0}
        return {"type": PLAIN.get(word, "text")}

    def _select(self, placed: Placed) -> dict[str, Any]:
        row, kind = placed.row, placed.question.kind
        known = self.external if kind.word == "external" else self.lists
        choices = known.get(kind.list_name)
        if choices is None:
            got = f'the list "{kind.list_name}"'
            if kind.list_name.startswith("${"):
                remedy = "Read as text; write the choices as a list."
                self.making.say("XLF-021", row.sheet, row.number, "type", "choices out of a repeat", "a list", remedy)
                return {"type": "text"}
            remedy = suggest(kind.list_name, known) or f"Add its choices to the sheet {_sheet_of(kind.word)}."
            self.making.error("XLF-007", row.sheet, row.number, "type", got, "a list of choices", remedy)
            return {"type": "text"}
        if kind.other:
            choices = with_other(choices, self.taken)
        if kind.word == "select_multiple":
            self._check_separators(row, choices)
        self.codelists[choices.codelist.id] = choices.codelist
        self.choices_of[placed.item_id] = choices
        return {"type": "choices" if kind.word == "select_multiple" else "choice", "codes": choices.codelist.id}

    def _check_separators(self, row: Row, choices: ChoiceList) -> None:
        for code in choices.codelist.codes:
            if any(sign in code.value for sign in SEPARATORS):
                got = f'several answers from "{code.value}"'
                expected = "names without blanks and semicolons"
                self.making.error("XLF-007", row.sheet, row.number, "type", got, expected, "Rename the choice.")
                return

    def _from_file(self, placed: Placed) -> dict[str, Any]:
        row = placed.row
        got = f"choices in the file {placed.question.kind.list_name}"
        remedy = "Read as text; write the choices as a code list."
        self.making.say("XLF-021", row.sheet, row.number, "type", got, "choices in the workbook", remedy)
        return {"type": "text"}

    def _range(self, row: Row) -> dict[str, Any]:
        written = dict(pair.split("=", 1) for pair in re.split(r"[\s,;]+", row.get("parameters")) if "=" in pair)
        ends = {"start": "0", "end": "10", "step": "1"} | {k.casefold(): v for k, v in written.items()}
        wrong = [f"{name}={text}" for name, text in ends.items() if not _NUMBER.fullmatch(text)]
        if wrong:
            expected = "start=, end= and step= with numbers"
            self.making.error("XLF-004", row.sheet, row.number, "parameters", wrong[0], expected, "Correct it.")
            return {"type": "decimal"}
        if ends["step"] != "1":
            got, remedy = f"steps of {ends['step']}", "Any number between the ends is taken."
            self.making.say("XLF-024", row.sheet, row.number, "parameters", got, "ends", remedy)
        low, high = sorted(float(ends[name]) for name in ("start", "end"))
        whole = all("." not in ends[name] for name in ("start", "end", "step"))
        return {"type": "integer" if whole else "decimal", "minimum": low, "maximum": high}

    def _acknowledged(self) -> str:
        name = "ACKNOWLEDGE"
        while name.casefold() in self.taken and name not in self.codelists:
            name += "_"
        self.taken.add(name.casefold())
        self.codelists[name] = CodeList(id=name, codes=(Code(value=_ACKNOWLEDGED, label=_ACKNOWLEDGED),))
        return name

    def _say_unread(self, row: Row, word: str) -> None:
        for column, text in row.cells.items():
            read = column.name in HANDLED or (word == "range" and column.name == "parameters")
            if read or (word in ("hidden", "calculate") and column.name == "default"):
                continue
            if column.name in _SETS:
                got = f"{_SETS[column.name]}, `{_short(text)}`"
                self.making.say("XLF-024", row.sheet, row.number, str(column), got, "", "Nothing is filled in or set.")
            elif column.name == "readonly" and not row.get("calculation") and said_yes(text) is not False:
                got, remedy = "a field in which nobody may type", "It is typed; give it a calculation, or make it text."
                self.making.say("XLF-024", row.sheet, row.number, str(column), got, "", remedy)
            elif column.name != "readonly":
                say_unread(self.making, row, column.name, str(column))
        if row.texts("required_message") and said_yes(row.get("required")) is not None:
            self.making.count(
                "XLF-024", row.sheet, row.number, "required_message", "words for an answer that is missing"
            )


def say_unread(making: Making, row: Row, name: str, column: str) -> None:
    """Count a cell of a column that has no place here."""
    what = "pictures and sounds" if name in MEDIA else "how it looks" if name == "appearance" else "what we do not have"
    making.count("XLF-024", row.sheet, row.number, column, f"the column {column}: {what}")


def _sheet_of(word: str) -> str:
    return "external_choices" if word == "external" else "choices"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."
