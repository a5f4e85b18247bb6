"""-2 log likelihood (REML or ML) of a linear model with a covariance by class, its gradient and its Hessian.

With V = Sigma on the observed visits, r = y - X beta at the generalized least squares estimate and Phi = (X'V^-1 X)^-1:

    -2 l = sum log |V| + log |X'V^-1 X| (REML only) + r'V^-1 r + constants
    gradient_h = <W, dSigma_h>,  W = sum over classes of n V^-1 - P,  P = sum V^-1 (r r' + X Phi X') V^-1
    hessian_hl = <W, d2Sigma_hl> + sum over classes of tr(dSigma_h V^-1 dSigma_l (2P - n V^-1))
                 - tr(Phi M_h Phi M_l) - 2 u_h' Phi u_l,  M_h = X'V^-1 dV_h V^-1 X,  u_h = X'V^-1 dV_h V^-1 r

(X Phi X' in P and the trace with M belong to REML). Lindstrom and Bates (1988), J Am Stat Assoc 83:1014; Wolfinger,
Tobias and Sall (1994), SIAM J Sci Comput 15:1294. Every array has the trial as its first axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Layout
from opencro.stats.mmrm.structures import Structure


@dataclass(frozen=True)
class Point:
    """The likelihood at one theta: `value` is -2 l without its constants, infinite where Sigma is not a covariance."""

    theta: Floats  # (trials, groups, size)
    value: Floats  # (trials,)
    sigma: Floats  # (trials, groups or classes, m, m)
    inverse: Floats  # (trials, classes, m, m): V^-1, zero where not observed
    whitened: Floats  # (trials, stacks, m, columns): V^-1 (x, y)
    beta: Floats  # (trials, p)
    root: Floats  # (trials, p, p): upper triangular, Phi = root root'


@dataclass(frozen=True)
class Slope:
    """First and second derivatives in theta, and what the inference needs of them."""

    gradient: Floats  # (trials, groups * size)
    hessian: Floats  # (trials, groups * size, groups * size)
    moments: Floats  # (trials, groups * size, q, q): root' M_h root bordered by root' u_h
    turned: Floats  # (trials, stacks, m, q): V^-1 (x root, r)
    jacobian: Floats  # (trials, groups or classes, size, m, m)


def evaluate(structure: Structure, layout: Layout, theta: Floats, *, reml: bool) -> Point:
    """The likelihood and the generalized least squares estimate at theta."""
    per_slot = theta[:, layout.group] if layout.by_class else theta
    with np.errstate(all="ignore"):
        sigma = structure.sigma(per_slot)
        inverse, log_det = _invert(sigma if layout.by_class else sigma[:, layout.group], layout)
        whitened = inverse[:, layout.member] @ layout.stacks
        trials, _, _, columns = layout.stacks.shape
        flat = layout.stacks.reshape(trials, -1, columns)
        cross = np.swapaxes(flat, -1, -2) @ whitened.reshape(trials, -1, columns)
        p = columns - 1
        factor = cholesky_or_nan(cross[:, :p, :p])
        root = np.swapaxes(np.linalg.inv(_or_identity(factor)), -1, -2)
        turned = np.einsum("bij,bi->bj", root, cross[:, :p, p])
        beta = np.einsum("bij,bj->bi", root, turned)
        value = (layout.counts * log_det).sum(axis=1) + cross[:, p, p] - (turned**2).sum(axis=1)
        log_h = 2.0 * np.log(np.diagonal(factor, 0, -2, -1)).sum(axis=1)
        value = value + (log_h if reml else 0.0 * log_h)
    value = np.where(np.isfinite(value), value, np.inf)
    return Point(theta, value, sigma, inverse, whitened, beta, root)


def differentiate(structure: Structure, layout: Layout, point: Point, *, reml: bool) -> Slope:
    """Gradient and Hessian at a point where the likelihood is finite."""
    turned = _turn(point)
    trials, _, _, q = turned.shape
    starts = np.searchsorted(layout.member, np.arange(layout.counts.shape[1]))
    used = turned if reml else turned[..., -1:]
    spread = np.add.reduceat(used @ np.swapaxes(used, -1, -2), starts, axis=1)
    scaled = layout.counts[..., None, None] * point.inverse
    per_slot = point.theta[:, layout.group] if layout.by_class else point.theta
    jacobian = structure.jacobian(per_slot, point.sigma)
    gather = _slopes_by_class if layout.by_class else _slopes_by_group
    gradient, own = gather(structure, layout, point, jacobian, scaled - spread, 2.0 * spread - scaled)
    moments = _moments(layout, turned, jacobian)
    size = structure.size
    hessian = np.zeros((trials, layout.groups * size, layout.groups * size))
    for g in range(layout.groups):
        block = slice(g * size, (g + 1) * size)
        hessian[:, block, block] = own[:, g]
    weight = np.ones((q, q)) if reml else np.zeros((q, q))
    weight[-1, :], weight[:, -1], weight[-1, -1] = 1.0, 1.0, 0.0
    flat = moments.reshape(trials, -1, q * q)
    hessian -= (flat * weight.reshape(-1)) @ np.swapaxes(flat, -1, -2)
    return Slope(gradient.reshape(trials, -1), hessian, moments, turned, jacobian)


def cholesky_or_nan(matrices: Floats) -> Floats:
    """Lower Cholesky factors; NaN for a matrix that is not positive definite."""
    try:
        return np.asarray(np.linalg.cholesky(matrices))
    except np.linalg.LinAlgError:
        flat = matrices.reshape(-1, *matrices.shape[-2:])
        if len(flat) == 1:
            return np.full_like(matrices, np.nan)
        half = len(flat) // 2
        parts = [cholesky_or_nan(flat[:half]), cholesky_or_nan(flat[half:])]
        return np.concatenate(parts).reshape(matrices.shape)


def _or_identity(factor: Floats) -> Floats:
    bad = ~np.isfinite(factor).all(axis=(-2, -1), keepdims=True)
    return np.where(bad, np.eye(factor.shape[-1]), factor) if bad.any() else factor


def _invert(sigma: Floats, layout: Layout) -> tuple[Floats, Floats]:
    """V^-1 by class, zero where not observed, and log |V|: visits that were not observed become an identity."""
    both = layout.observed[:, :, None] & layout.observed[:, None, :]
    padded = np.where(both, sigma, np.eye(sigma.shape[-1]))
    factor = cholesky_or_nan(padded)
    log_det = 2.0 * np.log(np.diagonal(factor, 0, -2, -1)).sum(axis=-1)
    lower = np.linalg.inv(_or_identity(factor))
    return (np.swapaxes(lower, -1, -2) @ lower) * both, log_det


def _turn(point: Point) -> Floats:
    """V^-1 (x root, r): the columns of x turned so that Phi is the identity, and the residual."""
    trials, _, _, q = point.whitened.shape
    turn = np.zeros((trials, q, q))
    turn[:, :-1, :-1] = point.root
    turn[:, :-1, -1] = -point.beta
    turn[:, -1, -1] = 1.0
    flat = point.whitened.reshape(trials, -1, q) @ turn
    return np.asarray(flat.reshape(point.whitened.shape))


def _slopes_by_group(
    structure: Structure, layout: Layout, point: Point, jacobian: Floats, pull: Floats, bend: Floats
) -> tuple[Floats, Floats]:
    trials, _, visits, _ = point.inverse.shape
    size, cells = structure.size, visits * visits
    gradient = np.empty((trials, layout.groups, size))
    own = np.empty((trials, layout.groups, size, size))
    for g in range(layout.groups):
        mine = layout.group == g
        weight = pull[:, mine].sum(axis=1)
        slope = jacobian[:, g].reshape(trials, size, cells)
        gradient[:, g] = (slope @ weight.reshape(trials, cells, 1))[..., 0]
        left = point.inverse[:, mine].reshape(trials, -1, cells)
        right = bend[:, mine].reshape(trials, -1, cells)
        outer = (np.swapaxes(left, -1, -2) @ right).reshape(trials, visits, visits, visits, visits)  # b c d a
        outer = outer.transpose(0, 4, 1, 2, 3).reshape(trials, cells, cells)  # a b, c d
        own[:, g] = slope @ outer @ np.swapaxes(slope, -1, -2)
        own[:, g] += structure.second(point.theta[:, g], point.sigma[:, g], jacobian[:, g], weight)
    return gradient, own


def _slopes_by_class(
    structure: Structure, layout: Layout, point: Point, jacobian: Floats, pull: Floats, bend: Floats
) -> tuple[Floats, Floats]:
    starts = np.searchsorted(layout.group, np.arange(layout.groups))
    per_class = (jacobian * pull[:, :, None]).sum(axis=(-2, -1))
    left = jacobian @ point.inverse[:, :, None]
    right = np.swapaxes(jacobian @ bend[:, :, None], -1, -2)
    trials, classes, size = per_class.shape
    left, right = (part.reshape(trials, classes, size, -1) for part in (left, right))
    own = left @ np.swapaxes(right, -1, -2)
    own = own + structure.second(point.theta[:, layout.group], point.sigma, jacobian, pull)
    return np.add.reduceat(per_class, starts, axis=1), np.add.reduceat(own, starts, axis=1)


def _moments(layout: Layout, turned: Floats, jacobian: Floats) -> Floats:
    """sum over stacks of F' dSigma_h F for every group and parameter h, F = V^-1 (x root, r)."""
    if layout.by_class:
        return _moments_by_class(layout, turned, jacobian)
    trials, _, visits, q = turned.shape
    size = jacobian.shape[2]
    out = np.empty((trials, layout.groups, size, q * q))
    edges = np.searchsorted(layout.group[layout.member], np.arange(layout.groups + 1))
    for g in range(layout.groups):
        part = turned[:, edges[g] : edges[g + 1]].reshape(trials, -1, visits * q)
        gram = np.swapaxes(part, -1, -2) @ part
        gram = gram.reshape(trials, visits, q, visits, q).transpose(0, 1, 3, 2, 4)
        slope = jacobian[:, g].reshape(trials, size, visits * visits)
        out[:, g] = slope @ gram.reshape(trials, visits * visits, q * q)
    return out.reshape(trials, -1, q, q)


def _moments_by_class(layout: Layout, turned: Floats, jacobian: Floats) -> Floats:
    trials, _, _, q = turned.shape
    size = jacobian.shape[2]
    out = np.empty((trials, layout.groups, size, q, q))
    edges = np.searchsorted(layout.group[layout.member], np.arange(layout.groups + 1))
    for g in range(layout.groups):
        mine = slice(edges[g], edges[g + 1])
        part = turned[:, mine]
        flat = np.swapaxes(part.reshape(trials, -1, q), -1, -2)
        for h in range(size):
            pushed = jacobian[:, layout.member[mine], h] @ part
            out[:, g, h] = flat @ pushed.reshape(trials, -1, q)
    return out.reshape(trials, -1, q, q)
