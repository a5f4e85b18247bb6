"""How an error rate is spent over the looks: functions of the information fraction, small frozen values.

Every one of them answers `spend(fraction, total)`: what of `total` is spent once that fraction of the information has
come in; 0 at 0, all of it at 1, never falling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats


@runtime_checkable
class Spending(Protocol):
    """What is spent of an error rate, by information fraction."""

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        ...

    def name(self) -> str:
        """The name for tables and protocols."""
        ...


def _clip(fraction: ArrayLike) -> Floats:
    return np.clip(np.asarray(fraction, dtype=np.float64), 0.0, 1.0)


@dataclass(frozen=True)
class LanDeMetsOBrienFleming:
    """Spending that nearly gives O'Brien-Fleming's bounds: 2 - 2 Phi(z_{a/2} / sqrt t).

    Source: Lan KKG, DeMets DL. Biometrika 1983; 70:659-663.

    >>> LanDeMetsOBrienFleming().spend(0.5, 0.025).round(6).item()
    0.001525
    """

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        t = _clip(fraction)
        with np.errstate(divide="ignore"):
            return np.asarray(2 * ndtr(ndtri(total / 2) / np.sqrt(t)))

    def name(self) -> str:
        """The name for tables and protocols."""
        return "Lan-DeMets, O'Brien-Fleming type"


@dataclass(frozen=True)
class LanDeMetsPocock:
    """Spending that nearly gives Pocock's bounds: a ln(1 + (e - 1) t).

    Source: Lan KKG, DeMets DL. Biometrika 1983; 70:659-663.
    """

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        return np.asarray(total * np.log1p((math.e - 1) * _clip(fraction)))

    def name(self) -> str:
        """The name for tables and protocols."""
        return "Lan-DeMets, Pocock type"


@dataclass(frozen=True)
class HwangShihDeCani:
    """Spending a (1 - exp(-gamma t)) / (1 - exp(-gamma)): -4 resembles O'Brien-Fleming, 1 Pocock, 0 is proportional.

    Source: Hwang IK, Shih WJ, DeCani JS. Stat Med 1990; 9:1439-1445.
    """

    gamma: float = -4.0

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        t = _clip(fraction)
        if abs(self.gamma) < 1e-9:
            return np.asarray(total * t)
        return np.asarray(total * np.expm1(-self.gamma * t) / math.expm1(-self.gamma))

    def name(self) -> str:
        """The name for tables and protocols."""
        return f"Hwang-Shih-DeCani, gamma = {self.gamma:g}"


@dataclass(frozen=True)
class KimDeMets:
    """Spending by a power of the information fraction, a t^rho, rho > 0.

    Source: Kim K, DeMets DL. Biometrika 1987; 74:149-154.
    """

    rho: float = 3.0

    def __post_init__(self) -> None:
        if not self.rho > 0:
            raise DesignError("DES-101", f"power {self.rho}", "a number above 0", "1 spends evenly, 3 late.")

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        return np.asarray(total * _clip(fraction) ** self.rho)

    def name(self) -> str:
        """The name for tables and protocols."""
        return f"Kim-DeMets, rho = {self.rho:g}"


@dataclass(frozen=True)
class PiecewiseLinear:
    """Spending of one's own: `share` of the error spent at each of `fraction`, straight lines between.

    Both rise from 0 to 1; the points (0, 0) and (1, 1) may be left out. Raises DES-102 for anything else.
    """

    fraction: tuple[float, ...]
    share: tuple[float, ...]

    def __post_init__(self) -> None:
        t, a = np.asarray(self.fraction), np.asarray(self.share)
        good = t.shape == a.shape and t.size > 0 and bool(((t >= 0) & (t <= 1) & (a >= 0) & (a <= 1)).all())
        if not good or (np.diff(t) <= 0).any() or (np.diff(a) < 0).any():
            raise DesignError(
                "DES-102", f"shares {self.share} at {self.fraction}", "as many shares as fractions, both rising",
                "Give the cumulative share of the error that is spent at each look.",
            )  # fmt: skip

    def spend(self, fraction: ArrayLike, total: float) -> Floats:
        """The part of `total` spent at the information fractions."""
        t, a = list(self.fraction), list(self.share)
        if t[0] > 0:
            t, a = [0.0, *t], [0.0, *a]
        if t[-1] < 1:
            t, a = [*t, 1.0], [*a, 1.0]
        return np.asarray(total * np.interp(_clip(fraction), t, a))

    def name(self) -> str:
        """The name for tables and protocols."""
        return "user-defined spending"
