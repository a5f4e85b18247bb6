"""Exposure-adjusted rates: events per time at risk, compared, stratified and standardized."""

from opencro.stats.rates.comparisons import (
    RateComparison,
    rate_difference_miettinen_nurminen,
    rate_difference_wald,
    rate_ratio_exact,
    rate_ratio_mid_p,
    rate_ratio_miettinen_nurminen,
    rate_ratio_wald_log,
)
from opencro.stats.rates.intervals import (
    RateIntervals,
    byar,
    garwood,
    poisson_mid_p,
    poisson_score,
    poisson_wald_log,
)
from opencro.stats.rates.stratified import (
    StandardizedRate,
    fay_feuer,
    rate_difference_mantel_haenszel,
    rate_ratio_mantel_haenszel,
)
from opencro.stats.rates.subjects import (
    ExposureAdjustedRates,
    exposure_adjusted_difference,
    exposure_adjusted_rates,
    exposure_adjusted_ratio,
)

__all__ = [
    "ExposureAdjustedRates",
    "RateComparison",
    "RateIntervals",
    "StandardizedRate",
    "byar",
    "exposure_adjusted_difference",
    "exposure_adjusted_rates",
    "exposure_adjusted_ratio",
    "fay_feuer",
    "garwood",
    "poisson_mid_p",
    "poisson_score",
    "poisson_wald_log",
    "rate_difference_mantel_haenszel",
    "rate_difference_miettinen_nurminen",
    "rate_difference_wald",
    "rate_ratio_exact",
    "rate_ratio_mantel_haenszel",
    "rate_ratio_mid_p",
    "rate_ratio_miettinen_nurminen",
    "rate_ratio_wald_log",
]
