"""What an analysis is made of: populations, groupings, formats of a study, and the analysis itself.

The names are those of the CDISC Analysis Results Standard 1.0: a population is an analysis set, `where` a data subset.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from opencro.study import Name, Part, Text

SUBJECT = "USUBJID"
SUBJECT_LEVEL = "ADSL"


class Population(Part):
    """An analysis set: the participants of ADSL for whom a condition holds."""

    label: Text
    where: str = Field(default="", description="expression over ADSL; empty: everybody")


class Group(Part):
    """One group of a grouping: a value of its variable, or a condition over its dataset."""

    id: Name
    label: str = ""
    value: str | int | float | None = None
    where: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (not self.where):
            raise ValueError("give either `value` or `where`")
        return self

    @property
    def title(self) -> str:
        """The words of a heading."""
        return self.label or (str(self.value) if self.value is not None else self.id)


class Grouping(Part):
    """How rows or participants are divided; without `groups` each value that occurs is a group of its own."""

    label: str = ""
    dataset: Name | None = Field(
        default=None, description="ADSL divides participants; left out, the rows of whichever dataset is analysed"
    )
    variable: str = ""
    groups: tuple[Group, ...] = ()

    @model_validator(mode="after")
    def _has_something_to_divide_by(self) -> Self:
        if not self.variable and (not self.groups or any(not group.where for group in self.groups)):
            raise ValueError("give `variable`, or a `where` for each group")
        return self

    def group(self, identity: str) -> Group:
        """A group by its id; in a grouping without groups the id is the value."""
        found = next((g for g in self.groups if g.id == identity), None)
        return found or Group(id="value", label=identity, value=identity)


class NumberFormat(Part):
    """How a number is printed; limits replace it by words, e.g. `<.0001`."""

    decimals: int = Field(ge=0, le=10)
    width: int = Field(default=0, ge=0, le=40, description="blanks before, up to so many characters")
    below: float | None = Field(default=None, description="a number below it, and above 0 where `zero` is kept")
    below_text: str = ""
    above: float | None = None
    above_text: str = ""
    zero: bool = Field(default=False, description="0 itself is printed as a number")


class Definitions(Part):
    """analysis/results.yaml: what the analyses of a study share."""

    populations: Mapping[Name, Population]
    groupings: Mapping[Name, Grouping] = {}
    formats: Mapping[Name, NumberFormat] = {}
    negative_zero: Literal["keep", "drop"] = Field(
        default="drop", description='"keep" prints a small negative number as -0.0, as SAS does'
    )


@dataclass(frozen=True)
class Analysis:
    """One analysis: a method over a dataset, for a population, by groupings. Equal analyses are computed once.

    `by` are ids of groupings, or variables of the dataset; `options` are the method's own. `take` makes one row of each
    participant's rows in a group: the first or last by `order`, or the mean, least or greatest of its numbers. The
    groups are those of `per`, or of `by` where that is not said.
    """

    method: str
    dataset: str
    population: str
    of: str = ""
    where: str = ""
    by: tuple[str, ...] = ()
    take: str = ""
    order: tuple[str, ...] = ()
    per: tuple[str, ...] | None = None
    options: tuple[tuple[str, Hashable], ...] = ()

    def option(self, name: str, otherwise: Hashable = None) -> Hashable:
        """An option of the method, or what stands in for it."""
        return dict(self.options).get(name, otherwise)
