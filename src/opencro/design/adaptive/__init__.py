"""Adaptive designs: combination tests and conditional errors, whatever was changed at a look."""

from opencro.design.adaptive.combination import (
    StageAnalysis,
    StageInference,
    analyse_stages,
    combine,
    combine_normal,
    compute_conditional_error_combined,
    compute_conditional_power_stages,
    compute_final_p,
    compute_repeated_p_combined,
    infer_stages,
    rejects,
)
from opencro.design.adaptive.fisher import (
    FisherDesign,
    compute_fisher_levels,
    fisher_equal_levels,
    fisher_full_level,
    fisher_no_interaction,
)
from opencro.design.adaptive.stages import LogRankStages, MeanStages, Mirrored, RateStages, Stages

__all__ = [
    "FisherDesign",
    "LogRankStages",
    "MeanStages",
    "Mirrored",
    "RateStages",
    "StageAnalysis",
    "StageInference",
    "Stages",
    "analyse_stages",
    "combine",
    "combine_normal",
    "compute_conditional_error_combined",
    "compute_conditional_power_stages",
    "compute_final_p",
    "compute_fisher_levels",
    "compute_repeated_p_combined",
    "fisher_equal_levels",
    "fisher_full_level",
    "fisher_no_interaction",
    "infer_stages",
    "rejects",
]
