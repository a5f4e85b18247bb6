"""The frozen types of a Define-XML 2.1 document, named and ordered as the standard has them.

Source: CDISC Define-XML 2.1.10 (ODM 1.3.2). OIDs are plain text; empty text and None mean absent.
"""

from __future__ import annotations

from dataclasses import dataclass

from opencro.submission.define_xml import mapping as xml

YES_NO = ("Yes", "No")
DATA_TYPES = (
    "text", "integer", "float", "datetime", "date", "time", "partialDate", "partialTime", "partialDatetime",
    "incompleteDatetime", "incompleteDate", "incompleteTime", "durationDatetime", "intervalDatetime",
)  # fmt: skip
CLASSES = (
    "ADAM OTHER", "BASIC DATA STRUCTURE", "DEVICE LEVEL ANALYSIS DATASET", "EVENTS", "FINDINGS", "FINDINGS ABOUT",
    "INTERVENTIONS", "MEDICAL DEVICE BASIC DATA STRUCTURE", "MEDICAL DEVICE OCCURRENCE DATA STRUCTURE",
    "OCCURRENCE DATA STRUCTURE", "RELATIONSHIP", "SPECIAL PURPOSE", "STUDY REFERENCE",
    "SUBJECT LEVEL ANALYSIS DATASET", "TRIAL DESIGN",
)  # fmt: skip
SUBCLASSES = (
    "ADVERSE EVENT", "MEDICAL DEVICE TIME-TO-EVENT", "NON-COMPARTMENTAL ANALYSIS",
    "POPULATION PHARMACOKINETIC ANALYSIS", "TIME-TO-EVENT",
)  # fmt: skip
ORIGIN_TYPES = ("Assigned", "Collected", "Derived", "Not Available", "Other", "Predecessor", "Protocol")
ORIGIN_SOURCES = ("Investigator", "Sponsor", "Subject", "Vendor")
STANDARD_NAMES = (
    "ADaMIG", "BIMO", "CDISC/NCI", "SDTMIG", "SDTMIG-AP", "SDTMIG-MD", "SENDIG", "SENDIG-AR", "SENDIG-DART"
)  # fmt: skip
STANDARD_STATUSES = ("Draft", "Final", "Provisional")
PUBLISHING_SETS = ("ADaM", "CDASH", "DEFINE-XML", "SDTM", "SEND")
COMPARATORS = ("LT", "LE", "GT", "GE", "EQ", "NE", "IN", "NOTIN")
NCI = "nci:ExtCodeID"


@dataclass(frozen=True, slots=True)
class Translated:
    """Text in one language."""

    text: str = xml.content()
    language: str = xml.attribute("xml:lang")


def words(text: str, language: str = "en") -> tuple[Translated, ...]:
    """A description in one language; empty text gives none."""
    return (Translated(text, language),) if text else ()


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a thing, such as its NCI code (`Alias(NCI, "C66731")`) or the domain of a split dataset."""

    context: str = xml.required("Context")
    name: str = xml.required("Name")


def nci(code: str) -> tuple[Alias, ...]:
    """The alias of an NCI code; an empty code gives none."""
    return (Alias(NCI, code),) if code else ()


@dataclass(frozen=True, slots=True)
class PdfPages:
    """Pages of a PDF: numbers or named destinations divided by blanks, or a first and a last page."""

    type: str = xml.required("Type", permitted=("PhysicalRef", "NamedDestination"))
    pages: str = xml.attribute("PageRefs")
    first: int | None = xml.attribute("FirstPage", kind="integer")
    last: int | None = xml.attribute("LastPage", kind="integer")
    title: str = xml.attribute("Title")


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A pointer to a leaf and, in it, to pages."""

    leaf_id: str = xml.required("leafID")
    pages: tuple[PdfPages, ...] = xml.children("def:PDFPageRef")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file beside the define.xml: a dataset or a document."""

    id: str = xml.required("ID")
    href: str = xml.required("xlink:href")
    title: str = xml.text("def:title", needed=True)


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard that datasets or code lists follow; `publishing_set` for controlled terminology (type CT)."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name", permitted=STANDARD_NAMES)
    type: str = xml.required("Type", permitted=("CT", "IG"))
    version: str = xml.required("Version")
    status: str = xml.required("Status")
    publishing_set: str = xml.attribute("PublishingSet", permitted=PUBLISHING_SETS)
    comment_oid: str = xml.attribute("def:CommentOID")


@dataclass(frozen=True, slots=True)
class ItemRef:
    """An item's place in a dataset or, with where clauses, in a value list."""

    item_oid: str = xml.required("ItemOID")
    mandatory: str = xml.required("Mandatory", permitted=YES_NO)
    order: int | None = xml.attribute("OrderNumber", kind="integer")
    key_sequence: int | None = xml.attribute("KeySequence", kind="integer")
    method_oid: str = xml.attribute("MethodOID")
    role: str = xml.attribute("Role")
    role_codelist_oid: str = xml.attribute("RoleCodeListOID")
    is_non_standard: bool = xml.yes("def:IsNonStandard")
    has_no_data: bool = xml.yes("def:HasNoData")
    where_clause_oids: tuple[str, ...] = xml.references("def:WhereClauseRef", "WhereClauseOID")


