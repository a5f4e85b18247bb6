"""The classes of USDM as a table: which attributes a class has, of which type, how many, and what a reference may name.

Source: CDISC USDM v4.0 (UML class model and API schema) in `classes-4.0.tsv`; v3.0 (API schema) in `classes-3.0.tsv`,
where the schema does not say what a reference may name (`*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

VERSIONS = ("4.0", "3.0")
ROOT = "Wrapper"
"""The name that the API schema gives to the outermost object, which has no id and no instanceType."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: `kind` value holds things, ref names the id of other things, class is the instanceType itself."""

    name: str
    kind: Literal["value", "ref", "class"]
    types: tuple[str, ...]
    least: int
    many: bool

    @property
    def required(self) -> bool:
        """Whether the attribute must be there and not null."""
        return self.least > 0

    @property
    def holds_objects(self) -> bool:
        """Whether the values are objects of a class rather than texts, numbers or booleans."""
        return self.kind == "value" and self.types[0][0].isupper()


ClassTable = Mapping[str, Mapping[str, Attribute]]


@cache
def read_classes(version: str) -> ClassTable:
    """The class table of a USDM version (`4.0` or `3.0`): class -> attribute name -> attribute, in published order."""
    text = files(__package__).joinpath(f"classes-{version}.tsv").read_text(encoding="utf-8")
    table: dict[str, dict[str, Attribute]] = {}
    for row in text.splitlines()[1:]:
        owner, name, kind, types, count = row.split("\t")
        least = 1 if count[0] == "1" else 0
        attribute = Attribute(name, kind, tuple(types.split("|")), least, count.endswith("*"))  # type: ignore[arg-type]
        table.setdefault(owner, {})[name] = attribute
    return table
