"""Facts about medical coding: a term got a code, lost it, or became a synonym."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from opencro.ledger.facts.kind import FactKind


@dataclass(frozen=True, slots=True)
class ItemCoded(FactKind):
    """The item's value was coded: `levels` maps each level of the dictionary above the code to [code, term].

    `value` is the text that was coded: where the item no longer says so, the code no longer holds. `method` is `exact`,
    `normalised`, `synonym`, `manual` or `upversion`.
    """

    NAME: ClassVar[str] = "item-coded/1"
    item: str
    value: str
    dictionary: str
    version: str
    code: str
    term: str
    levels: dict[str, list[str]]
    method: str


@dataclass(frozen=True, slots=True)
class ItemUncoded(FactKind):
    """The code of an item was taken off."""

    NAME: ClassVar[str] = "item-uncoded/1"
    item: str


@dataclass(frozen=True, slots=True)
class SynonymChanged(FactKind):
    """In this study a text stands for a code of a dictionary from now on; "" takes the synonym away."""

    NAME: ClassVar[str] = "synonym-changed/1"
    dictionary: str
    text: str
    code: str
