"""Families of efficacy bounds that have one constant to be solved for, and futility bounds on scales that people use.

A family says the shape of its bounds; the constant that keeps the error rate comes from `solve_constant`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats, cross_bounds


class Family(Protocol):
    """Efficacy bounds of a given shape."""

    def bounds(self, constant: float, information: Floats) -> Floats:
        """The bounds on the Z scale for a constant, at these information fractions."""
        ...

    def name(self) -> str:
        """The name for tables and protocols."""
        ...


@dataclass(frozen=True)
class WangTsiatis:
    """Bounds c t^(delta - 1/2): delta 0 is O'Brien-Fleming, 1/2 Pocock.

    Source: Wang SK, Tsiatis AA. Biometrics 1987; 43:193-199.
    """

    delta: float = 0.25

    def bounds(self, constant: float, information: Floats) -> Floats:
        """The bounds on the Z scale for a constant, at these information fractions."""
        return np.asarray(constant * information ** (self.delta - 0.5))

    def name(self) -> str:
        """The name for tables and protocols."""
        return f"Wang-Tsiatis, delta = {self.delta:g}"


@dataclass(frozen=True)
class OBrienFleming(WangTsiatis):
    """Bounds c / sqrt t: hard to cross early. Source: O'Brien PC, Fleming TR. Biometrics 1979; 35:549-556."""

    delta: float = 0.0

    def name(self) -> str:
        """The name for tables and protocols."""
        return "O'Brien-Fleming"


@dataclass(frozen=True)
class Pocock(WangTsiatis):
    """The same bound at every look. Source: Pocock SJ. Biometrika 1977; 64:191-199."""

    delta: float = 0.5

    def name(self) -> str:
        """The name for tables and protocols."""
        return "Pocock"


@dataclass(frozen=True)
class HaybittlePeto:
    """A fixed bound at every interim look (3 unless told), the last one solved so that the error rate is kept.

    Source: Haybittle JL. Br J Radiol 1971; 44:793-797; Peto R et al. Br J Cancer 1976; 34:585-612.
    """

    interim: float = 3.0

    def bounds(self, constant: float, information: Floats) -> Floats:
        """The bounds on the Z scale for a constant, at these information fractions."""
        return np.append(np.full(information.size - 1, self.interim), constant)

    def name(self) -> str:
        """The name for tables and protocols."""
        return f"Haybittle-Peto, interim {self.interim:g}"


@dataclass(frozen=True)
class GivenBounds:
    """Efficacy bounds of one's own on the Z scale; the last may be None and is then solved for the error rate."""

    z: tuple[float | None, ...]

    def bounds(self, constant: float, information: Floats) -> Floats:
        """The bounds on the Z scale for a constant, at these information fractions."""
        if len(self.z) != information.size or None in self.z[:-1]:
            raise DesignError(
                "DES-103", f"{len(self.z)} bounds {self.z} for {information.size} looks", "one bound a look",
                "Only the last bound may be left open.",
            )  # fmt: skip
        return np.array([constant if b is None else b for b in self.z], dtype=np.float64)

    def name(self) -> str:
        """The name for tables and protocols."""
        return "given bounds"


@dataclass(frozen=True)
class FutilityZ:
    """Futility bounds on the Z scale, one for every look but the last; None stops nobody."""

    z: tuple[float | None, ...]

    def name(self) -> str:
        """The name for tables and protocols."""
        return "given Z"


@dataclass(frozen=True)
class FutilityConditionalPower:
    """Stop where the conditional power under the current trend falls below `power`, a number or one for each look."""

    power: float | tuple[float, ...]

    def name(self) -> str:
        """The name for tables and protocols."""
        return "conditional power under the current trend"


@dataclass(frozen=True)
class FutilityPredictivePower:
    """Stop where the predictive power (flat prior) falls below `power`, a number or one for each look."""

    power: float | tuple[float, ...]

    def name(self) -> str:
        """The name for tables and protocols."""
        return "predictive power"


Futility = FutilityZ | FutilityConditionalPower | FutilityPredictivePower


def solve_constant(family: Family, information: Floats, alpha: float, sided: int, lower: Floats) -> Floats:
    """The bounds of a family whose probability of being crossed without an effect is alpha.

    `information`: fractions, the last 1; `sided` 1 or 2; `lower`: binding futility bounds (-inf for none), ignored for
    two sides. Raises DES-104 where no constant keeps alpha, as for interim bounds that spend more than alpha.
    """

    def excess(constant: float) -> float:
        upper = family.bounds(constant, information)
        low = -upper if sided == 2 else lower
        above, below = cross_bounds(low, upper, information, 0.0)
        return float(above.sum() + (below.sum() if sided == 2 else 0.0)) - alpha

    if excess(1.0) == excess(3.0) and excess(2.0) <= 0:  # nothing left open: the bounds are what they are
        return family.bounds(2.0, information)
    if excess(0.0) <= 0 or excess(15.0) > 0:
        raise DesignError(
            "DES-104", f"{family.name()} at {information.tolist()}", f"bounds that spend alpha = {alpha:g}",
            "The interim bounds alone spend more than alpha: widen them, or leave the last one open.",
        )  # fmt: skip
    return family.bounds(float(brentq(excess, 0.0, 15.0, xtol=1e-10)), information)


def futility_bounds(rule: Futility, information: Floats, final: float) -> Floats:
    """Futility bounds on the Z scale (-inf for no stop), the last the final efficacy bound.

    Conditional power under the trend: Phi((z / sqrt t - c) / sqrt(1 - t)), with the final bound c; predictive power:
    Phi((z - c sqrt t) / sqrt(1 - t)). Source: Lachin JM. Stat Med 2005; 24:2747-2764. Raises DES-105.
    """
    t = information[:-1]
    values = rule.z if isinstance(rule, FutilityZ) else rule.power
    given = values if isinstance(values, tuple) else (values,) * t.size
    if len(given) != t.size:
        raise DesignError(
            "DES-105", f"{len(given)} futility bounds for {t.size} interim looks", "one a look but the last",
            "Use None for a look without futility.",
        )  # fmt: skip
    z = np.array([-math.inf if g is None else g for g in given], dtype=np.float64)
    if not isinstance(rule, FutilityZ):
        reached = _quantile(z) * np.sqrt(1 - t)
        trend = isinstance(rule, FutilityConditionalPower)
        z = np.sqrt(t) * (reached + final) if trend else reached + final * np.sqrt(t)
    return np.append(z, final)


def _quantile(power: Floats) -> Floats:
    if not ((power > 0) & (power < 1)).all():
        raise DesignError("DES-106", f"powers {power.tolist()}", "numbers between 0 and 1", "0.2 is 20 %.")
    return np.asarray(ndtri(power))
