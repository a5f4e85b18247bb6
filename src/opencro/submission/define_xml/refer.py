"""Who refers to whom in a define.xml: every OID that is defined and every place that uses one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opencro.submission.define_xml.model import DocumentRef, ItemRef, MetaData


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of an OID: of which kind of definition, which OID, and where it stands."""

    kind: str
    oid: str
    by: str


def list_definitions(metadata: MetaData) -> dict[str, list[str]]:
    """The OIDs of each kind of definition, in document order, with repeats."""
    files = [d.leaf for d in metadata.datasets if d.leaf is not None]
    return {
        "Standard": [s.oid for s in metadata.standards],
        "ValueListDef": [v.oid for v in metadata.value_lists],
        "WhereClauseDef": [w.oid for w in metadata.where_clauses],
        "ItemGroupDef": [d.oid for d in metadata.datasets],
        "ItemDef": [i.oid for i in metadata.items],
        "CodeList": [c.oid for c in metadata.codelists],
        "MethodDef": [m.oid for m in metadata.methods],
        "CommentDef": [c.oid for c in metadata.comments],
        "leaf": [leaf.id for leaf in (*files, *metadata.leaves)],
    }


def list_references(metadata: MetaData) -> Iterator[Reference]:
    """Every use of an OID in the document."""
    for kind, oid, by in (*_of_tops(metadata), *_of_items(metadata), *_of_terms(metadata)):
        if oid:
            yield Reference(kind, oid, by)


Use = tuple[str, str, str]


def _of_tops(metadata: MetaData) -> Iterator[Use]:
    yield "CommentDef", metadata.comment_oid, f"MetaDataVersion[{metadata.oid}]"
    for standard in metadata.standards:
        yield "CommentDef", standard.comment_oid, f"Standard[{standard.oid}]"
    yield from _of_documents(metadata.annotated_crf, "AnnotatedCRF")
    yield from _of_documents(metadata.supplemental, "SupplementalDoc")
    for values in metadata.value_lists:
        yield from _of_item_refs(values.items, f"ValueListDef[{values.oid}]")
    for clause in metadata.where_clauses:
        by = f"WhereClauseDef[{clause.oid}]"
        yield "CommentDef", clause.comment_oid, by
        for check in clause.checks:
            yield "ItemDef", check.item_oid, by
    for dataset in metadata.datasets:
        by = f"ItemGroupDef[{dataset.oid}]"
        yield "Standard", dataset.standard_oid, by
        yield "CommentDef", dataset.comment_oid, by
        yield "leaf", dataset.archive_location_id, by
        yield from _of_item_refs(dataset.items, by)


def _of_item_refs(items: tuple[ItemRef, ...], by: str) -> Iterator[Use]:
    for item in items:
        yield "ItemDef", item.item_oid, by
        yield "MethodDef", item.method_oid, f"{by}/ItemRef[{item.item_oid}]"
        yield "CodeList", item.role_codelist_oid, f"{by}/ItemRef[{item.item_oid}]"
        for oid in item.where_clause_oids:
            yield "WhereClauseDef", oid, f"{by}/ItemRef[{item.item_oid}]"


def _of_items(metadata: MetaData) -> Iterator[Use]:
    for item in metadata.items:
        by = f"ItemDef[{item.oid}]"
        yield "CodeList", item.codelist_oid, by
        yield "ValueListDef", item.value_list_oid, by
        yield "CommentDef", item.comment_oid, by
        for origin in item.origins:
            yield from _of_documents(origin.documents, by)


def _of_terms(metadata: MetaData) -> Iterator[Use]:
    for codelist in metadata.codelists:
        by = f"CodeList[{codelist.oid}]"
        yield "Standard", codelist.standard_oid, by
        yield "CommentDef", codelist.comment_oid, by
    for method in metadata.methods:
        yield from _of_documents(method.documents, f"MethodDef[{method.oid}]")
    for comment in metadata.comments:
        yield from _of_documents(comment.documents, f"CommentDef[{comment.oid}]")


def _of_documents(documents: tuple[DocumentRef, ...], by: str) -> Iterator[Use]:
    for document in documents:
        yield "leaf", document.leaf_id, by
