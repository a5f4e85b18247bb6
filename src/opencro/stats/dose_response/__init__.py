"""Dose-response: curves, tests for a signal, MCP-Mod, target doses; curves of laboratory assays."""

from opencro.stats.dose_response.assay import (
    HORMESIS_4,
    LOG_LOGISTIC_2,
    LOG_LOGISTIC_3,
    LOG_LOGISTIC_4,
    LOG_LOGISTIC_5,
    LOG_NORMAL_2,
    LOGISTIC_4,
    WEIBULL_4,
    AssayCurve,
    AssayFit,
    fit_assay_counts,
    fit_assay_curve,
)
from opencro.stats.dose_response.assay_doses import assay_dose
from opencro.stats.dose_response.batch import (
    ContrastBatch,
    CurveBatch,
    fit_dose_response_batch,
    multiple_contrast_test_batch,
    trend_test_batch,
)
from opencro.stats.dose_response.contrasts import (
    Candidate,
    ContrastTests,
    candidate,
    contrast_tests,
    maximum_critical_value,
    multiple_contrast_test,
    optimal_contrasts,
    trend_test,
)
from opencro.stats.dose_response.estimates import DoseMeans, compute_dose_means, dose_means
from opencro.stats.dose_response.fit import DoseFit, fit_dose_response
from opencro.stats.dose_response.mcp_mod import McpMod, mcp_mod
from opencro.stats.dose_response.power import power_multiple_contrast_test
from opencro.stats.dose_response.shapes import (
    EMAX,
    EXPONENTIAL,
    LINEAR,
    LOGISTIC,
    QUADRATIC,
    SIGMOID_EMAX,
    Shape,
    beta_shape,
    log_linear,
)
from opencro.stats.dose_response.targets import TargetDose, effective_dose, target_dose

__all__ = [
    "EMAX",
    "EXPONENTIAL",
    "HORMESIS_4",
    "LINEAR",
    "LOGISTIC",
    "LOGISTIC_4",
    "LOG_LOGISTIC_2",
    "LOG_LOGISTIC_3",
    "LOG_LOGISTIC_4",
    "LOG_LOGISTIC_5",
    "LOG_NORMAL_2",
    "QUADRATIC",
    "SIGMOID_EMAX",
    "WEIBULL_4",
    "AssayCurve",
    "AssayFit",
    "Candidate",
    "ContrastBatch",
    "ContrastTests",
    "CurveBatch",
    "DoseFit",
    "DoseMeans",
    "McpMod",
    "Shape",
    "TargetDose",
    "assay_dose",
    "beta_shape",
    "candidate",
    "compute_dose_means",
    "contrast_tests",
    "dose_means",
    "effective_dose",
    "fit_assay_counts",
    "fit_assay_curve",
    "fit_dose_response",
    "fit_dose_response_batch",
    "log_linear",
    "maximum_critical_value",
    "mcp_mod",
    "multiple_contrast_test",
    "multiple_contrast_test_batch",
    "optimal_contrasts",
    "power_multiple_contrast_test",
    "target_dose",
    "trend_test",
    "trend_test_batch",
]
