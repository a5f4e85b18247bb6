"""FHIR R4 questionnaires, in and out."""

from opencro.study.formats.fhir.json_text import render_json
from opencro.study.formats.fhir.read import QuestionnaireImport, is_questionnaire, read_questionnaire
from opencro.study.formats.fhir.reading import fit, read_json
from opencro.study.formats.fhir.vocabulary import GROUP_LINK, OWN
from opencro.study.formats.fhir.write import write_questionnaire

__all__ = [
    "GROUP_LINK",
    "OWN",
    "QuestionnaireImport",
    "fit",
    "is_questionnaire",
    "read_json",
    "read_questionnaire",
    "render_json",
    "write_questionnaire",
]
