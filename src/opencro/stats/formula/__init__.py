"""Formulas, model matrices, least squares means and hypotheses: what all linear predictors share."""

from opencro.stats.formula.estimates import (
    JointTests,
    LinearEstimates,
    joint_tests,
    linear_estimates,
    t_limits,
    t_p_value,
)
from opencro.stats.formula.hypotheses import (
    compute_type_i_contrasts,
    compute_type_ii_contrasts,
    compute_type_iii_contrasts,
)
from opencro.stats.formula.least_squares_means import (
    LsMeans,
    MeanContrasts,
    compute_mean_rows,
    contrast_means,
    differences_from,
    ls_means,
    pairwise_differences,
)
from opencro.stats.formula.matrix import ModelMatrix, model_matrix
from opencro.stats.formula.notation import Formula, parse_formula

__all__ = [
    "Formula",
    "JointTests",
    "LinearEstimates",
    "LsMeans",
    "MeanContrasts",
    "ModelMatrix",
    "compute_mean_rows",
    "compute_type_i_contrasts",
    "compute_type_ii_contrasts",
    "compute_type_iii_contrasts",
    "contrast_means",
    "differences_from",
    "joint_tests",
    "linear_estimates",
    "ls_means",
    "model_matrix",
    "pairwise_differences",
    "parse_formula",
    "t_limits",
    "t_p_value",
]
