"""Model matrices: a formula and columns of data become the numbers that every model of this room is fitted to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opencro.kernel.finding import suggest
from opencro.stats.formula.coding import (
    Contrasts,
    TermCoding,
    build_columns,
    code_terms,
    code_terms_in_full,
    recode_from_full,
)
from opencro.stats.formula.columns import (
    Column,
    Data,
    Factor,
    Floats,
    Level,
    as_column,
    complete_cases,
    read_frame,
    render_level,
)
from opencro.stats.formula.notation import Formula, parse_formula
from opencro.stats.formula.rank import row_basis
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class ModelMatrix(Result):
    """A model matrix and all that is needed to make further rows of it.

    `x` (n, p) are its rows, `names` (p,) its columns, `terms` its terms (the intercept, "(Intercept)", first where
    there is one) and `assign` (p,) the position in `terms` of each column's term. `levels` are the levels of each
    factor, `response` (n,) the left side or None, `keep` (rows of the data,) the rows that are analysed,
    `columns_used` (n,) the analysed columns: codes of levels for factors.
    """

    title: ClassVar[str] = "Model matrix"

    x: Floats
    names: tuple[str, ...]
    terms: tuple[str, ...]
    assign: NDArray[np.intp]
    levels: Mapping[str, tuple[Level, ...]]
    response: Floats | None
    keep: NDArray[np.bool_]
    formula: Formula
    coding: tuple[TermCoding, ...]
    columns_used: Mapping[str, Column]
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """One row per column of the matrix: its name, its term, its mean and whether it is aliased."""
        terms = [self.terms[i] for i in self.assign]
        return {"column": list(self.names), "term": terms, "mean": self.x.mean(axis=0), "aliased": self.aliased}

    @cached_property
    def basis(self) -> Floats:
        """Rows (rank, p) that span the rows of `x`: the forward reduction behind type I hypotheses."""
        return self._reduced[0]

    @cached_property
    def aliased(self) -> NDArray[np.bool_]:
        """The columns (p,) that are combinations of earlier ones, as R marks them NA."""
        return self._reduced[1]

    @property
    def rank(self) -> int:
        """The number of columns that are not aliased."""
        return len(self.basis)

    @cached_property
    def _reduced(self) -> tuple[Floats, NDArray[np.bool_]]:
        return row_basis(self.x)

    @cached_property
    def full(self) -> tuple[Floats, tuple[TermCoding, ...], Floats]:
        """SAS's overparametrized matrix (n, q), its coding, and C (q, p) with x = full @ C."""
        codings = code_terms_in_full(self.formula, self.levels)
        return build_columns(codings, self.columns_used, len(self.x)), codings, recode_from_full(self.coding)

    def rows_at(self, grid: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Floats:
        """The rows (k, p) of the model matrix at given values of every variable of the formula, each of length k.

        Raises StatsError STA-002 where a variable is missing in the grid, STA-006 for a level that the model doesn't
        know.

        >>> model_matrix("~ A + x", {"A": ["a", "b"], "x": [1, 2]}).rows_at({"A": ["b"], "x": [5]})
        array([[1., 1., 5.]])
        """
        columns: dict[str, Column] = {}
        for name in self.formula.variables:
            if name not in grid:
                raise StatsError("STA-002", f"no {name!r} in the grid", "every variable of the model", "Add it.")
            values = grid[name]
            columns[name] = self._codes(name, values) if name in self.levels else np.asarray(values, dtype=np.float64)
        lengths = {len(c.codes) if isinstance(c, Factor) else len(c) for c in columns.values()}
        if len(lengths) > 1:
            raise StatsError("STA-003", f"grid columns of lengths {sorted(lengths)}", "equal lengths", "Repeat values.")
        return build_columns(self.coding, columns, lengths.pop() if lengths else 1)

    def _codes(self, name: str, values: Sequence[Any] | NDArray[Any]) -> Factor:
        codes = [self.code_of(name, v) for v in np.asarray(values).tolist()]
        return Factor(self.levels[name], np.array(codes, dtype=np.intp))

    def code_of(self, name: str, level: Level) -> int:
        """The position of a level of the factor `name`; raises StatsError STA-006 where it has no such level."""
        known = [render_level(v) for v in self.levels[name]]
        label = render_level(level)
        if label not in known:
            remedy = suggest(label, known) or "Use a level that was analysed."
            raise StatsError("STA-006", f"{name} = {label!r}", f"one of {known}", remedy)
        return known.index(label)


def model_matrix(
    formula: str | Formula,
    data: Data,
    *,
    factors: Collection[str] = (),
    levels: Mapping[str, Sequence[Level]] | None = None,
    reference: Mapping[str, Level] | None = None,
    contrasts: Contrasts = "treatment",
    complete: Sequence[str] = (),
) -> ModelMatrix:
    """The model matrix of a formula over columns of data, coded as R codes it (see `coding`).

    `data` maps names to vectors of equal length (or is a Polars frame). Text, categories, booleans, columns named in
    `factors` and columns with explicit `levels` (which also give the order) are factors, others are numbers.
    `reference` names the level without a column of its own (default: the first for "treatment", the last for "sum"
    contrasts). Rows with a missing value in the formula's variables or in a further column named in `complete` are not
    analysed.

    Raises StatsError STA-001 (no formula), STA-002 (unknown column), STA-003 (lengths), STA-004 (no complete row),
    STA-006 (unknown level), STA-013 (infinity). Notes STA-005 (missing), STA-007 (unused levels), STA-008 (one level).

    Source: Chambers JM, Hastie TJ (eds). Statistical Models in S, 1992, chapter 2.
    >>> model_matrix("y ~ ARM", {"y": [1.0, 2, 3], "ARM": ["P", "T", "T"]}).names
    ('(Intercept)', 'ARMT')
    """
    read = parse_formula(formula) if isinstance(formula, str) else formula
    needed = dict.fromkeys((read.response, *read.variables, *complete))
    frame = read_frame(data, [v for v in needed if v is not None], known=(*factors, *(levels or {})))
    frame, keep, notes = complete_cases(frame) if frame.width else (frame, np.ones(_length(data), dtype=bool), ())
    used, more = _read_columns(frame, read, factors, levels or {})
    found = {name: c.levels for name, c in used.items() if isinstance(c, Factor)}
    coding = code_terms(read, found, _checked_reference(reference or {}, found), contrasts)
    return ModelMatrix(
        build_columns(coding, used, int(keep.sum())),
        tuple(name for c in coding for name in c.columns),
        tuple(c.label for c in coding),
        np.repeat(np.arange(len(coding)), [len(c.columns) for c in coding]),
        *(found, _read_response(frame, read), keep, read, coding, used),
        notes=(*notes, *more),
    )


def _read_columns(
    frame: pl.DataFrame, formula: Formula, factors: Collection[str], levels: Mapping[str, Sequence[Level]]
) -> tuple[dict[str, Column], list[Note]]:
    found = {v: as_column(frame[v], levels.get(v), v in factors) for v in formula.variables}
    notes = [note for _, some in found.values() for note in some]
    for name, (column, _) in found.items():
        if isinstance(column, Factor) and len(column.levels) == 1:
            notes.append(Note("STA-008", f"{name} has one level only and says nothing"))
    return {name: column for name, (column, _) in found.items()}, notes


def _length(data: Data) -> int:
    names = data.columns if isinstance(data, pl.DataFrame) else list(data)
    return len(data[names[0]]) if names else 0


def _checked_reference(reference: Mapping[str, Level], levels: Mapping[str, tuple[Level, ...]]) -> Mapping[str, Level]:
    for name, level in reference.items():
        if level not in levels.get(name, ()):
            known = list(levels.get(name, ())) or "a factor of the formula"
            raise StatsError("STA-006", f"reference {name} = {level!r}", f"one of {known}", "Name an analysed level.")
    return reference


def _read_response(frame: pl.DataFrame, formula: Formula) -> Floats | None:
    if formula.response is None:
        return None
    values, _ = as_column(frame[formula.response], None, False)
    if not isinstance(values, Factor):
        return values
    if set(values.levels) <= {True, False}:
        return np.array(values.levels, dtype=np.float64)[values.codes]
    raise StatsError("STA-006", f"labels in the response {formula.response}", "numbers", "Code it as 0 and 1.")
