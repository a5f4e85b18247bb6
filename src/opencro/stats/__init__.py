"""Statistical methods on plain arrays: `import opencro.stats as st`, then `st.survival.log_rank(...)`."""

<<<<<<< HEAD
from opencro.stats import formula, generalized, linear, multiplicity, rates, summary
from opencro.stats.result import Note, Result, StatsError

__all__ = ["Note", "Result", "StatsError", "formula", "generalized", "linear", "multiplicity", "rates", "summary"]
=======
from opencro.stats import formula, linear, multiplicity, survival
from opencro.stats.result import Note, Result, StatsError

__all__ = ["Note", "Result", "StatsError", "formula", "linear", "multiplicity", "survival"]
>>>>>>> 4fc2d16 (Survival: curves, log-rank tests, Cox regression, restricted means, batched forms)
