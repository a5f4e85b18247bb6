"""Facts about the work on a form: signed, locked, verified, queried, unblinded, reviewed.

Source: ICH E6(R3) section 4.2.2(a)(iii); 21 CFR 11.50 and 11.70 for what a signature carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from opencro.ledger.facts.kind import FactKind


@dataclass(frozen=True, slots=True)
class FormCompleted(FactKind):
    """Who entered a form says that it is complete; from here on every change needs a reason."""

    NAME: ClassVar[str] = "form-completed/1"


@dataclass(frozen=True, slots=True)
class FormSigned(FactKind):
    """A form was signed: printed name, meaning, and the SHA-256 of the exact values and definitions signed."""

    NAME: ClassVar[str] = "form-signed/1"
    printed_name: str
    meaning: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FormLocked(FactKind):
    """A form was locked; `level` is `freeze` or `lock`."""

    NAME: ClassVar[str] = "form-locked/1"
    level: str


@dataclass(frozen=True, slots=True)
class FormUnlocked(FactKind):
    """A lock was taken off; `second_person` agreed."""

    NAME: ClassVar[str] = "form-unlocked/1"
    level: str
    second_person: str


@dataclass(frozen=True, slots=True)
class SourceVerified(FactKind):
    """A monitor compared these items of the place's record with the source documents."""

    NAME: ClassVar[str] = "source-verified/1"
    items: list[str]


@dataclass(frozen=True, slots=True)
class QueryRaised(FactKind):
    """A question about an item was put; `rule` is the id of the edit check, or "" when a person asked."""

    NAME: ClassVar[str] = "query-raised/1"
    query: str
    item: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class QueryAnswered(FactKind):
    """A query got an answer."""

    NAME: ClassVar[str] = "query-answered/1"
    query: str
    text: str


@dataclass(frozen=True, slots=True)
class QueryClosed(FactKind):
    """A query was closed."""

    NAME: ClassVar[str] = "query-closed/1"
    query: str


@dataclass(frozen=True, slots=True)
class QueryReopened(FactKind):
    """A query that was answered or closed is open again; `text` says why."""

    NAME: ClassVar[str] = "query-reopened/1"
    query: str
    text: str


@dataclass(frozen=True, slots=True)
class QueryCancelled(FactKind):
    """A query was raised by mistake; `text` says why. It counts as settled."""

    NAME: ClassVar[str] = "query-cancelled/1"
    query: str
    text: str


@dataclass(frozen=True, slots=True)
class ReviewFlagged(FactKind):
    """The place was marked for review with a note, or the mark was taken off (`raised` is false)."""

    NAME: ClassVar[str] = "review-flagged/1"
    note: str
    raised: bool


@dataclass(frozen=True, slots=True)
class TreatmentUnblinded(FactKind):
    """A participant's treatment was revealed (`planned`, `emergency` or `inadvertent`) to these users; never which."""

    NAME: ClassVar[str] = "treatment-unblinded/1"
    circumstance: str
    seen_by: list[str]


@dataclass(frozen=True, slots=True)
class UnblindedViewed(FactKind):
    """Somebody looked at unblinded data; `what` names the view."""

    NAME: ClassVar[str] = "unblinded-viewed/1"
    what: str


@dataclass(frozen=True, slots=True)
class TrailReviewed(FactKind):
    """Somebody reviewed the audit trail up to a position, with these filters."""

    NAME: ClassVar[str] = "trail-reviewed/1"
    position: int
    filters: dict[str, str]
