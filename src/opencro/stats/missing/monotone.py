"""Sequential regressions for monotone gaps: each visit is regressed on the earlier ones."""

from __future__ import annotations

import numpy as np

from opencro.stats.missing.imputation import Imputed
from opencro.stats.missing.incomplete import Floats, IncompleteData
from opencro.stats.result import StatsError


def impute_monotone(data: IncompleteData, imputations: int, *, seed: int, by_arm: bool = False) -> Imputed:
    """Imputes monotone gaps under MAR by Bayesian linear regressions, visit after visit.

    `imputations`; `seed`; `by_arm`: regressions of their own for each arm, else arms shift the mean. Formula at visit
    t: regress y_t on arm, covariates and y_1 ... y_(t-1) among those with y_t; draw sigma^2 = SSE / chi2_(n - p) and
    the coefficients from N(estimate, sigma^2 (X'X)^-1); impute with a normal residual. Values after an event that is
    not MAR are not used, and other assumptions than MAR are refused. Errors: STA-602 (assumption), STA-603 (too few),
    STA-604 (a gap before a value). Source: Rubin (1987), section 5.3 (SAS: MONOTONE REG of PROC MI). Example:
    `impute_monotone(data, 20, seed=1)`.
    """
    _check(data)
    rng = np.random.default_rng(seed)
    values = np.repeat(data.outcome[None], imputations, axis=0)
    others = [g for g in range(len(data.groups)) if g != data.reference]
    for t in range(len(data.visits)):
        for arm in range(len(data.groups)) if by_arm else (None,):
            mine = np.ones(len(data.group), dtype=bool) if arm is None else data.group == arm
            shifts = [] if by_arm else [(data.group == g).astype(float) for g in others]
            fixed = np.column_stack([np.ones(len(data.group)), *shifts, data.covariates[:, t]])
            _impute_visit(values, data.missing, mine, fixed, t, rng)
    return Imputed(data, values, np.ones((imputations, len(data.group))), "monotone", True)


def _check(data: IncompleteData) -> None:
    gap = data.missing
    other = set(data.assumption) - {"MAR"}
    if other:
        raise StatsError(
            "STA-602",
            f"the assumption {', '.join(sorted(other))}",
            "MAR",
            "Use `impute_random` with `draw_parameters`.",
        )
    if (gap[:, :-1] & ~gap[:, 1:]).any():
        raise StatsError(
            "STA-604", "a subject with a gap before a value", "monotone gaps: nothing observed after the first",
            "Use `impute_random` with `draw_parameters`, which takes any pattern.",
        )  # fmt: skip


def _impute_visit(
    values: Floats, missing: np.ndarray, mine: np.ndarray, fixed: Floats, t: int, rng: np.random.Generator
) -> None:
    known, gaps = np.flatnonzero(mine & ~missing[:, t]), np.flatnonzero(mine & missing[:, t])
    if gaps.size == 0:
        return
    x = np.column_stack([fixed[known], values[0][known, :t]])  # observed, the same in every imputation
    free = len(known) - np.linalg.matrix_rank(x)
    if free < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise StatsError(
            "STA-603", f"{len(known)} values at visit {t + 1} for {x.shape[1]} coefficients", "more values",
            "Leave out covariates, or impute with `by_arm=False`.",
        )  # fmt: skip
    estimate, inverse = np.linalg.lstsq(x, values[0][known, t], rcond=None)[0], np.linalg.inv(x.T @ x)
    sse = float(((values[0][known, t] - x @ estimate) ** 2).sum())
    sets = len(values)
    sigma = np.sqrt(sse / rng.chisquare(free, size=sets))[:, None]
    drawn = estimate + sigma * (rng.standard_normal((sets, x.shape[1])) @ np.linalg.cholesky(inverse).T)
    repeated = np.broadcast_to(fixed[gaps], (sets, gaps.size, fixed.shape[1]))
    ahead = np.concatenate([repeated, values[:, gaps, :t]], axis=2)
    values[:, gaps, t] = np.einsum("mgp,mp->mg", ahead, drawn) + sigma * rng.standard_normal((sets, gaps.size))
