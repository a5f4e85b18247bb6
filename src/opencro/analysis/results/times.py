"""Times to events and rates: `of` is the time, `censor` the variable that is 0 where there was an event (CNSR)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.results.compare import Found, Operations, attempt, levels_across, within_groups
from opencro.analysis.results.model import Analysis
from opencro.analysis.results.options import option_choice, option_names, option_number
from opencro.analysis.results.prepare import Material, group_column

_SCALES = {name: name for name in ("log-log", "log", "plain", "logit", "arcsine")}
_TIES = {name: name for name in ("efron", "breslow", "discrete", "marginal")}
_QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


@dataclass(frozen=True)
class Times:
    """The rows of one group as arrays."""

    time: np.ndarray
    event: np.ndarray
    arm: np.ndarray
    stratum: np.ndarray | None = None

    def only(self, levels: tuple[str, ...]) -> Times:
        """The rows of these arms."""
        kept = np.isin(self.arm, levels)
        return Times(
            self.time[kept], self.event[kept], self.arm[kept], None if self.stratum is None else self.stratum[kept]
        )


def _times(analysis: Analysis, rows: pl.DataFrame, across: str = "") -> Times:
    censor = str(analysis.option("censor", "CNSR"))
    strata = [group_column(s) for s in option_names(analysis.option("strata"))] if across else []
    keys = [*([group_column(across)] if across else []), *strata]
    used = rows.drop_nulls([analysis.of, censor, *keys])
    time = used[analysis.of].cast(pl.Float64).to_numpy()
    event = (used[censor].cast(pl.Float64) == 0).to_numpy().astype(float)
    arm = used[keys[0]].to_numpy() if across else np.full(len(time), "")
    return Times(time, event, arm, used.select(strata).to_numpy() if strata else None)


def _compared(material: Material, analysis: Analysis) -> Iterator[tuple[tuple[str, ...], list[str], Times]]:
    """Groups, the ids of the arms that have rows, and their times."""
    across, levels = levels_across(material, analysis)
    strata = option_names(analysis.option("strata"))
    for groups, rows in within_groups(material, analysis, across, *strata):
        times = _times(analysis, rows, across).only(tuple(levels))
        present = set(times.arm.tolist())
        used = [level for level in levels if level in present]
        if len(used) > 1:
            yield groups, used, times


def estimate_survival(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Kaplan-Meier: participants, events, quartiles with limits; with option `at` survival at that time.

    Option `limits`: log-log (as SAS), log, plain, logit or arcsine. A curve that ends just at a quartile has none, as
    in SAS.
    """
    limits: Any = option_choice(analysis, "limits", _SCALES)
    alpha = option_number(analysis, "alpha", 0.05)
    at = None if analysis.option("at") is None else option_number(analysis, "at", 0)
    for groups, rows in within_groups(material, analysis):
        times = _times(analysis, rows)
        yield groups, "", attempt(lambda t, e: _curve(t, e, limits, alpha, at), times.time, times.event)


def _curve(time: np.ndarray, event: np.ndarray, limits: Any, alpha: float, at: float | None) -> Operations:
    curve = st.survival.kaplan_meier(time, event, alpha=alpha, limits=limits)
    made: dict[str, float | str | None] = {"n": len(time), "events": event.sum(), "censored": len(time) - event.sum()}
    found = st.survival.kaplan_meier_quantile(curve, list(_QUANTILES.values()), open_plateau="none")
    for i, name in enumerate(_QUANTILES):
        made |= {name: found.quantile[i], f"{name}_lower": found.lower[i], f"{name}_upper": found.upper[i]}
    if at is not None:
        there = st.survival.kaplan_meier_at(curve, [at])
        made |= {"at_risk": there.n_risk[0], "survival": there.survival[0], "survival_se": there.se[0]}
        made |= {"survival_lower": there.lower[0], "survival_upper": there.upper[0]}
    return {name: float(value) if value is not None else None for name, value in made.items()}


