"""The mean number of events up to a time: estimate, robust errors, and the comparison of arms; death may end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.recurrent.rows import Bools, Floats, Ints, Rows, take_rows
from opencro.stats.result import Note, Result, StatsError

CHUNK = 256


@dataclass(frozen=True)
class MeanCumulative(Result):
    """Mean cumulative number of events: one row per time of an event (or death), limits on the log scale."""

    title: ClassVar[str] = "Mean cumulative function"
    aside: ClassVar[frozenset[str]] = frozenset({"subjects", "alpha"})

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_death: Floats
    mean: Floats
    se: Floats
    lower: Floats
    upper: Floats
    subjects: int
    alpha: float
    notes: tuple[Note, ...] = ()

    def plot(self) -> Any:
        """The curve with its limits as a band; `plot_mean_cumulative` draws several."""
        return plot_mean_cumulative({"": self})


@dataclass(frozen=True)
class MeanCumulativeTest(Result):
    """A comparison of two arms' mean cumulative functions: one row per arm."""

    title: ClassVar[str] = "Test of equal mean cumulative functions"
    aside: ClassVar[frozenset[str]] = frozenset({"variance"})

    arm: list[Any]
    subjects: Ints
    events: Ints
    score: float
    variance: float
    z: float
    p: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Table:
    """Times (m,) and counts; `first`, `last` (rows,): the range of times in which a row is at risk."""

    time: Floats
    risk: Floats
    events: Floats
    deaths: Floats
    first: Ints
    last: Ints
    at: Ints


def mean_cumulative_function(
    start: ArrayLike, stop: ArrayLike, event: ArrayLike, subject: ArrayLike, *, death: ArrayLike | None = None,
    alpha: float = 0.05,
) -> MeanCumulative:  # fmt: skip
    """Mean number of events of a subject up to each time, with errors that hold whatever the events' dependence.

    `start`, `stop`, `event`, `subject` (rows,) as in `fit_andersen_gill`; `death` (rows,): 1 where the subject dies at
    `stop`, after which no event can happen. Without death mu(t) = sum d(u)/Y(u), the Nelson-Aalen form; with death
    mu(t) = sum S(u-) d(u)/Y(u), S the Kaplan-Meier curve of death, so that the dead count with the events they had.
    var mu = sum_i psi_i^2, psi_i = sum S dM_i/Y - sum {mu(t) - mu(u)} dM_i^D/Y. Limits exp(log mu -+ z se/mu).
    Source: Lawless and Nadeau (1995), Technometrics 37, 158; Ghosh and Lin (2000), Biometrics 56, 554. R `survfit(id=)`
    (without death), reda `mcf`; SAS PHREG `plots=mcf`, RELIABILITY.

    >>> mean_cumulative_function([0, 2, 0, 0], [2, 5, 4, 3], [1, 1, 1, 0], [1, 1, 2, 3]).mean.round(4).tolist()
    [0.3333, 0.8333, 1.8333]
    """
    if not 0 < alpha < 1:
        raise StatsError("STA-254", f"alpha {alpha}", "0 < alpha < 1", "alpha=0.05 gives 95% limits.")
    rows = take_rows(start, stop, event, subject)
    died = _take_deaths(rows, death)
    table = _tabulate(rows, died)
    mean = np.cumsum(_before(table) * table.events / table.risk)
    variance = np.zeros(mean.size)
    for part in _chunks(rows):
        variance += (_influence(rows, died, table, mean, part) ** 2).sum(axis=0)
    se = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(stats.norm.isf(alpha / 2) * se / mean)
        lower, upper = np.where(mean > 0, mean / factor, 0.0), np.where(mean > 0, mean * factor, 0.0)
    notes = () if rows.event.any() else (Note("STA-253", "No event: the mean is 0 throughout."),)
    counts = (table.risk, table.events, table.deaths)
    return MeanCumulative(table.time, *counts, mean, se, lower, upper, len(rows.subjects), alpha, notes)


