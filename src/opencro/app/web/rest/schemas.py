"""What the API takes and gives."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema


class ParticipantOut(Schema):
    """A participant."""

    participant: str
    site: str
    enrolled_on: str
    withdrawn_on: str


class EnrolIn(Schema):
    """Whom to enrol: the site, and the date of consent (ISO 8601)."""

    site: str = Field(min_length=1, max_length=64)
    enrolled_on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class FormOut(Schema):
    """How far a form has come."""

    event: str
    event_repeat: int
    form: str
    form_repeat: int
    state: str
    signature_holds: bool
    frozen: bool
    locked: bool
    open_queries: int
    last_saved_at: str


class RecordOut(Schema):
    """A record as it stands; `fact` is what a change of it names as seen."""

    site: str
    event: str
    event_repeat: int
    form: str
    form_repeat: int
    group: str
    group_repeat: int
    values: dict[str, str]
    fact: int


class RecordIn(Schema):
    """A record to save: text by item ("" clears it), and the fact that was seen (0: none)."""

    group: str = Field(max_length=64)
    repeat: int = Field(1, ge=1, le=9_999)
    values: dict[str, str] = Field(default_factory=dict)
    seen_fact: int = Field(0, ge=0)
    removed: bool = False


class SaveIn(Schema):
    """A form to save: its records, the reason where a saved value changes, and whether it is complete."""

    records: list[RecordIn] = Field(max_length=500)
    reason: str = Field("", max_length=500)
    complete: bool = False


class SavedOut(Schema):
    """What a save did; `queries` counts the queries that it raised or closed."""

    position: int
    queries: int


class QueryOut(Schema):
    """A query."""

    name: str
    participant: str
    site: str
    event: str
    form: str
    group: str
    group_repeat: int
    item: str
    rule: str
    text: str
    state: str
    answer: str
    raised_at: str
    raised_by: str


class QueryStepIn(Schema):
    """A step with a query, and the words for it."""

    step: Literal["answer", "close", "reopen", "cancel"]
    text: str = Field("", max_length=1_000)


class FactOut(Schema):
    """A fact of the audit trail."""

    seq: int
    kind: str
    site: str
    participant: str
    event: str
    form: str
    group: str
    actor: str
    role: str
    reason: str
    source: str
    recorded_at: str
    payload: dict[str, Any]


class FindingOut(Schema):
    """What is wrong: code, place, got, expected, remedy."""

    code: str
    path: str
    got: str
    expected: str
    remedy: str


class Problem(Schema):
    """Why something was not done."""

    detail: str
    findings: list[FindingOut] = Field(default_factory=list)
    theirs: dict[str, str] = Field(default_factory=dict)
    """Values that somebody else saved meanwhile, by field."""


class DefinitionOut(Schema):
    """The definition under which data are entered."""

    study: str
    version: str
    forms: list[dict[str, Any]]
    codelists: list[dict[str, Any]]
    visits: list[dict[str, Any]]