def compare_survival(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Log-rank test of all groups together and of each two, within `strata`.

    Option `weights` of event times: log-rank (1), gehan (SAS test=wilcoxon), tarone-ware, peto, modified-peto, or
    fleming-harrington with `rho` and `gamma`.
    """
    weight = option_choice(analysis, "weights", _weights(analysis))()

    def test(times: Times) -> Operations:
        return _log_rank(times, weight)

    for groups, levels, times in _compared(material, analysis):
        yield groups, "", attempt(test, times)
        for a, b in combinations(levels, 2):
            tested = attempt(test, times.only((a, b)))
            yield groups, f"{a}:{b}", tested
            yield groups, f"{b}:{a}", tested


def _weights(analysis: Analysis) -> dict[str, Callable[[], st.survival.Weight]]:
    survival = st.survival
    rho, gamma = option_number(analysis, "rho", 0.0), option_number(analysis, "gamma", 0.0)
    return {
        "log-rank": survival.Weight,
        "gehan": survival.Gehan,
        "tarone-ware": survival.TaroneWare,
        "peto": survival.PetoPeto,
        "modified-peto": survival.ModifiedPetoPeto,
        "fleming-harrington": lambda: survival.FlemingHarrington(rho, gamma),
    }


def _log_rank(times: Times, weight: st.survival.Weight) -> Operations:
    tested = st.survival.weighted_log_rank(times.time, times.event, times.arm, weight, stratum=times.stratum)
    return {"chi2": tested.chi2, "df": float(tested.df), "p": tested.p}


def compare_hazards(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Hazard ratios of a Cox model of all groups, within `strata`, with Wald's limits and test; `se` is of its log.

    Option `ties`: efron, breslow, discrete or marginal (which SAS calls exact).
    """
    ties: Any = option_choice(analysis, "ties", _TIES)
    alpha = option_number(analysis, "alpha", 0.05)
    for groups, levels, times in _compared(material, analysis):
        pairs = list(permutations(range(len(levels)), 2))
        x = np.column_stack([times.arm == level for level in levels[1:]]).astype(float)
        units = np.vstack([np.zeros(len(levels) - 1), np.eye(len(levels) - 1)])
        try:
            fit = st.survival.fit_cox(times.time, times.event, x, stratum=times.stratum, ties=ties, alpha=alpha)
            found = st.survival.cox_contrast(fit, [units[a] - units[b] for a, b in pairs])
        except st.StatsError as refused:
            yield groups, "", {"note": str(refused)}
            continue
        for i, (a, b) in enumerate(pairs):
            values = (found.hazard_ratio, found.se, found.lower, found.upper, found.p)
            made = dict(zip(("estimate", "se", "lower", "upper", "p"), (float(v[i]) for v in values), strict=True))
            yield groups, f"{levels[a]}:{levels[b]}", made


def estimate_rate(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Events divided by the sum of times, `per` so many units; option `interval`: exact, byar, mid-p, score or log."""
    rates = st.rates
    known = {
        "exact": rates.garwood,
        "byar": rates.byar,
        "mid-p": rates.poisson_mid_p,
        "score": rates.poisson_score,
        "log": rates.poisson_wald_log,
    }
    compute = option_choice(analysis, "interval", known)
    per, alpha = option_number(analysis, "per", 1), option_number(analysis, "alpha", 0.05)

    def rate(time: np.ndarray, event: np.ndarray) -> Operations:
        found = compute([event.sum()], [time.sum()], per=per, alpha=alpha)
        names = ("events", "time", "rate", "lower", "upper")
        return {"n": float(len(time)), **{name: float(getattr(found, name)[0]) for name in names}}

    for groups, rows in within_groups(material, analysis):
        times = _times(analysis, rows)
        yield groups, "", attempt(rate, times.time, times.event)


def compare_rates(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Ratio of two rates; option `interval`: score, exact, mid-p or log."""
    rates = st.rates
    known = {
        "score": rates.rate_ratio_miettinen_nurminen,
        "exact": rates.rate_ratio_exact,
        "mid-p": rates.rate_ratio_mid_p,
        "log": rates.rate_ratio_wald_log,
    }
    compute: Any = option_choice(analysis, "interval", known)
    alpha = option_number(analysis, "alpha", 0.05)

    def ratio(events: tuple[float, float], time: tuple[float, float]) -> Operations:
        found = compute(events, time, alpha=alpha)
        return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper, "p": found.p}

    for groups, levels, times in _compared(material, analysis):
        events = {level: float(times.event[times.arm == level].sum()) for level in levels}
        exposed = {level: float(times.time[times.arm == level].sum()) for level in levels}
        for a, b in permutations(levels, 2):
            pair = attempt(ratio, (events[a], events[b]), (exposed[a], exposed[b]))
            yield groups, f"{a}:{b}", pair
