"""Marginal means and treatment effects standardized over the covariates of all participants (g-computation).

A working model is fitted, every participant is predicted under every arm, predictions are averaged. For randomized
trials the averages estimate unconditional means whether or not the model is right: FDA, Adjusting for Covariates in
Randomized Clinical Trials for Drugs and Biological Products, May 2023, section III.C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.inputs import read_labels
from opencro.stats.generalized.working_model import Outcome, WorkingModel, fit_working_model
from opencro.stats.result import Note, Result, StatsError

StandardizationErrors = Literal["influence", "delta", "delta_HC0", "delta_HC3"]
Kind = TypeVar("Kind", bound="StandardizedContrast")


@dataclass(frozen=True)
class StandardizedMeans(Result):
    """The mean outcome had everybody been in each arm; `covariance` of the means and the kind of errors aside."""

    title: ClassVar[str] = "Standardized means"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "errors", "alpha"})

    arm: tuple[str, ...]
    n: tuple[int, ...]
    mean: Array
    se: Array
    lower: Array
    upper: Array
    covariance: Array
    errors: StandardizationErrors
    alpha: float
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class StandardizedContrast(Result):
    """Arms against a reference: difference, or ratio with the standard error of its logarithm."""

    title: ClassVar[str] = "Standardized contrast"

    arm: tuple[str, ...]
    reference: str
    estimate: Array
    se: Array
    z: Array
    p: Array
    lower: Array
    upper: Array
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class StandardizedDifference(StandardizedContrast):
    """Differences of standardized means."""

    title: ClassVar[str] = "Standardized difference"


@dataclass(frozen=True)
class StandardizedRatio(StandardizedContrast):
    """Ratios of standardized means; `se` is of the logarithm."""

    title: ClassVar[str] = "Standardized ratio (se of the logarithm)"


@dataclass(frozen=True)
class StandardizedOddsRatio(StandardizedContrast):
    """Marginal odds ratios of standardized risks; `se` is of the logarithm."""

    title: ClassVar[str] = "Standardized odds ratio (se of the logarithm)"


def standardized_means(
    y: ArrayLike, arm: ArrayLike, z: ArrayLike | None = None, *, outcome: Outcome, interaction: bool = False,
    errors: StandardizationErrors = "influence", strata: ArrayLike | None = None, alpha: float = 0.05,
) -> StandardizedMeans:  # fmt: skip
    """Mean outcome per arm, standardized over the covariates of all participants.

    `y` (n,); `arm` (n,): labels; `z` (n, q): covariates, no intercept. `outcome`: "binomial" (logistic working model, y
    0/1), "normal", "poisson", "negative_binomial". `interaction`: covariate slopes by arm. `errors`: "influence"
    holds when the model is wrong and counts covariates as sampled (Ye, Bannick, Yi and Shao 2023, Statistical Theory
    and Related Fields 7:159-163, eq. 3); "delta" is G V G' with the model's V and covariates as fixed (Ge et al.
    2011, Drug Information J. 45:481-493), "delta_HC0"/"delta_HC3" the same with a sandwich V. `strata` (n,): those of
    a stratified permuted-block randomization, which "influence" credits (same source, section 3). With "influence"
    the mean residual per arm is added, 0 for canonical links. A separated logistic model is fitted by Firth's method
    (STA-215). Raises STA-201, STA-202, STA-203, STA-216 (an arm of fewer than 2). R RobinCar2, beeca. Example:
    `standardized_difference(standardized_means(y, arm, z, outcome="binomial"))`.
    """
    outcome_y = np.asarray(y, dtype=np.float64)
    codes, labels = read_labels(arm, len(outcome_y), "arm")
    counts = np.bincount(codes)
    if len(labels) < 2 or counts.min() < 2:
        raise StatsError("STA-216", f"arms of {counts.tolist()}", "at least two arms of at least 2", "Check `arm`.")
    model = fit_working_model(outcome_y, codes, z, outcome, interaction)
    mean = model.predicted.mean(0)
    if errors == "influence":
        for a in range(len(labels)):
            mean[a] += (outcome_y - model.predicted[:, a])[codes == a].mean()
        covariance = _influence(outcome_y, codes, model.predicted)
        if strata is not None:
            covariance = covariance - _strata_credit(outcome_y, codes, model.predicted, strata)
    else:
        covariance = _delta(model, errors)
    notes = tuple(Note("STA-218", f"all outcomes of {labels[a]} are {v:g}") for a, v in model.constant.items())
    if not (np.diag(covariance) >= -1e-12).all():
        notes += (Note("STA-219", "too few participants: a variance is negative or undefined, and left out"),)
    se = np.sqrt(np.where(np.diag(covariance) >= -1e-12, np.maximum(np.diag(covariance), 0.0), np.nan))
    half = stats.norm.isf(alpha / 2) * se
    return StandardizedMeans(
        tuple(str(v) for v in labels.tolist()), tuple(counts.tolist()), mean, se, mean - half, mean + half, covariance,
        errors, alpha, notes + model.notes,
    )  # fmt: skip


def standardized_difference(means: StandardizedMeans, *, reference: str | None = None) -> StandardizedDifference:
    """Differences of standardized means: risk differences for a binary outcome.

    `means`: from `standardized_means`. `reference`: an arm, the first one if not given. Wald intervals.
    Raises STA-216 for an unknown arm. Example: `standardized_difference(means, reference="placebo")`.
    """
    return _contrast(StandardizedDifference, means, reference, lambda m: m, np.ones_like, exponentiate=False)


def standardized_ratio(means: StandardizedMeans, *, reference: str | None = None) -> StandardizedRatio:
    """Ratios of standardized means: risk or rate ratios, with intervals on the logarithmic scale.

    Arguments and errors as in `standardized_difference`. Example: `standardized_ratio(means)`.
    """
    return _contrast(StandardizedRatio, means, reference, np.log, lambda m: 1 / m, exponentiate=True)


def standardized_odds_ratio(means: StandardizedMeans, *, reference: str | None = None) -> StandardizedOddsRatio:
    """Marginal odds ratios of standardized risks, with intervals on the logarithmic scale.

    Arguments and errors as in `standardized_difference`. This is the unconditional odds ratio; the coefficient of a
    logistic model is the conditional one, which is further from 1. Example: `standardized_odds_ratio(means)`.
    """
    return _contrast(
        StandardizedOddsRatio, means, reference, lambda m: np.log(m / (1 - m)), lambda m: 1 / (m * (1 - m)),
        exponentiate=True,
    )  # fmt: skip


def _contrast(
    kind: type[Kind], means: StandardizedMeans, reference: str | None, scale: Callable[[Array], Array],
    slope: Callable[[Array], Array], *, exponentiate: bool,
) -> Kind:  # fmt: skip
    against = means.arm[0] if reference is None else reference
    if against not in means.arm:
        raise StatsError("STA-216", f"the arm {against!r}", f"one of {list(means.arm)}", "Check the label.")
    r = means.arm.index(against)
    rows = [i for i in range(len(means.arm)) if i != r]
    with np.errstate(divide="ignore", invalid="ignore"):
        value, d = scale(means.mean), slope(means.mean)
        estimate = value[rows] - value[r]
        v = means.covariance
        pairs = 2 * d[rows] * d[r] * v[rows, r]
        variance = d[rows] ** 2 * np.diag(v)[rows] + d[r] ** 2 * v[r, r] - pairs
        se = np.sqrt(np.where(variance >= -1e-12, np.maximum(variance, 0.0), np.nan))
        z = estimate / se
    half = stats.norm.isf(means.alpha / 2) * se
    turn: Callable[[Array], Array] = np.exp if exponentiate else np.asarray
    notes = means.notes
    if not np.isfinite(estimate).all():
        notes += (Note("STA-217", "a standardized mean of 0 (or 1) has no ratio or odds"),)
    return kind(
        tuple(means.arm[i] for i in rows), against, turn(estimate), se, z, 2 * stats.norm.sf(np.abs(z)),
        turn(estimate - half), turn(estimate + half), notes,
    )  # fmt: skip


def _influence(y: Array, codes: NDArray[np.intp], predicted: Array) -> Array:
    """Ye et al. 2023, eq. 3, over n."""
    n, arms = predicted.shape
    whole = np.cov(predicted, rowvar=False)
    within = np.zeros((arms, arms))  # Cov(Y, mu_b | A = a)
    v = np.zeros((arms, arms))
    for a in range(arms):
        own = codes == a
        joint = np.cov(np.column_stack([y[own], predicted[own]]), rowvar=False)
        within[a] = joint[0, 1:]
        v[a, a] = np.var(y[own] - predicted[own, a], ddof=1) / own.mean()
    return np.asarray((v + within + within.T - whole) / n)


def _strata_credit(y: Array, codes: NDArray[np.intp], predicted: Array, strata: ArrayLike) -> Array:
    """What balance within strata takes off: E[R(Z) (diag(pi) - pi pi') R(Z)] over n, R(Z) = E[Y - mu_a | Z] / pi_a."""
    n, arms = predicted.shape
    groups, labels = read_labels(strata, n, "strata")
    share = np.bincount(codes, minlength=arms) / n
    middle = np.diag(share) - np.outer(share, share)
    total = np.zeros((arms, arms))
    for s in range(len(labels)):
        inside = groups == s
        r = np.zeros(arms)
        for a in range(arms):
            both = inside & (codes == a)
            r[a] = (y - predicted[:, a])[both].mean() / share[a] if both.any() else 0.0
        total += inside.mean() * r[:, None] * middle * r[None, :]
    return np.asarray(total / n)


def _delta(model: WorkingModel, errors: StandardizationErrors) -> Array:
    """G V G' with G the mean gradient of the predictions."""
    if not model.covariances:
        return np.zeros((len(model.designs), len(model.designs)))
    gradient = np.stack([(model.slopes[:, a, None] * model.designs[a]).mean(0) for a in range(len(model.designs))])
    return np.asarray(gradient @ model.covariances[errors] @ gradient.T)
