"""Numbers as SAS prints them: rounding away from zero, fixed decimals, p values.

Source: SAS 9.4 Functions and CALL Routines, ROUND; SAS 9.4 Formats and Informats, w.d and PVALUEw.d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
# a value this near to a half (relative) is taken for one: 1.005 is 1.00499999999999989 in binary
HALF_FUZZ = 2.0**-46
# where so many digits are asked for that the relative fuzz would reach into the digits themselves
MOST_FUZZ = 0.01
_MOST_DIGITS = 15


@overload
def round_half_away(x: float, digits: int = 0) -> float: ...
@overload
def round_half_away(x: ArrayLike, digits: int = 0) -> Floats: ...
def round_half_away(x: ArrayLike, digits: int = 0) -> float | Floats:
    """Rounds to `digits` decimals, halves away from zero, as SAS and a person do.

    `x` is a number or an array; `digits`, -15 to 15, may be negative (tens). A value whose binary form lies within 64
    units in the last place of a half counts as a half: 1.005 becomes 1.01, 0.285 becomes 0.29. NaN and infinities stay.

    sign(x) floor(|x| 10^d + 1/2 + fuzz) / 10^d. R 4 and Python round to even on the binary value and give 1.0 and 0.28.
    Raises StatsError STA-901 for other digits.

    Source: SAS 9.4 Functions and CALL Routines: Reference, ROUND Function.

    >>> round_half_away([42.65, -0.05, 1.005], 1).tolist()
    [42.7, -0.1, 1.0]
    """
    if not -_MOST_DIGITS <= digits <= _MOST_DIGITS:
        raise StatsError("STA-901", f"{digits} digits", f"{-_MOST_DIGITS} to {_MOST_DIGITS}", "Ask for fewer.")
    values = np.asarray(x, dtype=np.float64)
    power = 10.0 ** abs(digits)
    size = np.abs(values) * power if digits >= 0 else np.abs(values) / power
    whole = np.floor(size + 0.5 + np.minimum(size * HALF_FUZZ, MOST_FUZZ))
    # above 2^52 a double has no fraction that could be rounded, and above 2^50 scaling it adds up to a half by itself
    most = 2.0**52 if digits == 0 else 2.0**50
    back = whole / power if digits >= 0 else whole * power
    found = np.copysign(np.where(size < most, back, np.abs(values)), values)
    return float(found) if found.ndim == 0 else found


@overload
def render_fixed(
    x: float | None, digits: int = 0, *, negative_zero: Literal["keep", "drop"] = "keep", missing: str = ""
) -> str: ...
@overload
def render_fixed(
    x: ArrayLike, digits: int = 0, *, negative_zero: Literal["keep", "drop"] = "keep", missing: str = ""
) -> list[str]: ...
def render_fixed(
    x: ArrayLike | None, digits: int = 0, *, negative_zero: Literal["keep", "drop"] = "keep", missing: str = ""
) -> str | list[str]:
    """Numbers with a fixed count of decimals (0 or more), halves away from zero.

    A number gives a text, an array a list of texts. `negative_zero`: "keep" prints -0.04 as "-0.0" as SAS's format w.d
    does, "drop" as "0.0". A missing value (NaN, None) is `missing`.

    Source: SAS 9.4 Formats and Informats, w.d.

    >>> render_fixed([2.25, -0.04, float("nan")], 1)
    ['2.3', '-0.0', '']
    """
    values = np.asarray(x, dtype=np.float64)
    if values.ndim > 1 or digits < 0:
        raise StatsError("STA-901", f"{digits} digits of {values.ndim} dimensions", "0 or more, a vector", "See docs.")
    texts = [_fixed(v, digits, negative_zero, missing) for v in np.atleast_1d(round_half_away(values, digits)).tolist()]
    return texts if values.ndim else texts[0]


def _fixed(rounded: float, digits: int, negative_zero: str, missing: str) -> str:
    if math.isnan(rounded):
        return missing
    if rounded == 0 and negative_zero == "drop":
        rounded = 0.0
    return f"{rounded:.{digits}f}"


@dataclass(frozen=True, slots=True)
class PValueFormat:
    """How a p value is printed: decimals, and what stands for values below `least` or above `most`.

    A value that would round to `least` from below, or is below it, is `below`; one above `most` is `above`.
    """

    digits: int
    least: float
    below: str
    most: float = math.inf
    above: str = ""
    leading_zero: bool = True


# PROC FREQ, TTEST and all others that print p values with PVALUE6.4
P_SAS = PValueFormat(4, 0.0001, "<.0001")
# the CDISC pilot's report: 0.0575 is "0.058", 1 is ">0.99"
P_PILOT = PValueFormat(3, 0.0001, "<.0001", 0.99, ">0.99")
# AMA Manual of Style, 11th ed. 2020: three digits, "<.001", ">.99", no zero before the point
P_AMA = PValueFormat(3, 0.001, "<.001", 0.99, ">.99", leading_zero=False)


@overload
def render_p(p: float | None, how: PValueFormat = P_SAS, *, missing: str = "") -> str: ...
@overload
def render_p(p: ArrayLike, how: PValueFormat = P_SAS, *, missing: str = "") -> list[str]: ...
def render_p(p: ArrayLike | None, how: PValueFormat = P_SAS, *, missing: str = "") -> str | list[str]:
    """p values as text; a number gives a text, an array a list of texts.

    `how` is one of the named formats `P_SAS` ("0.0455", "<.0001"), `P_PILOT` ("0.058", ">0.99"), `P_AMA` (".06",
    "<.001", ">.99"), or your own `PValueFormat`. Raises StatsError STA-902 for a number that is no probability.

    >>> render_p([0.04552, 0.00004, 1.0])
    ['0.0455', '<.0001', '1.0000']
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim > 1 or ((values < 0) | (values > 1)).any():
        raise StatsError("STA-902", "a value outside 0 to 1", "probabilities, a number or a vector", "Check the test.")
    texts = [_p_text(v, how, missing) for v in np.atleast_1d(values).tolist()]
    return texts if values.ndim else texts[0]


def _p_text(p: float, how: PValueFormat, missing: str) -> str:
    if math.isnan(p):
        return missing
    if p < how.least:
        return how.below
    if p > how.most:
        return how.above
    text = _fixed(round_half_away(p, how.digits), how.digits, "drop", missing)
    return text if how.leading_zero else text.removeprefix("0") if text.startswith("0.") else text


def render_count(
    count: int,
    denominator: int | None = None,
    *,
    digits: int = 1,
    width: int = 0,
    zero: str = "0",
    least: str | None = None,
) -> str:
    """A count with its percentage, e.g. "12 (14.0%)"; a count of 0 is `zero` alone.

    The percentage has `digits` decimals, halves away from zero, and is padded on the left to `width` characters;
    `least`, e.g. "<1", stands for one that rounds to 0. Without a denominator, or with 0, the count stands alone.
    Raises StatsError STA-903 for a negative count.

    >>> render_count(2, 86, width=4)
    '2 ( 2.3%)'
    """
    if count < 0 or (denominator or 0) < 0:
        raise StatsError("STA-903", f"{count} of {denominator}", "counts of 0 or more", "Check the counts.")
    if count == 0:
        return zero
    if not denominator:
        return str(count)
    percent = round_half_away(100 * count / denominator, digits)
    text = least if least is not None and percent == 0 else render_fixed(percent, digits)
    return f"{count} ({text.rjust(width)}%)"
