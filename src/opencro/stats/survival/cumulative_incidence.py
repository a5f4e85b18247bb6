"""Competing risks: the Aalen-Johansen estimate of cumulative incidence and Gray's test of its equality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.limits import Scale, probability_limits
from opencro.stats.survival.picture import plot_incidence
from opencro.stats.survival.risk_set import as_selected, count_at_risk, step_values
from opencro.stats.survival.sample import Bools, Floats, Ints, Sample, take_labels, take_sample

Variance = Literal["aalen", "delta"]


@dataclass(frozen=True)
class CumulativeIncidence(Result):
    """The probability of having had an event of one cause: one row per time at which any event happens.

    `last` is the end of the longest follow-up.
    """

    title: ClassVar[str] = "Cumulative incidence (Aalen-Johansen)"
    aside: ClassVar[frozenset[str]] = frozenset({"cause", "alpha", "limits", "last"})

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_other: Floats
    incidence: Floats
    se: Floats
    lower: Floats
    upper: Floats
    cause: int
    alpha: float
    limits: Scale
    last: float
    notes: tuple[Note, ...] = ()

    def plot(self, **options: Any) -> Any:
        """The curve alone; `plot_incidence` draws several."""
        return plot_incidence({"": self}, **options)


@dataclass(frozen=True)
class IncidenceAt(Result):
    """Cumulative incidence at named times."""

    title: ClassVar[str] = "Cumulative incidence at given times"

    time: Floats
    incidence: Floats
    se: Floats
    lower: Floats
    upper: Floats


def cumulative_incidence(
    time: ArrayLike, cause: ArrayLike, *, of: int = 1, alpha: float = 0.05, limits: Scale = "log-log",
    variance: Variance = "aalen",
) -> CumulativeIncidence:  # fmt: skip
    """Aalen-Johansen estimate of the probability of an event of one cause while others compete.

    `time` (n,) from 0 on; `cause` (n,): 0 = censored, 1, 2, ... = the cause of the event (StatsError STA-450); `of`:
    the cause in question; `limits`: the scale of the limits. F(t) = sum S(t_i-) d_i/n_i with the survival S of all
    causes. var F = sum {S(t_i-)/n_i - G_i/(n_i - d_i)}^2 v(d_ki) + sum {G_i/(n_i - d_i)}^2 v(d_oi), with
    G_i = F(t) - F(t_i), d_k and d_o events of this and of other causes. `variance`: "aalen" takes
    v(d) = d (n - d)/(n - 1), as R cmprsk and, by default, SAS LIFETEST; "delta" takes the multinomial variance and
    covariance of (d_k, d_o), SAS `error=delta`.
    Source: Aalen and Johansen (1978), Scand J Stat 5, 141; Marubini and Valsecchi (1995), section 10.2.

    >>> cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0]).incidence.tolist()
    [0.25, 0.25, 0.5]
    """
    return _curve(*take_causes(time, cause, of), of, alpha, limits, variance)


def cumulative_incidence_by(
    time: ArrayLike, cause: ArrayLike, group: ArrayLike, *, of: int = 1, alpha: float = 0.05, limits: Scale = "log-log",
    variance: Variance = "aalen",
) -> dict[Any, CumulativeIncidence]:  # fmt: skip
    """A cumulative incidence curve for each group, by the sorted labels of `group`; see `cumulative_incidence`.

    >>> list(cumulative_incidence_by([1, 2, 3, 4], [1, 2, 1, 0], ["b", "a", "b", "a"]))
    ['a', 'b']
    """
    sample, own = take_causes(time, cause, of)
    codes, levels = take_labels(group, sample.n, "group")
    rows = [codes == code for code in range(len(levels))]
    return {
        level: _curve(as_selected(sample, r), own[r], of, alpha, limits, variance)
        for level, r in zip(levels, rows, strict=True)
    }


def cumulative_incidence_at(curve: CumulativeIncidence, times: ArrayLike) -> IncidenceAt:
    """Cumulative incidence with its limits at given times; beyond the last follow-up the last value is held.

    >>> cumulative_incidence_at(cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0]), [2.5]).incidence.tolist()
    [0.25]
    """
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    names = ("incidence", "se", "lower", "upper")
    return IncidenceAt(at, *(step_values(curve.time, getattr(curve, name), at, 0.0) for name in names))


def take_causes(time: ArrayLike, cause: ArrayLike, of: int) -> tuple[Sample, Bools]:
    """Follow-up with an event of any cause, and whether the event is of the cause in question."""
    codes = np.asarray(cause)
    if not (np.issubdtype(codes.dtype, np.number) and (codes == np.round(codes)).all() and (codes >= 0).all()):
        raise StatsError("STA-450", "causes that are not whole numbers from 0 on", "0 = censored, 1, 2, ... = causes",
                         "Code the causes.")  # fmt: skip
    if of < 1:
        raise StatsError("STA-450", f"the cause {of}", "a cause from 1 on", "0 stands for censored times.")
    return take_sample(time, codes > 0), np.asarray(codes == of, dtype=np.bool_)


def _curve(sample: Sample, own: Bools, of: int, alpha: float, limits: Scale, variance: Variance) -> CumulativeIncidence:
    if variance not in ("aalen", "delta"):
        raise StatsError("STA-450", f"variance {variance!r}", '"aalen" or "delta"', "Choose one.")
    table = count_at_risk(sample)
    all_own = np.bincount(np.searchsorted(table.time, sample.time), sample.event & own, table.time.size)
    used = table.n_event > 0
    times, n, d = table.time[used], table.n_risk[used], table.n_event[used]
    k: Floats = all_own[used].astype(np.float64)
    incidence, se = _estimate(n, d, k, variance)
    lower, upper = probability_limits(incidence, se, alpha=alpha, limits=limits)
    notes = () if k.any() else (Note("STA-451", f"No event of cause {of}: its incidence is 0 throughout."),)
    last = float(sample.time.max())
    return CumulativeIncidence(times, n, k, d - k, incidence, se, lower, upper, of, alpha, limits, last, notes)


def _estimate(n: Floats, d: Floats, k: Floats, variance: Variance) -> tuple[Floats, Floats]:
    """F at each time and its standard error; sums over pairs of times are split into cumulative sums."""
    before = np.concatenate(([1.0], np.cumprod(1 - d / n)[:-1]))
    f = np.cumsum(before * k / n)
    # after a time at which all who are left have events nothing follows: G is 0 there
    left = np.where(n > d, 1 / np.maximum(n - d, 1), 0.0)
    other = d - k
    if variance == "aalen":
        spread = [x * (n - x) / np.maximum(n - 1, 1) for x in (k, other)]
        cross = np.zeros_like(n)
    else:
        spread, cross = [x * (n - x) / n for x in (k, other)], -k * other / n
    # coefficient of an own event: a + (f_i - F) left, of another: (f_i - F) left
    a = before / n + f * left
    b = f * left
    constant = np.cumsum(a**2 * spread[0] + b**2 * spread[1] + 2 * a * b * cross)
    linear = np.cumsum(left * (a * spread[0] + b * spread[1] + (a + b) * cross))
    square = np.cumsum(left**2 * (spread[0] + spread[1] + 2 * cross))
    return f, np.sqrt(np.maximum(constant - 2 * f * linear + f**2 * square, 0.0))


@dataclass(frozen=True)
class GrayTest(Result):
    """Gray's test of equal cumulative incidence: one row per arm, with its events of the cause and its score."""

    title: ClassVar[str] = "Gray's test"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance"})

    arm: list[Any]
    n: Ints
    events: Ints
    score: Floats
    chi2: float
    df: int
    p: float
    covariance: Floats
    notes: tuple[Note, ...] = ()


