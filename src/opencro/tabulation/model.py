"""What a data manager declares for one SDTM domain: where its rows come from and how each variable is made.

The same declaration makes the dataset, its Define-XML entry and the answer to `opencro trace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from opencro.study import Name, Part, Text
from opencro.tabulation.algorithms.algorithm import Algorithm


class Unpivot(Part):
    """One row per test out of a record that holds several tests side by side.

    `items` maps a role to an item name in which `{test}` stands for the test; the roles become items of the new row,
    and so does `test`. A role whose item the form does not have is missing in that row.
    """

    tests: tuple[Name, ...] = Field(min_length=1)
    items: dict[Name, str]
    keep: str = Field(default="", description="expression over the roles; other tests of the record give no row")


class Source(Part):
    """Rows of a domain: the records of a form, perhaps unpivoted, or the rows of other domains."""

    form: Name | None = None
    group: Name | None = None
    datasets: tuple[Name, ...] = Field(
        default=(), description="domains whose rows give rows here, in order of preference"
    )
    by: tuple[Name, ...] = Field(
        default=(),
        description="one row per participant (for a form: and visit) and combination of these variables or items",
    )
    where: str = Field(
        default="", description="expression over items (or variables of the datasets); the rest gives no row"
    )
    set: dict[Name, str] = Field(default={}, description="items given a fixed value in these rows")
    unpivot: Unpivot | None = None


class UnitConversion(Part):
    """How results in one collected unit come to the standard unit.

    Without `factor` the units are converted exactly, through the units pack. `decimals` rounds results,
    `range_decimals` limits of the reference range, half away from zero; without them nothing is rounded.
    """

    unit: str = Field(description="unit as collected; empty for results without a unit")
    standard: str = Field(description="standard unit; empty for none")
    tests: tuple[str, ...] = Field(default=(), description="test codes to which it applies; empty = all others")
    factor: str = Field(default="", pattern=r"^([0-9]+(\.[0-9]+)?)?$", description="exact decimal")
    decimals: int | None = Field(default=None, ge=0)
    range_decimals: int | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable: the algorithm that makes it and what define.xml says of it beyond the catalogue."""

    name: str
    algorithm: Algorithm
    label: str = ""
    type: str = ""
    length: int | None = None
    origin: str = ""
    comment: str = ""
    evaluator: str = ""
    codes: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """tabulation/<DOMAIN>.yaml, read.

    `working` variables are made like the others and left out of the dataset; `keep` is an expression over all of them
    that says which rows stay.
    """

    name: str
    sources: tuple[Source, ...]
    variables: Mapping[str, Variable]
    supplemental: Mapping[str, Variable]
    working: Mapping[str, Variable]
    keep: str = ""
    order: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    label: str = ""
    structure: str = ""
    comment: str = ""
    supplemental_by: str = ""
    supplemental_width: int = 0
    conversions: tuple[UnitConversion, ...] = ()
    file: str = ""

    def all_variables(self) -> Mapping[str, Variable]:
        """Variables of the domain, of its SUPP-- dataset, and working ones."""
        return {**self.working, **self.variables, **self.supplemental}


class DomainHead(Part):
    """The part of a declaration that is the same for every domain; variables are read after it."""

    domain: str = Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$")
    label: str = ""
    structure: str = ""
    comment: str = ""
    sources: tuple[Source, ...] = Field(min_length=1)
    keep: str = ""
    order: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    supplemental_by: str = Field(
        default="", description="IDVAR of the SUPP-- dataset; the --SEQ variable when left out"
    )
    supplemental_width: int = Field(default=0, ge=0, description="IDVARVAL is right-aligned in so many characters")
    conversions: tuple[UnitConversion, ...] = Field(default=(), description="how results come to standard units")


class Link(Part):
    """tabulation/RELREC.yaml, one entry: records of two domains that hold the same value belong together."""

    id: Name
    left: Name
    right: Name
    by: dict[Name, Name] = Field(description="variable on the left: variable on the right")
    relation: Text = Field(description="template of RELID over variables of the left record")
    width: int = Field(default=0, ge=0, description="IDVARVAL is right-aligned in so many characters")


class LinkFile(Part):
    """tabulation/RELREC.yaml."""

    links: tuple[Link, ...] = ()
