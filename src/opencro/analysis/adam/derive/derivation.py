"""What a derivation is: a pure function on a data frame, whose signature says which columns it reads and makes.

The declaration of a dataset names these functions; what a step needs, makes and says in words is read from the
function itself, so that nothing about it is written twice.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, get_type_hints

import polars as pl

from opencro.kernel.expression import Expression, parse_expression, to_polars
from opencro.kernel.finding import Place, Refused

Column = Annotated[str, "column"]
"""A column that is read."""
Columns = Annotated[Sequence[str], "columns"]
"""Columns that are read."""
Kept = Annotated[Sequence[str], "kept"]
"""Columns that new records keep, because they are the same within `by`."""
SourceColumn = Annotated[str, "source column"]
"""A column of the source that is read."""
Order = Annotated[Sequence[str], "order"]
"""Columns by which rows are sorted; a leading `-` is descending. Missing values are the least, as in SAS."""
New = Annotated[str, "new"]
"""A column that is made."""
News = Annotated[Sequence[str], "news"]
"""Columns that are made."""
Taken = Annotated[Mapping[str, str], "taken"]
"""Columns that are made: new name -> column of the source."""
Given = Annotated[Mapping[str, Any], "given"]
"""Columns that are given a fixed value in new rows: name -> value."""
Condition = Annotated["str | pl.Expr | None", "condition"]
"""Rows to look at: an expression of docs/expressions.md, or a Polars expression; None is all rows."""
Formula = Annotated[str, "formula"]
"""An expression of docs/expressions.md that gives a value."""
Cases = Annotated[Mapping[str, str], "cases"]
"""Label -> expression: the first that holds gives the value."""
Template = Annotated[str, "template"]
"""A text with columns in braces."""
Source = Annotated[pl.DataFrame, "source"]
"""Another data frame; in a declaration the name of a dataset."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a derivation: its name, its role (see above; empty for an option), its type, its default."""

    name: str
    role: str
    type: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Derivation:
    """A function of the library with what the declaration language, define.xml and the trace need to know of it.

    `words` says the rule with the parameters in braces; what stands in brackets falls away where a parameter in it says
    nothing. `rows` is "keep" (only columns change), "make" (rows are
    added) or "choose" (rows are left out). `carries` names the parameter whose column is taken from another row of
    the data; `within` the parameter that says which rows belong together; `across` is true where rows of other
    participants count; `makes` names columns that are always made, beside those in the parameters.
    """

    name: str
    function: Callable[..., pl.DataFrame]
    words: str
    rows: str
    carries: str
    within: str
    across: bool
    makes: tuple[str, ...]
    parameters: tuple[Parameter, ...]


DERIVATIONS: dict[str, Derivation] = {}
"""Every derivation by its word in declarations: the function's name without `derive_`."""


def derivation(
    words: str,
    *,
    rows: str = "keep",
    carries: str = "",
    within: str = "",
    across: bool = False,
    makes: Sequence[str] = (),
) -> Callable[[Callable[..., pl.DataFrame]], Callable[..., pl.DataFrame]]:
    """Mark a function as a derivation that declarations may name."""

    def register(function: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        name = function.__name__.removeprefix("derive_")
        parameters = _parameters(function)
        DERIVATIONS[name] = Derivation(name, function, words, rows, carries, within, across, tuple(makes), parameters)
        return function

    return register


def _parameters(function: Callable[..., pl.DataFrame]) -> tuple[Parameter, ...]:
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        metadata = getattr(hints[name], "__metadata__", ("",))
        kind = hints[name].__origin__ if metadata[0] else hints[name]
        found.append(Parameter(name, metadata[0], kind, parameter.default))
    return tuple(found)


@lru_cache(maxsize=2048)
def parsed(text: str) -> Expression:
    """An expression; one that cannot be read is refused."""
    outcome = parse_expression(text, Place(path=text))
    if isinstance(outcome, Expression):
        return outcome
    raise Refused(outcome)


def condition(data: pl.DataFrame, where: str | pl.Expr | None) -> pl.Expr:
    """A condition over the rows of a frame: true or false, never missing."""
    if where is None or (isinstance(where, str) and not where):
        return pl.lit(value=True)
    return to_polars(parsed(where), dict(data.schema)) if isinstance(where, str) else where.fill_null(value=False)


def formula(data: pl.DataFrame, text: str) -> pl.Expr:
    """The value of an expression in each row of a frame."""
    return to_polars(parsed(text), dict(data.schema))


def chosen(data: pl.DataFrame, where: str | pl.Expr | None) -> pl.DataFrame:
    """The rows for which a condition holds."""
    return data if where is None or (isinstance(where, str) and not where) else data.filter(condition(data, where))


def in_order(data: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Rows sorted; a leading `-` is descending, missing values are the least, ties keep their place."""
    if not order:
        return data
    falling = [name.startswith("-") for name in order]
    names = [name.lstrip("-") for name in order]
    return data.sort(names, descending=falling, nulls_last=falling, maintain_order=True)
