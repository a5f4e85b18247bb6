"""What a line of clinical data is: who, when, on which form and row, what was entered, and the audit of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opencro.kernel.finding import Findings
from opencro.study.formats.odm.check_grammar import VendorPart


@dataclass(frozen=True, slots=True)
class Audit:
    """Who entered a value, when, where, and why it was changed."""

    user: str
    at: str | datetime
    reason: str = ""
    location: str = ""
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class OdmRecord:
    """One row of an item group of a participant.

    Repeats are keys as text, empty where there is none; `event` is empty for a form of the participant. A value of None
    is known to be null. `transaction` is Insert, Update, Remove, Upsert or Context, empty in a snapshot.
    """

    site: str
    participant: str
    event: str
    event_repeat: str
    form: str
    form_repeat: str
    group: str
    group_repeat: str
    items: Mapping[str, str | None]
    audits: Mapping[str, Audit] = field(default_factory=dict)
    transaction: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """The line of each item in the file that was read; not part of the record."""


@dataclass(frozen=True)
class OdmData:
    """The records of an ODM file, what vendors added to them, and what was found."""

    version: str
    study_oid: str
    metadata_oid: str
    records: tuple[OdmRecord, ...]
    vendor: tuple[VendorPart, ...] = ()
    findings: Findings = field(default_factory=Findings)
