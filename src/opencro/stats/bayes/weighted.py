"""Numbers of a distribution that is given as weighted points."""

from __future__ import annotations

import numpy as np

from opencro.stats.bayes.mixtures import Floats


def summarize_points(points: Floats, weights: Floats, alpha: float) -> tuple[float, float, float, float, float]:
    """Mean, standard deviation, lower limit, median, upper limit of weighted points."""
    share = weights / weights.sum()
    mean = float(share @ points)
    sd = float(np.sqrt(max(share @ (points - mean) ** 2, 0.0)))
    low, middle, high = weighted_quantiles(points, share, np.array([alpha / 2, 0.5, 1 - alpha / 2]))
    return mean, sd, float(low), float(middle), float(high)


def weighted_quantiles(points: Floats, weights: Floats, p: Floats) -> Floats:
    """Quantiles by the cumulative weight at the middle of each point."""
    order = np.argsort(points)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(p, cumulative / weights.sum(), points[order])
