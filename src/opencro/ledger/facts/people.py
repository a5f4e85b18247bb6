"""Facts about people: participants come and go, users get roles and log in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from opencro.ledger.facts.kind import FactKind


@dataclass(frozen=True, slots=True)
class ParticipantEnrolled(FactKind):
    """A participant entered the study at the site named by the fact's place, on an ISO 8601 date."""

    NAME: ClassVar[str] = "participant-enrolled/1"
    enrolled_on: str


@dataclass(frozen=True, slots=True)
class ParticipantWithdrawn(FactKind):
    """A participant left the study, on an ISO 8601 date, with the coded cause."""

    NAME: ClassVar[str] = "participant-withdrawn/1"
    withdrawn_on: str
    cause: str


@dataclass(frozen=True, slots=True)
class RoleChanged(FactKind):
    """A user's role at the place's site changed; "" stands for none."""

    NAME: ClassVar[str] = "role-changed/1"
    user: str
    old_role: str
    new_role: str


@dataclass(frozen=True, slots=True)
class UserLoggedIn(FactKind):
    """A user logged in, or tried to."""

    NAME: ClassVar[str] = "user-logged-in/1"
    user: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class TrainingRecorded(FactKind):
    """A user completed a training, on an ISO 8601 date; it is current until a date, "" for ever."""

    NAME: ClassVar[str] = "training-recorded/1"
    user: str
    training: str
    completed_on: str
    valid_until: str


@dataclass(frozen=True, slots=True)
class DelegationChanged(FactKind):
    """These tasks (permissions) are delegated to a user at the place's site between two dates; none: it was taken."""

    NAME: ClassVar[str] = "delegation-changed/1"
    user: str
    tasks: list[str]
    starts_on: str
    ends_on: str


@dataclass(frozen=True, slots=True)
class AccountsReviewed(FactKind):
    """Somebody reviewed all accounts of the study (21 CFR 11.300(b)): how many, up to which fact, with what note."""

    NAME: ClassVar[str] = "accounts-reviewed/1"
    accounts: int
    position: int
    note: str
