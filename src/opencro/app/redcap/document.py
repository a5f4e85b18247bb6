"""capture/redcap.yaml: what REDCap knows of a project and a study of ours has no word for.

Everything that a study can say is said by the study; here stand only the differences. Source: REDCap's project XML
and data dictionary. Described in docs/redcap.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from opencro.kernel.finding import Refused
from opencro.study import Part, Study, validation_findings

DOCUMENT = "capture/redcap.yaml"


class RepeatEntry(Part):
    """A form that repeats at an event, or a whole event (no form) that does; `event` is empty in classic projects."""

    event: str = ""
    form: str = ""
    label: str = ""


class ReportEntry(Part):
    """A report: which fields of which events, of records for which the filter is true."""

    title: str
    fields: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    filter: str = ""


class RedcapDocument(Part):
    """The whole file; every part may be left out."""

    record_id: str = Field(default="", description="the field that names the record; it is the participant's id")
    longitudinal: bool | None = Field(default=None, description="left out: true where the schedule has visits")
    site: str = Field(default="unassigned", description="the site of records that are in no data access group")
    form_order: tuple[str, ...] = Field(
        default=(), description="forms in REDCap's order, which files in a folder do not have"
    )
    event_labels: Mapping[str, str] = Field(default={}, description="event: custom label")
    repeating: tuple[RepeatEntry, ...] = ()
    fields: Mapping[str, Mapping[str, str]] = Field(
        default={}, description="field: the columns of its dictionary row that the study's item does not give"
    )
    unstored: tuple[Mapping[str, str], ...] = Field(
        default=(), description="dictionary rows without data (descriptive text), each with the field it stands `after`"
    )
    settings: Mapping[str, str] = Field(
        default={}, description="project settings by their names in REDCap's API or XML"
    )
    surveys: Mapping[str, Mapping[str, str]] = Field(default={}, description="form: settings of its survey")
    vendor: Mapping[str, str] = Field(
        default={}, description="parts of a project XML that nothing here reads, as written"
    )
    reports: Mapping[str, ReportEntry] = Field(default={}, description="number of the report: the report")


def read_redcap(study: Study) -> RedcapDocument:
    """The study's capture/redcap.yaml, or an empty one. Refused (RDC-001) where it cannot be understood."""
    found = study.documents.get(DOCUMENT)
    if found is None:
        return RedcapDocument()
    try:
        return RedcapDocument.model_validate(found.value)
    except ValidationError as error:
        raise Refused(validation_findings(error, found, "RDC-001", model=RedcapDocument)) from None


def write_redcap(root: Path, document: RedcapDocument) -> None:
    """Write capture/redcap.yaml into a study folder."""
    values = document.model_dump(mode="json", exclude_defaults=True)
    path = root / DOCUMENT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