@dataclass(frozen=True, slots=True)
class ValueListDef:
    """Value-level metadata of one item: an item per condition."""

    oid: str = xml.required("OID")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    items: tuple[ItemRef, ...] = xml.children("ItemRef")


@dataclass(frozen=True, slots=True)
class RangeCheck:
    """One condition: the item compared with one value, or with several (IN, NOTIN)."""

    item_oid: str = xml.required("def:ItemOID")
    comparator: str = xml.required("Comparator", permitted=COMPARATORS)
    soft_hard: str = xml.attribute("SoftHard", default="Soft", permitted=("Soft", "Hard"))
    values: tuple[str, ...] = xml.texts("CheckValue")


@dataclass(frozen=True, slots=True)
class WhereClauseDef:
    """Conditions that must all hold."""

    oid: str = xml.required("OID")
    comment_oid: str = xml.attribute("def:CommentOID")
    checks: tuple[RangeCheck, ...] = xml.children("RangeCheck")


@dataclass(frozen=True, slots=True)
class SubClass:
    """A dataset's subclass, such as ADVERSE EVENT."""

    name: str = xml.required("Name", permitted=SUBCLASSES)
    parent: str = xml.attribute("ParentClass", permitted=CLASSES + SUBCLASSES)


@dataclass(frozen=True, slots=True)
class DatasetClass:
    """A dataset's class, such as FINDINGS."""

    name: str = xml.required("Name", permitted=CLASSES)
    subclasses: tuple[SubClass, ...] = xml.children("def:SubClass")


@dataclass(frozen=True, slots=True)
class ItemGroupDef:
    """A dataset: label in `description`, what a row is in `structure`, variables in `items`, its file in `leaf`."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name")
    repeating: str = xml.required("Repeating", permitted=YES_NO)
    structure: str = xml.required("def:Structure")
    domain: str = xml.attribute("Domain")
    is_reference_data: str = xml.attribute("IsReferenceData", permitted=YES_NO)
    sas_dataset_name: str = xml.attribute("SASDatasetName")
    purpose: str = xml.attribute("Purpose", permitted=("Tabulation", "Analysis"))
    standard_oid: str = xml.attribute("def:StandardOID")
    archive_location_id: str = xml.attribute("def:ArchiveLocationID")
    comment_oid: str = xml.attribute("def:CommentOID")
    is_non_standard: bool = xml.yes("def:IsNonStandard")
    has_no_data: bool = xml.yes("def:HasNoData")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    items: tuple[ItemRef, ...] = xml.children("ItemRef")
    aliases: tuple[Alias, ...] = xml.children("Alias")
    dataset_class: DatasetClass | None = xml.child("def:Class")  # noqa: RUF009
    leaf: Leaf | None = xml.child("def:leaf")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Origin:
    """Where values come from and who made them; a predecessor is named in `description`."""

    type: str = xml.required("Type", permitted=ORIGIN_TYPES)
    source: str = xml.attribute("Source", permitted=ORIGIN_SOURCES)
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    documents: tuple[DocumentRef, ...] = xml.children("def:DocumentRef")


@dataclass(frozen=True, slots=True)
class ItemDef:
    """A variable, or its values under a condition."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name")
    data_type: str = xml.required("DataType", permitted=DATA_TYPES)
    length: int | None = xml.attribute("Length", kind="integer")
    significant_digits: int | None = xml.attribute("SignificantDigits", kind="integer")
    sas_field_name: str = xml.attribute("SASFieldName")
    display_format: str = xml.attribute("def:DisplayFormat")
    comment_oid: str = xml.attribute("def:CommentOID")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    codelist_oid: str = xml.reference("CodeListRef", "CodeListOID")
    aliases: tuple[Alias, ...] = xml.children("Alias")
    origins: tuple[Origin, ...] = xml.children("def:Origin")
    value_list_oid: str = xml.reference("def:ValueListRef", "ValueListOID")


@dataclass(frozen=True, slots=True)
class CodeListItem:
    """A coded value and what it stands for."""

    value: str = xml.required("CodedValue")
    rank: str = xml.attribute("Rank")
    order: int | None = xml.attribute("OrderNumber", kind="integer")
    extended: bool = xml.yes("def:ExtendedValue")
    decode: tuple[Translated, ...] = xml.wrapped("Decode", "TranslatedText")
    aliases: tuple[Alias, ...] = xml.children("Alias")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")


@dataclass(frozen=True, slots=True)
class EnumeratedItem:
    """A value that stands for itself."""

    value: str = xml.required("CodedValue")
    rank: str = xml.attribute("Rank")
    order: int | None = xml.attribute("OrderNumber", kind="integer")
    extended: bool = xml.yes("def:ExtendedValue")
    aliases: tuple[Alias, ...] = xml.children("Alias")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")


