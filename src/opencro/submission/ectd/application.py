"""submission/ectd.yaml: who sends what to the agency, for each sequence; what the backbones say beside the files.

Source: FDA, The eCTD Backbone Files Specification for Module 1, version 2.6: six digits of an application, four of a
sequence, nine of an applicant (DUNS), 64 characters of a telephone number or address, 128 of a description.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Part, Study, Text, validation_findings
from opencro.submission.ectd.us_codes import (
    ApplicationType,
    ContactType,
    ControlType,
    FormType,
    Heading,
    SubmissionSubType,
    SubmissionType,
    TelephoneType,
)

FILE = "submission/ectd.yaml"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
Number = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
Short = Annotated[str, Field(min_length=1, max_length=64)]


class Telephone(Part):
    """A telephone number and its kind."""

    number: Short
    type: TelephoneType = "business"


class Contact(Part):
    """Whom the agency calls."""

    name: Text
    type: ContactType = "regulatory"
    telephones: tuple[Telephone, ...] = Field(min_length=1)
    emails: tuple[Short, ...] = Field(min_length=1)


class Applicant(Part):
    """Who sends."""

    id: str = Field(pattern=r"^[0-9]{9}$", description="DUNS number; 999999999 where there is none")
    company: Text
    contacts: tuple[Contact, ...] = Field(min_length=1)


class Application(Part):
    """What is applied for."""

    number: str = Field(pattern=r"^[0-9]{6}$", description="application number, six digits")
    type: ApplicationType


class RegionalDocument(Part):
    """A document of module 1 that a sequence sends: a PDF in the study's folder submission/m1."""

    file: str = Field(pattern=r"^[a-z0-9_-]{1,60}\.pdf$", description="its name in submission/m1, and in the sequence")
    title: Text
    heading: Heading
    form: FormType | None = Field(default=None, description="which form it is, under forms")

    @model_validator(mode="after")
    def _form_of_forms(self) -> Self:
        if (self.heading == "forms") != (self.form is not None):
            raise ValueError("give `form` for a document under forms, and for no other")
        return self


class SequenceHead(Part):
    """What a sequence is to the agency."""

    submission: Number = Field(description="sequence that began this regulatory activity")
    type: SubmissionType
    subtype: SubmissionSubType
    description: str = Field(default="", max_length=128)
    documents: tuple[RegionalDocument, ...] = Field(default=(), description="of module 1, new with this sequence")


class Dossier(Part):
    """submission/ectd.yaml."""

    applicant: Applicant
    application: Application
    sequences: dict[Number, SequenceHead] = Field(min_length=1)
    indication: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="short name of the indication, part of paths")
    study: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="short name of the study, part of paths")
    control: ControlType | None = Field(default=None, description="type of control, of the study tagging file")


def load_dossier(study: Study) -> Dossier:
    """The metadata of a study's sequences; Refused (ECT-050, ECT-051) where they are not there or not right."""
    document = study.documents.get(FILE)
    if document is None:
        remedy = "Write applicant, application, sequences, indication and study there (docs/package.md)."
        raise Refused([Finding("ECT-050", Place(FILE), "no such file", "the metadata of the sequences", remedy)])
    try:
        return Dossier.model_validate(document.value)
    except ValidationError as error:
        raise Refused(validation_findings(error, document, "ECT-051", model=Dossier)) from None


def head_of(dossier: Dossier, number: str) -> SequenceHead:
    """What a sequence is; Refused (ECT-052) where the file does not say it."""
    head = dossier.sequences.get(number)
    if head is None:
        got = f"says nothing of sequence {number}"
        remedy = f'Add "{number}" with submission, type and subtype.'
        raise Refused([Finding("ECT-052", Place(FILE, None, "sequences"), got, "an entry per sequence", remedy)])
    return head


def render_schemas() -> dict[str, str]:
    """File name -> text of the schema of submission/ectd.yaml."""
    title = "submission/ectd.yaml: who sends what to the agency"
    head: dict[str, Any] = {"$schema": DIALECT, "$id": "ectd.schema.json"}
    made = {**head, **Dossier.model_json_schema(), "title": title}
    return {"ectd.schema.json": json.dumps(made, indent=2, ensure_ascii=False) + "\n"}
