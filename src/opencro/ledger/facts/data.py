"""Facts about values: a record changed or was removed, data came in or went out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from opencro.ledger.facts.kind import FactKind


@dataclass(frozen=True, slots=True)
class RecordChanged(FactKind):
    """Items of one record got new values: `items` maps an item to [old, new] text; None is "no value"."""

    NAME: ClassVar[str] = "record-changed/1"
    items: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class RecordRemoved(FactKind):
    """A record left the current state; `items` maps each item it held to [old, None]."""

    NAME: ClassVar[str] = "record-removed/1"
    items: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class DataImported(FactKind):
    """A file's rows entered: its name, format, SHA-256, and how many rows it held."""

    NAME: ClassVar[str] = "data-imported/1"
    file: str
    format: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class DataExported(FactKind):
    """Data or the trail left the system: what, in which format, up to which position, how many rows."""

    NAME: ClassVar[str] = "data-exported/1"
    what: str
    format: str
    position: int
    rows: int
