"""Values from other records of the same participant: merged, first, last, earliest, latest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from opencro.kernel.expression import to_polars
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench
from opencro.tabulation.algorithms.derive import names_in, parsed
from opencro.tabulation.algorithms.timing import iso_dates

if TYPE_CHECKING:
    from opencro.tabulation.table import Table


class Lookup(Algorithm):
    """`lookup: EX.EXSTDTC` with `pick`, `by`, `where`, `order`: a variable of another domain's row.

    `pick: only` takes the row that matches; first and last need `order`; earliest and latest take the least and
    greatest value (missing values aside); total adds numbers up, count counts the values present. `where` is an
    expression over the other domain's variables. The other domain may be the own one: a score over the items of a
    visit.
    """

    key: ClassVar[str] = "lookup"
    lookup: str
    pick: Literal["only", "first", "last", "earliest", "latest", "total", "count"] = "only"
    by: tuple[str, ...] | dict[str, str] = ("USUBJID",)
    where: str = ""
    order: tuple[str, ...] = ()

    @property
    def pairs(self) -> dict[str, str]:
        """Own variable -> the other domain's variable."""
        return self.by if isinstance(self.by, dict) else {name: name for name in self.by}

    @property
    def other(self) -> str:
        """The domain that is looked into."""
        return self.lookup.split(".")[0]

    @property
    def taken(self) -> str:
        """The variable that is taken."""
        return self.lookup.split(".")[1]

    def needs(self) -> frozenset[str]:
        theirs = {*self.pairs.values(), self.taken, *(n.lstrip("-") for n in self.order), *names_in(self.where)}
        return frozenset(self.pairs) | {f"{self.other}.{n}" for n in theirs}

    def words(self) -> str:
        how = {"only": "", "total": "total of ", "count": "number of "}.get(self.pick, f"{self.pick} ")
        by = ", ".join(mine if mine == theirs else f"{mine} = {theirs}" for mine, theirs in self.pairs.items())
        return (
            f"The {how}{self.lookup} by {by}"
            + (f", of those where {self.where}" if self.where else "")
            + (f", ordered by {', '.join(self.order)}." if self.order else ".")
        )

    def candidates(self, bench: Bench) -> pl.DataFrame:
        """The other table's rows that may be picked from."""
        frame = bench.tables[self.other].frame
        if self.where:
            frame = frame.filter(to_polars(parsed(self.where), dict(frame.schema)))
        return frame

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        keys = list(self.pairs.values())
        rows = self.candidates(bench)
        if self.pick in ("first", "last"):
            falling = [n.startswith("-") for n in self.order]
            rows = rows.sort([n.lstrip("-") for n in self.order], descending=falling, maintain_order=True)
        value = pl.col(self.taken)
        chosen = {
            "only": value.first(),
            "first": value.first(),
            "last": value.last(),
            "earliest": value.min(),
            "latest": value.max(),
            "total": pl.when(value.count() > 0).then(value.sum()),
            "count": value.count().cast(pl.Float64),
        }[self.pick].alias("_taken")
        picked = rows.drop_nulls(keys).group_by(keys, maintain_order=True).agg(chosen)
        own = table.frame.select(list(self.pairs))
        joined = own.join(picked, left_on=list(self.pairs), right_on=keys, how="left", maintain_order="left")
        return joined.get_column("_taken")


class FormItem(Algorithm):
    """`form_item: RAND.ARMCD`: an item of another form of the participant, with `same_visit` of the same visit.

    `where` is an expression over the items of that form; of several records the first in the order of entry counts.
    With `date: true` the item is a collected date and becomes ISO 8601.
    """

    key: ClassVar[str] = "form_item"
    origin: ClassVar[str] = "Collected"
    form_item: str
    same_visit: bool = False
    where: str = ""
    date: bool = False

    @property
    def form(self) -> str:
        """The form that is looked into."""
        return self.form_item.split(".")[0]

    @property
    def item(self) -> str:
        """The item that is taken."""
        return self.form_item.split(".")[1]

    def words(self) -> str:
        of = "visit" if self.same_visit else "participant"
        where = f", where {self.where}" if self.where else ""
        return f"Item {self.item} of form {self.form} of the same {of}{where}" + (
            ", as ISO 8601." if self.date else "."
        )

    def compute(self, table: Table, bench: Bench) -> pl.Series:
        rows = bench.records(self.form, None)
        if self.where:
            rows = rows.filter(to_polars(parsed(self.where), dict(rows.schema)))
        keys = ["participant", "event"] if self.same_visit else ["participant"]
        taken = rows.drop_nulls(self.item).unique(keys, keep="first", maintain_order=True).select(*keys, self.item)
        # A form without visits may come with a column of no type at all.
        taken = taken.with_columns(pl.col(keys).cast(pl.String))
        own = table.frame.select(pl.col(f"_{k}").cast(pl.String) for k in keys)
        joined = own.join(
            taken, left_on=own.columns, right_on=keys, how="left", maintain_order="left", nulls_equal=True
        )
        values = joined.get_column(self.item)
        return iso_dates(values, table, bench) if self.date else values
