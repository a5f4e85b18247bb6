"""Statistical methods on plain arrays: `import opencro.stats as st`, then `st.survival.log_rank(...)`."""

from opencro.stats import (
    bayes,
    binary,
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
from opencro.stats.result import Note, Result, StatsError

__all__ = [
    "Note",
    "Result",
    "StatsError",
    "bayes",
    "binary",
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
