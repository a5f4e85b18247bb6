"""What is wrong with a model: values the standard doesn't permit (DEF-004, DEF-008), and what its schema cannot say.

The latter is references, order, lengths, origins, code lists (DEF-020 to DEF-034).

Source: CDISC Define-XML 2.1.10, the business rules of each element's section.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from opencro.kernel.finding import Finding, Place, Severity, suggest
from opencro.submission.define_xml.mapping import list_fields
from opencro.submission.define_xml.model import (
    NCI,
    STANDARD_STATUSES,
    CodeList,
    CodeListItem,
    Define,
    EnumeratedItem,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    MetaData,
    WhereClauseDef,
)  # fmt: skip
from opencro.submission.define_xml.refer import Reference, list_definitions, list_references

_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$")
_VERSION = re.compile(r"^2\.1\.(0|[1-9][0-9]*)$")
_C_CODE = re.compile(r"^C\d+$")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MEASURED = ("text", "integer", "float")
_SEVERAL = ("IN", "NOTIN")


def check_define(define: Define, *, file: str = "define.xml") -> list[Finding]:
    """Everything wrong with a model beyond the schema, errors and warnings, in document order by kind."""
    return list(_Checks(file).run(define))


class _Checks:
    """The checks of one document."""

    def __init__(self, file: str) -> None:
        self.file = file

    def run(self, define: Define) -> Iterator[Finding]:
        """All findings of a document."""
        metadata = define.study.metadata
        if not _MOMENT.match(define.created):
            yield self._error("DEF-032", "ODM", f'CreationDateTime "{define.created}"', "an ISO 8601 date and time")
        if not _VERSION.match(metadata.define_version):
            path = f"MetaDataVersion[{metadata.oid}]"
            yield self._error("DEF-032", path, f'DefineVersion "{metadata.define_version}"', "2.1.0 or later 2.1")
        for standard in metadata.standards:
            if standard.status not in STANDARD_STATUSES:
                path, expected = f"Standard[{standard.oid}]", ", ".join(STANDARD_STATUSES)
                yield self._warn("DEF-033", path, f'Status "{standard.status}"', expected, "Use the published word.")
        yield from self._fields(define)
        yield from self._references(metadata)
        for dataset in metadata.datasets:
            yield from self._dataset(dataset)
        for values in metadata.value_lists:
            yield from self._order(values.items, f"ValueListDef[{values.oid}]")
            for item in values.items:
                if not item.where_clause_oids:
                    path = f"ValueListDef[{values.oid}]/ItemRef[{item.item_oid}]"
                    yield self._error("DEF-030", path, "no condition", "a WhereClauseRef")
        for clause in metadata.where_clauses:
            yield from self._clause(clause)
        for one in metadata.items:
            yield from self._item(one)
        yield from self._methods(metadata)
        for codelist in metadata.codelists:
            yield from self._codelist(codelist)

    def _fields(self, define: Define) -> Iterator[Finding]:
        for held in list_fields(define):
            slot, value = held.slot, held.value
            if slot.required and slot.shape == "attribute" and not value:
                yield self._error("DEF-004", held.owner, f"no {slot.name}", f"a value of {slot.name}")
            elif slot.permitted and isinstance(value, str) and value and value not in slot.permitted:
                remedy = suggest(value, slot.permitted) or "Correct it where it is declared."
                got, expected = f'{slot.name}="{value}"', ", ".join(slot.permitted)
                yield Finding("DEF-008", Place(self.file, None, held.owner), got, expected, remedy)
            if isinstance(value, str) and (found := _UNWRITABLE.search(value)):
                got = f"character U+{ord(found.group()):04X}"
                yield self._error("DEF-034", held.owner, got, "characters that XML 1.0 can hold")

    def _references(self, metadata: MetaData) -> Iterator[Finding]:
        definitions = list_definitions(metadata)
        for kind, oids in definitions.items():
            for oid, count in Counter(oids).items():
                if count > 1:
                    yield self._error("DEF-021", f"{kind}[{oid}]", f"{oid} is defined {count} times", "once")
        used: dict[str, set[str]] = {kind: set() for kind in definitions}
        for reference in list_references(metadata):
            used[reference.kind].add(reference.oid)
            if reference.oid not in definitions[reference.kind]:
                yield self._dangling(reference, definitions[reference.kind])
        for kind in ("ItemDef", "ValueListDef", "WhereClauseDef", "CodeList", "MethodDef", "CommentDef"):
            for oid in definitions[kind]:
                if oid not in used[kind] and not metadata.extensions:
                    yield self._warn("DEF-025", f"{kind}[{oid}]", "nothing refers to it", "a use", "Take it out.")

    def _dangling(self, reference: Reference, known: list[str]) -> Finding:
        got = f'no {reference.kind} "{reference.oid}"'
        remedy = suggest(reference.oid, known) or f"Define it or take the reference out of {reference.by}."
        return Finding("DEF-020", Place(self.file, None, reference.by), got, "an OID that is defined", remedy)

    def _dataset(self, dataset: ItemGroupDef) -> Iterator[Finding]:
        path = f"ItemGroupDef[{dataset.oid}]"
        yield from self._order(dataset.items, path)
        keys = [i.key_sequence for i in dataset.items if i.key_sequence is not None]
        if sorted(keys) != list(range(1, len(keys) + 1)):
            yield self._error("DEF-024", path, f"key sequence {sorted(keys)}", "1, 2, 3 without gap")
        if not dataset.items:
            yield self._error("DEF-029", path, "no variables", "an ItemRef per variable")
        if not dataset.description:
            yield self._error("DEF-029", path, "no label", "a Description")
        if dataset.dataset_class is None:
            yield self._error("DEF-029", path, "no class", "a def:Class")
        if len(dataset.sas_dataset_name) > 8:
            yield self._error("DEF-031", path, f"SASDatasetName {dataset.sas_dataset_name}", "8 characters at most")
        if dataset.leaf is None and not dataset.has_no_data:
            yield self._error("DEF-029", path, "no file", "a def:leaf, or HasNoData")
        elif dataset.leaf is not None and dataset.archive_location_id != dataset.leaf.id:
            got = f'ArchiveLocationID "{dataset.archive_location_id}"'
            yield self._error("DEF-029", path, got, f'the leaf\'s ID "{dataset.leaf.id}"')

    def _order(self, items: tuple[ItemRef, ...], path: str) -> Iterator[Finding]:
        numbers = [i.order for i in items if i.order is not None]
        if 0 < len(numbers) < len(items):
            yield self._error("DEF-022", path, "order numbers on some items only", "all or none")
        twice = sorted(n for n, count in Counter(numbers).items() if count > 1)
        if twice:
            yield self._error("DEF-022", path, f"order number {twice[0]} stands twice", "each number once")
        oids = Counter(i.item_oid for i in items)
        for oid in (o for o, count in oids.items() if count > 1):
            yield self._error("DEF-022", path, f"{oid} stands twice", "each item once")

    def _clause(self, clause: WhereClauseDef) -> Iterator[Finding]:
        path = f"WhereClauseDef[{clause.oid}]"
        if not clause.checks:
            yield self._error("DEF-030", path, "no condition", "a RangeCheck")
        for check in clause.checks:
            if not check.values or (len(check.values) > 1 and check.comparator not in _SEVERAL):
                got = f"{len(check.values)} values with {check.comparator}"
                yield self._error("DEF-030", path, got, "one value, or several with IN and NOTIN")

    def _item(self, item: ItemDef) -> Iterator[Finding]:
        path = f"ItemDef[{item.oid}]"
        if item.data_type in _MEASURED and item.length is None:
            yield self._error("DEF-023", path, f"{item.data_type} without Length", "a length")
        if item.data_type not in _MEASURED and item.length is not None:
            yield self._error("DEF-023", path, f"{item.data_type} with Length", "no length")
        if item.length is not None and item.length < 1:
            yield self._error("DEF-023", path, f"Length {item.length}", "1 or more")
        if item.data_type == "float" and item.significant_digits is None:
            yield self._error("DEF-023", path, "float without SignificantDigits", "the digits after the point")
        if item.data_type != "float" and item.significant_digits is not None:
            yield self._error("DEF-023", path, f"{item.data_type} with SignificantDigits", "none")
        if len(item.sas_field_name) > 8:
            yield self._error("DEF-031", path, f"SASFieldName {item.sas_field_name}", "8 characters at most")
        for origin in item.origins:
            if origin.type == "Predecessor" and not origin.description:
                yield self._error("DEF-026", path, "a predecessor without name", "a Description such as DM.AGE")
            if origin.type in ("Collected", "Derived", "Assigned") and not origin.source:
                remedy = "Say who: Investigator, Sponsor, Subject or Vendor."
                yield self._warn("DEF-026", path, f"origin {origin.type} without source", "a Source", remedy)

    def _methods(self, metadata: MetaData) -> Iterator[Finding]:
        derived = {i.oid for i in metadata.items if any(o.type == "Derived" for o in i.origins)}
        for dataset in metadata.datasets:
            for item in dataset.items:
                if item.item_oid in derived and not item.method_oid:
                    path = f"ItemGroupDef[{dataset.oid}]/ItemRef[{item.item_oid}]"
                    remedy = "Say how the value is derived."
                    yield self._warn("DEF-027", path, "derived without a method", "a MethodOID", remedy)

    def _codelist(self, codelist: CodeList) -> Iterator[Finding]:
        path = f"CodeList[{codelist.oid}]"
        if sum(map(bool, (codelist.items, codelist.enumerated, codelist.external))) != 1:
            expected = "decoded items, enumerated items or an external dictionary, one of the three"
            yield self._error("DEF-028", path, "no values, or values of two kinds", expected)
        terms: tuple[CodeListItem | EnumeratedItem, ...] = (*codelist.items, *codelist.enumerated)
        values = Counter(term.value for term in terms)
        for value in (v for v, count in values.items() if count > 1):
            yield self._error("DEF-028", path, f'value "{value}" stands twice', "each value once")
        for item in codelist.items:
            if not item.decode:
                yield self._error("DEF-028", path, f'"{item.value}" without decode', "a Decode")
        inner = [alias for term in terms for alias in term.aliases]
        for alias in (*codelist.aliases, *inner):
            if alias.context == NCI and not _C_CODE.match(alias.name):
                yield self._error("DEF-028", path, f'NCI code "{alias.name}"', "C and digits")

    def _error(self, code: str, path: str, got: str, expected: str) -> Finding:
        return Finding(code, Place(self.file, None, path), got, expected, "Correct it where it is declared.")

    def _warn(self, code: str, path: str, got: str, expected: str, remedy: str) -> Finding:
        return Finding(code, Place(self.file, None, path), got, expected, remedy, Severity.WARNING)
