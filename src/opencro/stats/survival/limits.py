"""Confidence limits of a probability that has an estimate and a standard error, on a scale where the normal law fits.

Shared by Kaplan-Meier and cumulative incidence: the scale is a choice of the reader, the formula is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from scipy import stats

from opencro.stats.result import StatsError
from opencro.stats.survival.sample import Floats, check_alpha

Scale = Literal["log-log", "log", "plain", "logit", "arcsine"]


def probability_limits(value: Floats, se: Floats, *, alpha: float, limits: Scale) -> tuple[Floats, Floats]:
    """Lower and upper limits g^-1(g(p) -+ z se g'(p)), kept in [0, 1]; a value of 1 with se 0 has limits 1, 1.

    Scales: plain g = p; log g = log p; log-log g = log(-log p); logit g = log(p/(1-p)); arcsine g = asin(sqrt p).
    Source: Borgan and Liestol (1990), Scand J Stat 17, 35; Kalbfleisch and Prentice (2002), section 1.4. An estimate
    of 0 or (except on the plain scale) a standard error that is not finite has no limits: NaN, as in R and SAS.
    """
    check_alpha(alpha)
    if limits not in get_args(Scale):
        raise StatsError("STA-409", f"limits {limits!r}", f"one of {', '.join(get_args(Scale))}", "Choose a scale.")
    z = float(stats.norm.isf(alpha / 2))
    with np.errstate(all="ignore"):
        lower, upper = SCALES[limits](value, z * se)
    sure = (se == 0) & ((value == 1) | (value == 0))
    lower, upper = np.where(sure, value, lower), np.where(sure, value, upper)
    return np.clip(lower, 0, 1), np.clip(upper, 0, 1)


def _plain(p: Floats, d: Floats) -> tuple[Floats, Floats]:
    return p - d, p + d


def _log(p: Floats, d: Floats) -> tuple[Floats, Floats]:
    return p * np.exp(-d / p), p * np.exp(d / p)


def _log_log(p: Floats, d: Floats) -> tuple[Floats, Floats]:
    centre, shift = np.log(-np.log(p)), d / (p * np.abs(np.log(p)))
    return np.exp(-np.exp(centre + shift)), np.exp(-np.exp(centre - shift))


def _logit(p: Floats, d: Floats) -> tuple[Floats, Floats]:
    centre, shift = np.log(p / (1 - p)), d / (p * (1 - p))
    return 1 / (1 + np.exp(shift - centre)), 1 / (1 + np.exp(-shift - centre))


def _arcsine(p: Floats, d: Floats) -> tuple[Floats, Floats]:
    centre, shift = np.arcsin(np.sqrt(p)), d / (2 * np.sqrt(p * (1 - p)))
    return np.sin(np.clip(centre - shift, 0, np.pi / 2)) ** 2, np.sin(np.clip(centre + shift, 0, np.pi / 2)) ** 2


SCALES: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "plain": _plain, "log": _log, "log-log": _log_log, "logit": _logit, "arcsine": _arcsine,
}  # fmt: skip
