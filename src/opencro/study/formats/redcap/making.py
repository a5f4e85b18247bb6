"""What is gathered while a dictionary becomes forms: findings, names that are taken, code lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.texts import has_markup, piped, plain
from opencro.study.model.form import Code, CodeList

_LONGEST = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def fit(word: str) -> str:
    """A word made fit for an id of ours."""
    fitted = re.sub(r"[^A-Za-z0-9_.-]+", "_", word).strip("_.-")
    return (fitted if fitted[:1].isalpha() else f"n{fitted}")[:_LONGEST]


@dataclass
class Making:
    """One dictionary on its way: `file` is its name in findings."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    codelists: dict[str, CodeList] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    """The names of all fields, so that a text that takes its words from one is known."""
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str], int] = field(default_factory=dict)

    def say(
        self, code: str, at: RedcapField, got: str, expected: str, remedy: str, severity: Severity = Severity.WARNING
    ) -> None:
        """Note a finding at a field."""
        place = Place(self.file, at.line or None, at.field_name)
        self.findings.append(Finding(code, place, got, expected, remedy, severity))

    def count(self, code: str, at: RedcapField, what: str) -> None:
        """Count what is of one kind and worth one note for all of it."""
        self._counts[code, what] += 1
        self._first.setdefault((code, what), at.line)

    def counted(self) -> Iterator[Finding]:
        """A note for each kind that was counted, with its number."""
        for (code, what), number in self._counts.items():
            place = Place(self.file, self._first[code, what] or None)
            remedy = "Keep the file; see whether it matters."
            yield Finding(code, place, f"{what}, {number} times", "", remedy, Severity.NOTE)

    def name(self, word: str, taken: set[str], at: RedcapField) -> str:
        """An id for a word; another than the word is a finding."""
        chosen = word if _NAME.fullmatch(word) else fit(word)
        free, number = chosen, 2
        while free.casefold() in taken:
            free = f"{chosen[: _LONGEST - 4]}_{number}"
            number += 1
        taken.add(free.casefold())
        if free != word:
            self.say("RCP-029", at, f'"{word}" is called {free}', "", "Use the new name, also in data.")
        return free

    def words(self, text: str, at: RedcapField) -> str:
        """A text without markup; what it takes from other fields stays as it is written, and is a finding."""
        if has_markup(text):
            self.count("RCP-026", at, "markup in a text was taken away")
        for name in (name for name in piped(text) if name in self.fields):
            got = f"a text takes its words from [{name}]"
            self.say("RCP-027", at, got, "words", "Write them out; they are shown as they stand.")
        return plain(text)

    def codelist(self, wanted: str, codes: tuple[Code, ...]) -> str:
        """The id of a code list with these codes: the one of this name if it has them, or a new one."""
        name, number = fit(wanted), 2
        taken = {known.casefold(): known for known in self.codelists}
        while (known := taken.get(name.casefold())) is not None and self.codelists[known].codes != codes:
            name = f"{fit(wanted)[: _LONGEST - 4]}_{number}"
            number += 1
        self.codelists.setdefault(known or name, CodeList(id=known or name, codes=codes))
        return known or name
