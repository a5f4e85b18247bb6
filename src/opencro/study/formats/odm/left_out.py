"""Which of CDISC's elements and attributes have no place in our study: one note per kind, with its number."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.odm.grammar import NAMESPACES
from opencro.study.formats.odm.making import CONTEXT
from opencro.study.formats.odm.xml_safety import line_of

METADATA = frozenset(
    [
        "MetaDataVersion",
        "Protocol",
        "StudyEventRef",
        "StudyEventDef",
        "FormRef",
        "FormDef",
        "ItemGroupRef",
        "ItemGroupDef",
        "ItemRef",
        "ItemDef",
        "Question",
        "Description",
        "TranslatedText",
        "CodeListRef",
        "CodeList",
        "CodeListItem",
        "EnumeratedItem",
        "Decode",
        "Alias",
        "RangeCheck",
        "CheckValue",
        "MeasurementUnitRef",
        "ConditionDef",
        "MethodDef",
        "CRFCompletionInstructions",
        "FormalExpression",
        "Code",
        "MethodSignature",
        "ReturnValue",
        "Parameter",
        "ErrorMessage",
        "StudyStructure",
        "Arm",
        "Epoch",
        "StudyTimings",
        "StudyTiming",
        "RelativeTimingConstraint",
        "AbsoluteTimingConstraint",
        "StudyObjectives",
        "StudyObjective",
        "StudyEndPoints",
        "StudyEndPoint",
        "StudyEndPointRef",
        "InclusionExclusionCriteria",
        "InclusionCriteria",
        "ExclusionCriteria",
        "Criterion",
        "@StudyEndPointOID",
        "@ConditionOID",
        "@Level",
        "StudyEventGroupDef",
        "StudyEventGroupRef",
        "@OID",
        "@Name",
        "@Repeating",
        "@Type",
        "@Mandatory",
        "@OrderNumber",
        "@StudyEventOID",
        "@FormOID",
        "@ItemGroupOID",
        "@ItemOID",
        "@CodeListOID",
        "@MeasurementUnitOID",
        "@DataType",
        "@Length",
        "@SignificantDigits",
        "@DisplayFormat",
        "@CodedValue",
        "@Context",
        "@Comparator",
        "@SoftHard",
        "@CollectionExceptionConditionOID",
        "@MethodOID",
        "@PredecessorOID",
        "@SuccessorOID",
        "@TimepointRelativeTarget",
        "@TimepointPreWindow",
        "@TimepointPostWindow",
        "@TimepointTarget",
        "@StudyEventGroupOID",
        "@EpochOID",
        "@SequenceNumber",
    ]
)
"""Elements and attributes (`@`) that `read_odm` reads, or that say no more than what it reads."""

RECORDS = frozenset(
    [
        "ClinicalData",
        "SubjectData",
        "SiteRef",
        "StudyEventData",
        "FormData",
        "ItemGroupData",
        "ItemData",
        "Value",
        "@StudyOID",
        "@MetaDataVersionOID",
        "@SubjectKey",
        "@LocationOID",
        "@StudyEventOID",
        "@StudyEventRepeatKey",
        "@FormOID",
        "@FormRepeatKey",
        "@ItemGroupOID",
        "@ItemGroupRepeatKey",
        "@ItemOID",
        "@Value",
        "@IsNull",
        "@TransactionType",
        "@SeqNum",
    ]
)
"""The same for `read_odm_data`; typed item data and the audit records of items are added there."""

_ITEM = "ItemData"
_CONTEXTS = ("SDTM", "NCI:EXTCODEID", CONTEXT.upper())


def check_left_out(
    tops: list[etree._Element], version: str, carried: frozenset[str], code: str, file: str
) -> list[Finding]:
    """Notes of the given code for what stands in these elements, in CDISC's namespace, and was not read."""
    namespace = f"{{{NAMESPACES[version]}}}"
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], etree._Element] = {}
    pending = [(element, etree.QName(element).localname) for element in reversed(tops)]
    while pending:
        element, within = pending.pop()
        for word in _unread(element, within, carried):
            counts[word, within] += 1
            first.setdefault((word, within), element)
        for child in reversed(element):
            if not isinstance(child.tag, str) or not child.tag.startswith(namespace):
                continue
            name = child.tag.removeprefix(namespace)
            if name in carried or (name.startswith(_ITEM) and _ITEM in carried):
                pending.append((child, name))
            elif not (name == "AuditRecord" and within.startswith(_ITEM)):
                counts[f"<{name}>", within] += 1
                first.setdefault((f"<{name}>", within), child)
    notes = []
    for (word, within), count in counts.items():
        got = f"{word} within <{within}>, {count} times, was not read"
        remedy = "Keep the file; see whether it matters."
        notes.append(Finding(code, Place(file, line_of(first[word, within])), got, "", remedy, Severity.NOTE))
    return notes


def _unread(element: etree._Element, within: str, carried: frozenset[str]) -> list[str]:
    names = map(str, element.attrib)
    words = [f"@{name}" for name in names if f"@{name}" not in carried and not name.startswith("{")]
    if within == "Alias" and not str(element.get("Context") or "").upper().startswith(_CONTEXTS):
        words.append(f'alias of context "{element.get("Context")}"')
    return words
