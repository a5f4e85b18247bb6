"""IBM doubles and IEEE doubles are the same numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.tabulation.formats.ibm_float import LARGEST, SMALLEST, fits_ibm, pack_ibm, unpack_ibm

# SAS TS-140, "Numeric data fields": the transport representation of 1, -1, 0 and 2 is printed there.
PRINTED = [(1.0, 0x4110000000000000), (-1.0, 0xC110000000000000), (0.0, 0), (2.0, 0x4120000000000000)]


@pytest.mark.parametrize(("value", "word"), PRINTED)
def test_numbers_are_stored_as_ts140_prints_them(value: float, word: int) -> None:
    assert int(pack_ibm(np.array([value]))[0]) == word


@given(st.floats(min_value=SMALLEST, max_value=LARGEST), st.booleans())
def test_a_number_in_range_comes_back_bit_for_bit(value: float, negative: bool) -> None:
    number = np.array([-value if negative else value])
    assert fits_ibm(number).all()
    assert unpack_ibm(pack_ibm(number)).values[0] == number[0]


@given(st.integers(0, 1), st.integers(0, 127), st.integers(1, 2**56 - 1))
def test_any_ibm_word_is_read_as_the_nearest_double(sign: int, exponent: int, fraction: int) -> None:
    word = np.array([sign << 63 | exponent << 56 | fraction], dtype=np.uint64)
    exact = Fraction(fraction) * Fraction(16) ** (exponent - 64) / 2**56 * (-1) ** sign
    assert unpack_ibm(word).values[0] == float(exact)


@pytest.mark.parametrize("mark", [ord("."), ord("_"), *range(ord("A"), ord("Z") + 1)])
def test_each_missing_value_keeps_its_mark(mark: int) -> None:
    words = pack_ibm(np.array([math.nan]), np.array([mark], dtype=np.uint8))
    unpacked = unpack_ibm(words)
    assert math.isnan(unpacked.values[0])
    assert unpacked.missing[0] == mark


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e76, 1e-79, 5e-324])
def test_what_ibm_cannot_hold_is_known_before(value: float) -> None:
    assert not fits_ibm(np.array([value])).any()
