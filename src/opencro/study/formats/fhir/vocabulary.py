"""The words of FHIR's questionnaires that we know: types, extensions, operators.

Source: HL7 FHIR R4 Questionnaire; FHIR extensions registry; Structured Data Capture implementation guide.
"""

from __future__ import annotations

from opencro.study.model.form import ItemType

OWN = "urn:x-opencro:questionnaire"
"""The extension in which we keep what FHIR has no words for: one part for each, its value as JSON."""
GROUP_LINK = "group:"
"""Before the id of an item group in a linkId of ours."""

TYPES: dict[str, ItemType] = {
    "boolean": "choice", "decimal": "decimal", "integer": "integer", "date": "date", "dateTime": "datetime",
    "time": "time", "string": "text", "text": "text", "url": "text", "choice": "choice", "open-choice": "choice",
    "attachment": "file", "reference": "text", "quantity": "decimal",
}  # fmt: skip
CONTAINERS = ("group", "display")
OTHERWISE = {
    "url": "an address in the web",
    "reference": "a reference to a resource",
}
"""Types of which something is lost when they are read as text."""
TEXT_LINES = 4
"""Height of an item of type `text`, a box for prose."""

CORE = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
MIN_VALUE, MAX_VALUE = f"{CORE}minValue", f"{CORE}maxValue"
MIN_LENGTH, DECIMALS = f"{CORE}minLength", f"{CORE}maxDecimalPlaces"
UNIT, UNIT_OPTION = f"{CORE}questionnaire-unit", f"{CORE}questionnaire-unitOption"
HIDDEN, CONTROL, ENTRY_FORMAT = f"{CORE}questionnaire-hidden", f"{CORE}questionnaire-itemControl", f"{CORE}entryFormat"
CONTROL_CODES = "http://hl7.org/fhir/questionnaire-item-control"
READ = frozenset([MIN_VALUE, MAX_VALUE, MIN_LENGTH, DECIMALS, UNIT, UNIT_OPTION, HIDDEN, ENTRY_FORMAT, OWN])
"""Extensions that become something here; itemControl does at texts beside a question."""

EXPRESSIONS = {
    f"{SDC}sdc-questionnaire-calculatedExpression": "a value that is computed",
    f"{SDC}sdc-questionnaire-initialExpression": "a value that is computed at first",
    f"{SDC}sdc-questionnaire-enableWhenExpression": "a condition in FHIRPath",
    f"{SDC}sdc-questionnaire-answerExpression": "choices that are computed",
    f"{SDC}sdc-questionnaire-candidateExpression": "choices that are computed",
    f"{CORE}targetConstraint": "a constraint in FHIRPath",
    f"{CORE}questionnaire-constraint": "a constraint in FHIRPath",
    f"{CORE}variable": "a variable in FHIRPath",
    f"{CORE}regex": "a pattern",
}
"""Extensions whose language ours cannot say: each is a finding of its own."""

HELP_CONTROLS = frozenset(["help", "prompt", "lower", "upper", "legal", "trailing", "flyover"])
"""Texts below a question that help to answer it."""
OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
