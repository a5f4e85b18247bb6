"""The weights of event times: frozen values that name a test and carry its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from opencro.stats.result import StatsError
from opencro.stats.survival import score
from opencro.stats.survival.sample import Floats, Ints


@dataclass(frozen=True)
class Weight:
    """A weight of event times; `Weight()` is 1 and gives the log-rank test.

    n is the number at risk, S the pooled Kaplan-Meier curve, both within the stratum. Subclasses name the others.
    """

    kind: ClassVar[int] = score.UNIT

    def parameters(self) -> tuple[float, float]:
        """The two numbers that the compiled code is given."""
        return (-1.0, 0.0)

    @property
    def name(self) -> str:
        """The name in print."""
        return "log-rank"


@dataclass(frozen=True)
class FlemingHarrington(Weight):
    """S(t-)^rho (1 - S(t-))^gamma. Source: Fleming and Harrington (1991), section 7.2; Harrington-Fleming (1982).

    R `survdiff(rho = 1)` is rho = 1, gamma = 0; it calls that test Peto-Peto.
    """

    rho: float = 0.0
    gamma: float = 0.0
    kind: ClassVar[int] = score.FLEMING_HARRINGTON

    def __post_init__(self) -> None:
        if self.rho < 0 or self.gamma < 0:
            raise StatsError("STA-420", f"rho {self.rho}, gamma {self.gamma}", "both from 0 on", "Use 0 or more.")

    def parameters(self) -> tuple[float, float]:
        """rho and gamma."""
        return (self.rho, self.gamma)

    @property
    def name(self) -> str:
        """FH(rho, gamma)."""
        return f"FH({self.rho:g}, {self.gamma:g})"


@dataclass(frozen=True)
class Gehan(Weight):
    """n, the number at risk: Wilcoxon's test of Gehan (1965) and Breslow (1970). SAS `test=wilcoxon`."""

    kind: ClassVar[int] = score.GEHAN

    @property
    def name(self) -> str:
        """Gehan-Breslow."""
        return "Gehan-Breslow"


@dataclass(frozen=True)
class TaroneWare(Weight):
    """sqrt(n). Source: Tarone and Ware (1977), Biometrika 64, 156. SAS `test=tarone`."""

    kind: ClassVar[int] = score.TARONE_WARE

    @property
    def name(self) -> str:
        """Tarone-Ware."""
        return "Tarone-Ware"


@dataclass(frozen=True)
class PetoPeto(Weight):
    """prod_{s <= t} (1 - d/(n+1)). Source: Peto and Peto (1972); Andersen et al. (1982). SAS `test=peto`.

    R `survdiff(rho = 1)` uses S(t-) instead: `FlemingHarrington(1, 0)`.
    """

    kind: ClassVar[int] = score.PETO

    @property
    def name(self) -> str:
        """Peto-Peto."""
        return "Peto-Peto"


@dataclass(frozen=True)
class ModifiedPetoPeto(Weight):
    """n/(n+1) prod_{s <= t} (1 - d/(n+1)). Source: Andersen et al. (1982). SAS `test=modpeto`."""

    kind: ClassVar[int] = score.MODIFIED_PETO

    @property
    def name(self) -> str:
        """Modified Peto-Peto."""
        return "modified Peto-Peto"


@dataclass(frozen=True)
class ModestlyWeighted(Weight):
    """1/max(S(t-), S(t_star)): constant after t_star, for effects that begin late.

    Source: Magirr and Burman (2019), Statistics in Medicine 38, 3782. `t_star` in the unit of time.
    """

    t_star: float
    kind: ClassVar[int] = score.MODEST

    def __post_init__(self) -> None:
        if not self.t_star >= 0:
            raise StatsError("STA-420", f"t_star {self.t_star}", "a time from 0 on", "Give the end of the delay.")

    def parameters(self) -> tuple[float, float]:
        """t_star."""
        return (self.t_star, 0.0)

    @property
    def name(self) -> str:
        """MW(t_star)."""
        return f"MW({self.t_star:g})"


def encode_weights(weights: Sequence[Weight]) -> tuple[Ints, Floats]:
    """The kinds and parameters of several weights as the compiled code reads them."""
    kinds = np.array([w.kind for w in weights], dtype=np.int64)
    return kinds, np.array([w.parameters() for w in weights], dtype=np.float64)
