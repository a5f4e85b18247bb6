"""Lists for use, one for each stratum, with a digest to check copies by; the next arm of an adaptive scheme."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.design.errors import DesignError
from opencro.design.randomization.schemes import Scheme
from opencro.design.streams import draw_uniforms
from opencro.stats import Result

ADAPTIVE_PURPOSE = 101


@dataclass(frozen=True)
class RandomizationList(Result):
    """Numbers, strata and arms in order; `digest` is the SHA-256 of its lines `stratum,number,arm`."""

    title: ClassVar[str] = "Randomization list"

    stratum: tuple[str, ...]
    number: tuple[int, ...]
    arm: tuple[str, ...]
    seed: int

    @property
    def digest(self) -> str:
        """What two copies of the same list have in common."""
        lines = [f"{s},{n},{a}\n" for s, n, a in zip(self.stratum, self.number, self.arm, strict=True)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def columns(self) -> Mapping[str, Any]:
        """One row an entry."""
        return {"stratum": self.stratum, "number": self.number, "arm": self.arm}


def make_list(
    scheme: Scheme, *, arms: Sequence[str], length: int, seed: int, strata: Sequence[str] = ("all",)
) -> RandomizationList:
    """A randomization list of `length` entries for each stratum.

    `arms` names in the order of the scheme's ratio; `seed` 0 to 2^64 - 1, to be kept as secret as the list; strata are
    numbered in the order given. DesignError DES-533 for names that don't fit.

    >>> from opencro.design.randomization import PermutedBlocks
    >>> made = make_list(PermutedBlocks(sizes=(4,)), arms=["A", "B"], length=4, seed=1)
    >>> sorted(made.arm)
    ['A', 'A', 'B', 'B']
    """
    if len(arms) != len(scheme.ratio) or length < 1 or not strata or len(set(strata)) < len(strata):
        raise DesignError(
            "DES-533", f"{len(arms)} arms, length {length}, strata {tuple(strata)}",
            f"{len(scheme.ratio)} arms, at least one entry and different strata", "Name every arm and stratum once.",
        )  # fmt: skip
    columns: tuple[list[str], list[int], list[str]] = ([], [], [])
    for number, stratum in enumerate(strata):
        out = np.empty((1, length), np.int64)
        scheme.fill(out, seed=seed, stratum=number, first=0)
        columns[0].extend([stratum] * length)
        columns[1].extend(range(1, length + 1))
        columns[2].extend(arms[k] for k in out[0])
    return RandomizationList(tuple(columns[0]), tuple(columns[1]), tuple(columns[2]), seed)


def next_arm(shares: ArrayLike, *, number: int, seed: int, stratum: int = 0) -> int:
    """The arm of participant `number` (1 first) under shares known only now, as response-adaptive schemes have them.

    `shares` of the arms, summing to 1, e.g. `simulation.temper(simulation.probability_best(...), ...)`. One number: the
    first of the stream with scenario = stratum, replicate = number, purpose 101, so that the draw can be repeated from
    its record. DesignError DES-533.

    >>> next_arm([0.0, 1.0], number=1, seed=1)
    1
    """
    share = np.asarray(shares, float)
    if share.ndim != 1 or np.any(share < 0) or abs(share.sum() - 1) > 1e-9 or number < 1:
        raise DesignError(
            "DES-533",
            f"shares {share.tolist()}, number {number}",
            "shares that sum to 1, a number from 1",
            "Give one an arm.",
        )
    u = draw_uniforms(1, seed=seed, scenario=stratum, replicate=number, purpose=ADAPTIVE_PURPOSE)[0]
    return int(min(np.searchsorted(np.cumsum(share), u, side="right"), share.size - 1))
