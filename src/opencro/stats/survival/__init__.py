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
from opencro.stats.survival.cumulative_incidence import (
    CumulativeIncidence,
    GrayTest,
    IncidenceAt,
    cumulative_incidence,
    cumulative_incidence_at,
    cumulative_incidence_by,
    gray_test,
)
from opencro.stats.survival.curve_batch import (
    RmstBatch,
    SurvivalAtBatch,
    kaplan_meier_at_batch,
    kaplan_meier_quantile_batch,
    rmst_batch,
)
from opencro.stats.survival.fine_gray import FineGrayFit, fit_fine_gray
from opencro.stats.survival.interval_censored import IntervalLogRank, Turnbull, interval_log_rank, turnbull
from opencro.stats.survival.kaplan_meier import (
    KaplanMeier,
    SurvivalAt,
    SurvivalQuantiles,
    kaplan_meier,
    kaplan_meier_at,
    kaplan_meier_by,
    kaplan_meier_quantile,
)
from opencro.stats.survival.landmark import LandmarkContrast, compare_kaplan_meier_at
from opencro.stats.survival.log_rank import LogRank, log_rank, weighted_log_rank
from opencro.stats.survival.log_rank_batch import (
    LogRankBatch,
    log_rank_batch,
    stratified_log_rank_batch,
    weighted_log_rank_batch,
)
from opencro.stats.survival.max_combo import MaxCombo, max_combo
from opencro.stats.survival.normal_rectangle import normal_rectangle
from opencro.stats.survival.picture import plot_incidence, plot_survival
from opencro.stats.survival.piecewise_exponential import (
    PiecewiseFit,
    PiecewiseRates,
    fit_piecewise_exponential,
    piecewise_exponential,
)
from opencro.stats.survival.rmst import RestrictedMean, RestrictedMeanContrast, compare_rmst, rmst
from opencro.stats.survival.sample import tie_close_times
from opencro.stats.survival.weibull import ExponentialFit, WeibullFit, fit_exponential, fit_weibull
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
    "CumulativeIncidence",
    "ExponentialFit",
    "FineGrayFit",
    "FlemingHarrington",
    "Gehan",
    "GrayTest",
    "IncidenceAt",
    "IntervalLogRank",
    "KaplanMeier",
    "LandmarkContrast",
    "LogRank",
    "LogRankBatch",
    "MaxCombo",
    "ModestlyWeighted",
    "ModifiedPetoPeto",
    "PetoPeto",
    "PiecewiseFit",
    "PiecewiseRates",
    "ProportionalHazardsTest",
    "RestrictedMean",
    "RestrictedMeanContrast",
    "RmstBatch",
    "SchoenfeldResiduals",
    "SurvivalAt",
    "SurvivalAtBatch",
    "SurvivalQuantiles",
    "TaroneWare",
    "Turnbull",
    "WeibullFit",
    "Weight",
    "compare_kaplan_meier_at",
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
    "cumulative_incidence",
    "cumulative_incidence_at",
    "cumulative_incidence_by",
    "fit_cox",
    "fit_exponential",
    "fit_fine_gray",
    "fit_piecewise_exponential",
    "fit_weibull",
    "gray_test",
    "interval_log_rank",
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
    "piecewise_exponential",
    "plot_incidence",
    "plot_survival",
    "proportional_hazards_test",
    "rmst",
    "rmst_batch",
    "stratified_log_rank_batch",
    "tie_close_times",
    "turnbull",
    "weighted_log_rank",
    "weighted_log_rank_batch",
]