@dataclass(frozen=True, slots=True)
class ExternalCodeList:
    """A dictionary that is not spelt out here, such as MedDRA."""

    dictionary: str = xml.attribute("Dictionary")
    version: str = xml.attribute("Version")
    href: str = xml.attribute("href")
    ref: str = xml.attribute("ref")


@dataclass(frozen=True, slots=True)
class CodeList:
    """Permitted values: decoded items, enumerated items, or an external dictionary (one of the three)."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name")
    data_type: str = xml.required("DataType", permitted=("text", "integer", "float", "string"))
    sas_format_name: str = xml.attribute("SASFormatName")
    standard_oid: str = xml.attribute("def:StandardOID")
    is_non_standard: bool = xml.yes("def:IsNonStandard")
    comment_oid: str = xml.attribute("def:CommentOID")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    items: tuple[CodeListItem, ...] = xml.children("CodeListItem")
    external: ExternalCodeList | None = xml.child("ExternalCodeList")  # noqa: RUF009
    enumerated: tuple[EnumeratedItem, ...] = xml.children("EnumeratedItem")
    aliases: tuple[Alias, ...] = xml.children("Alias")


@dataclass(frozen=True, slots=True)
class FormalExpression:
    """A derivation in a programming language."""

    context: str = xml.required("Context")
    code: str = xml.content()


@dataclass(frozen=True, slots=True)
class MethodDef:
    """How values are derived, in words and perhaps in code."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name")
    type: str = xml.attribute("Type", permitted=("Computation", "Imputation", "Transpose", "Other"))
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    expressions: tuple[FormalExpression, ...] = xml.children("FormalExpression")
    aliases: tuple[Alias, ...] = xml.children("Alias")
    documents: tuple[DocumentRef, ...] = xml.children("def:DocumentRef")


@dataclass(frozen=True, slots=True)
class CommentDef:
    """A remark that datasets, variables, code lists, standards and conditions refer to."""

    oid: str = xml.required("OID")
    description: tuple[Translated, ...] = xml.wrapped("Description", "TranslatedText")
    documents: tuple[DocumentRef, ...] = xml.children("def:DocumentRef")


@dataclass(frozen=True, slots=True)
class MetaData:
    """Everything that describes the datasets of a package; `extensions` is XML of other namespaces (ARM) as text."""

    oid: str = xml.required("OID")
    name: str = xml.required("Name")
    define_version: str = xml.required("def:DefineVersion")
    description: str = xml.attribute("Description")
    comment_oid: str = xml.attribute("def:CommentOID")
    standards: tuple[Standard, ...] = xml.wrapped("def:Standards", "def:Standard")
    annotated_crf: tuple[DocumentRef, ...] = xml.wrapped("def:AnnotatedCRF", "def:DocumentRef")
    supplemental: tuple[DocumentRef, ...] = xml.wrapped("def:SupplementalDoc", "def:DocumentRef")
    value_lists: tuple[ValueListDef, ...] = xml.children("def:ValueListDef")
    where_clauses: tuple[WhereClauseDef, ...] = xml.children("def:WhereClauseDef")
    datasets: tuple[ItemGroupDef, ...] = xml.children("ItemGroupDef")
    items: tuple[ItemDef, ...] = xml.children("ItemDef")
    codelists: tuple[CodeList, ...] = xml.children("CodeList")
    methods: tuple[MethodDef, ...] = xml.children("MethodDef")
    comments: tuple[CommentDef, ...] = xml.children("def:CommentDef")
    leaves: tuple[Leaf, ...] = xml.children("def:leaf")
    extensions: tuple[str, ...] = xml.raw()


@dataclass(frozen=True, slots=True)
class GlobalVariables:
    """The study in three texts."""

    study_name: str = xml.text("StudyName", needed=True)
    study_description: str = xml.text("StudyDescription", needed=True)
    protocol_name: str = xml.text("ProtocolName", needed=True)


@dataclass(frozen=True, slots=True)
class DefineStudy:
    """The study that the datasets belong to."""

    oid: str = xml.required("OID")
    names: GlobalVariables = xml.only_child("GlobalVariables")  # noqa: RUF009
    metadata: MetaData = xml.only_child("MetaDataVersion")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Define:
    """A whole define.xml; `created` is ISO 8601 text."""

    file_oid: str = xml.required("FileOID")
    created: str = xml.required("CreationDateTime")
    context: str = xml.required("def:Context", permitted=("Submission", "Other"))
    study: DefineStudy = xml.only_child("Study")  # noqa: RUF009
    file_type: str = xml.attribute("FileType", default="Snapshot", permitted=("Snapshot", "Transactional"))
    odm_version: str = xml.attribute("ODMVersion", default="1.3.2")
    originator: str = xml.attribute("Originator")
    source_system: str = xml.attribute("SourceSystem")
    source_system_version: str = xml.attribute("SourceSystemVersion")
    as_of: str = xml.attribute("AsOfDateTime")
    prior_file_oid: str = xml.attribute("PriorFileOID")
    description: str = xml.attribute("Description")
    granularity: str = xml.attribute("Granularity")
    archival: str = xml.attribute("Archival")
    id: str = xml.attribute("Id")
