"""What a study codes with which dictionary (`coding/items.yaml`), and texts that mean a code (`coding/synonyms.yaml`).

The version of a dictionary is the one that study.yaml pins under `standards`, else the one given here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from opencro.capture.documents import read_document
from opencro.kernel.finding import Finding, Findings, suggest
from opencro.study import Name, Part, Study, Text

ITEMS, SYNONYMS = "coding/items.yaml", "coding/synonyms.yaml"


class CodedItem(Part):
    """An item that is coded."""

    item: str = Field(description="FORM.ITEM")
    dictionary: Name
    show: tuple[str, ...] = Field(default=(), description="items of the same record that a coder sees beside it")

    @property
    def form(self) -> str:
        """The form of the item."""
        return self.item.partition(".")[0]

    @property
    def name(self) -> str:
        """The item's id in its form."""
        return self.item.partition(".")[2]


class CodingPlan(Part):
    """coding/items.yaml."""

    dictionaries: Mapping[Name, Text] = Field(default={}, description="dictionary: version, where study.yaml pins none")
    items: tuple[CodedItem, ...] = ()


class Synonyms(Part):
    """coding/synonyms.yaml."""

    synonyms: Mapping[Name, Mapping[str, Text]] = Field(default={}, description="dictionary: text: code")


def read_coding_plan(study: Study) -> tuple[CodingPlan | None, Findings]:
    """The study's coding/items.yaml, None without one; COD-001 (not as documented), COD-002, COD-003, COD-004."""
    plan, findings = read_document(study, ITEMS, CodingPlan, "COD-001")
    if plan is None:
        return None, findings
    return plan, findings + _check_items(study, plan) + _check_synonyms(study, plan)


def read_synonyms(study: Study) -> tuple[Mapping[str, Mapping[str, str]], Findings]:
    """The study's coding/synonyms.yaml: dictionary -> text -> code; COD-001."""
    read, findings = read_document(study, SYNONYMS, Synonyms, "COD-001")
    return ({} if read is None else read.synonyms), findings


def version_of(study: Study, plan: CodingPlan, dictionary: str) -> str | None:
    """The version of a dictionary that the study codes with: pinned in study.yaml, else named in the plan."""
    return study.file.standards.get(dictionary) or plan.dictionaries.get(dictionary)


def group_of(study: Study, coded: CodedItem) -> str:
    """The item group that holds a coded item. KeyError when no group of the form does; `check` finds such items."""
    for group in study.forms[coded.form].groups:
        if any(item.id == coded.name for item in group.items):
            return group.id
    raise KeyError(coded.item)


def _check_items(study: Study, plan: CodingPlan) -> Iterator[Finding]:
    document = study.documents[ITEMS]
    places = {f"{f.id}.{i.id}": (f.id, g.id) for f in study.forms.values() for g in f.groups for i in g.items}
    known = list(places)
    seen: set[str] = set()
    for n, coded in enumerate(plan.items):
        for name, key in ((coded.item, ("item",)), *((s, ("show", k)) for k, s in enumerate(coded.show))):
            if name not in known:
                place = document.place("items", n, *key)
                remedy = suggest(name, known) or "Name an item as FORM.ITEM."
                yield Finding("COD-002", place, f'"{name}"', "an item of the study", remedy)
            elif name != coded.item and places.get(coded.item, places[name]) != places[name]:
                place = document.place("items", n, *key)
                got = f"{name} is not in the group of {coded.item}"
                yield Finding("COD-002", place, got, "an item of the same record", "Show another item.")
        if version_of(study, plan, coded.dictionary) is None:
            place = document.place("items", n, "dictionary")
            remedy = "Pin it under `standards` of study.yaml, or name its version under `dictionaries`."
            yield Finding(
                "COD-003", place, f'no version of "{coded.dictionary}"', "a dictionary with a version", remedy
            )
        if coded.item in seen:
            place = document.place("items", n, "item")
            yield Finding("COD-004", place, f"{coded.item} is coded twice", "each item once", "Take one away.")
        seen.add(coded.item)


def _check_synonyms(study: Study, plan: CodingPlan) -> Iterator[Finding]:
    used = {coded.dictionary for coded in plan.items}
    for dictionary in read_synonyms(study)[0]:
        if dictionary not in used:
            place = study.documents[SYNONYMS].place("synonyms", dictionary)
            remedy = suggest(dictionary, used) or "Name a dictionary that an item is coded against."
            yield Finding("COD-003", place, f'dictionary "{dictionary}"', "a dictionary of coding/items.yaml", remedy)
