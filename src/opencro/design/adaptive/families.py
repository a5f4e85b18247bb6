"""Several hypotheses tested at several stages, some of them dropped: arms against a control, nested populations.

A family says which hypotheses a stage still has, the one-sided p-value of each for any effect, and the joint
distribution of their statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from opencro.design.adaptive.stages import Stages
from opencro.design.errors import DesignError
from opencro.stats import multiplicity

Floats = NDArray[np.float64]


class StageFamily(Protocol):
    """Hypotheses and what the stages say of them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The hypotheses."""
        ...

    @property
    def stages(self) -> int:
        """How many stages there are."""
        ...

    def active(self, stage: int) -> tuple[int, ...]:
        """The hypotheses that a stage (0, 1, ...) has data of."""
        ...

    def p_value(self, stage: int, hypothesis: int, theta: float) -> float:
        """One-sided, of effect <= theta."""
        ...

    def joint_p(self, stage: int, members: Sequence[int], p: float) -> float:
        """The probability without effects that any of the members has a p-value as small as `p`."""
        ...

    def range(self, hypothesis: int) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        ...


@dataclass(frozen=True)
class ArmMeans:
    """Means of several arms and a control (the last column) at stages (rows); NaN where an arm was dropped.

    The variance of a stage is pooled over its arms; `known_variance`: normal in place of t distributions. Raises
    DES-409.
    """

    n: Sequence[Sequence[float]]
    mean: Sequence[Sequence[float]]
    sd: Sequence[Sequence[float]]
    known_variance: bool = False

    def __post_init__(self) -> None:
        shapes = {np.shape(getattr(self, name)) for name in ("n", "mean", "sd")}
        if len(shapes) != 1 or len(next(iter(shapes))) != 2 or np.isnan(np.asarray(self.n, float)[:, -1]).any():
            raise DesignError("DES-409", f"tables of {shapes}", "a row a stage, a column an arm, the control last",
                              "Give NaN for an arm that was dropped.")  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """Arms by number."""
        return tuple(f"arm {j + 1}" for j in range(np.shape(self.n)[1] - 1))

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return len(self.n)

    def active(self, stage: int) -> tuple[int, ...]:
        """Arms with data at the stage."""
        return tuple(np.flatnonzero(~np.isnan(np.asarray(self.n[stage], float)[:-1])).tolist())

    def _spread(self, stage: int) -> tuple[float, float]:
        n, sd = np.asarray(self.n[stage], float), np.asarray(self.sd[stage], float)
        kept = ~np.isnan(n)
        df = float(np.sum(n[kept] - 1))
        return float(np.sqrt(np.sum((n[kept] - 1) * sd[kept] ** 2) / df)), df

    def _standard_error(self, stage: int, arm: int) -> float:
        return float(self._spread(stage)[0] * np.sqrt(1 / self.n[stage][arm] + 1 / self.n[stage][-1]))

    def p_value(self, stage: int, hypothesis: int, theta: float) -> float:
        """Of mean of the arm - mean of the control <= theta."""
        gap = self.mean[stage][hypothesis] - self.mean[stage][-1] - theta
        t = gap / self._standard_error(stage, hypothesis)
        return float(ndtr(-t) if self.known_variance else stdtr(self._spread(stage)[1], -t))

    def joint_p(self, stage: int, members: Sequence[int], p: float) -> float:
        """Dunnett's distribution of the largest statistic."""
        df = np.inf if self.known_variance else self._spread(stage)[1]
        bound = -ndtri(p) if self.known_variance else -stdtrit(df, p)
        sizes = [self.n[stage][j] for j in members]
        return 1 - multiplicity.compute_dunnett_probability(
            float(bound), sizes, self.n[stage][-1], df, alternative="greater"
        )

    def range(self, hypothesis: int) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        reach = 60 * self._standard_error(0, hypothesis)
        middle = self.mean[0][hypothesis] - self.mean[0][-1]
        return middle - reach, middle + reach


@dataclass(frozen=True)
class NestedPopulations:
    """A subgroup and all participants: data of the stages of each, the shorter one dropped after its last stage.

    `prevalence`: the subgroup's share in each stage that has both. Raises DES-407.
    """

    subgroup: Stages
    everybody: Stages
    stages_subgroup: int
    stages_everybody: int
    prevalence: Sequence[float]

    def __post_init__(self) -> None:
        if not all(0 < p <= 1 for p in self.prevalence):
            raise DesignError("DES-407", f"prevalence {list(self.prevalence)}", "shares above 0", "0.4 is 40 %.")

    @property
    def names(self) -> tuple[str, ...]:
        """Both populations."""
        return ("subgroup", "all")

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return max(self.stages_subgroup, self.stages_everybody)

    def active(self, stage: int) -> tuple[int, ...]:
        """Populations with data at the stage."""
        return tuple(j for j, k in enumerate((self.stages_subgroup, self.stages_everybody)) if stage < k)

    def p_value(self, stage: int, hypothesis: int, theta: float) -> float:
        """That of the population's stage."""
        return float((self.subgroup, self.everybody)[hypothesis].p_values(theta)[stage])

    def joint_p(self, stage: int, members: Sequence[int], p: float) -> float:
        """Spiessens and Debois' bivariate normal distribution."""
        if len(members) == 1:
            return p
        r = float(np.sqrt(self.prevalence[stage]))
        z = float(-ndtri(p))
        return 1 - multiplicity.compute_rectangle_probability([z, z], [[1.0, r], [r, 1.0]])

    def range(self, hypothesis: int) -> tuple[float, float]:
        """Effects between which intervals are searched."""
        return (self.subgroup, self.everybody)[hypothesis].range()
