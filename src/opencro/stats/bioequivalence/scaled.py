"""Bioequivalence of highly variable products and of those with a narrow index: limits that follow the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from opencro.stats.bioequivalence.average import BioequivalenceRatio, average_bioequivalence_anova
from opencro.stats.bioequivalence.contrasts import Contrasts, contrasts_by_sequence, contrasts_of_subjects
from opencro.stats.bioequivalence.crossover import Crossover
from opencro.stats.bioequivalence.variability import compute_cv, compute_log_sd, within_subject_variability
from opencro.stats.result import Note, Result, StatsError

SWITCH_CV = 0.3
EMA_K, EMA_CAP_CV = 0.76, 0.5
# Health Canada caps the limits at 66.7 to 150.0 %, which this CV gives
CANADA_CAP_CV = 0.57382
GCC_LIMITS = (0.75, 1 / 0.75)
FDA_THETA = (math.log(1.25) / 0.25) ** 2
FDA_SWITCH_SD = 0.294
NARROW_THETA = (math.log(1 / 0.9) / 0.1) ** 2
NARROW_RATIO = 2.5


def limits_ema(cv_reference: float) -> tuple[float, float]:
    """EMA's expanding limits: 80 to 125 % up to a CV of 30 %, exp(-+0.76 sd) above, no wider from 50 % on.

    `cv_reference` is the within-subject CV of the reference (0.35 is 35 %).
    Source: EMA, CPMP/EWP/QWP/1401/98 Rev. 1, 2010, section 4.1.10.

    >>> [round(v, 4) for v in limits_ema(0.4)]
    [0.7462, 1.3402]
    """
    return _expanded(cv_reference, EMA_CAP_CV)


def limits_health_canada(cv_reference: float) -> tuple[float, float]:
    """Health Canada's expanding limits for AUC: as EMA's, but up to 66.7 to 150.0 %.

    Source: Health Canada. Guidance document: comparative bioavailability standards, 2018.

    >>> [round(v, 4) for v in limits_health_canada(0.8)]
    [0.6667, 1.5]
    """
    return _expanded(cv_reference, CANADA_CAP_CV)


def limits_gcc(cv_reference: float) -> tuple[float, float]:
    """Limits of the Gulf Cooperation Council: 75 to 133.33 % above a CV of 30 %.

    Source: GCC guidelines for bioequivalence, version 3.1, 2022.

    >>> limits_gcc(0.3)
    (0.8, 1.25)
    """
    return GCC_LIMITS if cv_reference > SWITCH_CV else (0.8, 1.25)


def _expanded(cv: float, cap: float) -> tuple[float, float]:
    if not cv > SWITCH_CV:
        return 0.8, 1.25
    width = EMA_K * float(compute_log_sd(min(cv, cap)))
    return math.exp(-width), math.exp(width)


@dataclass(frozen=True)
class ExpandingLimits(Result):
    """A ratio with its interval against limits that follow the reference's variability.

    `interval_within` the limits, `point_within` 80 to 125 % (asked where the limits are wider); `equivalent` needs
    both.
    """

    title: ClassVar[str] = "Average bioequivalence with expanding limits"

    ratio: float
    lower: float
    upper: float
    df: float
    sd_reference: float
    cv_reference: float
    limit_lower: float
    limit_upper: float
    interval_within: bool
    point_within: bool
    equivalent: bool
    notes: tuple[Note, ...] = ()


def expanding_limits_ema(trial: Crossover, *, fit: BioequivalenceRatio | None = None) -> ExpandingLimits:
    """EMA's average bioequivalence with expanding limits (ABEL) for a replicate design.

    `fit` is the ratio with its 90 % interval, by default that of `average_bioequivalence_anova` (method A); method B
    is `average_bioequivalence_mixed`. The reference's variance within subjects is `within_subject_variability`'s.
    Raises StatsError STA-726 where the reference was not repeated.

    Source: EMA, CPMP/EWP/QWP/1401/98 Rev. 1, 2010, section 4.1.10.
    """
    cv = _reference_cv(trial)
    return _against(trial, fit, cv, limits_ema(cv))


def expanding_limits_health_canada(trial: Crossover, *, fit: BioequivalenceRatio | None = None) -> ExpandingLimits:
    """Health Canada's expanding limits for AUC; as `expanding_limits_ema`, with another cap.

    Source: Health Canada. Guidance document: comparative bioavailability standards, 2018.
    """
    cv = _reference_cv(trial)
    return _against(trial, fit, cv, limits_health_canada(cv))


def expanding_limits_gcc(trial: Crossover, *, fit: BioequivalenceRatio | None = None) -> ExpandingLimits:
    """The Gulf Cooperation Council's wider limits; as `expanding_limits_ema`.

    Source: GCC guidelines for bioequivalence, version 3.1, 2022.
    """
    cv = _reference_cv(trial)
    return _against(trial, fit, cv, limits_gcc(cv))


def _reference_cv(trial: Crossover) -> float:
    cv = within_subject_variability(trial).cv_reference
    if math.isnan(cv):
        raise StatsError(
            "STA-726", "a reference that no subject received twice", "a replicate design", "Use fixed limits instead."
        )
    return cv


def _against(
    trial: Crossover, fit: BioequivalenceRatio | None, cv: float, limits: tuple[float, float]
) -> ExpandingLimits:
    found = average_bioequivalence_anova(trial) if fit is None else fit
    interval = limits[0] <= found.lower and found.upper <= limits[1]
    point = 0.8 <= found.ratio <= 1.25
    return ExpandingLimits(
        found.ratio, found.lower, found.upper, found.df, float(compute_log_sd(cv)), cv, *limits, interval, point,
        interval and point, found.notes,
    )  # fmt: skip


@dataclass(frozen=True)
class ScaledCriterion(Result):
    """FDA's scaled criterion: its upper bound must be 0 or less.

    `ratio` with its 90 % interval comes from contrasts within subjects; `sd_ratio_upper` is the upper limit of sd_test
    / sd_reference (for a narrow therapeutic index). `scaled` tells whether the criterion decides; `equivalent` the
    verdict.
    """

    title: ClassVar[str] = "Reference-scaled average bioequivalence"

    ratio: float
    lower: float
    upper: float
    df: float
    sd_reference: float
    cv_reference: float
    criterion: float
    sd_ratio_upper: float
    scaled: bool
    equivalent: bool
    notes: tuple[Note, ...] = ()


def reference_scaled_fda(trial: Crossover, *, by_sequence: bool = True) -> ScaledCriterion:
    """FDA's reference-scaled average bioequivalence (RSABE) for highly variable products.

    From each subject's mean of T minus mean of R, and difference of two R, both by sequence: the 95 % upper bound of
    (mT - mR)^2 - theta s^2, theta = (ln 1.25 / 0.25)^2, by Howe's approximation with x = d^2 - se^2. Where s >= 0.294
    the criterion and a ratio within 80 to 125 % decide, else the 90 % interval within 80 to 125 %. `by_sequence` False
    takes the subjects as one sample, with s^2 of `within_subject_variability` (as R's PKNCA). Raises StatsError
    STA-726 without a repeated reference.

    Source: FDA. Draft guidance on progesterone, 2011; Hyslop T, Hsuan F, Holder DJ. Stat Med 2000; 19:2885-2897; Howe
    WG. J Am Stat Assoc 1974; 69:789-794.
    """
    parts = contrasts_by_sequence(trial) if by_sequence else contrasts_of_subjects(trial)
    point, within = 0.8 <= parts.ratio <= 1.25, parts.lower >= 0.8 and parts.upper <= 1.25
    scaled = parts.sd >= FDA_SWITCH_SD
    criterion = parts.criterion(FDA_THETA)
    return _verdict(trial, parts, criterion, scaled, criterion <= 0 and point if scaled else within)


def narrow_index_fda(trial: Crossover, *, by_sequence: bool = True) -> ScaledCriterion:
    """FDA's rules for a narrow therapeutic index, in a full replicate design.

    All three: the bound of (mT - mR)^2 - theta s^2 is 0 or less, theta = (ln(1/0.9) / 0.1)^2; the 90 % interval within
    80 to 125 %; the upper 95 % limit of sd_test / sd_reference is 2.5 or less. See `reference_scaled_fda`.

    Source: FDA. Draft guidance on warfarin sodium, 2012.
    """
    parts = contrasts_by_sequence(trial) if by_sequence else contrasts_of_subjects(trial)
    upper = within_subject_variability(trial).ratio_upper
    criterion = parts.criterion(NARROW_THETA)
    verdict = criterion <= 0 and parts.lower >= 0.8 and parts.upper <= 1.25 and upper <= NARROW_RATIO
    return _verdict(trial, parts, criterion, True, verdict)


def _verdict(trial: Crossover, parts: Contrasts, criterion: float, scaled: bool, verdict: bool) -> ScaledCriterion:
    upper = within_subject_variability(trial).ratio_upper
    numbers = (parts.ratio, parts.lower, parts.upper, float(parts.df), parts.sd, float(compute_cv(parts.sd)))
    return ScaledCriterion(*numbers, criterion, upper, scaled, bool(verdict), trial.notes)
