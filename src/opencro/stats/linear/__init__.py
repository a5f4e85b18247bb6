"""Linear models: least squares, analysis of variance and covariance, t tests, robust covariances, batches of trials."""

from opencro.stats.linear.ancova import Ancova, AncovaBatch, ancova, ancova_batch
from opencro.stats.linear.batch import LinearBatch, fit_linear_batch
from opencro.stats.linear.fit import LinearModel, Prediction, fit_linear, predict_linear
from opencro.stats.linear.robust import cluster_robust, hc_robust
from opencro.stats.linear.t_tests import (
    TTest,
    TTestBatch,
    t_test_one_sample,
    t_test_paired,
    t_test_pooled,
    t_test_pooled_batch,
    t_test_welch,
    t_test_welch_batch,
)
from opencro.stats.linear.variance_analysis import (
    AnovaTable,
    OneWay,
    anova_type_i,
    anova_type_ii,
    anova_type_iii,
    one_way_anova,
    welch_anova,
)

__all__ = [
    "Ancova",
    "AncovaBatch",
    "AnovaTable",
    "LinearBatch",
    "LinearModel",
    "OneWay",
    "Prediction",
    "TTest",
    "TTestBatch",
    "ancova",
    "ancova_batch",
    "anova_type_i",
    "anova_type_ii",
    "anova_type_iii",
    "cluster_robust",
    "fit_linear",
    "fit_linear_batch",
    "hc_robust",
    "one_way_anova",
    "predict_linear",
    "t_test_one_sample",
    "t_test_paired",
    "t_test_pooled",
    "t_test_pooled_batch",
    "t_test_welch",
    "t_test_welch_batch",
    "welch_anova",
]
