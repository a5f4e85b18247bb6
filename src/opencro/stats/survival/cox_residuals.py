"""Residuals of a Cox model and the robust covariance that is made of them."""

from __future__ import annotations

import numpy as np

from opencro.stats.survival.cox_data import CoxData, risk_scores
from opencro.stats.survival.cox_event_table import EventTable, accumulated, tabulate_events
from opencro.stats.survival.sample import Floats, Ints


def martingale_residuals(data: CoxData, beta: Floats, *, efron: bool) -> Floats:
    """Event minus cumulative hazard over the time at risk, (n,); `beta` for the scaled covariates.

    Source: Barlow and Prentice (1988), Biometrika 75, 65; Therneau, Grambsch and Fleming (1990), Biometrika 77, 147.
    """
    table = tabulate_events(data, beta, efron=efron)
    hazard, _ = _hazards(data, table, table.hazard, table.tied_hazard)
    return data.sample.event - _risk(data, beta) * hazard


def score_residuals(data: CoxData, beta: Floats, *, efron: bool) -> Floats:
    """Contributions of the rows to the score, (n, p), before weights: the sum over t of (x - mean(t)) dM(t)."""
    table = tabulate_events(data, beta, efron=efron)
    hazard, own = _hazards(data, table, table.hazard, table.tied_hazard)
    pull, _ = _hazards(data, table, table.pull, table.tied_pull)
    died = data.sample.event & (data.sample.weight > 0)
    jump = np.zeros_like(data.x)
    jump[died] = data.x[died] - table.mean[own[died]]
    return jump - _risk(data, beta)[:, None] * (data.x * hazard[:, None] - pull)


def schoenfeld_residuals(data: CoxData, beta: Floats, *, efron: bool) -> tuple[Ints, Floats]:
    """The rows with an event in order of stratum and time, and x minus the mean of the risk set for each, scaled."""
    table = tabulate_events(data, beta, efron=efron)
    _, own = accumulated(table, table.hazard, data)
    rows = np.flatnonzero(data.sample.event & (data.sample.weight > 0))
    rows = rows[np.lexsort((data.sample.time[rows], data.stratum[rows]))]
    return rows, data.x[rows] - table.mean[own[rows]]


def clustered_covariance(data: CoxData, beta: Floats, naive: Floats, cluster: Ints, *, efron: bool) -> Floats:
    """Lin-Wei covariance: D'D with D the sums within clusters of weighted score residuals times `naive`.

    A coefficient whose naive variance is infinite keeps it, and has no covariance with the others.
    """
    finite = np.flatnonzero(np.isfinite(np.diag(naive)))
    score = data.sample.weight[:, None] * score_residuals(data, beta, efron=efron) * data.scale
    sums = np.zeros((int(cluster.max()) + 1, beta.size))
    np.add.at(sums, cluster, score)
    change = sums[:, finite] @ naive[np.ix_(finite, finite)]
    robust = naive.copy()
    robust[np.ix_(finite, finite)] = change.T @ change
    return robust


def _risk(data: CoxData, beta: Floats) -> Floats:
    theta, shift = risk_scores(data, beta)
    return np.asarray(theta * np.exp(shift))


def _hazards(data: CoxData, table: EventTable, plain: Floats, tied: Floats) -> tuple[Floats, Ints]:
    """Sums of an increment over the time at risk; the last one in its tied form for rows that die then."""
    total, own = accumulated(table, plain, data)
    died = data.sample.event & (data.sample.weight > 0)
    total[died] += (tied - plain)[own[died]]
    return total, own
