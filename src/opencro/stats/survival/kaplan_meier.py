"""The Kaplan-Meier curve with Greenwood's error, its values at given times and its quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.limits import Scale, probability_limits
from opencro.stats.survival.picture import plot_survival
from opencro.stats.survival.risk_set import as_selected, count_at_risk, risk_at, step_values
from opencro.stats.survival.sample import Floats, Sample, take_labels, take_sample

Plateau = Literal["midpoint", "none"]


@dataclass(frozen=True)
class KaplanMeier(Result):
    """A survival curve: one row per distinct time of exit, with limits at level 1 - `alpha`."""

    title: ClassVar[str] = "Kaplan-Meier estimate"
    aside: ClassVar[frozenset[str]] = frozenset({"alpha", "limits", "sample"})

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_censored: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    alpha: float
    limits: Scale
    sample: Sample
    notes: tuple[Note, ...] = ()

    def plot(self, **options: Any) -> Any:
        """The curve alone; `plot_survival` draws several with the numbers at risk."""
        return plot_survival({"": self}, **options)


@dataclass(frozen=True)
class SurvivalAt(Result):
    """Survival at named times, with the number at risk just before each and the events up to and at it."""

    title: ClassVar[str] = "Kaplan-Meier estimate at given times"

    time: Floats
    n_risk: Floats
    n_event: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class SurvivalQuantiles(Result):
    """Times by which the proportions `p` have had the event; NaN where the curve does not come that far."""

    title: ClassVar[str] = "Quantiles of the Kaplan-Meier estimate"

    p: Floats
    quantile: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None,
    alpha: float = 0.05, limits: Scale = "log-log",
) -> KaplanMeier:  # fmt: skip
    """Product-limit estimate of survival with Greenwood standard errors.

    `time` (n,), end of follow-up in any unit, from 0 on; `event` (n,), 1 = event, 0 = censored; `entry` (n,), start of
    being at risk where it is late; `weight` (n,), case weights; `limits`: "log-log" (SAS default), "log" (R default),
    "plain", "logit", "arcsine". Returns the curve at all distinct times. Raises StatsError STA-401 to STA-409.
    S(t) = prod (1 - d_i/n_i), var S = S^2 sum d_i/(n_i (n_i - d_i)). Source: Kaplan and Meier (1958), JASA 53, 457;
    Greenwood (1926). Censored at t are at risk at t. At S = 0 there is no standard error and no limit (NaN, as in R).

    >>> kaplan_meier([1, 2, 3, 4], [1, 0, 1, 1]).survival.tolist()
    [0.75, 0.75, 0.375, 0.0]
    """
    sample = take_sample(time, event, entry=entry, weight=weight)
    return _curve(sample, alpha, limits)


def kaplan_meier_by(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, entry: ArrayLike | None = None,
    weight: ArrayLike | None = None, alpha: float = 0.05, limits: Scale = "log-log",
) -> dict[Any, KaplanMeier]:  # fmt: skip
    """A Kaplan-Meier curve for each group, by the sorted labels of `group` (n,); the rest as in `kaplan_meier`.

    >>> list(kaplan_meier_by([1, 2, 3, 4], [1, 0, 1, 1], ["a", "b", "a", "b"]))
    ['a', 'b']
    """
    sample = take_sample(time, event, entry=entry, weight=weight)
    codes, levels = take_labels(group, sample.n, "group")
    return {level: _curve(as_selected(sample, codes == code), alpha, limits) for code, level in enumerate(levels)}


def kaplan_meier_at(curve: KaplanMeier, times: ArrayLike) -> SurvivalAt:
    """Survival with its limits at landmark times.

    `times` (m,) in the unit of the curve. Beyond the last follow-up of a curve that has not reached 0 the last value
    is held, as R's `summary(extend = TRUE)` does, with the note STA-412; SAS LIFETEST prints no estimate there.

    >>> kaplan_meier_at(kaplan_meier([1, 2, 3, 4], [1, 0, 1, 1]), [2.5]).survival.tolist()
    [0.75]
    """
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    value = {name: step_values(curve.time, getattr(curve, name), at, start)
             for name, start in (("survival", 1.0), ("se", 0.0), ("lower", 1.0), ("upper", 1.0))}  # fmt: skip
    events = step_values(curve.time, curve.n_event.cumsum(), at, 0.0)
    notes: tuple[Note, ...] = ()
    if (at > curve.time[-1]).any() and curve.survival[-1] > 0:
        notes = (Note("STA-412", f"Beyond the last follow-up at {curve.time[-1]:g} the last value is held."),)
    return SurvivalAt(at, risk_at(curve.sample, at), events, **value, notes=notes)


def kaplan_meier_quantile(
    curve: KaplanMeier, p: float | Sequence[float] = 0.5, *, open_plateau: Plateau = "midpoint"
) -> SurvivalQuantiles:
    """Quantiles of the time to event with the limits of Brookmeyer and Crowley.

    `p`: proportions with the event, in (0, 1); 0.5 is the median. A quantile is the first time at which S(t) < 1 - p;
    where S(t) = 1 - p on an interval, its midpoint (R and SAS agree on this). Where that interval has no end, because
    the curve stays at 1 - p up to the last, censored time, "midpoint" takes the middle up to the last follow-up, as
    R does (note STA-411), and "none" gives no quantile, as SAS does. The limits are the times at which the limits of
    the curve pass 1 - p in the same sense. StatsError STA-410.
    Source: Brookmeyer and Crowley (1982), Biometrics 38, 29.

    >>> kaplan_meier_quantile(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])).quantile.tolist()
    [2.5]
    """
    wanted = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if not ((wanted > 0) & (wanted < 1)).all():
        raise StatsError("STA-410", f"p = {p}", "proportions between 0 and 1", "Use p=0.5 for the median.")
    quantiles, flags = _crossings(curve.time, curve.survival, 1 - wanted, open_plateau)
    lower, _ = _crossings(curve.time, curve.lower, 1 - wanted, open_plateau)
    upper, _ = _crossings(curve.time, curve.upper, 1 - wanted, open_plateau)
    notes = [Note("STA-411", f"The curve ends at exactly {1 - q:g}: the quantile {q:g} depends on the last follow-up.")
             for q, flag in zip(wanted, flags, strict=True) if flag]  # fmt: skip
    notes += [Note("STA-413", f"The curve does not come down to {1 - q:g}: there is no quantile {q:g}.")
              for q, x, flag in zip(wanted, quantiles, flags, strict=True) if np.isnan(x) and not flag]  # fmt: skip
    return SurvivalQuantiles(wanted, quantiles, lower, upper, tuple(notes))


def _curve(sample: Sample, alpha: float, limits: Scale) -> KaplanMeier:
    table = count_at_risk(sample)
    n, d = table.n_risk, table.n_event
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: Floats = np.cumprod(np.where(n > 0, 1 - d / n, 1.0), dtype=np.float64)
        greenwood = np.cumsum(np.where(d > 0, d / (n * (n - d)), 0.0))
        se = np.where(survival > 0, survival * np.sqrt(greenwood), np.nan)
    lower, upper = probability_limits(survival, se, alpha=alpha, limits=limits)
    notes: tuple[Note, ...] = ()
    if not d.any():
        notes = (Note("STA-414", "No event: the curve stays at 1 and has no standard error but 0."),)
    elif (survival[:-1] == 0).any():
        notes = (Note("STA-415", "The curve reaches 0 while others enter later: entry times leave a gap."),)
    return KaplanMeier(table.time, n, d, table.n_censored, survival, se, lower, upper, alpha, limits, sample, notes)


def _crossings(time: Floats, curve: Floats, levels: Floats, plateau: Plateau) -> tuple[Floats, list[bool]]:
    """First times at which a falling step curve is below each level, and whether a plateau at it has no end."""
    found, open_end = np.full(levels.size, np.nan), [False] * levels.size
    known = ~np.isnan(curve)
    # a limit that is unknown (the curve is 0 there) is never below a level
    value = np.where(known, curve, np.inf)
    for i, level in enumerate(levels):
        slack = 1e-8 * max(level, 1 - level)
        at_or_below, below = value <= level + slack, value < level - slack
        if not at_or_below.any():
            continue
        first = int(np.argmax(at_or_below))
        if below[first]:
            found[i] = time[first]
        elif below.any():
            found[i] = (time[first] + time[int(np.argmax(below))]) / 2
        else:
            open_end[i] = True
            found[i] = (time[first] + time[-1]) / 2 if plateau == "midpoint" else np.nan
    return found, open_end
