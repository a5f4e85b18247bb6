"""What a fitted Cox model says beyond its coefficients: baseline hazard, residuals, proportionality of hazards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.result import Result, StatsError
from opencro.stats.survival.cox import CoxFit
from opencro.stats.survival.cox_data import CoxData, with_columns
from opencro.stats.survival.cox_event_table import EventTable, accumulated, tabulate_events
from opencro.stats.survival.cox_residuals import martingale_residuals, schoenfeld_residuals, score_residuals
from opencro.stats.survival.limits import Scale, probability_limits
from opencro.stats.survival.newton import independent_columns
from opencro.stats.survival.risk_set import count_at_risk
from opencro.stats.survival.sample import Floats, Ints

Clock = Literal["km", "rank", "identity", "log"]


@dataclass(frozen=True)
class BaselineHazard(Result):
    """Cumulative hazard and survival of a person with given covariates: one row per event time of a stratum."""

    title: ClassVar[str] = "Cumulative hazard of a Cox model"

    stratum: Ints
    time: Floats
    hazard: Floats
    se_hazard: Floats
    survival: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class SchoenfeldResiduals(Result):
    """Schoenfeld residuals: one row per event and, side by side in `residual` (events, p), one column per covariate."""

    title: ClassVar[str] = "Schoenfeld residuals"

    row: Ints
    time: Floats
    term: tuple[str, ...]
    residual: Floats

    def columns(self) -> dict[str, object]:
        """Row, time and a column for each covariate."""
        return {"row": self.row, "time": self.time, **dict(zip(self.term, self.residual.T, strict=True))}


@dataclass(frozen=True)
class ProportionalHazardsTest(Result):
    """Score tests that coefficients do not change with a function of time: one row per covariate, then the global."""

    title: ClassVar[str] = "Test of proportional hazards"

    term: tuple[str, ...]
    chi2: Floats
    df: Ints
    p: Floats


def cox_baseline_hazard(fit: CoxFit, at: ArrayLike | None = None, *, limits: Scale = "log-log") -> BaselineHazard:
    """Cumulative hazard H(t | x) of a fit for one covariate vector.

    `at` (p,), by default 0 for every covariate: the baseline. `limits`: the scale for survival exp(-H), at the fit's
    alpha. H = sum e^{x'beta} d/sum_R theta (Breslow), or Efron's split denominators; var H = e^{2x'beta} sum d/(sum_R
    theta)^2 + q'Vq, q = sum (x - mean) dH. Source: Tsiatis (1981); Link (1984); Therneau and Grambsch (2000), section
    10.2. R `survfit(coxph)`; SAS PHREG `baseline`. StatsError STA-441 for ties without a baseline, STA-440.

    >>> cox_baseline_hazard(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).hazard.round(3).tolist()
    [0.14, 0.36, 0.64, 1.64]
    """
    data, beta, rows = _fitted(fit)
    x = np.zeros(fit.coef.size) if at is None else np.asarray(at, dtype=np.float64)
    if x.shape != fit.coef.shape:
        raise StatsError("STA-440", f"covariates of shape {x.shape}", f"{fit.coef.shape}", "One value a covariate.")
    table = tabulate_events(data, beta, efron=fit.ties == "efron")
    scaled = (x[rows] - data.centre) / data.scale
    risk = float(np.exp(scaled @ beta))
    hazard = _within(table, table.hazard) * risk
    q = risk * (scaled * _within(table, table.hazard)[:, None] - _within(table, table.pull))
    cov = fit.covariance[np.ix_(rows, rows)] * np.outer(data.scale, data.scale)
    se = np.sqrt(risk**2 * _within(table, table.hazard_variance) + np.einsum("tp,pq,tq->t", q, cov, q))
    survival = np.exp(-hazard)
    lower, upper = probability_limits(survival, survival * se, alpha=fit.alpha, limits=limits)
    return BaselineHazard(table.stratum, table.time, hazard, se, survival, lower, upper)


def cox_martingale_residuals(fit: CoxFit) -> Floats:
    """Martingale residuals of a fit, (n,): event minus expected events. Source: `martingale_residuals`.

    >>> cox_martingale_residuals(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).round(2).tolist()
    [0.64, 0.64, -0.64, -0.64]
    """
    data, beta, _ = _fitted(fit)
    return martingale_residuals(data, beta, efron=fit.ties == "efron")


def cox_deviance_residuals(fit: CoxFit) -> Floats:
    """Deviance residuals, (n,): sign(m) sqrt(-2 (m + event log(event - m))), m the martingale residual.

    Source: Therneau, Grambsch and Fleming (1990), Biometrika 77, 147.

    >>> cox_deviance_residuals(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).round(2).tolist()
    [0.87, 0.87, -0.54, -0.54]
    """
    m, event = cox_martingale_residuals(fit), fit.data.sample.event
    expected = np.maximum(event - m, 1e-300)
    return np.sign(m) * np.sqrt(np.maximum(-2 * (m + np.where(event, np.log(expected), 0.0)), 0.0))


def cox_score_residuals(fit: CoxFit) -> Floats:
    """Score residuals, (n, covariates with an estimate), before weights; their weighted sums are 0.

    >>> bool(abs(cox_score_residuals(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).sum()) < 1e-9)
    True
    """
    data, beta, _ = _fitted(fit)
    return score_residuals(data, beta, efron=fit.ties == "efron") * data.scale


def cox_dfbeta(fit: CoxFit) -> Floats:
    """Approximate change of the coefficients when a row is left out, (n, covariates with an estimate).

    The weighted score residuals times the inverse information; their squares sum to the Lin-Wei covariance.

    >>> cox_dfbeta(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).shape
    (4, 1)
    """
    rows = np.flatnonzero(fit.kept)
    weight = fit.data.sample.weight[:, None]
    return np.asarray(weight * cox_score_residuals(fit) @ fit.naive_covariance[np.ix_(rows, rows)])


def cox_schoenfeld_residuals(fit: CoxFit, *, scaled: bool = False) -> SchoenfeldResiduals:
    """Schoenfeld residuals: covariates of each event minus their mean in the risk set.

    `scaled`: times the covariance and the number of events, plus the coefficient, so that their course over time
    shows beta(t). Source: Schoenfeld (1982), Biometrika 69, 239; Grambsch and Therneau (1994), Biometrika 81, 515.

    >>> cox_schoenfeld_residuals(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])).residual.ravel().round(3).tolist()
    [0.281, -0.562, 0.281, 0.0]
    """
    data, beta, kept = _fitted(fit)
    rows, residual = schoenfeld_residuals(data, beta, efron=fit.ties == "efron")
    residual = residual * data.scale
    if scaled:
        residual = rows.size * residual @ fit.naive_covariance[np.ix_(kept, kept)] + fit.coef[kept]
    return SchoenfeldResiduals(rows, data.sample.time[rows], data.names, residual)


def proportional_hazards_test(fit: CoxFit, *, clock: Clock = "km") -> ProportionalHazardsTest:
    """Score test of proportional hazards: adds x g(t) to the model for each covariate alone and for all.

    `clock`: g(t) = "km" 1 - S(t-) of all rows, "rank", "identity" or "log" of time. U = sum g(t) (x - mean(t)), its
    variance I_gg - I_gb I_bb^-1 I_bg with the information of each event time: the exact score test of R survival from
    version 3 on `cox.zph`, whose earlier versions took that information as constant. Source: Grambsch and Therneau
    (1994), Biometrika 81, 515.

    >>> proportional_hazards_test(fit_cox([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0]), clock="rank").df.tolist()
    [1, 1]
    """
    data, beta, _ = _fitted(fit)
    if not beta.size:
        raise StatsError("STA-446", "a fit without estimates", "at least one coefficient", "See the notes of the fit.")
    efron = fit.ties == "efron"
    table = tabulate_events(data, beta, efron=efron, with_info=True)
    rows, residual = schoenfeld_residuals(data, beta, efron=efron)
    g_rows, g_table = _clock(data, clock, rows, table)
    u = (data.sample.weight[rows] * g_rows) @ residual
    cross, bb = np.einsum("t,tpq->pq", g_table, table.info), table.info.sum(axis=0)
    v = np.einsum("t,tpq->pq", g_table**2, table.info) - cross @ np.linalg.solve(bb, cross)
    # a coefficient that one event time determines cannot be seen to change
    known = independent_columns(v) if v.any() else np.zeros(u.size, dtype=np.bool_)
    single = np.where(np.diag(v) > 1e-9 * np.diag(bb), u**2 / np.where(np.diag(v) > 0, np.diag(v), 1.0), np.nan)
    joint = u[known] @ np.linalg.solve(v[np.ix_(known, known)], u[known]) if known.any() else np.nan
    chi2, df = np.append(single, joint), np.append(np.ones(u.size, np.int64), known.sum())
    return ProportionalHazardsTest((*data.names, "global"), chi2, df, stats.chi2.sf(chi2, df))


def _fitted(fit: CoxFit) -> tuple[CoxData, Floats, Ints]:
    """The data with the estimable covariates, their coefficients on the scaled covariates and their places."""
    if fit.ties not in ("efron", "breslow"):
        raise StatsError("STA-441", f'a fit with ties="{fit.ties}"', '"efron" or "breslow"', "Fit again with those.")
    rows = np.flatnonzero(fit.kept)
    data = with_columns(fit.data, rows)
    beta = fit.coef[rows] * data.scale
    if not np.isfinite(beta).all():
        raise StatsError("STA-446", "a fit with an infinite coefficient", "finite coefficients",
                         "Leave the covariate with the note STA-442 out.")  # fmt: skip
    return data, beta, rows


def _within(table: EventTable, values: Floats) -> Floats:
    """Cumulative sums that start anew in each stratum."""
    total = values.cumsum(axis=0)
    first = np.searchsorted(table.stratum, table.stratum)
    before = np.concatenate([np.zeros((1, *values.shape[1:])), total])[first]
    return np.asarray(total - before)


def _clock(data: CoxData, clock: Clock, rows: Ints, table: EventTable) -> tuple[Floats, Floats]:
    """g for the event rows and for the rows of the table, centred (which changes nothing but rounding)."""
    time = data.sample.time[rows]
    if clock == "km":
        counts = count_at_risk(data.sample)
        after = np.cumprod(1 - counts.n_event / np.maximum(counts.n_risk, 1e-300))
        g = 1 - np.concatenate(([1.0], after))[np.searchsorted(counts.time, time, side="left")]
    elif clock == "rank":
        g = stats.rankdata(time)
    elif clock in ("identity", "log"):
        g = time if clock == "identity" else np.log(np.maximum(time, 1e-300))
    else:
        raise StatsError("STA-447", f"clock {clock!r}", '"km", "rank", "identity" or "log"', "Choose one.")
    g = g - np.average(g, weights=data.sample.weight[rows])
    scale = np.abs(g).max(initial=0.0) or 1.0
    _, own = accumulated(table, table.hazard, data)
    at_table = np.zeros(table.time.size)
    at_table[own[rows]] = g / scale
    return g / scale, at_table
