"""Reading the YAML documents of conduct/ and coding/ that this room understands: the typed value, or what is wrong."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from opencro.kernel.finding import Findings
from opencro.study import Part, Study, validation_findings

M = TypeVar("M", bound=Part)


def read_document(study: Study, name: str, model: type[M], code: str) -> tuple[M | None, Findings]:
    """The document `name` of a study as `model`; None where it is absent, and with findings `code` where wrong."""
    document = study.documents.get(name)
    if document is None:
        return None, Findings()
    try:
        return model.model_validate(document.value), Findings()
    except ValidationError as error:
        return None, validation_findings(error, document, code, model=model)
