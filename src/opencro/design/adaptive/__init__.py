"""Adaptive designs: combination tests and conditional errors, whatever was changed at a look."""

from opencro.design.adaptive.closed import ClosedTest, adjust, closed_combination_test, intersections_of
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
from opencro.design.adaptive.conditional_dunnett import ConditionalDunnett, conditional_dunnett
from opencro.design.adaptive.families import ArmMeans, NestedPopulations, StageFamily
from opencro.design.adaptive.fisher import (
    FisherDesign,
    compute_fisher_levels,
    fisher_equal_levels,
    fisher_full_level,
    fisher_no_interaction,
)
from opencro.design.adaptive.multi_stage import (
    MultiStage,
    multi_stage,
    obrien_fleming_shape,
    pocock_shape,
    triangular_lower,
    triangular_upper,
)
from opencro.design.adaptive.populations import spiessens_debois_critical, spiessens_debois_probability
from opencro.design.adaptive.reestimation import (
    PromisingZone,
    blinded_size_means,
    conditional_power_trend,
    final_bound_unchanged,
    information_for_conditional_error,
    promising_zone,
    size_for_power,
)
from opencro.design.adaptive.stages import LogRankStages, MeanStages, Mirrored, RateStages, Stages

__all__ = [
    "ArmMeans",
    "ClosedTest",
    "ConditionalDunnett",
    "FisherDesign",
    "LogRankStages",
    "MeanStages",
    "Mirrored",
    "MultiStage",
    "NestedPopulations",
    "PromisingZone",
    "RateStages",
    "StageAnalysis",
    "StageFamily",
    "StageInference",
    "Stages",
    "adjust",
    "analyse_stages",
    "blinded_size_means",
    "closed_combination_test",
    "combine",
    "combine_normal",
    "compute_conditional_error_combined",
    "compute_conditional_power_stages",
    "compute_final_p",
    "compute_fisher_levels",
    "compute_repeated_p_combined",
    "conditional_dunnett",
    "conditional_power_trend",
    "final_bound_unchanged",
    "fisher_equal_levels",
    "fisher_full_level",
    "fisher_no_interaction",
    "infer_stages",
    "information_for_conditional_error",
    "intersections_of",
    "multi_stage",
    "obrien_fleming_shape",
    "pocock_shape",
    "promising_zone",
    "rejects",
    "size_for_power",
    "spiessens_debois_critical",
    "spiessens_debois_probability",
    "triangular_lower",
    "triangular_upper",
]
