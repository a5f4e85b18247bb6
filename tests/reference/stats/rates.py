"""How the published results of exposure-adjusted rates are computed again."""

from __future__ import annotations

from opencro.stats import rates
from tests.reference.stats.material import Reference


def _garwood(reference: Reference) -> list[float]:
    found = rates.garwood(reference.data["events"], reference.data["py"], per=100)
    return [found.rate[0], found.lower[0], found.upper[0]]


RECOMPUTE = {"poisson.exactci.*": _garwood}
