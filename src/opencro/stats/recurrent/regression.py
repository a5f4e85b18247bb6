"""Regression of recurrent events on the time scale of a Cox model: rates and hazards of the next event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.formula import ModelMatrix
from opencro.stats.recurrent.rows import Floats, Rows, number_events, take_rows
from opencro.stats.result import Note, Result
from opencro.stats.survival import CoxFit, fit_cox

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class RecurrentFit(Result):
    """A regression of recurrent events: one row per covariate, limits of the ratio at level 1 - alpha.

    `cox` is the Cox fit beneath, for its tests, contrasts and residuals.
    """

    title: ClassVar[str] = "Regression of recurrent events"
    aside: ClassVar[frozenset[str]] = frozenset({"subjects", "events", "cox"})

    method: str
    term: tuple[str, ...]
    coef: Floats
    se: Floats
    ratio: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    subjects: int
    events: int
    cox: CoxFit
    notes: tuple[Note, ...] = ()


def fit_andersen_gill(
    start: ArrayLike, stop: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, subject: ArrayLike, *,
    names: Sequence[str] | None = None, stratum: ArrayLike | None = None, ties: Ties = "breslow", alpha: float = 0.05,
) -> RecurrentFit:  # fmt: skip
    """Andersen and Gill's model: the intensity of events, independent given the covariates, errors from the model.

    `start`, `stop`, `event`, `subject` (rows,): a row is at risk in (start, stop] and has an event at `stop` if `event`
    is 1; rows of a subject do not overlap (StatsError STA-250 to STA-252). `x` (rows,), (rows, p) or a
    `formula.model_matrix`; `stratum` (rows,) or (rows, factors). `ties`: "breslow" is SAS's default, R's is "efron".
    Events of a subject that depend on each other make these errors too small: `fit_lwyy` has the same estimates with
    robust ones. Source: Andersen and Gill (1982), Ann Stat 10, 1100. SAS PHREG `model (start, stop)*event(0)`.

    >>> fit_andersen_gill([0, 2, 0, 0], [2, 5, 4, 3], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 2, 3]).coef.round(3).tolist()
    [0.347]
    """
    return _fit("Andersen-Gill", start, stop, event, x, subject, names, stratum, ties, alpha, robust=False)


def fit_lwyy(
    start: ArrayLike, stop: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, subject: ArrayLike, *,
    names: Sequence[str] | None = None, stratum: ArrayLike | None = None, ties: Ties = "breslow", alpha: float = 0.05,
) -> RecurrentFit:  # fmt: skip
    """The proportional rates model of Lin, Wei, Yang and Ying: Andersen-Gill's estimates with errors by subject.

    The ratio is one of mean numbers of events; nothing is assumed of the dependence of a subject's events, whose score
    residuals are summed before they are squared. Arguments as in `fit_andersen_gill`. Source: Lin, Wei, Yang and Ying
    (2000), JRSS B 62, 711. SAS PHREG `covs(aggregate)` with `id`; R `coxph(cluster = )`.

    >>> fit_lwyy([0, 2, 0, 0], [2, 5, 4, 3], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 2, 3]).coef.round(3).tolist()
    [0.347]
    """
    return _fit("LWYY", start, stop, event, x, subject, names, stratum, ties, alpha, robust=True)


def fit_prentice_williams_peterson(
    start: ArrayLike, stop: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, subject: ArrayLike, *,
    clock: Literal["total", "gap"] = "total", most: int | None = None, names: Sequence[str] | None = None,
    ties: Ties = "breslow", alpha: float = 0.05,
) -> RecurrentFit:  # fmt: skip
    """Prentice, Williams and Peterson's model: the hazard of the next event, a baseline for each number of it.

    `clock`: "total" counts time from the start of follow-up, "gap" from the last event; on the gap clock rows between
    two events of a subject are joined in time. `most`: events beyond this number are left out, because late strata hold
    few subjects. The rest as in `fit_andersen_gill`; errors are robust by subject.
    Source: Prentice, Williams and Peterson (1981), Biometrika 68, 373.

    >>> fit_prentice_williams_peterson(
    ...     [0, 2, 0, 0], [2, 5, 4, 3], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 2, 3], most=1).events
    2
    """
    rows = take_rows(start, stop, event, subject)
    number = number_events(rows)
    used = np.ones(number.size, dtype=np.bool_) if most is None else number <= most
    begin, end = rows.start, rows.stop
    if clock == "gap":
        origin = _last_event(rows, number)
        begin, end = rows.start - origin, rows.stop - origin
    if isinstance(x, ModelMatrix):
        wanted = [x.terms[i] != "(Intercept)" for i in x.assign]
        names = names if names is not None else [n for n, w in zip(x.names, wanted, strict=True) if w]
        x = x.x[:, wanted]
    x = np.asarray(x, dtype=np.float64)
    cox = fit_cox(
        end[used], rows.event[used], x[used], names=names, entry=begin[used], stratum=number[used],
        cluster=rows.subject[used], ties=ties, alpha=alpha,
    )  # fmt: skip
    return _wrap(f"Prentice-Williams-Peterson, {clock} time", cox, np.unique(rows.subject[used]).size)


def _last_event(rows: Rows, number: np.ndarray) -> Floats:
    """For each row the end of the row with the event before it, or the subject's first start."""
    order = np.lexsort((rows.start, rows.subject))
    key = np.column_stack([rows.subject, number])[order]
    new = np.concatenate(([True], (key[1:] != key[:-1]).any(axis=1)))
    group = np.cumsum(new) - 1
    origin = np.empty(order.size)
    origin[order] = rows.start[order][new][group]
    return origin


def _fit(
    method: str, start: ArrayLike, stop: ArrayLike, event: ArrayLike, x: ArrayLike | ModelMatrix, subject: ArrayLike,
    names: Sequence[str] | None, stratum: ArrayLike | None, ties: Ties, alpha: float, *, robust: bool,
) -> RecurrentFit:  # fmt: skip
    rows = take_rows(start, stop, event, subject)
    cox = fit_cox(
        rows.stop, rows.event, x, names=names, entry=rows.start, stratum=stratum, ties=ties, alpha=alpha,
        cluster=rows.subject if robust else None,
    )  # fmt: skip
    return _wrap(method, cox, len(rows.subjects))


def _wrap(method: str, cox: CoxFit, subjects: int) -> RecurrentFit:
    return RecurrentFit(
        method, cox.term, cox.coef, cox.se, cox.hazard_ratio, cox.lower, cox.upper, cox.z, cox.p, subjects, cox.events,
        cox, cox.notes,
    )  # fmt: skip
