"""Assignments: an item, a constant, the study's identity, text put together, a value through a code list.

Source: the algorithms named in CDISC 360i and in the SDTM field (assign with and without controlled terminology,
hardcode).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from opencro.kernel.finding import Finding, Place, Severity, suggest
from opencro.study import Study
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench

if TYPE_CHECKING:
    from opencro.tabulation.table import Table

_FIELD = re.compile(r"\{([A-Za-z0-9_.]+)\}")


class Constant(Algorithm):
    """`value: AE`: the same for every row."""

    key: ClassVar[str] = "value"
    origin: ClassVar[str] = "Assigned"
    value: str | int | float

    def words(self) -> str:
        return f'Assigned "{self.value}".'

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return pl.lit(self.value if isinstance(self.value, str) else float(self.value))


class StudyIdentity(Algorithm):
    """`study: id`: from study.yaml."""

    key: ClassVar[str] = "study"
    origin: ClassVar[str] = "Protocol"
    study: Literal["id", "title", "sponsor"]

    def words(self) -> str:
        return f"The study's {self.study}."

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return pl.lit(str(getattr(bench.study.file, self.study)))


class ParticipantIdentity(Algorithm):
    """`participant: usubjid | id | site`: who the record is about."""

    key: ClassVar[str] = "participant"
    origin: ClassVar[str] = "Assigned"
    participant: Literal["usubjid", "id", "site"]

    def words(self) -> str:
        names = {
            "usubjid": "Unique across studies, made as study.yaml says.",
            "id": "The participant's id.",
            "site": "The site.",
        }
        return names[self.participant]

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        if self.participant == "usubjid":
            return template_expression(
                bench.study.file.usubjid,
                {"study": pl.lit(bench.study.id), "participant": pl.col("_participant"), "site": pl.col("_site")},
            )
        return pl.col("_participant" if self.participant == "id" else "_site")


class CollectedItem(Algorithm):
    """`item: AETERM` with `codes: LIST`: the item as collected, or its submission value in the code list."""

    key: ClassVar[str] = "item"
    origin: ClassVar[str] = "Collected"
    item: str
    codes: str | None = None

    def needs(self) -> frozenset[str]:
        return frozenset({f"raw.{self.item}"})

    def words(self) -> str:
        return f"Item {self.item}" + (f", through code list {self.codes}." if self.codes else ", as collected.")

    def compute(self, table: Table, bench: Bench) -> pl.Expr | pl.Series:
        column = f"raw.{self.item}"
        if self.codes is None:
            return pl.col(column)
        return code_column(table, column, self.codes, bench)


class VariableCopy(Algorithm):
    """`variable: VSTESTCD` with `codes: LIST`: another variable of the row, or what a code list says for it."""

    key: ClassVar[str] = "variable"
    variable: str
    codes: str | None = None

    def needs(self) -> frozenset[str]:
        return frozenset({self.variable})

    def words(self) -> str:
        return f"{self.variable}" + (f", through code list {self.codes}." if self.codes else ".")

    def compute(self, table: Table, bench: Bench) -> pl.Expr | pl.Series:
        if self.codes is None:
            return pl.col(self.variable)
        return code_column(table, self.variable, self.codes, bench)


class Template(Algorithm):
    """`text: "{USUBJID}-{AESPID}"`: variables and items put together; missing where any part is missing."""

    key: ClassVar[str] = "text"
    text: str

    def needs(self) -> frozenset[str]:
        return frozenset(_FIELD.findall(self.text))

    def words(self) -> str:
        return f'"{self.text}" with the names in braces replaced.'

    def compute(self, table: Table, bench: Bench) -> pl.Expr:
        return template_expression(self.text, {n: pl.col(n).cast(pl.String) for n in self.needs()})


def template_expression(template: str, values: dict[str, pl.Expr]) -> pl.Expr:
    """A template as an expression; text between the braces is literal."""
    parts = [values[part] if i % 2 else pl.lit(part) for i, part in enumerate(_FIELD.split(template)) if part or i % 2]
    return pl.concat_str(parts)


def submission_values(study: Study, name: str) -> dict[str, str]:
    """Collected value -> submission value of a study's code list: its term, else itself."""
    return {code.value: code.term or code.value for code in study.codelists[name].codes}


def code_column(table: Table, column: str, codes: str, bench: Bench) -> pl.Series:
    """A column through a code list; a value that the list does not have stays as it is, with a finding."""
    mapping = submission_values(bench.study, codes)
    values = table.frame.get_column(column)
    for value in sorted(set(values.drop_nulls().unique().to_list()) - mapping.keys()):
        count = int((values == value).sum())
        bench.findings.append(
            Finding(
                "TAB-101",
                Place(table.domain.file, None, column),
                f'{count} of {values.len()} values are "{value}", which code list {codes} does not have',
                f"one of {len(mapping)} codes",
                suggest(str(value), mapping) or "Correct the data by a query or add the code.",
                Severity.WARNING,
            )
        )
    return values.replace(mapping)
