"""Missing outcomes: imputation under named assumptions, Rubin's rules, conditional means with the jackknife, tipping
points."""

from opencro.stats.missing.analysis import (
    ImputedAnalysis,
    analyse_ancova,
    compute_ancova_batch,
    delta_by_arm,
    delta_since_event,
)
from opencro.stats.missing.estimand import Handling, handle_intercurrent_events
from opencro.stats.missing.gibbs import draw_parameters
from opencro.stats.missing.imputation import Imputed, Parameters, impute_conditional_mean, impute_random
from opencro.stats.missing.incomplete import (
    IncompleteData,
    arrange_outcomes,
    with_events,
    with_off_treatment_shift,
)
from opencro.stats.missing.monotone import impute_monotone
from opencro.stats.missing.parameters import bootstrap_parameters, fit_parameters, jackknife_parameters
from opencro.stats.missing.rubin import PooledEstimate, pool_rubin, pool_rubin_batch
from opencro.stats.missing.strategies import assume_covariance, assume_mean
from opencro.stats.missing.tipping import TippingGrid, TippingPoint, tipping_grid, tipping_point

__all__ = [
    "Handling",
    "Imputed",
    "ImputedAnalysis",
    "IncompleteData",
    "Parameters",
    "PooledEstimate",
    "TippingGrid",
    "TippingPoint",
    "analyse_ancova",
    "arrange_outcomes",
    "assume_covariance",
    "assume_mean",
    "bootstrap_parameters",
    "compute_ancova_batch",
    "delta_by_arm",
    "delta_since_event",
    "draw_parameters",
    "fit_parameters",
    "handle_intercurrent_events",
    "impute_conditional_mean",
    "impute_monotone",
    "impute_random",
    "jackknife_parameters",
    "pool_rubin",
    "pool_rubin_batch",
    "tipping_grid",
    "tipping_point",
    "with_events",
    "with_off_treatment_shift",
]
