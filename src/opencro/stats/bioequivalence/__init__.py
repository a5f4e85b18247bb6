"""Bioequivalence: ratios of geometric means, limits scaled to the reference, power of two one-sided tests."""

from opencro.stats.bioequivalence.average import (
    BioequivalenceRatio,
    average_bioequivalence_anova,
    average_bioequivalence_mixed,
    average_bioequivalence_parallel,
    ratio_from_estimate,
)
from opencro.stats.bioequivalence.batch import BioequivalenceBatch, bioequivalence_batch
from opencro.stats.bioequivalence.crossover import Crossover, crossover
from opencro.stats.bioequivalence.power import (
    DESIGNS,
    TrialDesign,
    cv_from_interval,
    design_of,
    interval_from_cv,
    power_tost,
    sample_size_noninferiority,
    sample_size_tost,
)
from opencro.stats.bioequivalence.scaled import (
    ExpandingLimits,
    ScaledCriterion,
    expanding_limits_ema,
    expanding_limits_gcc,
    expanding_limits_health_canada,
    limits_ema,
    limits_gcc,
    limits_health_canada,
    narrow_index_fda,
    reference_scaled_fda,
)
from opencro.stats.bioequivalence.variability import (
    WithinVariability,
    compute_cv,
    compute_log_sd,
    within_subject_variability,
)

__all__ = [
    "DESIGNS",
    "BioequivalenceBatch",
    "BioequivalenceRatio",
    "Crossover",
    "ExpandingLimits",
    "ScaledCriterion",
    "TrialDesign",
    "WithinVariability",
    "average_bioequivalence_anova",
    "average_bioequivalence_mixed",
    "average_bioequivalence_parallel",
    "bioequivalence_batch",
    "compute_cv",
    "compute_log_sd",
    "crossover",
    "cv_from_interval",
    "design_of",
    "expanding_limits_ema",
    "expanding_limits_gcc",
    "expanding_limits_health_canada",
    "interval_from_cv",
    "limits_ema",
    "limits_gcc",
    "limits_health_canada",
    "narrow_index_fda",
    "power_tost",
    "ratio_from_estimate",
    "reference_scaled_fda",
    "sample_size_noninferiority",
    "sample_size_tost",
    "within_subject_variability",
]
