"""Schemes that need no covariates: simple, permuted blocks, biased coin, big stick, urn.

A list is a stream (`opencro.design.streams`) with the list's seed, scenario = stratum, replicate = list number (0 the
list that is used, 1, 2, ... others drawn for comparison) and purpose 100. The rules below say which number is used for
what, so that another program can make the same list. Arms are numbered from 0; a share is drawn by the first arm whose
cumulative share exceeds the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from opencro.design.errors import DesignError
from opencro.design.streams import SIZE, compiled, draw_uniform, inlined, open_stream

Arms = NDArray[np.int64]
Floats = NDArray[np.float64]
PURPOSE = 100


class Scheme(Protocol):
    """What every scheme can do."""

    @property
    def ratio(self) -> tuple[int, ...]:
        """Participants of each arm in the long run, as whole numbers."""
        ...

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists number `first`, `first` + 1, ... of a stratum into `out` (lists, participants)."""
        ...


def check_ratio(ratio: tuple[int, ...], arms: int | None = None) -> None:
    """DesignError DES-530 unless a ratio has a whole number above 0 for each of at least two arms."""
    if len(ratio) < 2 or min(ratio) < 1 or (arms is not None and len(ratio) != arms):
        raise DesignError(
            "DES-530",
            f"ratio {ratio}",
            "a whole number of at least 1 for each of two or more arms",
            "E.g. (1, 1) or (2, 1).",
        )


@dataclass(frozen=True)
class SimpleRandomization:
    """Every participant by itself: one number each, an arm by its share of the ratio. DesignError DES-530."""

    ratio: tuple[int, ...] = (1, 1)

    def __post_init__(self) -> None:
        check_ratio(self.ratio)

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists into `out`."""
        _fill_simple(np.cumsum(self.ratio) / sum(self.ratio), np.uint64(seed), stratum, first, out)


@dataclass(frozen=True)
class PermutedBlocks:
    """Blocks in random order. Where there are several sizes, one number picks the next size: sizes[floor(u k)].

    Then the block is written arm by arm (0 as often as its share, then 1, ...) and shuffled: for i from size - 1 down
    to 1 one number, j = floor(u (i + 1)), places i and j are exchanged. Sizes are multiples of the sum of the ratio.
    DesignError DES-530, DES-531.
    """

    ratio: tuple[int, ...] = (1, 1)
    sizes: tuple[int, ...] = (4,)

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        if not self.sizes or any(size < 1 or size % sum(self.ratio) for size in self.sizes):
            raise DesignError(
                "DES-531", f"block sizes {self.sizes} for the ratio {self.ratio}", f"multiples of {sum(self.ratio)}",
                "Choose sizes into which the ratio fits.",
            )  # fmt: skip

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists into `out`."""
        _fill_blocks(np.array(self.ratio), np.array(self.sizes), np.uint64(seed), stratum, first, out)


@dataclass(frozen=True)
class BiasedCoin:
    """Efron's biased coin for two arms 1:1: the arm that lags has probability `bias`, each 1/2 where none does.

    One number each: arm 0 where it is below the probability of arm 0. Source: Efron (1971), Biometrika 58, 403-417.
    DesignError DES-532.
    """

    bias: float = 2 / 3

    def __post_init__(self) -> None:
        if not 0.5 <= self.bias <= 1:
            raise DesignError("DES-532", f"bias {self.bias:g}", "a probability from 1/2 to 1", "Efron used 2/3.")

    @property
    def ratio(self) -> tuple[int, ...]:
        """One to one."""
        return (1, 1)

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists into `out`."""
        _fill_coin(self.bias, 0, np.uint64(seed), stratum, first, out)


@dataclass(frozen=True)
class BigStick:
    """Big stick for two arms 1:1: a fair coin, until one arm is `limit` ahead; then the other arm for certain.

    One number each, used or not: arm 0 where it is below the probability of arm 0. Source: Soares & Wu (1983), Commun
    Stat Theory Methods 12, 2017-2034. DesignError DES-532.
    """

    limit: int = 3

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise DesignError("DES-532", f"limit {self.limit}", "a whole number of at least 1", "Common are 2 to 4.")

    @property
    def ratio(self) -> tuple[int, ...]:
        """One to one."""
        return (1, 1)

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists into `out`."""
        _fill_coin(0.5, self.limit, np.uint64(seed), stratum, first, out)


