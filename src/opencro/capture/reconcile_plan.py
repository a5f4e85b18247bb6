"""Which records of two forms should agree, and in what: `conduct/reconciliation.yaml`.

A listing pairs records of the same participant; further conditions narrow which belong together. What has no partner,
and what differs between partners, is listed. Manual: docs/reconciliation.md.

Source: ICH E6(R3) section 3.16.1 (consistency of data between sources); CIOMS/GCDMP practice of SAE reconciliation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from opencro.capture.documents import read_document
from opencro.kernel.expression import Expression, Types, check_expression, parse_expression
from opencro.kernel.finding import Finding, Findings, suggest
from opencro.kernel.located import Key, Located
from opencro.study import Form, ItemGroup, Name, Part, Study, Text, item_types

DOCUMENT = "conduct/reconciliation.yaml"


class Side(Part):
    """One side of a listing: records of an item group of a form."""

    form: Name
    group: Name | None = Field(default=None, description="item group; the form's only group when left out")
    name: Name | None = Field(default=None, description="what expressions call it; the form's id when left out")
    where: str = Field(default="", description="expression over its items; other records are left out")
    show: tuple[Name, ...] = Field(default=(), description="items that a reader sees; those that are compared, if none")

    @property
    def alias(self) -> str:
        """What expressions call it."""
        return self.name or self.form


class Pairing(Part):
    """Items that partners have in common."""

    left: Name
    right: Name
    within_days: int | None = Field(default=None, ge=0, description="for dates: so many days apart at most")


class Difference(Part):
    """What should not be between partners."""

    id: Name
    when: Text = Field(description="expression over both sides, SIDE.ITEM; true where something is wrong")
    message: Text


class Reconciliation(Part):
    """A listing."""

    id: Name
    title: Text
    left: Side
    right: Side
    pair: tuple[Pairing, ...] = ()
    same_visit: bool = False
    unpaired: Literal["both", "left", "right", "none"] = Field(
        default="both", description="records of which side are listed when they have no partner"
    )
    differences: tuple[Difference, ...] = ()


class Reconciliations(Part):
    """conduct/reconciliation.yaml."""

    listings: tuple[Reconciliation, ...] = ()


def read_reconciliations(study: Study) -> tuple[tuple[Reconciliation, ...], Findings]:
    """The study's listings; REC-001 (not as documented), REC-002 (no such name), REC-003 (given twice), EXP."""
    read, findings = read_document(study, DOCUMENT, Reconciliations, "REC-001")
    if read is None:
        return (), findings
    document = study.documents[DOCUMENT]
    found = list(findings)
    for n, listing in enumerate(read.listings):
        if any(other.id == listing.id for other in read.listings[:n]):
            place = document.place("listings", n, "id")
            found.append(Finding("REC-003", place, f'"{listing.id}" is given twice', "one", "Give it another id."))
        found += _check_listing(study, document, ("listings", n), listing)
    return read.listings, Findings(tuple(found))


def group_of(form: Form, side: Side) -> ItemGroup | None:
    """The item group of a side; None when the form has no such group, or several and none is named."""
    if side.group is None:
        return form.groups[0] if len(form.groups) == 1 else None
    return next((group for group in form.groups if group.id == side.group), None)


def types_of(study: Study, side: Side, prefix: str = "") -> dict[str, str]:
    """The items of a side's group by the name that expressions use, and the item that each is."""
    group = group_of(study.forms[side.form], side)
    return {} if group is None else {f"{prefix}{item.id}": item.id for item in group.items}


def expression_types(study: Study, side: Side, prefix: str = "") -> Types:
    """The type of each of these names."""
    kinds = item_types(study.forms[side.form])
    return {name: kinds[item] for name, item in types_of(study, side, prefix).items()}


def _check_listing(study: Study, document: Located, at: Key, listing: Reconciliation) -> Iterator[Finding]:
    sides = (("left", listing.left), ("right", listing.right))
    known = [_check_side(study, document, (*at, key), side) for key, side in sides]
    for found in known:
        yield from found
    if any(known):
        return
    if listing.left.alias == listing.right.alias:
        place = document.place(*at, "right")
        got = f"both sides are called {listing.left.alias}"
        yield Finding("REC-003", place, got, "two names", "Give one of them a `name`.")
    for n, pairing in enumerate(listing.pair):
        for key, side in sides:
            name = pairing.left if key == "left" else pairing.right
            yield from _unknown(document, (*at, "pair", n, key), name, types_of(study, side), "an item of the group")
    types = {**expression_types(study, listing.left, f"{listing.left.alias}."),
             **expression_types(study, listing.right, f"{listing.right.alias}.")}  # fmt: skip
    for n, difference in enumerate(listing.differences):
        yield from _check_condition(document, (*at, "differences", n, "when"), difference.when, types)
        if any(other.id == difference.id for other in listing.differences[:n]):
            place = document.place(*at, "differences", n, "id")
            yield Finding("REC-003", place, f'"{difference.id}" is given twice', "one", "Give it another id.")


def _check_side(study: Study, document: Located, at: Key, side: Side) -> list[Finding]:
    found = list(_unknown(document, (*at, "form"), side.form, study.forms, "a form of the study"))
    if found:
        return found
    form = study.forms[side.form]
    if group_of(form, side) is None:
        names = [group.id for group in form.groups]
        got = f'group "{side.group}"' if side.group else f"no group, and {form.id} has {len(names)}"
        remedy = suggest(side.group or "", names) or f"Name one of {', '.join(names)}."
        return [Finding("REC-002", document.place(*at, "group"), got, f"a group of {form.id}", remedy)]
    for n, name in enumerate(side.show):
        found += _unknown(document, (*at, "show", n), name, types_of(study, side), "an item of the group")
    if side.where:
        found += _check_condition(document, (*at, "where"), side.where, expression_types(study, side))
    return found


def _check_condition(document: Located, at: Key, text: str, types: Types) -> Iterator[Finding]:
    expression = parse_expression(text, document.place(*at))
    if isinstance(expression, Expression):
        yield from check_expression(expression, types, gives="boolean")
    else:
        yield from expression


def _unknown(document: Located, at: Key, name: str, known: object, expected: str) -> Iterator[Finding]:
    names = list(known)  # type: ignore[call-overload]
    if name not in names:
        remedy = suggest(name, names) or "Correct the name."
        yield Finding("REC-002", document.place(*at), f'"{name}"', expected, remedy)
