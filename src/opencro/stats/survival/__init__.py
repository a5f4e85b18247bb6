"""Time to event: curves, tests, Cox regression, restricted means and their batched forms for simulation."""

from opencro.stats.survival.cox import CoxContrast, CoxFit, CoxTests, cox_contrast, cox_tests, fit_cox
from opencro.stats.survival.cox_batch import CoxBatch, cox_batch
from opencro.stats.survival.cox_diagnostics import (
    BaselineHazard,
    ProportionalHazardsTest,
    SchoenfeldResiduals,
    cox_baseline_hazard,
    cox_deviance_residuals,
    cox_dfbeta,
    cox_martingale_residuals,
    cox_schoenfeld_residuals,
    cox_score_residuals,
    proportional_hazards_test,
)
from opencro.stats.survival.curve_batch import (
    RmstBatch,
    SurvivalAtBatch,
    kaplan_meier_at_batch,
    kaplan_meier_quantile_batch,
    rmst_batch,
)
from opencro.stats.survival.kaplan_meier import (
    KaplanMeier,
    SurvivalAt,
    SurvivalQuantiles,
    kaplan_meier,
    kaplan_meier_at,
    kaplan_meier_by,
    kaplan_meier_quantile,
)
from opencro.stats.survival.log_rank import LogRank, log_rank, weighted_log_rank
from opencro.stats.survival.log_rank_batch import (
    LogRankBatch,
    log_rank_batch,
    stratified_log_rank_batch,
    weighted_log_rank_batch,
)
from opencro.stats.survival.max_combo import MaxCombo, max_combo
from opencro.stats.survival.normal_rectangle import normal_rectangle
from opencro.stats.survival.picture import plot_survival
from opencro.stats.survival.rmst import RestrictedMean, RestrictedMeanContrast, compare_rmst, rmst
from opencro.stats.survival.sample import tie_close_times
from opencro.stats.survival.weights import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    ModifiedPetoPeto,
    PetoPeto,
    TaroneWare,
    Weight,
)

__all__ = [
    "BaselineHazard",
    "CoxBatch",
    "CoxContrast",
    "CoxFit",
    "CoxTests",
    "FlemingHarrington",
    "Gehan",
    "KaplanMeier",
    "LogRank",
    "LogRankBatch",
    "MaxCombo",
    "ModestlyWeighted",
    "ModifiedPetoPeto",
    "PetoPeto",
    "ProportionalHazardsTest",
    "RestrictedMean",
    "RestrictedMeanContrast",
    "RmstBatch",
    "SchoenfeldResiduals",
    "SurvivalAt",
    "SurvivalAtBatch",
    "SurvivalQuantiles",
    "TaroneWare",
    "Weight",
    "compare_rmst",
    "cox_baseline_hazard",
    "cox_batch",
    "cox_contrast",
    "cox_deviance_residuals",
    "cox_dfbeta",
    "cox_martingale_residuals",
    "cox_schoenfeld_residuals",
    "cox_score_residuals",
    "cox_tests",
    "fit_cox",
    "kaplan_meier",
    "kaplan_meier_at",
    "kaplan_meier_at_batch",
    "kaplan_meier_by",
    "kaplan_meier_quantile",
    "kaplan_meier_quantile_batch",
    "log_rank",
    "log_rank_batch",
    "max_combo",
    "normal_rectangle",
    "plot_survival",
    "proportional_hazards_test",
    "rmst",
    "rmst_batch",
    "stratified_log_rank_batch",
    "tie_close_times",
    "weighted_log_rank",
    "weighted_log_rank_batch",
]
