"""A coding dictionary in memory: its terms, and the levels above each of them. Where it came from no longer matters.

Levels are named from the term upwards: MedDRA pt, hlt, hlgt, soc; WHODrug preferred, atc4, atc3, atc2, atc1; an own
dictionary names its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl


@dataclass(frozen=True)
class Dictionary:
    """One version of a dictionary.

    `terms`: one row per term: code, term, current (False: kept for old data, not for new codes), then for each of
    `levels` the columns `<level>_code` and `<level>_term`, null where the dictionary gives none or leaves a choice.
    `classes`: code and class for terms that belong to several classes (WHODrug: ATC); `class_terms` names them. A class
    is on the level whose codes have its length, and the levels above it are the beginnings of its code.
    """

    id: str
    version: str
    levels: tuple[str, ...]
    terms: pl.DataFrame
    classes: pl.DataFrame
    class_terms: Mapping[str, str] = field(default_factory=dict)
    class_lengths: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each code in `terms`."""
        codes = self.terms.get_column("code").to_list()
        return {code: row for row, code in reversed(list(enumerate(codes)))}

    def term_of(self, code: str) -> str | None:
        """The term of a code, or None."""
        row = self.rows.get(code)
        return None if row is None else str(self.terms.item(row, "term"))

    def is_current(self, code: str) -> bool:
        """Whether a code is there and may be given to new data."""
        row = self.rows.get(code)
        return row is not None and bool(self.terms.item(row, "current"))

    def levels_of(self, code: str, class_code: str | None = None) -> dict[str, tuple[str, str]]:
        """Level -> (code, term) above a code, in the chosen class if it has several; levels without one are left out.

        KeyError for an unknown code.
        """
        row = self.terms.row(self.rows[code], named=True)
        pairs = {level: (row[f"{level}_code"], row[f"{level}_term"]) for level in self.levels}
        for level, length in self.class_lengths.items():
            if class_code is not None and len(class_code) >= length:
                pairs[level] = (class_code[:length], self.class_terms.get(class_code[:length]))
        return {level: (str(c), str(t or "")) for level, (c, t) in pairs.items() if c is not None}

    def classes_of(self, code: str) -> tuple[str, ...]:
        """The classes between which a coder has to choose; empty where there is nothing to choose."""
        return tuple(self.classes.filter(pl.col("code") == code).get_column("class"))


NO_CLASSES = pl.DataFrame(schema={"code": pl.String, "class": pl.String})
