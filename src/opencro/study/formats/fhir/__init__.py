"""FHIR R4 questionnaires and their responses, in and out."""

from opencro.study.formats.fhir.read import QuestionnaireImport, is_questionnaire, read_questionnaire
from opencro.study.formats.fhir.read_response import ResponseData, is_response, read_responses
from opencro.study.formats.fhir.write import write_questionnaire
from opencro.study.formats.fhir.write_response import write_responses

__all__ = [
    "QuestionnaireImport",
    "ResponseData",
    "is_questionnaire",
    "is_response",
    "read_questionnaire",
    "read_responses",
    "write_questionnaire",
    "write_responses",
]
