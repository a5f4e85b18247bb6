"""Recurrent events: regression of rates and of the next event, and the mean number of events over time."""

from opencro.stats.recurrent.mean_cumulative import (
    MeanCumulative,
    MeanCumulativeTest,
    compare_mean_cumulative,
    mean_cumulative_function,
    plot_mean_cumulative,
)
from opencro.stats.recurrent.regression import (
    RecurrentFit,
    fit_andersen_gill,
    fit_lwyy,
    fit_prentice_williams_peterson,
)

__all__ = [
    "MeanCumulative",
    "MeanCumulativeTest",
    "RecurrentFit",
    "compare_mean_cumulative",
    "fit_andersen_gill",
    "fit_lwyy",
    "fit_prentice_williams_peterson",
    "mean_cumulative_function",
    "plot_mean_cumulative",
]
