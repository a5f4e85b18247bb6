"""Code lists of a define.xml: the published terms that the data use, and the values that extend them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from opencro.study import Study
from opencro.submission.define_xml.model import (
    Alias,
    CodeList,
    CodeListItem,
    EnumeratedItem,
    ExternalCodeList,
    nci,
    words,
)
from opencro.submission.describe.subject import Subject
from opencro.tabulation import ColumnSummary, Domain
from opencro.terms import CodeList as PublishedList
from opencro.terms import TermsStore

YES_NO = "C66742"
TERMINOLOGY = "STD.CT"
_DICTIONARIES = {"MedDRA": "meddra", "WHODrug": "whodrug"}


def codelist_oid(dataset: str, name: str) -> str:
    """CL.AE.AESEV: a list per variable, because it holds the terms that the variable uses."""
    return f"CL.{dataset}.{name}"


def codelist_of(subject: Subject, dataset: str, name: str) -> CodeList | None:
    """The code list of a variable: published terms that occur, an external dictionary, or None."""
    external = _external(subject, dataset, name)
    if external is not None:
        return external
    published = subject.published_list(dataset, name)
    values = subject.datasets[dataset].summary.columns[name]
    used = sorted(values.values)
    if published is None or not values.text or not used:
        return None
    decodes = _decodes(values, published)
    known = {v: published.term(v) for v in used}
    items = tuple(
        CodeListItem(
            v, order=i, extended=known[v] is None, decode=words(decodes.get(v, v)), aliases=_alias(published, v)
        )
        for i, v in enumerate(used, start=1)
        if decodes
    )
    enumerated = tuple(
        EnumeratedItem(v, order=i, extended=known[v] is None, aliases=_alias(published, v))
        for i, v in enumerate(used, start=1)
        if not decodes
    )
    return CodeList(
        codelist_oid(dataset, name),
        f"{published.name} ({name})",
        "text",
        standard_oid=TERMINOLOGY,
        items=items,
        enumerated=enumerated,
        aliases=nci(published.code),
    )


def _alias(published: PublishedList, value: str) -> tuple[Alias, ...]:
    term = published.term(value)
    return nci(term.code) if term else ()


def _decodes(values: ColumnSummary, published: PublishedList) -> Mapping[str, str]:
    """Value -> what it stands for, where people would not know; empty for values that speak for themselves."""
    if published.code == YES_NO:
        return {v: {"Y": "Yes", "N": "No", "U": "Unknown"}.get(v, v) for v in values.values}
    return values.decodes


def plan_codelists(study: Study, domains: Mapping[str, Domain], store: TermsStore) -> Callable[[str, str], bool]:
    """Which variables (dataset, name) have a code list made of their distinct values."""
    subject = Subject(study, domains, {}, store)

    @cache
    def coded(dataset: str, name: str) -> bool:
        return subject.published_list(dataset, name) is not None and _external(subject, dataset, name) is None

    return coded


def _external(subject: Subject, dataset: str, name: str) -> CodeList | None:
    spec = subject.variable_spec(dataset, name)
    dictionary = spec.format if spec else ""
    version = subject.study.file.standards.get(_DICTIONARIES.get(dictionary, ""))
    if not version:
        return None
    oid = codelist_oid(dataset, name)
    return CodeList(oid, f"{dictionary} ({name})", "text", external=ExternalCodeList(dictionary, version))


def present(lists: Sequence[CodeList | None]) -> tuple[CodeList, ...]:
    """Those that are there."""
    return tuple(c for c in lists if c is not None)
