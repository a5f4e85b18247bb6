"""Quantiles by every definition in use: Hyndman and Fan's nine types, and SAS's five.

Source: Hyndman RJ, Fan Y. Sample quantiles in statistical packages. The American Statistician 1996; 50:361-365.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError
from opencro.stats.summary.segments import Segments, order_statistics, split_rows

Floats = NDArray[np.float64]
# SAS's PCTLDEF (QNTLDEF): the type of Hyndman and Fan that it is
PCTLDEF_TYPES = {1: 4, 2: 3, 3: 1, 4: 6, 5: 2}
# a and b of Hyndman and Fan's continuous types: position a + p (n + 1 - a - b)
_PLOTTING = {4: (0.0, 1.0), 5: (0.5, 0.5), 6: (0.0, 0.0), 7: (1.0, 1.0), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}
# R's: a position this near to a whole number is one
_FUZZ = 4 * float(np.finfo(float).eps)


def quantile(x: ArrayLike, p: ArrayLike, *, kind: int = 2) -> Floats:
    """Quantiles of `x` (n,), or of each row of (rows, n), at the probabilities `p` (q,): an array (q,) or (rows, q).

    `kind`, 1 to 9, is Hyndman and Fan's type; 2 is SAS's default (PCTLDEF=5), 7 that of R and numpy. Missing values
    are left out; without any value the quantiles are NaN. Raises StatsError STA-904 for another kind or a p outside 0
    to 1.

    Types 1 to 3 take order statistics at n p (2 averages at jumps, 3 takes the nearest, to even); types 4 to 9
    interpolate at a + p (n + 1 - a - b).

    Source: Hyndman RJ, Fan Y. The American Statistician 1996; 50:361-365.

    >>> quantile([1, 2, 3, 4], [0.25, 0.5]).tolist()
    [1.5, 2.5]
    """
    values = np.asarray(x, dtype=np.float64)
    found = segment_quantiles(split_rows(np.atleast_2d(values)), _checked(p), kind)
    return found if values.ndim > 1 else found[0]


def quantile_pctldef(x: ArrayLike, p: ArrayLike, *, pctldef: int = 5) -> Floats:
    """Quantiles by SAS's number of the definition, PCTLDEF 1 to 5; see `quantile`.

    PCTLDEF 1, 2, 3, 4, 5 are types 4, 3, 1, 6, 2. Raises StatsError STA-904.

    Source: SAS 9.4 Base Procedures Guide, PROC UNIVARIATE, Calculating Percentiles.

    >>> quantile_pctldef([1, 2, 3, 4], [0.25]).tolist()
    [1.5]
    """
    if pctldef not in PCTLDEF_TYPES:
        raise StatsError("STA-904", f"PCTLDEF {pctldef}", "1 to 5", "Types 1 to 9 are those of quantile().")
    return quantile(x, p, kind=PCTLDEF_TYPES[pctldef])


def _checked(p: ArrayLike) -> Floats:
    wanted = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise StatsError("STA-904", f"p = {wanted.tolist()}", "probabilities from 0 to 1", "The median is 0.5.")
    return wanted


def segment_quantiles(s: Segments, p: Floats, kind: int) -> Floats:
    """Quantiles (k, q) of every group at p (q,)."""
    if kind not in range(1, 10):
        raise StatsError("STA-904", f"kind {kind}", "1 to 9", "SAS's PCTLDEF is quantile_pctldef().")
    n = s.n[:, None].astype(np.float64)
    if kind <= 3:
        position = n * p - (0.5 if kind == 3 else 0.0)
        low = np.floor(position + _FUZZ)
        jump = position > low + _FUZZ
        if kind == 1:
            weight = jump.astype(np.float64)
        elif kind == 2:
            weight = np.where(jump, 1.0, 0.5)
        else:
            weight = np.where(jump | (low % 2 == 1), 1.0, 0.0)
    else:
        a, b = _PLOTTING[kind]
        position = a + p * (n + 1 - a - b)
        low = np.floor(position + _FUZZ)
        weight = position - low
        weight[np.abs(weight) < _FUZZ] = 0.0
    rank = low.astype(np.intp)
    below, above = order_statistics(s, rank), order_statistics(s, rank + 1)
    return np.where(weight == 0, below, np.where(weight == 1, above, below + weight * (above - below)))
