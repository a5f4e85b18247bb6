"""The data of a crossover trial, and the analysis of variance of its logarithms with the subjects taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import Note, StatsError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Crossover:
    """The rows that are analysed: codes (n,) of subject, period, sequence; whether test was given; ln y (n,)."""

    subject: Codes
    period: Codes
    sequence: Codes
    test: NDArray[np.bool_]
    log_y: Floats
    subjects: tuple[Any, ...]
    periods: tuple[Any, ...]
    sequences: tuple[Any, ...]
    notes: tuple[Note, ...] = ()

    def only(self, rows: NDArray[np.bool_]) -> Crossover:
        """The trial with these rows alone."""
        parts = (self.subject[rows], self.period[rows], self.sequence[rows], self.test[rows], self.log_y[rows])
        return Crossover(*parts, self.subjects, self.periods, self.sequences, self.notes)


def crossover(
    subject: ArrayLike,
    period: ArrayLike,
    sequence: ArrayLike,
    treatment: ArrayLike,
    y: ArrayLike,
    *,
    test: Any = "T",
    reference: Any = "R",
) -> Crossover:
    """The data of a crossover trial with two products, one row per subject and period.

    All arguments (n,): labels, and `y` the measure, e.g. AUC, above 0; it is analysed as its logarithm. Rows with a
    missing y are left out (Note STA-721). Raises StatsError STA-720 for unequal lengths, other products, values of 0
    or less, a subject in two sequences or twice in a period, or fewer than two sequences' worth of data.

    >>> crossover([1, 1, 2, 2], [1, 2, 1, 2], ["TR", "TR", "RT", "RT"], ["T", "R", "R", "T"], [9.0, 8, 7, 9]).periods
    (1, 2)
    """
    columns = [np.asarray(v) for v in (subject, period, sequence, treatment)]
    values = np.asarray(y, dtype=np.float64)
    if values.ndim != 1 or any(c.shape != values.shape for c in columns):
        raise _unfit("columns of different lengths", "one row per subject and period")
    here = ~np.isnan(values)
    if (values[here] <= 0).any():
        raise _unfit("values of 0 or less", "measures above 0")
    unknown = set(columns[3][here].tolist()) - {test, reference}
    if unknown or len(set(columns[3][here].tolist())) < 2:
        raise _unfit(f"products {sorted(map(str, set(columns[3][here].tolist())))}", f"both {test!r} and {reference!r}")
    gone = len(values) - int(here.sum())
    notes = (Note("STA-721", f"{gone} of {len(values)} values are missing"),) if gone else ()
    (subjects, s), (periods, p), (sequences, q) = (np.unique(c[here], return_inverse=True) for c in columns[:3])
    if len(set(zip(s.tolist(), p.tolist(), strict=True))) < len(s):
        raise _unfit("a subject twice in a period", "one row per subject and period")
    if len(set(zip(s.tolist(), q.tolist(), strict=True))) > len(subjects):
        raise _unfit("a subject in two sequences", "one sequence per subject")
    named = (tuple(subjects.tolist()), tuple(periods.tolist()), tuple(sequences.tolist()))
    return Crossover(s, p, q, columns[3][here] == test, np.log(values[here]), *named, notes)


def _unfit(got: str, expected: str) -> StatsError:
    return StatsError("STA-720", got, expected, "Check the rows of the trial.")


@dataclass(frozen=True)
class WithinSubjects:
    """Least squares with fixed subjects: difference test - reference, its error, residual variance and df."""

    difference: float
    se: float
    df: int
    variance: float


def fit_within_subjects(trial: Crossover) -> WithinSubjects:
    """ln y = subject + period + product: with subject in sequence fixed, sequences add nothing to it.

    The difference is NaN where only one product is there; the variance where no degrees of freedom are left.
    """
    indicator = np.eye(len(trial.periods))[trial.period][:, 1:]
    x = np.column_stack([indicator, trial.test])
    # deviations from the subject's means: all subject columns at once (Frisch and Waugh)
    n = np.bincount(trial.subject, minlength=len(trial.subjects))
    xy = np.column_stack([x, trial.log_y])
    mean = np.column_stack([np.bincount(trial.subject, c, minlength=len(n)) for c in xy.T]) / np.maximum(n, 1)[:, None]
    xy = xy - mean[trial.subject]
    x, y = xy[:, :-1], xy[:, -1]
    u, size, vt = np.linalg.svd(x, full_matrices=False)
    kept = size > 1e-9 * np.sqrt(len(x))
    inverse = vt[kept].T / size[kept]
    beta = inverse @ (u[:, kept].T @ y)
    df = len(y) - int((n > 0).sum()) - int(kept.sum())
    rss = float(((y - x @ beta) ** 2).sum())
    variance = rss / df if df > 0 else np.nan
    unit = np.eye(x.shape[1])[-1]
    estimable = np.abs(unit - vt[kept].T @ (vt[kept] @ unit)).max() < 1e-8
    se = float(np.sqrt(variance) * np.linalg.norm(inverse[-1])) if estimable else np.nan
    return WithinSubjects(float(beta[-1]) if estimable else np.nan, se, df, variance)
