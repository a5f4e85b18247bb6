"""Statistical methods on plain arrays: `import opencro.stats as st`, then `st.survival.log_rank(...)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from opencro.stats import (
        agreement,
        bayes,
        binary,
        bioequivalence,
        categorical,
        dose_response,
        formula,
        generalized,
        linear,
        missing,
        mmrm,
        multiplicity,
        rank,
        rates,
        recurrent,
        summary,
        survival,
        wins,
    )

__all__ = [
    "Note",
    "Result",
    "StatsError",
    "agreement",
    "bayes",
    "binary",
    "bioequivalence",
    "categorical",
    "dose_response",
    "formula",
    "generalized",
    "linear",
    "missing",
    "mmrm",
    "multiplicity",
    "rank",
    "rates",
    "recurrent",
    "summary",
    "survival",
    "wins",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A family is imported when it is first asked for: all of them together take longer than most commands."""
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
