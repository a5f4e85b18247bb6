"""Facts about the study as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from opencro.ledger.facts.kind import FactKind


@dataclass(frozen=True, slots=True)
class LedgerCreated(FactKind):
    """The first fact of every ledger: which study, for which purpose (`live` or `rehearsal`), which storage format."""

    NAME: ClassVar[str] = "ledger-created/1"
    study: str
    purpose: str
    format: int


@dataclass(frozen=True, slots=True)
class StudyPublished(FactKind):
    """A definition of the study came into force: its version and the SHA-256 of its canonical form."""

    NAME: ClassVar[str] = "study-published/1"
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DesignApproved(FactKind):
    """A trial design was approved: its name, what it says (canonical JSON), the bounds and what they were computed for.

    `information`: fractions of `maximal_information`; `efficacy`, `futility`: bounds on the Z scale, None for no stop.
    """

    NAME: ClassVar[str] = "design-approved/1"
    design: str
    definition: str
    information: list[float]
    efficacy: list[float | None]
    futility: list[float | None]
    maximal_information: float


@dataclass(frozen=True, slots=True)
class SettingChanged(FactKind):
    """Something that a study is run with and that is no part of its definition changed: its name, old and new text."""

    NAME: ClassVar[str] = "setting-changed/1"
    setting: str
    old: str
    new: str
