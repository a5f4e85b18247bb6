"""Follow-up made up by Hypothesis: two arms, strata, ties, entry times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as hs
import numpy as np


@dataclass(frozen=True)
class FollowUp:
    """A trial; `arm` and `stratum` are codes, both arms are present."""

    time: Any
    event: Any
    arm: Any
    stratum: Any
    x: Any


@hs.composite
def follow_ups(draw: Any, *, tied: bool = True, smallest: int = 8, largest: int = 40) -> FollowUp:
    """A trial with or without tied times."""
    n = draw(hs.integers(smallest, largest))
    rng = np.random.default_rng(draw(hs.integers(0, 2**32 - 1)))
    time = rng.integers(1, 12, n).astype(float) if tied else rng.permutation(n) + 1.0
    arm = np.arange(n) % 2
    rng.shuffle(arm)
    event = rng.random(n) < draw(hs.sampled_from([0.4, 0.8, 1.0]))
    return FollowUp(time, event, arm, rng.integers(0, 3, n), rng.normal(size=(n, 2)))
