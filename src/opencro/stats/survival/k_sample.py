"""The weighted score process of any number of arms, in array expressions: one stratum at a time."""

from __future__ import annotations

import numpy as np

from opencro.stats.survival import score
from opencro.stats.survival.sample import Bools, Floats, Ints, Sample
from opencro.stats.survival.weights import FlemingHarrington, ModestlyWeighted, Weight


def score_arms(sample: Sample, arm: Ints, arms: int, stratum: Ints, weight: Weight) -> tuple[Floats, Floats, Floats]:
    """Weighted observed and expected events of each arm, (arms,), and the covariance of their difference."""
    observed, expected, cov = np.zeros(arms), np.zeros(arms), np.zeros((arms, arms))
    for s in range(int(stratum.max()) + 1):
        rows = stratum == s
        d, n, times = _counts(sample.time[rows], sample.event[rows], arm[rows], arms)
        total, events = n.sum(axis=1), d.sum(axis=1)
        w = _weights(weight, times, total, events)
        share = n / total[:, None]
        observed += (w[:, None] * d).sum(axis=0)
        expected += ((w * events)[:, None] * share).sum(axis=0)
        spread = w**2 * events * (total - events) / np.maximum(total - 1, 1)
        cov += np.diag((spread[:, None] * share).sum(axis=0)) - np.einsum("t,tk,tl->kl", spread, share, share)
    return observed, expected, cov


def _counts(time: Floats, event: Bools, arm: Ints, arms: int) -> tuple[Floats, Floats, Floats]:
    times, place = np.unique(time, return_inverse=True)
    here = np.zeros((times.size, arms))
    events = np.zeros((times.size, arms))
    np.add.at(here, (place, arm), 1.0)
    np.add.at(events, (place, arm), event)
    at_risk = here[::-1].cumsum(axis=0)[::-1]
    with_events = events.any(axis=1)
    return events[with_events], at_risk[with_events], times[with_events]


def _weights(weight: Weight, times: Floats, n: Floats, d: Floats) -> Floats:
    after = np.cumprod(1 - d / n)
    before = np.concatenate(([1.0], after[:-1])) if after.size else after
    peto = np.cumprod(1 - d / (n + 1))
    if isinstance(weight, FlemingHarrington):
        return before**weight.rho * (1 - before) ** weight.gamma
    if isinstance(weight, ModestlyWeighted):
        frozen = after[times <= weight.t_star]
        return 1 / np.maximum(before, frozen[-1] if frozen.size else 1.0)
    table = {score.GEHAN: n, score.TARONE_WARE: np.sqrt(n), score.PETO: peto, score.MODIFIED_PETO: peto * n / (n + 1)}
    return table.get(weight.kind, np.ones_like(n))
