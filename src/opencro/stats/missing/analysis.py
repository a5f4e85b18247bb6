"""The analysis of completed data: an ANCOVA at each visit, pooled in the way that belongs to the imputation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.linear import fit_linear_batch
from opencro.stats.missing.imputation import Imputed
from opencro.stats.missing.incomplete import Floats, IncompleteData
from opencro.stats.missing.rubin import Alternative, pool_rubin_batch, wald
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class ImputedAnalysis(Result):
    """Differences and adjusted means at each visit, from completed data; `variance` says whose standard error it is."""

    title: ClassVar[str] = "ANCOVA of imputed data"
    aside: ClassVar[frozenset[str]] = frozenset({"variance", "replicates"})

    visit: tuple[str, ...]
    what: tuple[str, ...]
    estimate: Floats
    se: Floats
    df: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    variance: str
    replicates: Floats  # (sets, rows): the estimate of each completed data set
    notes: tuple[Note, ...] = ()

    def __str__(self) -> str:
        first, rest = super().__str__().split("\n", 1)
        return f"{first}\nstandard errors: {self.variance}\n{rest}"

    def row(self, visit: str, what: str) -> dict[str, float]:
        """The numbers of one row, e.g. `row("7", "DRUG - PLACEBO")`."""
        rows = [i for i, key in enumerate(zip(self.visit, self.what, strict=True)) if key == (visit, what)]
        if not rows:
            raise StatsError(
                "STA-607",
                f"no row {what} at {visit}",
                f"one of {', '.join(sorted(set(self.what)))}",
                "See `to_frame()`.",
            )
        names = ("estimate", "se", "df", "lower", "upper", "p_value")
        return {name: float(getattr(self, name)[rows[0]]) for name in names}


def compute_ancova_batch(values: Floats, weights: Floats, data: IncompleteData) -> tuple[Floats, Floats, float]:
    """Least squares at each visit for completed tables (sets, n, T), subjects counted as often as `weights` (sets, n)
    say.

    Model: outcome = arm + baseline covariates. Gives estimates and variances (sets, T, rows) of the differences from
    the reference and the adjusted means (reference first) at the average covariates of the subjects counted, and the
    residual df.
    """
    fixed = data.covariates[:, 0, :][:, data.baseline]
    others = [g for g in range(len(data.groups)) if g != data.reference]
    x = np.column_stack([np.ones(len(fixed)), *[(data.group == g).astype(float) for g in others], fixed])
    sets, n, visits = values.shape
    stacked = values.transpose(0, 2, 1).reshape(-1, n)
    counted = np.repeat(weights, visits, axis=0)
    if (weights > 1).any():
        root = np.sqrt(counted)
        fit = fit_linear_batch(x * root[:, :, None], stacked * root)
    else:
        fit = fit_linear_batch(x, np.where(counted > 0, stacked, np.nan))
    if not np.isfinite(fit.beta).all():
        raise StatsError(
            "STA-605", "covariates that depend on each other", "a full set of arms and independent covariates",
            "Leave out a column.",
        )  # fmt: skip
    combine = _rows(weights, x, len(others))
    estimates = np.einsum("mkp,mtp->mtk", combine, fit.beta.reshape(sets, visits, -1))
    covariance = fit.covariance.reshape(sets, visits, x.shape[1], x.shape[1])
    variances = np.einsum("mkp,mtpq,mkq->mtk", combine, covariance, combine, optimize=True)
    return estimates, variances, float(weights[0].sum()) - x.shape[1]


def _rows(weights: Floats, x: Floats, others: int) -> Floats:
    """Combinations (sets, rows, p): differences from the reference, then adjusted means with the reference first."""
    mean = weights @ x / weights.sum(axis=1, keepdims=True)
    mean[:, 1 : others + 1] = 0.0
    differences = np.zeros((len(mean), others, x.shape[1]))
    differences[:, np.arange(others), np.arange(others) + 1] = 1.0
    return np.concatenate([differences, mean[:, None], mean[:, None] + differences], axis=1)


def analyse_ancova(
    imputed: Imputed, *, delta: ArrayLike | None = None, alternative: Alternative = "two-sided", alpha: float = 0.05
) -> ImputedAnalysis:
    """Compares the arms at each visit in completed data: outcome = arm + baseline covariates, pooled.

    `imputed`: from `impute_conditional_mean`, `impute_random` or `impute_monotone`; `delta` (n, T): added to imputed
    values only (`delta_by_arm`, `delta_since_event`); `alternative`, `alpha`: of the intervals and tests of 0.
    Standard errors: draws: Rubin's rules with Barnard and Rubin's df. Conditional means: from the replicates,
    jackknife (n - 1)/n sum (theta_(-i) - mean)^2 or standard deviation of the bootstrap, normal quantiles; these are
    the frequentist standard error, which for reference-based assumptions is smaller than Rubin's
    "information-anchored" one. Errors: STA-605, STA-606 (conditional means without replicates), STA-608 (delta of
    another shape). Source: Wolbers et al. (2022) Pharm Stat 21:1246; Carpenter, Roger & Kenward (2013). Example:
    `analyse_ancova(imputed)`.
    """
    data = imputed.data
    values = imputed.values if delta is None else imputed.values + _checked(delta, data) * data.missing
    weights = np.ones_like(imputed.weights) if imputed.random else imputed.weights
    estimates, variances, df = compute_ancova_batch(values, weights, data)
    flat, spread = estimates.reshape(len(estimates), -1), variances.reshape(len(variances), -1)
    estimate, se, degrees, text = _pool(imputed, flat, spread, df)
    lower, upper, _, p = wald(estimate, se, degrees, 0.0, alternative, alpha)
    visit, what = _labels(data)
    return ImputedAnalysis(visit, what, estimate, se, degrees, lower, upper, p, text, flat)


def _pool(imputed: Imputed, flat: Floats, spread: Floats, df: float) -> tuple[Floats, Floats, Floats, str]:
    infinite = np.full(flat.shape[1], np.inf)
    if imputed.random:
        pooled = pool_rubin_batch(flat, spread, df)
        origin = {"posterior": "Bayesian draws", "bootstrap": "bootstrap draws (approximate Bayes)"}.get(
            imputed.kind, "sequential regressions"
        )
        return pooled["estimate"], pooled["se"], pooled["df"], f"Rubin's rules over {len(flat)} imputations, {origin}"
    replicates = flat[1:]
    n = len(replicates)
    if imputed.kind == "jackknife":
        variance = (n - 1) / n * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)
        return flat[0], np.sqrt(variance), infinite, f"jackknife of {n} subjects, conditional mean imputation"
    if imputed.kind == "bootstrap":
        text = f"bootstrap of {n} samples, conditional mean imputation"
        return flat[0], replicates.std(axis=0, ddof=1), infinite, text
    raise StatsError(
        "STA-606", "conditional means from one set of parameters", "replicates, for a standard error",
        "Impute with `jackknife_parameters(data)` or `bootstrap_parameters(data, ...)`.",
    )  # fmt: skip


def _checked(delta: ArrayLike, data: IncompleteData) -> Floats:
    values = np.asarray(delta, dtype=np.float64)
    if values.shape != data.outcome.shape or not np.isfinite(values).all():
        raise StatsError(
            "STA-608", f"delta of shape {values.shape}", f"{data.outcome.shape}, one number a subject and visit",
            "Make it with `delta_by_arm` or `delta_since_event`.",
        )  # fmt: skip
    return values


def _labels(data: IncompleteData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    control = data.groups[data.reference]
    others = [g for g in data.groups if g != control]
    rows = [*[f"{g} - {control}" for g in others], control, *others]
    return tuple(v for v in data.visits for _ in rows), tuple(rows) * len(data.visits)


def delta_by_arm(data: IncompleteData, deltas: Mapping[str, ArrayLike]) -> Floats:
    """What to add to imputed values, by arm: a number for all visits or one a visit.

    `deltas`: arm to number or (T,); arms not named get 0. Gives (n, T). Error: STA-608.
    Example: `delta_by_arm(data, {"DRUG": 1.0})`.
    """
    out = np.zeros(data.outcome.shape)
    for arm, values in _known(data, deltas).items():
        out[data.group == data.groups.index(arm)] = np.asarray(values, dtype=np.float64)
    return out


def delta_since_event(data: IncompleteData, deltas: Mapping[str, ArrayLike], *, lag: ArrayLike | None = None) -> Floats:
    """What to add to imputed values, growing since the event: the sum of delta_s lag_(s - start + 1) from the event
    to a visit.

    `deltas` as in `delta_by_arm`; `lag` (T,): factors from the event on, all 1 unless given; (1, 0, 0, ...) keeps the
    delta of the first affected visit. A subject without an event starts at the first gap. Gives (n, T). Error:
    STA-608. Source: Roger (2012) as in R rbmi, `delta_template(delta, dlag)`. Example: `delta_since_event(data,
    {"DRUG": 0.5})`.
    """
    visits = data.outcome.shape[1]
    step = delta_by_arm(data, deltas)
    factor = np.ones(visits) if lag is None else np.asarray(lag, dtype=np.float64)
    first_gap = np.where(data.missing.any(axis=1), data.missing.argmax(axis=1), visits)
    start = np.where(data.ice < visits, data.ice, first_gap)
    since = np.arange(visits)[None, :] - start[:, None]
    scaled = np.where(since >= 0, step * factor[np.clip(since, 0, visits - 1)], 0.0)
    return np.asarray(np.cumsum(scaled, axis=1))


def _known(data: IncompleteData, deltas: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(deltas) - set(data.groups)
    if unknown:
        raise StatsError(
            "STA-608", f"delta for {', '.join(sorted(unknown))}", f"arms {', '.join(data.groups)}", "Check the names."
        )
    return deltas
