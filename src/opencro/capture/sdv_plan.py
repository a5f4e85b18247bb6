"""The plan of source data verification: which items of whom a monitor compares with the source documents.

`conduct/sdv.yaml` names levels of risk. An item belongs to one level; a level says which share of the participants of a
site is verified, and how many of the first ones always. Who is chosen follows from the seed and the participant's id
alone, so that it can be told again at any time, and nobody who enrols later changes it.

Source: ICH E6(R3) section 3.11.4 (risk-based monitoring, sampling of source records). Manual: docs/sdv.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field

from opencro.capture.documents import read_document
from opencro.capture.sites import DOCUMENT as SITES
from opencro.capture.sites import read_sites
from opencro.kernel.finding import Finding, Findings, Severity, suggest
from opencro.kernel.located import Located
from opencro.study import Name, Part, Study, Text

DOCUMENT = "conduct/sdv.yaml"
_SCALE = 2**64


class SdvLevel(Part):
    """A level of risk: its items, and for whom they are verified."""

    id: Name
    items: tuple[str, ...] = Field(min_length=1, description="FORM for all its items, or FORM.ITEM")
    share: float = Field(default=1, ge=0, le=1, description="of the participants of each site, on average")
    first: int = Field(default=0, ge=0, description="the first participants of each site, in order of enrolment")


class SdvSite(Part):
    """What is different at a site; what is left out stays as the level says."""

    all: bool = Field(default=False, description="every participant, at every level")
    share: float | None = Field(default=None, ge=0, le=1)
    first: int | None = Field(default=None, ge=0)


class SdvPlan(Part):
    """conduct/sdv.yaml."""

    seed: Text
    levels: tuple[SdvLevel, ...] = Field(min_length=1)
    sites: Mapping[str, SdvSite] = {}


class Enrolled(NamedTuple):
    """A participant and the site, as enrolled."""

    site: str
    participant: str


@dataclass(frozen=True)
class SdvTargets:
    """Who is verified at which levels, and which items each level has by form and group.

    `chosen` maps a participant to the levels for which he or she was chosen; a participant without level is not there.
    """

    chosen: Mapping[str, tuple[str, ...]]
    items: Mapping[str, Mapping[tuple[str, str], tuple[str, ...]]]

    def items_of(self, participant: str, form: str, group: str) -> tuple[str, ...]:
        """The items of a record that are to be verified where they have a value, in the order of the plan."""
        levels = self.chosen.get(participant, ())
        return tuple(item for level in levels for item in self.items[level].get((form, group), ()))


def read_sdv_plan(study: Study) -> tuple[SdvPlan | None, Findings]:
    """The study's conduct/sdv.yaml, None without one; SDV-001..004."""
    plan, findings = read_document(study, DOCUMENT, SdvPlan, "SDV-001")
    if plan is None:
        return None, findings
    document = study.documents[DOCUMENT]
    found = [*_check_items(study, plan, document), *_check_sites(study, plan, document)]
    return plan, findings + found


def plan_sdv(study: Study, plan: SdvPlan, participants: Iterable[Enrolled]) -> SdvTargets:
    """Who of the participants, given in the order of their enrolment, is verified at which level.

    An item that several levels name belongs to the first. Names that the study does not have are passed over; `check`
    finds them.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    counted: dict[str, int] = {}
    for site, participant in participants:
        number = counted[site] = counted.get(site, 0) + 1
        levels = tuple(level.id for level in plan.levels if _is_chosen(plan, level, site, participant, number))
        if levels:
            chosen[participant] = levels
    return SdvTargets(chosen, _items_by_level(study, plan))


def draw(seed: str, participant: str) -> float:
    """A number from 0 to below 1 that the seed and the id give: the first 8 bytes of SHA-256, for anybody to repeat."""
    digest = hashlib.sha256(f"{seed}/{participant}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _SCALE


def _is_chosen(plan: SdvPlan, level: SdvLevel, site: str, participant: str, number: int) -> bool:
    own = plan.sites.get(site, SdvSite())
    first = level.first if own.first is None else own.first
    share = level.share if own.share is None else own.share
    return own.all or number <= first or draw(plan.seed, participant) < share


def _items_by_level(study: Study, plan: SdvPlan) -> dict[str, dict[tuple[str, str], tuple[str, ...]]]:
    taken: set[tuple[str, str]] = set()
    by_level: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
    for level in plan.levels:
        groups: dict[tuple[str, str], tuple[str, ...]] = {}
        for form, group, item in (found for name in level.items for found in _named(study, name)):
            if (form, item) not in taken:
                taken.add((form, item))
                groups[form, group] = (*groups.get((form, group), ()), item)
        by_level[level.id] = groups
    return by_level


def _named(study: Study, name: str) -> list[tuple[str, str, str]]:
    """Form, group and item of all that a name stands for; nothing where there is none."""
    form, _, wanted = name.partition(".")
    groups = study.forms[form].groups if form in study.forms else ()
    return [(form, group.id, item.id) for group in groups for item in group.items if wanted in ("", item.id)]


def _check_items(study: Study, plan: SdvPlan, document: Located) -> Iterable[Finding]:
    known = [*study.forms, *(f"{f.id}.{i.id}" for f in study.forms.values() for g in f.groups for i in g.items)]
    levels: set[str] = set()
    said: dict[str, str] = {}
    for n, level in enumerate(plan.levels):
        if level.id in levels:
            place = document.place("levels", n, "id")
            yield Finding("SDV-003", place, f'level "{level.id}" is given twice', "one", "Give it another id.")
        levels.add(level.id)
        for k, name in enumerate(level.items):
            place = document.place("levels", n, "items", k)
            if name not in known:
                remedy = suggest(name, known) or "Name a form, or an item as FORM.ITEM."
                yield Finding("SDV-002", place, f'"{name}"', "a form or item of the study", remedy)
            elif name in said:
                got = f"{name} belongs to level {said[name]} already"
                yield Finding("SDV-003", place, got, "each name once", "Take one away.", Severity.WARNING)
            said.setdefault(name, level.id)


def _check_sites(study: Study, plan: SdvPlan, document: Located) -> Iterable[Finding]:
    sites = read_sites(study)[0].sites
    for name in plan.sites:
        if sites and name not in sites:
            remedy = suggest(name, sites) or f"Correct the site, or add it to {SITES}."
            place = document.place("sites", name)
            yield Finding("SDV-004", place, f'site "{name}"', f"a site of {SITES}", remedy, Severity.WARNING)
