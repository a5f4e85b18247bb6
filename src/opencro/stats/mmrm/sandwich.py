"""Empirical (sandwich) covariances of the coefficients, and degrees of freedom that go with them.

With whitened rows X~ = L^-1 X, V = LL', and H = X~ Phi X~', the covariance is Phi (sum u u') Phi with
u = X~_i' A_i e_i over subjects: A = I (Liang and Zeger 1986, Biometrika 73:13), A = (I - H_ii)^-1 (a jackknife: Mancl
and DeRouen 2001, Biometrics 57:126) or A = (I - H_ii)^-1/2 (bias-reduced: Bell and McCaffrey 2002, Survey Methodology
28:169).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.inference import unit_rows
from opencro.stats.mmrm.layout import Cells, sort_classes
from opencro.stats.mmrm.likelihood import Point

POWERS = {"empirical": 0.0, "empirical-jackknife": -1.0, "empirical-bias-reduced": -0.5}
ZERO = 1e-10  # eigenvalue of I - H_ii below which a direction of a subject is fitted exactly and left out


@dataclass(frozen=True)
class Sandwich:
    """The filling sum u u' in turned coordinates and what its degrees of freedom need."""

    middle: Floats = field(repr=False)  # (p, p)
    pulls: Floats = field(repr=False)  # (subjects, m, p): A_i X~_i root
    grams: Floats = field(repr=False)  # (subjects, p, p): root' X~_i' A_i X~_i root


def fill_sandwich(cells: Cells, point: Point, name: str) -> Sandwich:
    """The sandwich called `name` at the estimates `point`."""
    white = np.linalg.solve(class_factors(cells, point), cells.values)
    turned = white[..., :-1] @ point.root[0]
    residual = white[..., -1] - white[..., :-1] @ point.beta[0]
    leverage = turned @ np.swapaxes(turned, -1, -2)
    values, vectors = np.linalg.eigh(np.eye(leverage.shape[-1]) - leverage)
    if POWERS[name] == 0.0:
        pulls = turned
    else:
        kept = np.where(values > ZERO, np.maximum(values, ZERO) ** POWERS[name], 0.0)
        pulls = (vectors * kept[:, None, :]) @ (np.swapaxes(vectors, -1, -2) @ turned)
    scores = np.einsum("smp,sm->sp", pulls, residual)
    return Sandwich(scores.T @ scores, pulls, np.swapaxes(turned, -1, -2) @ pulls)


def sandwich_df(sandwich: Sandwich, turned: Floats) -> Floats:
    """Degrees of freedom (k,) for combinations in turned coordinates (k, p): tr(G)^2 / tr(G^2).

    G_ij = g_i'g_j is the covariance of the subjects' parts of the estimate if V is right (Bell and McCaffrey 2002,
    section 4).
    """
    turned = unit_rows(turned)
    pulled = np.einsum("smp,kp->skm", sandwich.pulls, turned)
    own = (pulled**2).sum(axis=2)
    back = np.einsum("spq,kq->skp", sandwich.grams, turned)
    shared = (back**2).sum(axis=2)
    crossed = np.einsum("skp,skq->kpq", back, back, optimize=True)
    trace = (own - shared).sum(axis=0)
    square = (own**2 - 2.0 * own * shared).sum(axis=0) + (crossed**2).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(square > 0, trace**2 / square, np.nan))


def class_factors(cells: Cells, point: Point) -> Floats:
    """L with V = LL' for each subject, (subjects, m, m); an identity where not observed."""
    member, first = sort_classes(cells)
    observed = cells.observed[first]
    both = observed[:, :, None] & observed[:, None, :]
    precision = point.inverse[0] + np.eye(observed.shape[1]) * ~both
    return np.asarray(np.linalg.cholesky(np.linalg.inv(precision))[member])
