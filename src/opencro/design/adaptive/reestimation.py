"""Sample size re-estimation: by conditional power, the promising zone, by conditional error, and blinded.

Source: Mehta CR, Pocock SJ. Stat Med 2011; 30:3267-3284; Müller HH, Schäfer H. Biometrics 2001; 57:886-891.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PromisingZone(Result):
    """From where the size may rise without another test: Z and conditional power (trend) at the first look."""

    title: ClassVar[str] = "Promising zone"

    z_min: float
    conditional_power_min: float
    n1: float
    n2: float
    n_max: float


def _check(n1: float, n2: float, n_max: float) -> None:
    if not 0 < n1 < n2 <= n_max:
        raise DesignError(
            "DES-405", f"n1 {n1:g}, n2 {n2:g}, n_max {n_max:g}", "0 < n1 < n2 <= n_max", "n2 is the planned total."
        )


def conditional_power_trend(z1: ArrayLike, n1: float, n2: float, critical: float = 1.959964) -> Floats:
    """Conditional power of the conventional test at n2 under the trend z1 of the first n1."""
    z = np.asarray(z1, dtype=np.float64)
    rest = n2 - n1
    bound = (critical * math.sqrt(n2) - z * math.sqrt(n1)) / math.sqrt(rest)
    return np.asarray(ndtr(z * math.sqrt(rest / n1) - bound))


def size_for_power(z1: float, n1: float, n2: float, *, power: float, n_max: float, critical: float = 1.959964) -> float:
    """The total size at which the conditional power under the trend reaches `power`, between n2 and n_max.

    The final test is the conventional one weighted as planned (Cui, Hung and Wang), whose stage-two bound does not
    move. Raises DES-405. Source: Cui L, Hung HMJ, Wang SJ. Biometrics 1999; 55:853-857.
    """
    _check(n1, n2, n_max)
    bound = (critical * math.sqrt(n2) - z1 * math.sqrt(n1)) / math.sqrt(n2 - n1)
    if z1 <= 0:
        return n_max
    rest = n1 * ((bound + ndtri(power)) / z1) ** 2 if bound + ndtri(power) > 0 else 0.0
    return float(min(max(n1 + rest, n2), n_max))


def final_bound_unchanged(z1: float, n1: float, n2: float, n_new: float, critical: float = 1.959964) -> float:
    """The bound of the conventional Z at n_new that keeps the conditional type I error of the planned test at n2.

    Where it is at most the critical value, the conventional test is safe. Source: Gao P, Ware JH, Mehta C. J Biopharm
    Stat 2008; 18:1184-1196.
    """
    _check(n1, n2, max(n2, n_new))
    root = math.sqrt((n_new - n1) / (n2 - n1))
    return float((root * (critical * math.sqrt(n2) - z1 * math.sqrt(n1)) + z1 * math.sqrt(n1)) / math.sqrt(n_new))


def promising_zone(n1: float, n2: float, n_max: float, *, critical: float = 1.959964) -> PromisingZone:
    """Where the conventional test stays valid however far up to n_max the size is raised: the zone's lower end.

    `n1`: at the look; `n2`: the planned total. Raises DES-405. Source: Chen YHJ, DeMets DL, Lan KKG. Stat Med 2004;
    23:1023-1038; Mehta CR, Pocock SJ. Stat Med 2011; 30:3267-3284.

    >>> round(promising_zone(100, 200, 400).conditional_power_min, 2)
    0.36
    """
    _check(n1, n2, n_max)

    def excess(z: float) -> float:
        return final_bound_unchanged(z, n1, n2, n_max, critical) - critical

    z = float(brentq(excess, 1e-6, critical, xtol=1e-12))
    return PromisingZone(z, float(conditional_power_trend(z, n1, n2, critical)), n1, n2, n_max)


def information_for_conditional_error(conditional_error: float, theta: float, *, power: float = 0.9) -> float:
    """Information of a new second stage, tested at the conditional error, for the conditional power at theta.

    Raises DES-406. Source: Müller HH, Schäfer H. Biometrics 2001; 57:886-891.
    """
    if not 0 < conditional_error < power < 1 or theta <= 0:
        raise DesignError(
            "DES-406",
            f"conditional error {conditional_error:g}, power {power:g}, theta {theta:g}",
            "0 < conditional error < power < 1 and a positive effect",
            "The trial may stop instead.",
        )
    return float(((ndtri(1 - conditional_error) + ndtri(power)) / theta) ** 2)


def blinded_size_means(pooled_sd: float, delta: float, *, n: float, alpha: float = 0.025, power: float = 0.9) -> float:
    """The total size of two equal arms by the standard deviation of all values together, treatment unknown.

    The variance of both arms together holds delta^2 / 4, which is taken away; never below the `n` that there are.
    Raises DES-405. Source: Kieser M, Friede T. Stat Med 2003; 22:3571-3581.
    """
    variance = pooled_sd**2 - delta**2 / 4
    if variance <= 0 or delta == 0:
        raise DesignError("DES-405", f"pooled sd {pooled_sd:g}, delta {delta:g}", "a spread beyond that of the effect",
                          "The assumed effect is larger than the data allow.")  # fmt: skip
    return float(max(4 * (ndtri(1 - alpha) + ndtri(power)) ** 2 * variance / delta**2, n))
