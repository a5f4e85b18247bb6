"""What a condition is compiled against: the columns of one dataset, the results of operations, and what `--` means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from opencro.conformance.model import Leaf


class MissingColumn(Exception):
    """A column that the dataset lacks: the rule does not apply to it."""


class UnknownWord(Exception):
    """A word of the rule language, or a feature of its regular expressions, that is not known here."""


@dataclass(frozen=True)
class Bench:
    """Columns by name, constants (operation results that are the same on every row), and the prefix for `--`."""

    schema: Mapping[str, pl.DataType]
    prefix: str = ""
    constants: Mapping[str, Any] = field(default_factory=dict)

    def name(self, word: str) -> str:
        """The word with a leading `--` replaced once by the domain."""
        return self.prefix + word[2:] if word.startswith("--") else word

    def has(self, word: str) -> bool:
        """Whether a column or an operation result has this name."""
        return word in self.schema or word in self.constants

    def column(self, word: str) -> Operand:
        """The operand of this name; MissingColumn when the dataset has none."""
        name = self.name(word)
        if name in self.constants:
            return constant(self.constants[name])
        if name not in self.schema:
            raise MissingColumn(name)
        return Operand(pl.col(name), self.schema[name], column=name)

    def target(self, leaf: Leaf) -> Operand:
        """The operand that a test is about."""
        return self.column(leaf.name)

    def comparator(self, leaf: Leaf) -> Operand:
        """The value of a test: a column where one has that name (unless it is a literal), else the value itself."""
        value = leaf.value
        if isinstance(value, str):
            value = self.name(value)
            if not leaf.options.get("value_is_literal") and self.has(value):
                return self.column(value)
        elif isinstance(value, list):
            value = [self.name(v) if isinstance(v, str) else v for v in value]
        return constant(value)


@dataclass(frozen=True)
class Operand:
    """A Polars expression with its type; `value` is set for constants, `column` for columns."""

    expr: pl.Expr
    dtype: pl.DataType
    column: str = ""
    value: Any = None

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return self.dtype == pl.String

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return isinstance(self.dtype, pl.List)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers or truth values."""
        return self.dtype.is_numeric() or self.dtype == pl.Boolean

    @property
    def text(self) -> pl.Expr:
        """Its values as text: whole numbers without a decimal point."""
        if self.is_text:
            return self.expr
        if not self.dtype.is_float():
            return self.expr.cast(pl.String)
        whole = self.expr.is_finite() & (self.expr == self.expr.floor()) & (self.expr.abs() < 2**53)
        return (
            pl.when(whole)
            .then(self.expr.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(self.expr.cast(pl.String))
        )

    @property
    def number(self) -> pl.Expr:
        """Its values as numbers, null where the text is none."""
        stripped = self.expr.str.strip_chars() if self.is_text else self.expr
        return stripped.cast(pl.Float64, strict=False)


def constant(value: Any) -> Operand:
    """A value that is the same on every row; an empty text is null."""
    if isinstance(value, list | tuple | set):
        items = list(value)
        return Operand(pl.lit(None), pl.List(pl.String), value=items)
    if value is None or value == "":
        return Operand(pl.lit(None, dtype=pl.String), pl.String(), value=None)
    series = pl.Series([value])
    return Operand(pl.lit(value), series.dtype, value=value)
