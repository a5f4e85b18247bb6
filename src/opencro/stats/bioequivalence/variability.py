"""Coefficients of variation and standard deviations of logarithms, and how a product varies within subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.bioequivalence.crossover import Crossover, Floats, fit_within_subjects
from opencro.stats.result import Note, Result


def compute_cv(sd: ArrayLike) -> Floats:
    """The coefficient of variation (0.3 is 30 %) of a measure whose logarithm has the standard deviation `sd`.

    CV = sqrt(exp(sd^2) - 1). Source: Aitchison J, Brown JAC. The Lognormal Distribution, 1957, section 2.3.

    >>> compute_cv(0.25).round(4).item()
    0.254
    """
    return np.asarray(np.sqrt(np.expm1(np.square(np.asarray(sd, dtype=np.float64)))))


def compute_log_sd(cv: ArrayLike) -> Floats:
    """The standard deviation of the logarithm of a measure with the coefficient of variation `cv` (0.3 is 30 %).

    sd = sqrt(ln(1 + CV^2)). Source: Aitchison J, Brown JAC. The Lognormal Distribution, 1957, section 2.3.

    >>> compute_log_sd(0.3).round(4).item()
    0.2936
    """
    return np.asarray(np.sqrt(np.log1p(np.square(np.asarray(cv, dtype=np.float64)))))


@dataclass(frozen=True)
class WithinVariability(Result):
    """Within-subject standard deviations of ln y and coefficients of variation by product.

    NaN where a product was not repeated.     `ratio` is sd_test / sd_reference with its limits at 1 - 2 alpha.
    """

    title: ClassVar[str] = "Within-subject variability"

    sd_test: float
    sd_reference: float
    cv_test: float
    cv_reference: float
    df_test: int
    df_reference: int
    ratio: float
    ratio_lower: float
    ratio_upper: float
    notes: tuple[Note, ...] = ()


def within_subject_variability(trial: Crossover, *, alpha: float = 0.05) -> WithinVariability:
    """How each product varies within subjects who received it more than once.

    The residual variance of ln y = subject + period, fitted to the rows of the product alone (EMA 2010, Q&A 2012).
    Limits of the ratio by F: ratio / sqrt(F(1 - alpha; dfT, dfR)), ratio / sqrt(F(alpha; dfT, dfR)). A product that no
    subject received twice has NaN (Note STA-722).

    Source: EMA. Questions and answers: positions on specific questions addressed to the pharmacokinetics working party,
    EMA/618604/2008; FDA. Draft guidance on warfarin sodium, 2012 (limits of the ratio).
    """
    found = [fit_within_subjects(trial.only(trial.test == product)) for product in (True, False)]
    (var_t, df_t), (var_r, df_r) = ((f.variance, max(f.df, 0)) for f in found)
    sd_t, sd_r = float(np.sqrt(var_t)), float(np.sqrt(var_r))
    ratio = sd_t / sd_r if sd_r > 0 else np.nan
    lower = upper = np.nan
    if np.isfinite(ratio):
        lower, upper = (ratio / np.sqrt(stats.f.ppf(q, df_t, df_r)) for q in (1 - alpha, alpha))
    missing = [name for name, sd in (("test", sd_t), ("reference", sd_r)) if np.isnan(sd)]
    notes = tuple(Note("STA-722", f"no subject received the {name} product often enough") for name in missing)
    cv_t, cv_r = float(compute_cv(sd_t)), float(compute_cv(sd_r))
    return WithinVariability(
        sd_t, sd_r, cv_t, cv_r, df_t, df_r, ratio, float(lower), float(upper), (*trial.notes, *notes)
    )
