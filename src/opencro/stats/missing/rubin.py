"""Several completed data sets, one answer: Rubin's rules, with degrees of freedom for small samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from opencro.stats.missing.incomplete import Floats
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class PooledEstimate(Result):
    """Estimates pooled over imputations by Rubin's rules."""

    title: ClassVar[str] = "Rubin's rules"

    parameter: tuple[str, ...]
    estimate: Floats
    se: Floats
    df: Floats
    lower: Floats
    upper: Floats
    t: Floats
    p_value: Floats
    within: Floats
    between: Floats
    df_old: Floats
    lambda_: Floats
    fmi: Floats
    relative_increase: Floats
    notes: tuple[Note, ...] = ()


def pool_rubin_batch(estimates: ArrayLike, variances: ArrayLike, df_complete: ArrayLike = np.inf) -> dict[str, Floats]:
    """Rubin's rules for `estimates` and `variances` of shape (M, ...): the quantities of `pool_rubin` as arrays
    (...)."""
    q, u = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if q.shape != u.shape or q.ndim == 0 or len(q) < 2 or not np.isfinite(q).all() or not (u >= 0).all():
        raise StatsError(
            "STA-601", f"estimates {q.shape} and variances {u.shape}",
            "two or more imputations, finite, variances not negative",
            "Give one estimate and one squared standard error an imputation.",
        )  # fmt: skip
    m = len(q)
    within, between = u.mean(axis=0), q.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, added / total, 0.0)
        r = np.where(between > 0, added / within, 0.0)
        old = np.where(share > 0, (m - 1) / share**2, np.inf)
        df = _barnard_rubin(old, np.broadcast_to(np.asarray(df_complete, dtype=np.float64), share.shape), share)
        fmi = np.where(np.isinf(r), 1.0, (r + 2 / (df + 3)) / (1 + r))
    return {
        "estimate": q.mean(axis=0), "se": np.sqrt(total), "df": df, "within": within, "between": between, "df_old": old,
        "lambda_": share, "fmi": np.where(between > 0, fmi, 0.0), "relative_increase": r,
    }  # fmt: skip


def _barnard_rubin(old: Floats, complete: Floats, share: Floats) -> Floats:
    observed = np.where(np.isinf(complete), np.inf, (complete + 1) / (complete + 3) * complete * (1 - share))
    return 1 / (1 / old + 1 / observed)


def pool_rubin(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: float = np.inf,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    names: tuple[str, ...] | None = None,
) -> PooledEstimate:
    """Pools one or several parameters over M imputations by Rubin's rules with Barnard and Rubin's degrees of freedom.

    `estimates`, `variances` (M,) or (M, k): estimates and squared standard errors; `df_complete`: degrees of freedom
    that complete data would have (inf gives Rubin's 1987 df); `null`, `alternative`, `alpha`: of test and interval.
    Formula: W = mean variance, B = variance of the estimates, T = W + (1 + 1/M) B, lambda = (1 + 1/M) B / T, old df
    (M - 1) / lambda^2, df = 1 / (1/old + 1/obs) with obs = (df_c + 1) / (df_c + 3) df_c (1 - lambda); fmi = (r + 2 /
    (df + 3)) / (1 + r). Errors: STA-601. Source: Rubin (1987), chapter 3; Barnard & Rubin (1999) Biometrika 86:948
    (SAS: EDF= of MIANALYZE). Example: `pool_rubin([-2.3, -1.9, -2.6], [1.2, 1.1, 1.3], df_complete=150)`.
    """
    q, u = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    q, u = (q[:, None], u[:, None]) if q.ndim == 1 and u.ndim == 1 else (q, u)
    pooled = pool_rubin_batch(q, u, df_complete)
    lower, upper, t, p = wald(pooled["estimate"], pooled["se"], pooled["df"], null, alternative, alpha)
    label = names if names is not None else tuple(f"parameter {i + 1}" for i in range(q.shape[1]))
    return PooledEstimate(parameter=label, lower=lower, upper=upper, t=t, p_value=p, **pooled)  # type: ignore[arg-type]  # no key is `notes`


def wald(
    estimate: Floats, se: Floats, df: Floats, null: float, alternative: Alternative, alpha: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Limits, statistic and p-value of estimates with a t distribution (normal for df inf)."""
    degrees = np.where(np.isinf(df), 1e12, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (estimate - null) / se
    tail = alpha / 2 if alternative == "two-sided" else alpha
    half = -stdtrit(degrees, tail) * se
    lower = np.full_like(estimate, -np.inf) if alternative == "less" else estimate - half
    upper = np.full_like(estimate, np.inf) if alternative == "greater" else estimate + half
    below = stdtr(degrees, t)
    above = stdtr(degrees, -t)
    p = {"two-sided": 2 * np.minimum(below, above), "less": below, "greater": above}[alternative]
    return lower, upper, t, np.asarray(p)
