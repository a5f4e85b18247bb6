"""What is gathered while a workbook becomes a form: findings with sheet, row and column, and names that are taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from opencro.kernel.finding import Finding, Findings, Place, Severity

_LONGEST = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def fit(word: str) -> str:
    """A word made fit for an id of ours."""
    fitted = re.sub(r"[^A-Za-z0-9_.-]+", "_", word).strip("_.-")
    return (fitted if fitted[:1].isalpha() else f"n{fitted}")[:_LONGEST]


@dataclass
class Making:
    """One workbook on its way: `file` is its name in findings."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    _counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str, str, str], int] = field(default_factory=dict)

    def error(self, code: str, sheet: str, row: int | None, column: str, got: str, expected: str, remedy: str) -> None:
        """Note what makes the workbook no form."""
        self.say(code, sheet, row, column, got, expected, remedy, Severity.ERROR)

    def say(
        self,
        code: str,
        sheet: str,
        row: int | None,
        column: str,
        got: str,
        expected: str,
        remedy: str,
        severity: Severity = Severity.WARNING,
    ) -> None:
        """Note a finding at a cell."""
        path = f"{sheet}.{column}" if column else sheet
        self.findings.append(Finding(code, Place(self.file, row, path), got, expected, remedy, severity))

    def count(self, code: str, sheet: str, row: int, column: str, what: str) -> None:
        """Count what is of one kind and worth one note for all of it."""
        key = (code, sheet, column, what)
        self._counts[key] += 1
        self._first.setdefault(key, row)

    def all_findings(self) -> Findings:
        """Every finding; what was counted comes once, with its number and first row, as a warning."""
        return Findings((*self.findings, *self._counted()))

    def _counted(self) -> Iterator[Finding]:
        for key, number in self._counts.items():
            code, sheet, column, what = key
            place = Place(self.file, self._first[key], f"{sheet}.{column}" if column else sheet)
            got = f"{what}, {number} times" if number > 1 else what
            yield Finding(code, place, got, "", "It was not read; see whether it matters.", Severity.WARNING)

    def name(self, word: str, taken: set[str], sheet: str, row: int, column: str = "name") -> str:
        """An id for a word; another than the word is a finding."""
        chosen = word if _NAME.fullmatch(word) else fit(word)
        free, number = chosen, 2
        while free.casefold() in taken:
            free = f"{chosen[: _LONGEST - 4]}_{number}"
            number += 1
        taken.add(free.casefold())
        if free != word:
            self.say("XLF-020", sheet, row, column, f'"{word}" is called {free}', "", "Use the new name, also in data.")
        return free