def gray_test(
    time: ArrayLike, cause: ArrayLike, arm: ArrayLike, *, of: int = 1, stratum: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:  # fmt: skip
    """Gray's k-sample test of equal cumulative incidence of one cause.

    Arguments as in `cumulative_incidence`; `arm` (n,) labels; `stratum` (n,); `rho` >= 0, the power of the weight
    {1 - F0(t-)}^rho. z_k = sum w {d_k - R_k d/R}, R_k = Y_k {1 - F_k(t-)}/S_k(t-). Its variance is that of the paper's
    section 3, with tied events counted as R cmprsk counts them. Source: Gray (1988), Ann Stat 16, 1141. SAS
    LIFETEST with `eventcode=`; R cmprsk `cuminc`.

    >>> gray_test([1, 2, 3, 4, 5, 6], [1, 2, 1, 0, 1, 1], [0, 0, 0, 1, 1, 1]).df
    1
    """
    sample, own = take_causes(time, cause, of)
    codes, levels = take_labels(arm, sample.n, "arm")
    strata = np.zeros(sample.n, np.int64) if stratum is None else take_labels(stratum, sample.n, "stratum")[0]
    score, cov = np.zeros(len(levels)), np.zeros((len(levels), len(levels)))
    for s in range(int(strata.max()) + 1):
        rows = strata == s
        part = _gray_stratum(as_selected(sample, rows), own[rows], codes[rows], len(levels), rho)
        score, cov = score + part[0], cov + part[1]
    used = np.flatnonzero(np.diag(cov) > 1e-12 * max(np.diag(cov).max(initial=0.0), 1e-300))[1:]
    counts, events = np.bincount(codes), np.bincount(codes, own & sample.event).astype(np.int64)
    if not used.size:
        note = Note("STA-452", f"No event of cause {of} while several arms were at risk: there is no test.")
        return GrayTest(levels, counts, events, score, np.nan, 0, np.nan, cov, (note,))
    chi2 = float(score[used] @ np.linalg.pinv(cov[np.ix_(used, used)], hermitian=True) @ score[used])
    return GrayTest(levels, counts, events, score, chi2, used.size, float(stats.chi2.sf(chi2, used.size)), cov)


def _gray_stratum(sample: Sample, own: Bools, arm: Ints, arms: int, rho: float) -> tuple[Floats, Floats]:
    times, place = np.unique(sample.time, return_inverse=True)
    y, d1, d2 = (np.zeros((times.size, arms)) for _ in range(3))
    np.add.at(y, (place, arm), 1.0)
    np.add.at(d1, (place, arm), own & sample.event)
    np.add.at(d2, (place, arm), ~own & sample.event)
    y = y[::-1].cumsum(axis=0)[::-1]
    used = (d1 + d2).any(axis=1)
    y, d1, d2 = y[used], d1[used], d2[used]
    with np.errstate(divide="ignore", invalid="ignore"):
        after: Floats = np.cumprod(np.where(y > 0, 1 - (d1 + d2) / y, 1.0), axis=0, dtype=np.float64)
        before = np.vstack([np.ones(arms), after])[:-1]
        incidence = np.cumsum(np.where(y > 0, before * d1 / y, 0.0), axis=0)
        h = np.where(y > 0, y / before, 0.0)
    at_risk: Floats = h * (1 - np.vstack([np.zeros(arms), incidence])[:-1])
    return _gray_scores(h, at_risk, before, after, y, d1, d2, rho)


def _gray_scores(
    h: Floats, at_risk: Floats, before: Floats, after: Floats, y: Floats, d1: Floats, d2: Floats, rho: float
) -> tuple[Floats, Floats]:
    """Scores (arms,) and their covariance; arrays (times, arms). F0 is the incidence under equality."""
    total, events = h.sum(axis=1), d1.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(total > 0, events / total, 0.0)
        free = 1 - np.cumsum(step)
        free_before = np.concatenate(([1.0], free[:-1]))
        weight = np.maximum(free_before, 0.0) ** rho
        share = np.where(at_risk.sum(axis=1) > 0, events / at_risk.sum(axis=1), 0.0)
        score = (weight[:, None] * (d1 - at_risk * share[:, None])).sum(axis=0)
        # q[t, k, r]: weight of the increment of arm r in the score of arm k
        q = weight[:, None, None] * h[:, :, None] * (np.eye(h.shape[1]) - (h / total[:, None])[:, None, :])
        c = np.cumsum(q * (step / free_before)[:, None, None], axis=0)
        rest = c[-1] - c if c.size else c
        ratio = np.where(after > 0, free[:, None] / after, 0.0)[:, None, :]
        tied = np.where(events[:, None] > 1, 1 - (events[:, None] - 1) / (total[:, None] * before - 1), 1.0)
        own = np.where(h > 0, tied * step[:, None] / h, 0.0)
        tied = np.where(d2 > 1, 1 - (d2 - 1) / (y - 1), 1.0)
        other = np.where(h > 0, tied * d2 / h**2, 0.0)
    first, second = np.nan_to_num(q + (1 - ratio) * rest), np.nan_to_num(ratio * rest)
    cov = np.einsum("tkr,tmr,tr->km", first, first, own) + np.einsum("tkr,tmr,tr->km", second, second, other)
    return score, cov
