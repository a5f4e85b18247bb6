"""The exact marginal likelihood of tied deaths: the probability of their order being one of those that would look tied.

This is what SAS calls `ties=exact`; R survival has no equal. Time is taken as continuous and ties as rounding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit, log_expit

from opencro.stats.survival.cox_data import CoxData
from opencro.stats.survival.sample import Floats, Ints

STEP = 0.2


def evaluate_marginal(data: CoxData, beta: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood, score and information with the integral of Kalbfleisch and Prentice at each tied time.

    L = integral_0^inf prod_{j in D} (1 - exp(-t theta_j/S)) exp(-t) dt, S the sum of theta over those at risk who
    survive the time. Source: Kalbfleisch and Prentice (1973), Biometrika 60, 267; DeLong, Guirguis and So (1994),
    Biometrika 81, 607. The integral is a sum over equal steps of log t, whose error falls like exp(-pi^2/step).
    """
    eta = data.x @ beta + data.offset
    p = beta.size
    total, score, info = 0.0, np.zeros(p), np.zeros((p, p))
    for deaths, survivors in _death_times(data):
        if not survivors.size:
            continue
        value, first, second = _one_time(data.x, eta, deaths, survivors)
        total += value
        score += first
        info -= second
    return total, score, info


def _death_times(data: CoxData) -> Iterator[tuple[Ints, Ints]]:
    """For each death time of each stratum: the rows that die and the rows at risk that do not."""
    s = data.sample
    for start, end in zip(data.bounds[:-1], data.bounds[1:], strict=True):
        rows = data.by_stop[start:end]
        for t in np.unique(s.time[rows[s.event[rows]]]):
            at_risk = rows[(s.time[rows] >= t) & (s.entry[rows] < t)]
            dying = s.event[at_risk] & (s.time[at_risk] == t)
            yield at_risk[dying], at_risk[~dying]


def _one_time(x: Floats, eta: Floats, deaths: Ints, survivors: Ints) -> tuple[float, Floats, Floats]:
    """Log of the integral, its gradient and its second derivative."""
    largest = eta[survivors].max()
    weight = np.exp(eta[survivors] - largest)
    total = weight.sum()
    log_total = float(largest + np.log(total))
    mean = weight @ x[survivors] / total
    centred = x[survivors] - mean
    spread = (centred * weight[:, None]).T @ centred / total
    z = x[deaths] - mean
    d = deaths.size
    if d == 1:
        q = float(expit(eta[deaths[0]] - log_total))
        # d log(r/(1+r)) with r = theta/S: dr/dbeta = r z, and the spread of those who survive
        return (
            float(log_expit(eta[deaths[0]] - log_total)),
            (1 - q) * z[0],
            -(1 - q) * (spread + q * np.outer(z[0], z[0])),
        )
    log_t = np.arange(-45.0, np.log(d + 45.0 + 10.0 * np.sqrt(d)), STEP)
    u = log_t[:, None] + (eta[deaths] - log_total)
    # beyond these the factor is 1, or too small to matter, and exp would leave the range of numbers
    y = np.exp(np.clip(u, -600.0, 6.5))
    log_f = np.log(-np.expm1(-y)).sum(axis=1) - np.exp(log_t) + log_t
    peak = log_f.max()
    f = np.exp(log_f - peak)
    value = float(peak + np.log(f.sum() * STEP))
    f /= f.sum()
    slope = y / np.expm1(y)
    bend = slope * (1 - y - slope)
    gradients = slope @ z
    first = f @ gradients
    second = (z * (f @ bend)[:, None]).T @ z - (f @ slope).sum() * spread
    second += (gradients * f[:, None]).T @ gradients - np.outer(first, first)
    return value, first, second