def compare_mean_cumulative(
    start: ArrayLike, stop: ArrayLike, event: ArrayLike, subject: ArrayLike, arm: ArrayLike, *,
    death: ArrayLike | None = None, alternative: Literal["two-sided", "less", "greater"] = "two-sided",
) -> MeanCumulativeTest:  # fmt: skip
    """Robust log-rank test that two arms have the same mean cumulative function.

    `arm` (rows,): one label a subject, two labels in all (StatsError STA-255); the rest as in
    `mean_cumulative_function`. U = sum K {d mu_1 - d mu_0}, K = Y_1 Y_0/(Y_1 + Y_0) with deaths' weight S within mu,
    var U = sum of squared sums within subjects around their own arm's mean; positive: the later label in sorted order
    has more events. Without death it is close to the robust score test of `fit_lwyy`.
    Source: Lawless and Nadeau (1995); Ghosh and Lin (2000), section 3.

    >>> compare_mean_cumulative(
    ...     [0, 2, 0, 0, 0], [2, 5, 4, 3, 6], [1, 1, 1, 0, 0], [1, 1, 2, 3, 4], [1, 1, 1, 0, 0]).events.tolist()
    [0, 3]
    """
    if alternative not in ("two-sided", "less", "greater"):
        raise StatsError("STA-254", f"alternative {alternative!r}", '"two-sided", "less" or "greater"', "Choose one.")
    rows = take_rows(start, stop, event, subject)
    died = _take_deaths(rows, death)
    levels, codes, owner = _take_arms(rows, arm)
    whole = _tabulate(rows, died)
    tables = [_arm_table(rows, died, whole, codes == k) for k in (0, 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(whole.risk > 0, tables[0].risk * tables[1].risk / whole.risk, 0.0)
    parts = [_arm_score(_restrict(rows, codes == k), died[codes == k], tables[k], weight) for k in (0, 1)]
    score, variance = parts[1][0] - parts[0][0], parts[0][1] + parts[1][1]
    z = score / np.sqrt(variance) if variance > 0 else np.nan
    tails = {"two-sided": 2 * stats.norm.sf(abs(z)), "less": stats.norm.cdf(z), "greater": stats.norm.sf(z)}
    counts, events = np.bincount(owner, minlength=2), np.bincount(codes, rows.event, 2).astype(np.int64)
    notes = () if variance > 0 else (Note("STA-253", "No event while both arms were at risk: there is no test."),)
    return MeanCumulativeTest(levels.tolist(), counts, events, score, variance, z, float(tails[alternative]), notes)


def _take_arms(rows: Rows, arm: ArrayLike) -> tuple[NDArray[Any], Ints, Ints]:
    """Labels of the two arms, the arm of each row and of each subject."""
    levels, codes = np.unique(np.asarray(arm), return_inverse=True)
    owner = np.zeros(len(rows.subjects), np.int64)
    if codes.shape == rows.subject.shape:
        owner[rows.subject] = codes
    if codes.shape != rows.subject.shape or levels.size != 2 or (owner[rows.subject] != codes).any():
        raise StatsError("STA-255", f"{levels.size} arms, or a subject in two", "two arms, one a subject",
                         "Give each row the arm of its subject.")  # fmt: skip
    return levels, codes, owner


def _arm_score(rows: Rows, died: Bools, table: _Table, weight: Floats) -> tuple[float, float]:
    """The weighted sum of an arm's increments of its mean, and its robust variance."""
    step = np.where(table.risk > 0, _before(table) * table.events / np.maximum(table.risk, 1), 0.0)
    variance = 0.0
    for part in _chunks(rows):
        steps = np.diff(_influence(rows, died, table, step.cumsum(), part), axis=1, prepend=0.0)
        variance += float(((steps @ weight) ** 2).sum())
    return float(weight @ step), variance


def plot_mean_cumulative(curves: Mapping[Any, MeanCumulative], *, unit: str = "") -> Any:
    """Draws mean cumulative functions with limits as bands; returns a matplotlib Figure.

    >>> curve = mean_cumulative_function([0, 2, 0, 0], [2, 5, 4, 3], [1, 1, 1, 0], [1, 1, 2, 3])
    >>> type(plot_mean_cumulative({"all": curve}, unit="days")).__name__
    'Figure'
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
    for i, (label, curve) in enumerate(curves.items()):
        t, colour = np.concatenate(([0.0], curve.time)), colours[i % len(colours)]
        dash = ("-", "--", "-.", ":")[i % 4]
        axes.step(t, np.append(0.0, curve.mean), where="post", label=str(label), color=colour, linestyle=dash)
        band = [np.append(0.0, v) for v in (curve.lower, curve.upper)]
        axes.fill_between(t, band[0], band[1], step="post", alpha=0.15, color=colour, linewidth=0)
    axes.set(ylim=(0, None), xlim=(0, None), ylabel="Mean number of events")
    axes.set_xlabel(f"Time ({unit})" if unit else "Time")
    if any(str(label) for label in curves):
        axes.legend(frameon=False)
    return figure


def _take_deaths(rows: Rows, death: ArrayLike | None) -> Bools:
    if death is None:
        return np.zeros(rows.stop.size, dtype=np.bool_)
    flags = np.asarray(death)
    if flags.shape != rows.stop.shape or not np.isin(flags, (0, 1)).all():
        raise StatsError("STA-250", f"death of shape {flags.shape}", "0 or 1 for every row", "Code a death as 1.")
    died = flags.astype(np.bool_)
    last = np.zeros(len(rows.subjects))
    np.maximum.at(last, rows.subject, rows.stop)
    if (rows.stop[died] < last[rows.subject[died]]).any():
        raise StatsError(
            "STA-256", "a subject with follow-up after death", "death in the last row", "Correct the rows."
        )
    return died


def _tabulate(rows: Rows, died: Bools, times: Floats | None = None) -> _Table:
    time = np.unique(rows.stop[rows.event | died]) if times is None else times
    first, last = np.searchsorted(time, rows.start, side="right"), np.searchsorted(time, rows.stop, side="right")
    at = np.searchsorted(time, rows.stop, side="left")
    inside = np.bincount(first, minlength=time.size + 1) - np.bincount(last, minlength=time.size + 1)
    risk = inside.cumsum()[: time.size].astype(np.float64)
    events, deaths = (np.bincount(at[f], minlength=time.size).astype(np.float64) for f in (rows.event, died))
    return _Table(time, risk, events, deaths, first, last, at)


def _restrict(rows: Rows, chosen: Bools) -> Rows:
    return Rows(rows.start[chosen], rows.stop[chosen], rows.event[chosen], rows.subject[chosen], rows.subjects)


def _arm_table(rows: Rows, died: Bools, whole: _Table, chosen: Bools) -> _Table:
    """The counts of an arm at the times of both."""
    return _tabulate(_restrict(rows, chosen), died[chosen], whole.time)


def _before(table: _Table) -> Floats:
    """Survival just before each time."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(table.risk > 0, 1 - table.deaths / table.risk, 1.0)
    return np.concatenate(([1.0], np.cumprod(factors)))[:-1]


def _chunks(rows: Rows) -> list[tuple[int, int]]:
    return [(i, min(i + CHUNK, len(rows.subjects))) for i in range(0, len(rows.subjects), CHUNK)]


def _influence(rows: Rows, died: Bools, table: _Table, mean: Floats, part: tuple[int, int]) -> Floats:
    """psi_i(t) of some subjects at all times, (subjects, m)."""
    mine = np.flatnonzero((rows.subject >= part[0]) & (rows.subject < part[1]))
    who, m = rows.subject[mine] - part[0], table.time.size
    change, counts, ends = (np.zeros((part[1] - part[0], m + 1)) for _ in range(3))
    np.add.at(change, (who, table.first[mine]), 1.0)
    np.add.at(change, (who, table.last[mine]), -1.0)
    np.add.at(counts, (who, np.minimum(table.at[mine], m)), rows.event[mine])
    np.add.at(ends, (who, np.minimum(table.at[mine], m)), died[mine])
    at_risk = change.cumsum(axis=1)[:, :m]
    y = np.maximum(table.risk, 1)
    events = (counts[:, :m] - at_risk * (table.events / y)) * (_before(table) / y)
    deaths = (ends[:, :m] - at_risk * (table.deaths / y)) / y
    # sum {mu(t) - mu(u)} dM = mu(t) sum dM - sum mu(u) dM
    return np.asarray(events.cumsum(axis=1) - mean * deaths.cumsum(axis=1) + (deaths * mean).cumsum(axis=1))
