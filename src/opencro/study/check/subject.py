"""What the checks look at: a study, where its parts are written, and a short way to say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from opencro.kernel.finding import Finding, Place, Severity, suggest
from opencro.kernel.located import Key
from opencro.study.folder import USDM
from opencro.study.load import CHECKS, CODELISTS
from opencro.study.model.whole import Study

DESIGN, SCHEDULE = "protocol/design.yaml", "protocol/schedule.yaml"
ELIGIBILITY, OBJECTIVES = "protocol/eligibility.yaml", "protocol/objectives.yaml"
At = tuple[str, Key]
"""A file and a path inside it."""

__all__ = ["CHECKS", "CODELISTS", "DESIGN", "ELIGIBILITY", "OBJECTIVES", "SCHEDULE", "At", "Subject"]


@dataclass(frozen=True)
class Subject:
    """A study under check; `unread` are ids of parts that exist but could not be understood."""

    study: Study
    unread: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def form_files(self) -> dict[str, str]:
        """Form id -> its file."""
        return self._files("forms/", skip=(CHECKS, CODELISTS))

    @cached_property
    def transfer_files(self) -> dict[str, str]:
        """Transfer id -> its file."""
        return self._files("conduct/transfers/")

    def _files(self, folder: str, skip: tuple[str, ...] = ()) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, document in self.study.documents.items():
            if name.startswith(folder) and name not in skip and "id" in document.value:
                found[str(document.value["id"])] = name
        return found

    def place(self, file: str, *key: str | int) -> Place:
        """Where a part is written; for a protocol that came as USDM, that file."""
        document = self.study.documents.get(file)
        if document is not None:
            return document.place(*key)
        return Place(USDM if USDM in self.study.texts else file, None, "/".join(str(k) for k in key))

    def finding(self, code: str, at: At, got: str, expected: str, remedy: str, *, warning: bool = False) -> Finding:
        """A finding at (file, path in the file)."""
        severity = Severity.WARNING if warning else Severity.ERROR
        return Finding(code, self.place(at[0], *at[1]), got, expected, remedy, severity)

    def unknown(self, at: At, kind: str, name: str, known: Iterable[str]) -> list[Finding]:
        """STU-103 when a name is none of the known ones."""
        names = list(known)
        if name in names or name in self.unread:
            return []
        remedy = suggest(name, names) or (
            f"Use one of {', '.join(names)}." if 0 < len(names) <= 12 else f"Define the {kind}."
        )
        return [self.finding("STU-103", at, f'unknown {kind} "{name}"', f"a known {kind}", remedy)]
