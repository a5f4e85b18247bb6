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

_CONTEXTS = ("SDTM", "NCI:EXTCODEID", CONTEXT.upper())


def check_left_out(
    tops: list[etree._Element], version: str, carried: frozenset[str], code: str, file: str
) -> list[Finding]:
    """Notes of the given code for what stands in these elements, in CDISC's namespace, and was not read."""
    counts: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, str], int | None] = {}
    pending = list(reversed(tops))
    while pending:
        element = pending.pop()
        within = etree.QName(element).localname
        for word in _unread(element, within, carried):
            counts[word, within] += 1
            lines.setdefault((word, within), line_of(element))
        for child in reversed(element):
            if not isinstance(child.tag, str) or etree.QName(child).namespace != NAMESPACES[version]:
                continue
            name = etree.QName(child).localname
            if name in carried or (name == "AuditRecord" and within.startswith("ItemData")) or _is_typed(name, carried):
                pending.append(child)
            else:
                counts[f"<{name}>", within] += 1
                lines.setdefault((f"<{name}>", within), line_of(child))
    notes = []
    for (word, within), count in counts.items():
        got = f"{word} within <{within}>, {count} times, was not read"
        remedy = "Keep the file; see whether it matters."
        notes.append(Finding(code, Place(file, lines[word, within]), got, "", remedy, Severity.NOTE))
    return notes


def _unread(element: etree._Element, within: str, carried: frozenset[str]) -> list[str]:
    if within == "AuditRecord" or (element.getparent() is not None and _within_audit(element)):
        return []
    words = [f"@{a}" for a in map(str, element.attrib) if not a.startswith("{") and f"@{a}" not in carried]
    context = str(element.get("Context") or "").upper()
    if within == "Alias" and not context.startswith(_CONTEXTS):
        words.append(f'alias of context "{element.get("Context")}"')
    return words


def _within_audit(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and etree.QName(parent).localname == "AuditRecord"


def _is_typed(name: str, carried: frozenset[str]) -> bool:
    """Typed item data of ODM 1.3.2 (`ItemDataInteger` and so on), and the parts of an audit record."""
    parts = ("UserRef", "LocationRef", "DateTimeStamp", "ReasonForChange", "SourceID")
    return "ItemData" in carried and (name.startswith("ItemData") or name in parts)