@dataclass(frozen=True)
class Urn:
    """Wei's urn: `start` balls of each arm; after each draw, with replacement, `add` balls of every other arm.

    One number each: an arm by its share of the balls. Source: Wei (1977), JASA 72, 382-386. DesignError DES-532.
    """

    arms: int = 2
    start: int = 1
    add: int = 1

    def __post_init__(self) -> None:
        if self.arms < 2 or self.start < 0 or self.add < 0 or self.start + self.add == 0:
            raise DesignError(
                "DES-532", f"{self.arms} arms, start {self.start}, add {self.add}", "two arms or more, balls to draw",
                "Wei's UD(0, 1) has start=0, add=1.",
            )  # fmt: skip

    @property
    def ratio(self) -> tuple[int, ...]:
        """Equal."""
        return (1,) * self.arms

    def fill(self, out: Arms, *, seed: int, stratum: int, first: int) -> None:
        """Write lists into `out`."""
        _fill_urn(self.arms, self.start, self.add, np.uint64(seed), stratum, first, out)


@inlined
def pick(u: float, cumulative: Floats) -> int:
    """The first arm whose cumulative share exceeds the number."""
    arm = 0
    while arm < cumulative.size - 1 and u >= cumulative[arm]:
        arm += 1
    return arm


@compiled
def _fill_simple(cumulative: Floats, seed: Any, stratum: int, first: int, out: Arms) -> None:
    state = np.empty(SIZE, np.uint64)
    for row in range(out.shape[0]):
        open_stream(state, seed, stratum, first + row, PURPOSE)
        for i in range(out.shape[1]):
            out[row, i] = pick(draw_uniform(state), cumulative)


@compiled
def _fill_blocks(ratio: Arms, sizes: Arms, seed: Any, stratum: int, first: int, out: Arms) -> None:
    state, block = np.empty(SIZE, np.uint64), np.empty(sizes.max(), np.int64)
    for row in range(out.shape[0]):
        open_stream(state, seed, stratum, first + row, PURPOSE)
        done = 0
        while done < out.shape[1]:
            size = sizes[np.int64(draw_uniform(state) * sizes.size)] if sizes.size > 1 else sizes[0]
            at = 0
            for arm in range(ratio.size):
                for _ in range(ratio[arm] * size // ratio.sum()):
                    block[at] = arm
                    at += 1
            for i in range(size - 1, 0, -1):
                j = np.int64(draw_uniform(state) * (i + 1))
                block[i], block[j] = block[j], block[i]
            for i in range(min(size, out.shape[1] - done)):
                out[row, done + i] = block[i]
            done += size


@compiled
def _fill_coin(bias: float, limit: int, seed: Any, stratum: int, first: int, out: Arms) -> None:
    state = np.empty(SIZE, np.uint64)
    for row in range(out.shape[0]):
        open_stream(state, seed, stratum, first + row, PURPOSE)
        ahead = 0
        for i in range(out.shape[1]):
            chance = 0.5
            if ahead != 0:
                lagging = 1.0 if limit > 0 and abs(ahead) >= limit else bias
                chance = lagging if ahead < 0 else 1.0 - lagging
            arm = 0 if draw_uniform(state) < chance else 1
            out[row, i] = arm
            ahead += 1 - 2 * arm


@compiled
def _fill_urn(arms: int, start: int, add: int, seed: Any, stratum: int, first: int, out: Arms) -> None:
    state, cumulative = np.empty(SIZE, np.uint64), np.empty(arms)
    counts = np.empty(arms, np.int64)
    for row in range(out.shape[0]):
        open_stream(state, seed, stratum, first + row, PURPOSE)
        counts[:] = 0
        for i in range(out.shape[1]):
            total = 0.0
            for arm in range(arms):
                total += start + add * (i - counts[arm])
                cumulative[arm] = total
            # an empty urn is drawn from as if it held one ball of each
            for arm in range(arms):
                cumulative[arm] = cumulative[arm] / total if total > 0.0 else (arm + 1.0) / arms
            arm = pick(draw_uniform(state), cumulative)
            out[row, i] = arm
            counts[arm] += 1
