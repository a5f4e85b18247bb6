"""IBM System/360 double <-> IEEE 754 double, whole columns at a time.

Source: SAS Technical Support TS-140, "Record Layout of a SAS Version 5 or 6 Data Set in SAS Transport Format", section
"Numeric data fields"; IBM System/360 Principles of Operation, "Floating-Point Arithmetic": a sign bit, seven bits of
exponent (base 16, excess 64), 56 bits of fraction. SAS marks a missing value by a letter in the first byte, rest zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint8]

_FRACTION = np.uint64((1 << 56) - 1)
_SCALE = np.exp2(4.0 * (np.arange(128) - 64) - 56)
_SCALE = np.concatenate([_SCALE, -_SCALE])
_MISSING = np.zeros(256, dtype=bool)
_MISSING[[ord("."), ord("_"), *range(ord("A"), ord("Z") + 1)]] = True
DOT = ord(".")
LARGEST = float(np.nextafter(np.ldexp(1.0, 252), 0.0))
SMALLEST = float(np.ldexp(1.0, -260))


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Values (NaN where missing) and, where missing, the byte that says which missing value (else 0)."""

    values: Doubles
    missing: Marks


def unpack_ibm(words: Words) -> Unpacked:
    """IEEE values of IBM doubles given as native 64-bit words; a fraction beyond 53 bits is rounded to nearest even."""
    head = (words >> np.uint64(56)).astype(np.uint8)
    fraction = words & _FRACTION
    values = fraction.astype(np.float64)
    values *= _SCALE[head]
    missing = _MISSING[head] & (fraction == 0)
    marks = np.where(missing, head, np.uint8(0)).astype(np.uint8)
    values[missing] = np.nan
    return Unpacked(values, marks)


def pack_ibm(values: Doubles, missing: Marks | None = None) -> Words:
    """IBM doubles (native 64-bit words) of IEEE values; exact between SMALLEST and LARGEST, which `fits_ibm` checks.

    NaN becomes the missing value whose byte stands in `missing`, or `.`.
    """
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    power = ((bits >> np.uint64(52)) & np.uint64(0x7FF)).astype(np.int64) - 1023
    fraction = (bits & np.uint64((1 << 52) - 1)) | np.uint64(1 << 52)
    fraction <<= (power & 3).astype(np.uint64)
    exponent = ((power >> 2) + 65).astype(np.uint64)
    sign = bits & np.uint64(1 << 63)
    words = np.where(values == 0, sign, sign | (exponent << np.uint64(56)) | fraction)
    absent = np.isnan(values)
    if absent.any():
        marks = np.full(values.shape, DOT, dtype=np.uint8) if missing is None else np.where(missing == 0, DOT, missing)
        words[absent] = marks[absent].astype(np.uint64) << np.uint64(56)
    return words


def fits_ibm(values: Doubles) -> npt.NDArray[np.bool_]:
    """Where a value can be stored: missing, zero, or SMALLEST <= |value| <= LARGEST."""
    size = np.abs(values)
    fits: npt.NDArray[np.bool_] = np.isnan(values) | (size == 0) | ((size >= SMALLEST) & (size <= LARGEST))
    return fits
