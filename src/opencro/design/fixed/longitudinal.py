"""Trials with repeated measures: the contrast of two arms at the last visit by a mixed model, with dropout.

Source: Lu K, Luo X, Chen PY. Int J Biostat 2008; 4(1):9 (sample size for repeated measures with dropout).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.fixed.sizes import SampleSize, check_distance, check_positive, normal_sum, two_arms

Floats = NDArray[np.float64]


def variance_at_last_visit(covariance: ArrayLike, retained: Sequence[float]) -> float:
    """n times the variance of the mean at the last visit in a saturated mixed model of visits.

    `covariance`: (visits, visits) of one participant; `retained`: the share still observed at each visit, falling
    (monotone dropout at random). Raises DES-210.
    """
    v, share = np.asarray(covariance, dtype=np.float64), np.asarray(retained, dtype=np.float64)
    falls = share.size > 0 and bool((np.diff(share) <= 1e-12).all()) and 0 < share[-1] <= share[0] <= 1
    if v.shape != (share.size, share.size) or not falls or np.linalg.eigvalsh(v)[0] <= 0:
        raise DesignError("DES-210", f"covariance {v.shape}, retained {share.tolist()}", "a covariance of visits, "
                          "falling shares", "Give one share for each visit.")  # fmt: skip
    information = np.zeros_like(v)
    leaving = share - np.append(share[1:], 0.0)
    for last, part in enumerate(leaving, start=1):
        information[:last, :last] += part * np.linalg.inv(v[:last, :last])
    return float(np.linalg.inv(information)[-1, -1])


def sample_size_mmrm(
    delta: float, covariance: ArrayLike, *, retained_treatment: Sequence[float], retained_control: Sequence[float],
    null: float = 0.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9, ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for the difference of means at the last visit by a mixed model for repeated measures (MMRM).

    `retained_*`: the share of each arm still observed at each visit; `covariance` known. Errors DES-201 to DES-203,
    DES-210. Source: Lu K, Luo X, Chen PY. Int J Biostat 2008; 4(1):9.

    >>> sample_size_mmrm(0.5, [[1.0]], retained_treatment=[0.8], retained_control=[0.8]).rounded
    (106, 106)
    """
    check_positive(ratio=ratio)
    distance = check_distance(delta, null, "difference")
    treated, control = (variance_at_last_visit(covariance, r) for r in (retained_treatment, retained_control))
    n = (normal_sum(alpha, sided, power) / distance) ** 2 * (treated / ratio + control)
    return two_arms(n, ratio, "mixed model for repeated measures, last visit", alpha, sided, power)
