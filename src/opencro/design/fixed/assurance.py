"""Assurance: the power, averaged over what is believed of the effect.

Source: O'Hagan A, Stevens JW, Campbell MJ. Pharm Stat 2005; 4:187-201.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import beta

from opencro.design.fixed.clock import Floats
from opencro.design.fixed.sizes import check_positive

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def assurance_normal(prior_mean: float, prior_sd: float, se: float, *, alpha: float = 0.025) -> float:
    """The probability that a one-sided z test rejects when the effect is Normal(prior_mean, prior_sd).

    `se`: standard error of the estimate in the trial, e.g. sd sqrt(2 / n), or 2 / sqrt(events) for a log hazard ratio
    (with a benefit positive). Raises DES-203.

    >>> round(assurance_normal(0.4, 0.2, (2 / 100) ** 0.5), 4)
    0.692
    """
    check_positive(prior_sd=prior_sd, se=se)
    return float(ndtr((prior_mean + ndtri(alpha) * se) / math.hypot(se, prior_sd)))


def assurance_proportions(
    prior_treatment: tuple[float, float], prior_control: tuple[float, float], n_treatment: float, n_control: float, *,
    alpha: float = 0.025,
) -> float:  # fmt: skip
    """The same for two proportions with beta priors, power by the unpooled normal approximation.

    Raises DES-203. By Gauss-Legendre quadrature over both proportions.
    """
    check_positive(n_treatment=n_treatment, n_control=n_control)
    (p1, mass1), (p0, mass0) = _spread(prior_treatment), _spread(prior_control)
    spread = (p1 * (1 - p1) / n_treatment)[:, None] + (p0 * (1 - p0) / n_control)[None, :]
    power = ndtr((p1[:, None] - p0[None, :]) / np.sqrt(spread) + ndtri(alpha))
    return float(mass1 @ power @ mass0)


def _spread(prior: tuple[float, float]) -> tuple[Floats, Floats]:
    """Points and their mass over all but 1e-12 of a beta distribution."""
    low, high = beta.ppf([5e-13, 1 - 5e-13], *prior)
    p = low + (high - low) * (NODES + 1) / 2
    mass = WEIGHTS * beta.pdf(p, *prior)
    return p, mass / mass.sum()
