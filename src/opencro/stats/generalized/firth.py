"""Firth's logistic regression: finite estimates under separation, intervals from the profile penalized likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from scipy.optimize import brentq

from opencro.stats.generalized.families import BINOMIAL, LOGIT, Array
from opencro.stats.generalized.fits import GeneralizedFit
from opencro.stats.generalized.inputs import ModelData, check_binomial, read_model
from opencro.stats.result import Note


@dataclass(frozen=True)
class FirthFit(GeneralizedFit):
    """A logistic regression penalized by Jeffreys' prior; p and interval are those of the profile penalized likelihood.

    `z` is the signed root of the penalized likelihood ratio; `log_likelihood` is the penalized one.
    """

    title: ClassVar[str] = "Logistic regression (Firth's penalized likelihood)"


@dataclass(frozen=True)
class _Penalized:
    """The penalized likelihood of one model: log L + log |I| / 2."""

    data: ModelData

    def value(self, beta: Array) -> float:
        eta = self.data.x @ beta + self.data.offset
        m = self.data.weights * self.data.trials
        likelihood = float((m * (self.data.y * eta - np.logaddexp(0, eta))).sum())
        return likelihood + 0.5 * float(np.linalg.slogdet(self.information(eta))[1])

    def information(self, eta: Array) -> Array:
        w = self.data.weights * self.data.trials * special.expit(eta) * special.expit(-eta)
        return np.asarray((self.data.x * w[:, None]).T @ self.data.x)

    def slope(self, beta: Array) -> tuple[Array, Array]:
        """Modified score and its slope with leverages held: a logistic model of y + h/2 events in 1 + h trials."""
        eta = self.data.x @ beta + self.data.offset
        p = special.expit(eta)
        m = self.data.weights * self.data.trials
        information = self.information(eta)
        w = p * special.expit(-eta)
        hat = m * w * ((self.data.x @ np.linalg.inv(information)) * self.data.x).sum(1)
        slope = (self.data.x * (w * (m + hat))[:, None]).T @ self.data.x
        return self.data.x.T @ (m * (self.data.y - p) + hat * (0.5 - p)), slope

    def maximize(self, start: Array, free: NDArray[np.intp]) -> Array:
        """Maximum over the free coefficients; steps of at most 5 logits, halved while they lead down."""
        beta = start.copy()
        value = self.value(beta)
        for _ in range(200):
            gradient, information = self.slope(beta)
            step = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
            decrement = float(step @ gradient[free])
            far = float(np.abs(self.data.x[:, free] @ step).max(initial=0.0))
            step *= min(1.0, 5.0 / max(far, 1e-300))
            moved = beta.copy()
            for halvings in range(30):
                moved[free] = beta[free] + step / 2**halvings
                after = self.value(moved)
                if after >= value - 1e-12 * abs(value):
                    break
            beta, value = moved.copy(), after
            if decrement < 1e-16:
                break
        return beta


def fit_firth_logistic(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None,
    weights: ArrayLike | None = None, names: Sequence[str] | None = None, alpha: float = 0.05,
) -> FirthFit:  # fmt: skip
    """Logistic regression that maximizes log L(b) + log |I(b)| / 2; its estimates are finite under separation.

    Arguments and errors as in `fit_logistic`. p-values and intervals come from the penalized likelihood maximized over
    the other coefficients (profile), with the penalty of the full design, as R logistf and SAS PROC LOGISTIC firth
    clodds=pl; `se` is from the inverse information, as both print (SAS's default interval is Wald's: estimate +- z se).
    Sources: Firth 1993, Biometrika 80:27-38; Heinze and Schemper 2002, Statistics in Medicine 21:2409-2419.
    Example: `fit_firth_logistic([0, 0, 0, 1, 1, 1], np.column_stack([np.ones(6), range(6)]))`.
    """
    data = read_model(y, x, offset=offset, trials=trials, weights=weights, names=names)
    check_binomial(data)
    model = _Penalized(data)
    p = data.x.shape[1]
    everything = np.arange(p, dtype=np.intp)
    beta = model.maximize(np.zeros(p), everything)
    top = model.value(beta)
    covariance = np.asarray(np.linalg.inv(model.information(data.x @ beta + data.offset)))
    se: Array = np.sqrt(np.diag(covariance))
    profile = [_profile(model, beta, top, j, float(se[j]), alpha) for j in range(p)]
    null = model.value(model.maximize(np.zeros(p), everything[:0]))
    fitted = special.expit(data.x @ beta + data.offset)
    deviance = float((data.weights * BINOMIAL.deviance(data.y, fitted, data.trials, np.zeros(1))).sum())
    roots = np.array([root for root, _, _ in profile])
    p_values: Array = 2 * stats.norm.sf(np.abs(roots))
    notes = tuple(Note("STA-212", f"the profile of {data.names[j]} has no limit in reach")
                  for j in range(p) if np.isinf(profile[j][1:]).any())  # fmt: skip
    return FirthFit(
        data.names, beta, se, roots, p_values,
        np.array([low for _, low, _ in profile]), np.array([high for _, _, high in profile]), covariance, alpha,
        top, deviance, -2 * null, -2 * top + 2 * p, len(data.y) - p, fitted, 0.0, np.nan, BINOMIAL, LOGIT, data, notes,
    )  # fmt: skip


def _profile(model: _Penalized, beta: Array, top: float, j: int, se: float, alpha: float) -> tuple[float, float, float]:
    """Signed root of the penalized likelihood ratio at 0, and both limits."""
    free = np.array([i for i in range(len(beta)) if i != j], dtype=np.intp)

    def drop(value: float) -> float:
        start = beta.copy()
        start[j] = value
        return 2 * (top - model.value(model.maximize(start, free)))

    cut = float(stats.chi2.isf(alpha, 1))
    root = float(np.sign(beta[j]) * np.sqrt(max(drop(0.0), 0.0)))
    return root, _limit(drop, float(beta[j]), -se, cut), _limit(drop, float(beta[j]), se, cut)


def _limit(drop: Callable[[float], float], center: float, step: float, cut: float) -> float:
    reach = 2.0
    while drop(center + reach * step) < cut:
        reach *= 1.5
        if reach > 100:
            return float(np.sign(step)) * np.inf
    return float(brentq(lambda b: drop(b) - cut, center, center + reach * step, xtol=1e-10 * abs(step)))
