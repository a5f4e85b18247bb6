"""Random numbers that depend on nothing but (seed, scenario, replicate, purpose, position): Philox4x32-10.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11). The key is the seed (64 bits, low
word first). The counter is (block, purpose, replicate, scenario), four words of 32 bits. Each block gives four words,
used in order. A uniform number is (word + 1/2) / 2^32, never 0 and never 1. So a replicate is the same in whichever
process and order it is computed, and any other program that has Philox4x32-10 (Random123, cuRAND, a page of C) makes
the same numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", forceinline=True)

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ONE = np.uint64(1)
TO_UNIT = 2.0**-32
# where things stand in a stream's state: key, counter, the four words of the block, how many of them are used
K0, K1, BLOCK, PURPOSE, REPLICATE, SCENARIO, WORD, USED, SIZE = 0, 1, 2, 3, 4, 5, 6, 10, 11
_FOUR = np.uint64(4)
_ZERO = np.uint64(0)


@inlined
def philox_block(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four words of a counter under a key; all of them 32 bits in a uint64."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@inlined
def open_stream(state: Words, seed: Any, scenario: int, replicate: int, purpose: int) -> None:
    """Set a state (SIZE words) to the start of a stream."""
    whole = np.uint64(seed)
    state[K0], state[K1] = whole & _LOW, whole >> _HALF
    state[BLOCK], state[PURPOSE] = _ZERO, np.uint64(purpose)
    state[REPLICATE], state[SCENARIO] = np.uint64(replicate), np.uint64(scenario)
    state[USED] = _FOUR


@inlined
def draw_word(state: Words) -> Any:
    """The next 32 bits of a stream."""
    if state[USED] == _FOUR:
        words = philox_block(state[BLOCK], state[PURPOSE], state[REPLICATE], state[SCENARIO], state[K0], state[K1])
        state[WORD], state[WORD + 1], state[WORD + 2], state[WORD + 3] = words
        state[BLOCK] += _ONE
        state[USED] = _ZERO
    word = state[WORD + np.int64(state[USED])]
    state[USED] += _ONE
    return word


@inlined
def draw_uniform(state: Words) -> float:
    """The next uniform number of a stream, between 0 and 1, ends excluded."""
    return (np.float64(draw_word(state)) + 0.5) * TO_UNIT


@inlined
def draw_normals(state: Words) -> tuple[float, float]:
    """The next two independent standard normal numbers (Box and Muller 1958, from two uniform numbers)."""
    radius = math.sqrt(-2.0 * math.log(draw_uniform(state)))
    angle = 2.0 * math.pi * draw_uniform(state)
    return radius * math.cos(angle), radius * math.sin(angle)


@inlined
def draw_exponential(state: Words) -> float:
    """The next exponential number with mean 1."""
    return -math.log(draw_uniform(state))


@compiled
def _fill(seed: Any, scenario: int, replicate: int, purpose: int, out: NDArray[np.float64]) -> None:
    state = np.empty(SIZE, np.uint64)
    open_stream(state, seed, scenario, replicate, purpose)
    for i in range(out.size):
        out[i] = draw_uniform(state)


def draw_uniforms(
    count: int, *, seed: int, scenario: int = 0, replicate: int = 0, purpose: int = 0
) -> NDArray[np.float64]:
    """The first `count` uniform numbers of a stream, as an array.

    `seed` 0 to 2^64 - 1; `scenario`, `replicate`, `purpose` 0 to 2^32 - 1.

    >>> draw_uniforms(2, seed=1).round(6).tolist() == draw_uniforms(3, seed=1).round(6).tolist()[:2]
    True
    """
    out = np.empty(count)
    _fill(np.uint64(seed), scenario, replicate, purpose, out)
    return out
