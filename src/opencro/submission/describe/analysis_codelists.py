"""Code lists of analysis variables: the published one where there is one, with the NCI codes of its terms.

A copied variable has the list of the tabulated variable that it comes from; variables of ADaM have those of ADaM
terminology; flags are Yes or No. Source: ADaMIG 1.3 section 3; Define-XML 2.1 section 5.3.11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from opencro.analysis import AnalysisDataset, predecessor_of
from opencro.submission.define_xml.model import Alias, CodeList, CodeListItem, EnumeratedItem, Standard, nci, words
from opencro.submission.describe.codelists import TERMINOLOGY, YES_NO
from opencro.submission.describe.subject import Subject
from opencro.tabulation import Column, ColumnSummary
from opencro.terms import CodeList as PublishedList
from opencro.terms import Pack

ADAM_TERMINOLOGY = "STD.ADAMCT"
_SETS = {"sdtm-ct": (TERMINOLOGY, "SDTM"), "adam-ct": (ADAM_TERMINOLOGY, "ADaM")}
_ADAM_LISTS = (
    (re.compile(r"DTYPE"), "C81224"),
    (re.compile(r"PARAMTYP"), "C81225"),
    (re.compile(r"\w+DTF"), "C81223"),
    (re.compile(r"\w+TMF"), "C81226"),
    (re.compile(r"STRATA\w*|STRAT\dR?"), "C204411"),
)
_FLAG = re.compile(r"\w+FL")
_SAID = {"Y": "Yes", "N": "No"}


@dataclass(frozen=True)
class AnalysisCodes:
    """The code lists of a study's analysis variables; `tabulated` knows those of SDTM."""

    datasets: Mapping[str, AnalysisDataset]
    tabulated: Subject

    def standards(self) -> tuple[Standard, ...]:
        """The pinned terminologies."""
        pinned = self.tabulated.study.file.standards
        return tuple(
            Standard(oid, "CDISC/NCI", "CT", pinned[name], "Final", publishing_set=published)
            for name, (oid, published) in _SETS.items()
            if name in pinned
        )

    @cached_property
    def _adam(self) -> Pack | None:
        version = self.tabulated.study.file.standards.get("adam-ct")
        return self.tabulated.store.pack("adam-ct", version) if version else None

    def codelist(self, dataset: AnalysisDataset, column: Column, values: ColumnSummary) -> CodeList | None:
        """The values of a variable that holds codes, with what they stand for and their NCI codes where known."""
        if not values.text or not values.values:
            return None
        published, standard = self._published(dataset.name, column.name)
        if published is None or not any(published.term(value) for value in values.values):
            published, standard = None, ""
        decodes = values.decodes or (_SAID if values.values <= set(_SAID) else {})
        used = sorted(values.values)
        known = all(value in decodes for value in used)
        items = tuple(
            CodeListItem(
                v, order=i, extended=_extended(published, v), decode=words(decodes[v]), aliases=_code(published, v)
            )
            for i, v in enumerate(used, start=1)
            if known
        )
        plain = tuple(
            EnumeratedItem(v, order=i, extended=_extended(published, v), aliases=_code(published, v))
            for i, v in enumerate(used, start=1)
            if not known
        )
        name = (
            f"{dataset.name} {column.name}" if published is None else f"{published.name} ({dataset.name} {column.name})"
        )
        oid = f"CL.{dataset.name}.{column.name}"
        aliases = nci(published.code) if published else ()
        return CodeList(oid, name, "text", standard_oid=standard, items=items, enumerated=plain, aliases=aliases)

    def _published(self, dataset: str, name: str) -> tuple[PublishedList | None, str]:
        owner, variable = self._first(dataset, name)
        if owner not in self.datasets:
            known = self.tabulated.catalogue.find_domain(owner) is not None
            return (self.tabulated.published_list(owner, variable) if known else None), TERMINOLOGY
        listed = next((code for pattern, code in _ADAM_LISTS if pattern.fullmatch(variable)), "")
        if listed and self._adam is not None:
            return self._adam.find_codelist(listed), ADAM_TERMINOLOGY
        if _FLAG.fullmatch(variable) and self.tabulated.terminology is not None:
            return self.tabulated.terminology.find_codelist(YES_NO), TERMINOLOGY
        return None, ""

    def _first(self, dataset: str, name: str) -> tuple[str, str]:
        """Where a value that is copied from dataset to dataset stands first."""
        seen = set()
        while dataset in self.datasets and (dataset, name) not in seen:
            seen.add((dataset, name))
            before = predecessor_of(self.datasets[dataset], name) if name in self.datasets[dataset].variables else ""
            owner, dot, variable = before.partition(".")
            if not dot:
                break
            dataset, name = owner, variable
        return dataset, name


def _extended(published: PublishedList | None, value: str) -> bool:
    return published is not None and published.term(value) is None


def _code(published: PublishedList | None, value: str) -> tuple[Alias, ...]:
    term = published.term(value) if published else None
    return nci(term.code) if term else ()
