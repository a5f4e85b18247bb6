"""What every sample size gives back, and the checks and the root search that they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scipy.optimize import brentq
from scipy.special import ndtri

from opencro.design.errors import DesignError
from opencro.stats import Result

LARGEST = 1e9


@dataclass(frozen=True)
class SampleSize(Result):
    """Participants of each arm, as the equation has them and rounded up per arm; a row an arm."""

    title: ClassVar[str] = "Sample size"
    aside: ClassVar[frozenset[str]] = frozenset({"method", "alpha", "sided", "power"})

    arm: tuple[str, ...]
    n: tuple[float, ...]
    method: str
    alpha: float
    sided: int
    power: float

    @property
    def n_total(self) -> float:
        """Participants in all, not rounded."""
        return sum(self.n)

    @property
    def rounded(self) -> tuple[int, ...]:
        """Participants of each arm, rounded up."""
        return tuple(math.ceil(n - 1e-9) for n in self.n)

    @property
    def n_total_rounded(self) -> int:
        """Participants in all, each arm rounded up."""
        return sum(self.rounded)

    def columns(self) -> Mapping[str, Any]:
        """Arms, then all together."""
        if len(self.arm) == 1:
            return {"arm": self.arm, "n": self.n, "rounded": self.rounded}
        return {
            "arm": (*self.arm, "total"),
            "n": (*self.n, self.n_total),
            "rounded": (*self.rounded, self.n_total_rounded),
        }

    def __str__(self) -> str:
        sides = {1: "one-sided", 2: "two-sided"}[self.sided]
        return f"{super().__str__()}\n{self.method}; {sides} alpha {self.alpha:g}, power {self.power:g}"


def two_arms(n_control: float, ratio: float, method: str, alpha: float, sided: int, power: float) -> SampleSize:
    """The sample size of two arms, `ratio` treated for each control."""
    return SampleSize(("treatment", "control"), (ratio * n_control, n_control), method, alpha, sided, power)


def normal_sum(alpha: float, sided: int, power: float) -> float:
    """z_alpha + z_power. Raises DES-201 unless 0 < alpha < power < 1 and there are 1 or 2 sides."""
    check_error_rates(alpha, sided, power)
    return float(ndtri(1 - alpha / sided) + ndtri(power))


def check_error_rates(alpha: float, sided: int, power: float) -> None:
    """Raises DES-201 unless 0 < alpha < power < 1 and there are 1 or 2 sides."""
    if not 0 < alpha < power < 1 or sided not in (1, 2):
        raise DesignError("DES-201", f"alpha {alpha:g}, power {power:g}, {sided} sides", "0 < alpha < power < 1",
                          "A power of 0.9 is 90 %.")  # fmt: skip


def check_distance(effect: float, null: float, what: str) -> float:
    """The distance of the effect from the null value; raises DES-202 where there is none."""
    if not math.isfinite(effect - null) or effect == null:
        raise DesignError("DES-202", f"{what} {effect:g}, null value {null:g}", "an effect apart from the null value",
                          "No trial shows what is not assumed; for non-inferiority give the margin.")  # fmt: skip
    return effect - null


def check_positive(**values: float) -> None:
    """Raises DES-203 for a value that is not a positive number."""
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise DesignError("DES-203", f"{name} {value:g}", "a positive number", "Correct the assumption.")


def check_probability(**values: float) -> None:
    """Raises DES-204 for a value outside 0 to 1."""
    for name, value in values.items():
        if not 0 < value < 1:
            raise DesignError("DES-204", f"{name} {value:g}", "a number between 0 and 1", "0.3 is 30 %.")


def solve_size(power_at: Callable[[float], float], power: float, *, start: float) -> float:
    """The real number from which `power_at` reaches `power`, searched from `start` up; raises DES-205 for none."""
    low, high = start, 2 * start
    if power_at(low) >= power:
        return low
    while power_at(high) < power:
        low, high = high, 2 * high
        if high > LARGEST:
            raise DesignError("DES-205", f"power {power_at(low):.3g} at n = {low:.3g}", f"power {power:g}",
                              "The effect lies on the wrong side of the null value or is too small.")  # fmt: skip
    return float(brentq(lambda n: power_at(n) - power, low, high, xtol=1e-9, rtol=1e-12))
