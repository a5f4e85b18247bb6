"""What an algorithm is: names what it needs, says in words what it does, computes a column.

Names: a bare name is a variable of the same row, `raw.ITEM` an item of the record behind the row, `DM.RFSTDTC` a
variable of another domain. The words go to Define-XML (MethodDef) and to `opencro trace`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from opencro.kernel.finding import Finding
from opencro.study import Part, Study

if TYPE_CHECKING:
    from opencro.tabulation.table import Table


@dataclass
class Bench:
    """What an algorithm may look at while it computes: the study, the other tables, the records of any form.

    Findings about the data are left in `findings`.
    """

    study: Study
    tables: Mapping[str, Table]
    records: Callable[[str, str | None], pl.DataFrame]
    findings: list[Finding] = field(default_factory=list)


class Algorithm(Part, ABC):
    """One way to make a variable; the subclass' fields are its arguments in the declaration."""

    key: ClassVar[str]
    """The word in the declaration that selects this algorithm."""
    origin: ClassVar[str] = "Derived"

    def needs(self) -> frozenset[str]:
        """Names that must be there before this can be computed."""
        return frozenset()

    @abstractmethod
    def words(self) -> str:
        """The derivation in words."""

    @abstractmethod
    def compute(self, table: Table, bench: Bench) -> pl.Expr | pl.Series:
        """The column, as an expression over the table's frame or as a series aligned with it."""

    def columns_before(self) -> frozenset[str]:
        """Items of the own record that are used."""
        return frozenset(n.removeprefix("raw.") for n in self.needs() if n.startswith("raw."))
