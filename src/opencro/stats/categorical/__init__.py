"""Contingency tables: chi-square, Fisher, Cochran-Mantel-Haenszel, matched pairs, kappa, trend."""

from opencro.stats.categorical.chi_square import (
    likelihood_ratio_chi_square,
    likelihood_ratio_chi_square_batch,
    pearson_chi_square,
    pearson_chi_square_batch,
)
from opencro.stats.categorical.cmh import (
    CmhTests,
    cochran_mantel_haenszel,
    cochran_mantel_haenszel_batch,
    mantel_haenszel_test,
    mantel_haenszel_test_batch,
)
from opencro.stats.categorical.exact_odds import ExactOddsRatio, exact_odds_ratio
from opencro.stats.categorical.fisher import (
    FisherTest,
    SimulatedFisherTest,
    fisher_exact,
    fisher_exact_batch,
    fisher_exact_simulated,
)
from opencro.stats.categorical.matched import ExactTest, Kappa, kappa, mcnemar, mcnemar_exact
from opencro.stats.categorical.table import ChiSquareTest, Tests
from opencro.stats.categorical.trend import TrendTest, cochran_armitage, cochran_armitage_exact

__all__ = [
    "ChiSquareTest",
    "CmhTests",
    "ExactOddsRatio",
    "ExactTest",
    "FisherTest",
    "Kappa",
    "SimulatedFisherTest",
    "Tests",
    "TrendTest",
    "cochran_armitage",
    "cochran_armitage_exact",
    "cochran_mantel_haenszel",
    "cochran_mantel_haenszel_batch",
    "exact_odds_ratio",
    "fisher_exact",
    "fisher_exact_batch",
    "fisher_exact_simulated",
    "kappa",
    "likelihood_ratio_chi_square",
    "likelihood_ratio_chi_square_batch",
    "mantel_haenszel_test",
    "mantel_haenszel_test_batch",
    "mcnemar",
    "mcnemar_exact",
    "pearson_chi_square",
    "pearson_chi_square_batch",
]
