"""Degrees of freedom and covariances of the coefficients: Satterthwaite, Kenward-Roger, between-within, residual.

All is said in turned coordinates in which Phi = (X'V^-1 X)^-1 is the identity: a combination c of the coefficients
becomes root' c, and N_h = root' X'V^-1 dV_h V^-1 X root is the derivative of Phi in theta_h.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Layout
from opencro.stats.mmrm.likelihood import Point, Slope
from opencro.stats.mmrm.structures import Structure

SAME = 1e-8  # degrees of freedom of single combinations that count as equal


@dataclass(frozen=True)
class Spread:
    """The precision of the coefficients: covariance = root middle root'."""

    root: Floats = field(repr=False)  # (p, p), Phi = root root'
    middle: Floats = field(repr=False)  # (p, p): the identity, or what an adjustment or a sandwich puts there
    moments: Floats = field(repr=False)  # (parameters, p, p)
    theta_covariance: Floats = field(repr=False)  # (parameters, parameters)

    def covariance(self) -> Floats:
        """The covariance of the coefficients, (p, p)."""
        return np.asarray(self.root @ self.middle @ self.root.T)


def adjust_kenward_roger(
    structure: Structure, layout: Layout, point: Point, slope: Slope, theta_covariance: Floats, *, linear: bool
) -> Floats:
    """The middle of the Kenward-Roger covariance: I + 2 sum_hl W_hl (Q_hl - P_h P_l - R_hl / 4), R = 0 where `linear`.

    Kenward and Roger (1997), Biometrics 53:983, equation (5), in turned coordinates; W is the inverse of the observed
    information.
    """
    moments = slope.moments[0, :, :-1, :-1]
    size = structure.size
    turned = slope.turned[0, :, :, :-1]
    inner = _weigh_second_order(layout, point, slope, theta_covariance, size)
    if not linear:
        inner = inner - 0.25 * _weigh_curvature(structure, layout, point, slope, theta_covariance)
    flat = turned.reshape(-1, turned.shape[-1])
    total = flat.T @ (inner[layout.member] @ turned).reshape(flat.shape)
    mixed = np.tensordot(theta_covariance, moments, axes=1)
    total = total - np.tensordot(moments, mixed, axes=([0, 2], [0, 1]))
    return np.asarray(np.eye(len(total)) + total + total.T)


def _weigh_second_order(layout: Layout, point: Point, slope: Slope, weight: Floats, size: int) -> Floats:
    """sum_hl W_hl dV_h V^-1 dV_l by class, (classes, m, m)."""
    visits = point.inverse.shape[-1]
    out = np.empty(point.inverse.shape[1:])
    for g in range(layout.groups):
        mine = np.flatnonzero(layout.group == g)
        block = weight[g * size : (g + 1) * size, g * size : (g + 1) * size]
        if layout.by_class:
            pushed = slope.jacobian[0, mine] @ point.inverse[0, mine, None]
            mixed = np.einsum("hl,clij->chij", block, slope.jacobian[0, mine])
            out[mine] = (pushed @ mixed).sum(axis=1)
            continue
        slopes = slope.jacobian[0, g].reshape(size, -1)
        pairs = (slopes.T @ block @ slopes).reshape((visits,) * 4)  # a b, c d
        pairs = pairs.transpose(1, 2, 0, 3).reshape(visits * visits, -1)
        out[mine] = (point.inverse[0, mine].reshape(len(mine), -1) @ pairs).reshape(-1, visits, visits)
    return out


def _weigh_curvature(structure: Structure, layout: Layout, point: Point, slope: Slope, weight: Floats) -> Floats:
    """sum_hl W_hl d2Sigma_hl by class, (classes, m, m)."""
    visits, size = structure.visits, structure.size
    slots = layout.group if layout.by_class else np.arange(layout.groups)
    theta = point.theta[0, slots]
    blocks = np.stack([weight[g * size : (g + 1) * size, g * size : (g + 1) * size] for g in slots])
    out = np.empty((len(slots), visits, visits))
    for a in range(visits):
        for b in range(a + 1):
            cell = np.zeros((len(slots), visits, visits))
            cell[:, a, b] += 0.5
            cell[:, b, a] += 0.5
            second = structure.second(theta, point.sigma[0], slope.jacobian[0], cell)
            out[:, a, b] = out[:, b, a] = (blocks * second).sum(axis=(1, 2))
    return out if layout.by_class else out[layout.group]


def satterthwaite_df(spread: Spread, combinations: Floats) -> Floats:
    """Degrees of freedom of single combinations (k, p): 2 (c'Phi c)^2 / (g'A g), g the gradient of c'Phi c in theta.

    Satterthwaite (1946), Biometrics Bulletin 2:110; Giesbrecht and Burns (1985), Biometrics 41:477. A is the inverse of
    the observed information of theta.
    """
    turned = unit_rows(combinations @ spread.root)
    gradient = np.einsum("ki,hij,kj->kh", turned, spread.moments, turned, optimize=True)
    spread_of = np.einsum("kh,hl,kl->k", gradient, spread.theta_covariance, gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2.0 / spread_of)


def unit_rows(turned: Floats) -> Floats:
    """Rows of length 1, as degrees of freedom don't depend on it; NaN for a row of zeros."""
    largest = np.abs(turned).max(axis=1, initial=0.0, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = turned / largest
        return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def combine_df(single: Floats) -> float:
    """The denominator of an F test from those of its independent single contrasts.

    With E = sum of v / (v - 2) over the contrasts, 2E / (E - k); 2 where a v is 2 or less. Fai and Cornelius (1996), J
    Stat Comput Simul 54:363.
    """
    if np.ptp(single) < SAME:
        return float(single[0])
    if single.min() <= 2.0:
        return 2.0
    expected = float((single / (single - 2.0)).sum())
    return 2.0 * expected / (expected - len(single))


def independent_contrasts(spread: Spread, combinations: Floats) -> Floats:
    """Combinations with the same joint hypothesis and uncorrelated estimates: eigenvectors of L cov L'."""
    _, vectors = np.linalg.eigh(combinations @ spread.covariance() @ combinations.T)
    return np.asarray(vectors.T @ combinations)


def kenward_roger_f(spread: Spread, combinations: Floats) -> tuple[float, float]:
    """Denominator degrees of freedom and the factor of the F statistic of several combinations (k, p).

    Kenward and Roger (1997), section 3; for one combination the factor is 1 and the degrees of freedom are
    Satterthwaite's.
    """
    k = len(combinations)
    basis = np.linalg.qr((combinations @ spread.root).T)[0]
    inside = basis.T @ spread.moments @ basis
    weight = spread.theta_covariance
    traces = np.trace(inside, axis1=1, axis2=2)
    a1 = float(traces @ weight @ traces)
    flat = inside.reshape(len(inside), -1)
    a2 = float((weight * (flat @ flat.T)).sum())
    if a2 <= 0.0:
        return np.inf, 1.0
    b = (a1 + 6.0 * a2) / (2.0 * k)
    g = ((k + 1) * a1 - (k + 4) * a2) / ((k + 2) * a2)
    below = 3.0 * k + 2.0 * (1.0 - g)
    c1, c2, c3 = g / below, (k - g) / below, (k + 2 - g) / below
    expected = 1.0 / (1.0 - a2 / k)
    variance = 2.0 / k * (1.0 + c1 * b) / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    ratio = variance / (2.0 * expected**2)
    df = 4.0 + (k + 2) / (k * ratio - 1.0)
    return df, df / (expected * (df - 2.0))
