"""Average bioequivalence: the ratio of geometric means with its interval, by analysis of variance or mixed model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.bioequivalence.crossover import Crossover, fit_within_subjects
from opencro.stats.bioequivalence.variability import compute_cv
from opencro.stats.formula import model_matrix
from opencro.stats.linear import fit_linear, t_test_pooled, t_test_welch
from opencro.stats.mmrm import fit_mmrm
from opencro.stats.result import Note, Result, StatsError

Df = Literal["satterthwaite", "kenward-roger", "containment"]


@dataclass(frozen=True)
class BioequivalenceRatio(Result):
    """The ratio test / reference of geometric means with its confidence interval at 1 - 2 alpha.

    `p_lower` and `p_upper` are those of the two one-sided tests against `limit_lower` and `limit_upper`; `equivalent`
    where the interval lies within the limits. `log_se` is the standard error of ln ratio, `cv` the residual
    coefficient of variation.
    """

    title: ClassVar[str] = "Bioequivalence: ratio of geometric means"

    method: str
    ratio: float
    lower: float
    upper: float
    df: float
    log_se: float
    cv: float
    limit_lower: float
    limit_upper: float
    p_lower: float
    p_upper: float
    equivalent: bool
    alpha: float
    notes: tuple[Note, ...] = ()


def average_bioequivalence_anova(
    trial: Crossover, *, limits: tuple[float, float] = (0.8, 1.25), alpha: float = 0.05
) -> BioequivalenceRatio:
    """Two one-sided tests after an analysis of variance with fixed effects (EMA's method A).

    ln y = sequence + subject(sequence) + period + product + error, for 2x2 and replicate designs, incomplete data
    included. exp(d -+ t(1 - alpha, df) se), df = rows - subjects - columns of periods and product.

    Source: Schuirmann DJ. J Pharmacokinet Biopharm 1987; 15:657-680; EMA. Guideline on the investigation of
    bioequivalence, CPMP/EWP/QWP/1401/98 Rev. 1, 2010, section 4.1.8.
    """
    fit = fit_within_subjects(trial)
    numbers = (fit.difference, fit.se, float(fit.df), math.sqrt(fit.variance))
    return ratio_from_estimate(*numbers, method="ANOVA", limits=limits, alpha=alpha, notes=trial.notes)


def average_bioequivalence_mixed(
    trial: Crossover,
    *,
    df: Df = "satterthwaite",
    limits: tuple[float, float] = (0.8, 1.25),
    alpha: float = 0.05,
) -> BioequivalenceRatio:
    """Two one-sided tests after a mixed model with random subjects (EMA's method B; FDA's for non-replicate designs).

    ln y = sequence + period + product + subject + error by REML, the variance between subjects being 0 or more. `df`:
    "satterthwaite" (R: lmerTest; SAS: DDFM=SATTERTH), "kenward-roger" (with its standard error; SAS: DDFM=KR) or
    "containment" (SAS: DDFM=CONTAIN, R: nlme).

    Source: EMA. Questions and answers, EMA/618604/2008, annex I; Kenward MG, Roger JH. Biometrics 1997; 53:983-997.
    """
    if df not in ("satterthwaite", "kenward-roger", "containment"):
        raise StatsError("STA-723", f"df {df!r}", "satterthwaite, kenward-roger or containment", "Choose one of them.")
    data = {
        "y": trial.log_y, "subject": trial.subject, "period": trial.period, "sequence": trial.sequence,
        "test": trial.test.astype(np.float64),
    }  # fmt: skip
    levels = {name: tuple(np.unique(data[name]).tolist()) for name in ("period", "sequence")}
    # compound symmetry is linear in the two variances: without second derivatives Kenward and Roger's is theirs
    method = {"kenward-roger": "kenward-roger-linear"}.get(df, "satterthwaite")
    fit = fit_mmrm(
        "y ~ sequence + period + test", data, subject="subject", visit="period", covariance="cs", df=method,
        levels=levels,
    )  # fmt: skip
    sigma = fit.sigma[0]
    if sigma[0, 1] < 0:
        return _without_subjects(trial, df, limits, alpha)
    at = fit.parameter.index("test")
    degrees = float(fit_within_subjects(trial).df) if df == "containment" else float(fit.df[at])
    residual = math.sqrt(sigma[0, 0] - sigma[0, 1])
    numbers = (float(fit.estimate[at]), float(fit.se[at]), degrees, residual)
    return ratio_from_estimate(*numbers, method=f"mixed model, {df}", limits=limits, alpha=alpha, notes=trial.notes)


def _without_subjects(trial: Crossover, df: Df, limits: tuple[float, float], alpha: float) -> BioequivalenceRatio:
    """No variance between subjects: least squares without them."""
    data = {"y": trial.log_y, "period": trial.period, "sequence": trial.sequence, "test": trial.test.astype(np.float64)}
    fit = fit_linear(model_matrix("y ~ sequence + period + test", data, factors={"period", "sequence"}), alpha=alpha)
    at = fit.matrix.names.index("test")
    degrees = float(fit_within_subjects(trial).df if df == "containment" else fit.df_residual)
    note = Note("STA-724", "the variance between subjects is estimated as 0")
    numbers = (float(fit.beta[at]), math.sqrt(fit.covariance[at, at]), degrees, fit.sigma)
    notes = (*trial.notes, note)
    return ratio_from_estimate(*numbers, method=f"mixed model, {df}", limits=limits, alpha=alpha, notes=notes)


def average_bioequivalence_parallel(
    test: ArrayLike,
    reference: ArrayLike,
    *,
    equal_variances: bool = False,
    limits: tuple[float, float] = (0.8, 1.25),
    alpha: float = 0.05,
) -> BioequivalenceRatio:
    """Two one-sided tests in a parallel-group trial: `test` (n1,), `reference` (n2,) measures above 0.

    Of the logarithms, by Welch's t test, or the pooled one with `equal_variances`. Missing values are left out (Note
    STA-107). Raises StatsError STA-720 for values of 0 or less. `cv` is that of the pooled standard deviation.

    Source: Schuirmann DJ. J Pharmacokinet Biopharm 1987; 15:657-680; FDA. Statistical Approaches to Establishing
    Bioequivalence, 2001, section VI.

    >>> average_bioequivalence_parallel([8.0, 9, 10, 9], [9.0, 8, 11, 10]).equivalent
    True
    """
    values = [np.asarray(v, dtype=np.float64) for v in (test, reference)]
    if any((v[~np.isnan(v)] <= 0).any() for v in values):
        raise StatsError("STA-720", "values of 0 or less", "measures above 0", "Check the measures.")
    logs = [np.log(v) for v in values]
    found = (t_test_pooled if equal_variances else t_test_welch)(*logs, alpha=2 * alpha)
    pooled = t_test_pooled(*logs)
    sd = pooled.se / math.sqrt(1 / pooled.n[0] + 1 / pooled.n[1])
    numbers = (found.estimate, found.se, found.df, sd)
    return ratio_from_estimate(
        *numbers, method=f"parallel, {found.method}", limits=limits, alpha=alpha, notes=found.notes
    )


def ratio_from_estimate(
    log_ratio: float,
    log_se: float,
    df: float,
    log_sd: float = math.nan,
    *,
    method: str = "estimate",
    limits: tuple[float, float] = (0.8, 1.25),
    alpha: float = 0.05,
    notes: tuple[Note, ...] = (),
) -> BioequivalenceRatio:
    """Two one-sided tests of a difference of mean logarithms `log_ratio` with its standard error, from any model.

    `log_sd` is the residual standard deviation, for `cv`. Reject non-equivalence where exp(d - t se) >= lower limit
    and exp(d + t se) <= upper limit, t = t(1 - alpha, df). Raises StatsError STA-725 for limits that are not lower <
    upper, both above 0.

    Source: Schuirmann DJ. J Pharmacokinet Biopharm 1987; 15:657-680.

    >>> ratio_from_estimate(0.0, 0.05, 20).equivalent
    True
    """
    if not 0 < limits[0] < limits[1]:
        raise StatsError("STA-725", f"limits {limits}", "0 < lower < upper", "Limits of the ratio, e.g. (0.8, 1.25).")
    half = stats.t.isf(alpha, df) * log_se
    lower, upper = float(np.exp(log_ratio - half)), float(np.exp(log_ratio + half))
    if not math.isfinite(half):
        notes = (*notes, Note("STA-729", "too few data for an interval"))
    with np.errstate(divide="ignore", invalid="ignore"):
        p_lower = float(stats.t.sf((log_ratio - math.log(limits[0])) / np.float64(log_se), df))
        p_upper = float(stats.t.cdf((log_ratio - math.log(limits[1])) / np.float64(log_se), df))
    return BioequivalenceRatio(
        method, math.exp(log_ratio), lower, upper, df, log_se, float(compute_cv(log_sd)), *limits, p_lower, p_upper,
        limits[0] <= lower and upper <= limits[1], alpha, notes,
    )  # fmt: skip
