"""submission/guides.yaml: the words of people for the blanks of the guides."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field, ValidationError

from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity, suggest
from opencro.study import Part, Study, validation_findings
from opencro.submission.guides.model import Guide

FILE = "submission/guides.yaml"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class GuideTexts(Part):
    """submission/guides.yaml: name of a blank -> words."""

    csdrg: dict[str, str] = Field(default={}, description="clinical study data reviewer's guide")
    adrg: dict[str, str] = Field(default={}, description="analysis data reviewer's guide")

    def of(self, guide: Guide) -> dict[str, str]:
        """The words for a guide."""
        return self.csdrg if guide.short == "cSDRG" else self.adrg


def load_texts(study: Study) -> GuideTexts:
    """What a study wrote; Refused (ECT-060) where it is not as it must be."""
    document = study.documents.get(FILE)
    if document is None:
        return GuideTexts()
    try:
        return GuideTexts.model_validate(document.value)
    except ValidationError as error:
        raise Refused(validation_findings(error, document, "ECT-060", model=GuideTexts)) from None


def check_texts(guide: Guide, words: dict[str, str]) -> Findings:
    """Words for a blank that the guide has not (ECT-061) and blanks without words (ECT-062, a warning)."""
    blanks = list(guide.blanks())
    found = []
    for name in words:
        if name not in blanks:
            remedy = suggest(name, blanks) or f"Use one of {', '.join(blanks)}."
            place = Place(FILE, None, f"{guide.short.lower()}/{name}")
            found.append(Finding("ECT-061", place, f'no blank "{name}"', "a blank of the guide", remedy))
    open_ones = [name for name in blanks if not words.get(name)]
    if open_ones:
        got = f"{guide.short} has blanks: {', '.join(open_ones)}"
        remedy = f"Write them in {FILE}."
        place = Place(FILE, None, guide.short.lower())
        found.append(Finding("ECT-062", place, got, "words for each", remedy, Severity.WARNING))
    return Findings(tuple(found))


def render_schemas() -> dict[str, str]:
    """File name -> text of the schema of submission/guides.yaml."""
    head: dict[str, Any] = {"$schema": DIALECT, "$id": "guides.schema.json"}
    title = "submission/guides.yaml: words of people for the reviewer's guides"
    made = {**head, **GuideTexts.model_json_schema(), "title": title}
    return {"guides.schema.json": json.dumps(made, indent=2, ensure_ascii=False) + "\n"}
