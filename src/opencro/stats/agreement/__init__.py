"""Agreement of methods and accuracy of tests: Bland-Altman, Deming, Passing-Bablok, concordance, ROC, diagnostics."""

from opencro.stats.agreement.bland_altman import LimitsOfAgreement, bland_altman
from opencro.stats.agreement.correlation import (
    Concordance,
    Intraclass,
    concordance_correlation,
    intraclass_correlation,
)
from opencro.stats.agreement.deming import MethodComparison, fit_deming, fit_weighted_deming
from opencro.stats.agreement.diagnostic import Accuracy, diagnostic_accuracy, predictive_values
from opencro.stats.agreement.passing_bablok import fit_passing_bablok
from opencro.stats.agreement.roc import (
    Area,
    AreaDifference,
    RocCurve,
    area_under_curve,
    compare_areas,
    compare_areas_paired,
    partial_area,
    roc_curve,
)

__all__ = [
    "Accuracy",
    "Area",
    "AreaDifference",
    "Concordance",
    "Intraclass",
    "LimitsOfAgreement",
    "MethodComparison",
    "RocCurve",
    "area_under_curve",
    "bland_altman",
    "compare_areas",
    "compare_areas_paired",
    "concordance_correlation",
    "diagnostic_accuracy",
    "fit_deming",
    "fit_passing_bablok",
    "fit_weighted_deming",
    "intraclass_correlation",
    "partial_area",
    "predictive_values",
    "roc_curve",
]
