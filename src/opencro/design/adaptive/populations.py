"""Populations: a subgroup and all participants, tested together.

Source: Spiessens B, Debois M. Contemp Clin Trials 2010; 31:647-656.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq

from opencro.design.errors import DesignError
from opencro.stats import multiplicity


def spiessens_debois_probability(z_all: float, z_subgroup: float, prevalence: float) -> float:
    """P(neither Z exceeds its bound) without an effect; the correlation is the root of the subgroup's share."""
    _check(prevalence)
    r = math.sqrt(prevalence)
    return multiplicity.compute_rectangle_probability([z_all, z_subgroup], [[1.0, r], [r, 1.0]])


def spiessens_debois_critical(prevalence: float, *, alpha: float = 0.025) -> float:
    """The common critical value of the subgroup (share `prevalence`) and all participants, one-sided.

    Raises DES-407. Source: Spiessens B, Debois M. Contemp Clin Trials 2010; 31:647-656.

    >>> round(spiessens_debois_critical(0.4), 4)
    2.1933
    """
    _check(prevalence)
    return float(brentq(lambda c: spiessens_debois_probability(c, c, prevalence) - (1 - alpha), 0.0, 8.0, xtol=1e-10))


def _check(prevalence: float) -> None:
    if not 0 < prevalence <= 1:
        raise DesignError("DES-407", f"prevalence {prevalence:g}", "a share above 0, at most 1", "0.4 is 40 %.")
