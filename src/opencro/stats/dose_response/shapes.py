"""Dose-response shapes: response = e0 + slope * f(dose; theta), the non-linear part f without location and scale.

Source: Bretz F, Pinheiro JC, Branson M. Combining multiple comparisons and modeling techniques in dose-response
studies. Biometrics 2005; 61:738-748 (table 1); Bornkamp B, Pinheiro JC, Bretz F. MCPMod: an R package for the design
and analysis of dose-finding studies. J Stat Softw 2009; 29(7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """A family of shapes.

    `curve(dose, theta)` gives f at doses (k,), shape (k,); with theta (g, q) and doses (k,) it gives (g, k).
    `parameters` names theta, `bounds(largest)` gives the box (q, 2) that a fit searches, `scale` is the name of the
    factor of f. `linear` shapes have no theta; the quadratic one has f = dose + theta dose^2.
    """

    name: str
    scale: str
    parameters: tuple[str, ...]
    curve: Callable[[Floats, Floats], Floats]
    bounds: Callable[[float], Floats]

    def mean(self, dose: ArrayLike, e0: float, slope: float, *theta: float) -> Floats:
        """The expected response at `dose` (k,)."""
        values = np.asarray(dose, dtype=np.float64)
        return np.asarray(e0 + slope * self.curve(values, np.array(theta)))


def _box(*limits: tuple[float, float]) -> Floats:
    return np.array(limits, dtype=np.float64).reshape(-1, 2)


def _at(theta: Floats, i: int) -> Floats:
    return np.asarray(theta[..., i, None]) if theta.ndim > 1 else np.asarray(theta[i])


def _linear(dose: Floats, theta: Floats) -> Floats:
    return np.broadcast_to(dose, (*theta.shape[:-1], *dose.shape))


def _quadratic(dose: Floats, theta: Floats) -> Floats:
    return dose + _at(theta, 0) * dose**2


def _exponential(dose: Floats, theta: Floats) -> Floats:
    return np.asarray(np.expm1(dose / _at(theta, 0)))


def _emax(dose: Floats, theta: Floats) -> Floats:
    return dose / (_at(theta, 0) + dose)


def _sigmoid_emax(dose: Floats, theta: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        logit = _at(theta, 1) * (np.log(dose) - np.log(_at(theta, 0)))
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -700, 700)))) * (dose > 0)


def _logistic(dose: Floats, theta: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(np.clip((_at(theta, 0) - dose) / _at(theta, 1), -700, 700))))


def _no_theta(largest: float) -> Floats:  # noqa: ARG001  every shape is asked the same way
    return _box()


LINEAR = Shape("linear", "delta", (), _linear, _no_theta)
QUADRATIC = Shape("quadratic", "b1", ("b2/b1",), _quadratic, lambda top: _box((-2 / top, 2 / top)))
EXPONENTIAL = Shape("exponential", "e1", ("delta",), _exponential, lambda top: _box((0.1 * top, 2 * top)))
EMAX = Shape("emax", "emax", ("ed50",), _emax, lambda top: _box((0.001 * top, 1.5 * top)))
SIGMOID_EMAX = Shape(
    "sigmoid emax", "emax", ("ed50", "h"), _sigmoid_emax, lambda top: _box((0.001 * top, 1.5 * top), (0.5, 10))
)
LOGISTIC = Shape(
    "logistic",
    "emax",
    ("ed50", "delta"),
    _logistic,
    lambda top: _box((0.001 * top, 1.5 * top), (0.01 * top, 0.5 * top)),
)


def _beta_box(largest: float) -> Floats:  # noqa: ARG001  every shape is asked the same way
    return _box((0.05, 4), (0.05, 4))


def log_linear(offset: float) -> Shape:
    """The shape log(dose + offset), `offset` above 0 in units of dose.

    >>> log_linear(1.0).mean([0.0], 2.0, 5.0).tolist()
    [2.0]
    """
    return Shape("log-linear", "delta", (), lambda dose, theta: _linear(np.log(dose + offset), theta), _no_theta)


def beta_shape(scale: float) -> Shape:
    """The beta shape B (dose/scale)^d1 (1 - dose/scale)^d2, maximum 1; `scale` is usually 1.2 times the largest dose.

    B = (d1 + d2)^(d1 + d2) / (d1^d1 d2^d2); the maximum stands at scale d1 / (d1 + d2).

    >>> beta_shape(10.0).mean([5.0], 0.0, 3.0, 2.0, 2.0).round(6).tolist()
    [3.0]
    """

    def curve(dose: Floats, theta: Floats) -> Floats:
        d1, d2 = _at(theta, 0), _at(theta, 1)
        part = np.clip(dose / scale, 0.0, 1.0)
        log_b = (d1 + d2) * np.log(d1 + d2) - d1 * np.log(d1) - d2 * np.log(d2)
        return np.asarray(np.exp(log_b) * part**d1 * (1 - part) ** d2)

    return Shape("beta", "emax", ("delta1", "delta2"), curve, _beta_box)
