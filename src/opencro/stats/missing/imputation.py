"""Gaps filled from their conditional distribution, given parameters of the imputation model: by its mean or by
draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opencro.stats.missing.incomplete import Bools, Floats, IncompleteData, Ints
from opencro.stats.missing.strategies import assume_covariance, assume_mean
from opencro.stats.result import StatsError


@dataclass(frozen=True, eq=False)
class Parameters:
    """Means and covariances of the imputation model, several sets at once.

    `beta` (sets, p) belongs to `IncompleteData.design`; `sigma` (sets, arms, T, T); `weights` (sets, n): how often
    each subject is in the set's data (0 for the one left out by a jackknife, counts in a bootstrap); `kind`: where
    the sets come from: "posterior", "bootstrap", "jackknife" (the first set is the whole data) or "estimate".
    """

    beta: Floats
    sigma: Floats
    weights: Floats
    kind: str


@dataclass(frozen=True, eq=False)
class Imputed:
    """Completed outcomes: `values` (sets, n, T); `weights` and `kind` as in the `Parameters` they came from.

    `random`: the gaps are draws, not conditional means.
    """

    data: IncompleteData
    values: Floats
    weights: Floats
    kind: str
    random: bool

    def __getitem__(self, at: int) -> Floats:
        """One completed table (n, T)."""
        return np.asarray(self.values[at])


@dataclass(frozen=True)
class _Pattern:
    rows: Ints
    known: Bools  # visits to condition on
    gaps: Bools
    group: int
    assumption: str
    start: int


def _patterns(data: IncompleteData) -> Iterator[_Pattern]:
    """Subjects with gaps, those with the same pattern, arm, assumption and event together."""
    known, gaps = data.informative, data.missing
    found: dict[tuple[bytes, bytes, int, str, int], list[int]] = {}
    for i in np.flatnonzero(gaps.any(axis=1)):
        key = (known[i].tobytes(), gaps[i].tobytes(), int(data.group[i]), data.assumption[i], int(data.ice[i]))
        found.setdefault(key, []).append(int(i))
    for (_, _, group, assumption, start), rows in found.items():
        yield _Pattern(np.array(rows), known[rows[0]], gaps[rows[0]], group, assumption, start)


def _fill(data: IncompleteData, parameters: Parameters, rng: np.random.Generator | None) -> Floats:
    sets = len(parameters.beta)
    values = np.repeat(data.outcome[None], sets, axis=0)
    own_design = data.design()
    reference_design = data.design(np.full(len(data.group), data.reference, dtype=np.int64))
    for part in _patterns(data):
        own = np.einsum("itp,mp->mit", own_design[part.rows], parameters.beta)
        other = np.einsum("itp,mp->mit", reference_design[part.rows], parameters.beta)
        mean = assume_mean(part.assumption, own, other, part.start)
        sigma = assume_covariance(
            part.assumption, parameters.sigma[:, part.group], parameters.sigma[:, data.reference], part.start
        )
        gaps, known = np.flatnonzero(part.gaps), np.flatnonzero(part.known)
        across = sigma[:, known[:, None], gaps]
        slope = np.linalg.solve(sigma[:, known[:, None], known], across)  # (sets, known, gaps)
        away = data.outcome[part.rows][:, known] - mean[:, :, known]
        filled = mean[:, :, gaps] + away @ slope
        if rng is not None:
            rest = sigma[:, gaps[:, None], gaps] - np.swapaxes(across, -1, -2) @ slope
            filled = filled + rng.standard_normal(filled.shape) @ np.swapaxes(np.linalg.cholesky(rest), -1, -2)
        values[:, part.rows[:, None], gaps] = filled
    return values


def impute_conditional_mean(data: IncompleteData, parameters: Parameters) -> Imputed:
    """Fills every gap with its expected value given what was observed and the assumption made.

    `parameters`: from `fit_parameters`, `jackknife_parameters` or `bootstrap_parameters`. Formula: mean_b + S_ba
    S_aa^-1 (y_a - mean_a), with mean and S of the assumption (`arrange_outcomes`), a the observed visits that count
    for the model. The treatment effect in the completed data is right, its usual standard error is not:
    `analyse_ancova` takes it from the replicates. Source: Wolbers et al. (2022) Pharm Stat 21:1246, section 3.
    Example: `impute_conditional_mean(data, jackknife_parameters(data))`.
    """
    return Imputed(data, _fill(data, parameters, None), parameters.weights, parameters.kind, False)


def impute_random(data: IncompleteData, parameters: Parameters, *, seed: int) -> Imputed:
    """Fills every gap with a draw from its distribution given what was observed and the assumption made.

    `parameters`: one set an imputation, from `draw_parameters` (Bayes) or `bootstrap_parameters` (approximate Bayes);
    `seed`: of the draws. Error: STA-606 (parameters that are no draws).
    Source: Carpenter, Roger & Kenward (2013) J Biopharm Stat 23:1352.
    Example: `impute_random(data, draw_parameters(data, 20, seed=1), seed=2)`.
    """
    if parameters.kind not in ("posterior", "bootstrap"):
        raise StatsError(
            "STA-606", f"draws from parameters of the kind {parameters.kind}", "draws of a posterior",
            "Use `draw_parameters` or `bootstrap_parameters`.",
        )  # fmt: skip
    first = int(parameters.kind == "bootstrap")  # the whole data, which is no draw
    chosen = Parameters(parameters.beta[first:], parameters.sigma[first:], parameters.weights[first:], parameters.kind)
    return Imputed(data, _fill(data, chosen, np.random.default_rng(seed)), chosen.weights, chosen.kind, True)
