"""Generalized linear models: binary outcomes, counts, ordered categories, clusters, and standardized estimates."""

from opencro.stats.generalized.batches import BatchFit, logistic_batch, negative_binomial_batch, poisson_batch
from opencro.stats.generalized.binomial import (
    IdentityBinomialFit,
    LogBinomialFit,
    LogisticFit,
    ProbitFit,
    Separation,
    detect_separation,
    fit_identity_binomial,
    fit_log_binomial,
    fit_logistic,
    fit_probit,
)
from opencro.stats.generalized.counts import NegativeBinomialFit, PoissonFit, fit_negative_binomial, fit_poisson
from opencro.stats.generalized.exact import ExactLogisticFit, exact_logistic
from opencro.stats.generalized.firth import FirthFit, fit_firth_logistic
from opencro.stats.generalized.fits import GeneralizedFit
from opencro.stats.generalized.gee import GeeFit, fit_gee
from opencro.stats.generalized.ordinal import (
    OrdinalFit,
    fit_partial_proportional_odds,
    fit_proportional_odds,
    proportional_odds_test,
)
from opencro.stats.generalized.prognostic import PrognosticDifference, procova
from opencro.stats.generalized.response_means import Ratios, ResponseMeans, compute_ratios, response_means
from opencro.stats.generalized.sandwich import with_cluster_errors, with_robust_errors
from opencro.stats.generalized.standardization import (
    StandardizedContrast,
    StandardizedDifference,
    StandardizedMeans,
    StandardizedOddsRatio,
    StandardizedRatio,
    standardized_difference,
    standardized_means,
    standardized_odds_ratio,
    standardized_ratio,
)
from opencro.stats.generalized.term_tests import ChiSquareTest, likelihood_ratio_test, score_test, wald_test

__all__ = [
    "BatchFit",
    "ChiSquareTest",
    "ExactLogisticFit",
    "FirthFit",
    "GeeFit",
    "GeneralizedFit",
    "IdentityBinomialFit",
    "LogBinomialFit",
    "LogisticFit",
    "NegativeBinomialFit",
    "OrdinalFit",
    "PoissonFit",
    "ProbitFit",
    "PrognosticDifference",
    "Ratios",
    "ResponseMeans",
    "Separation",
    "StandardizedContrast",
    "StandardizedDifference",
    "StandardizedMeans",
    "StandardizedOddsRatio",
    "StandardizedRatio",
    "compute_ratios",
    "detect_separation",
    "exact_logistic",
    "fit_firth_logistic",
    "fit_gee",
    "fit_identity_binomial",
    "fit_log_binomial",
    "fit_logistic",
    "fit_negative_binomial",
    "fit_partial_proportional_odds",
    "fit_poisson",
    "fit_probit",
    "fit_proportional_odds",
    "likelihood_ratio_test",
    "logistic_batch",
    "negative_binomial_batch",
    "poisson_batch",
    "procova",
    "proportional_odds_test",
    "response_means",
    "score_test",
    "standardized_difference",
    "standardized_means",
    "standardized_odds_ratio",
    "standardized_ratio",
    "wald_test",
    "with_cluster_errors",
    "with_robust_errors",
]
