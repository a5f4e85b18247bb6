"""Fitting a dose-response shape to dose means by generalized least squares.

Location and scale are solved for at every theta (variable projection); theta is searched on a grid and then refined
within its box, so that neither starting values nor a flat likelihood can lead astray.

Source: Pinheiro J, Bornkamp B, Glimm E, Bretz F. Model-based dose finding under model uncertainty using general
parametric models. Stat Med 2014; 33:1646-1661; Golub GH, Pereyra V. SIAM J Numer Anal 1973; 10:413-432.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from opencro.stats.dose_response.estimates import DoseMeans
from opencro.stats.dose_response.picture import curve_doses, draw_curves
from opencro.stats.dose_response.shapes import Floats, Shape
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GRID = {1: 61, 2: 25}
STARTS = 3


@dataclass(frozen=True)
class DoseFit(Result):
    """A fitted dose-response curve; its table has a row per parameter: location e0, scale, theta.

    `covariance` (p, p) is NaN in rows of a theta at the edge of its box, and everywhere without degrees of freedom.
    `deviance` is the weighted distance of the curve from the dose means, `criterion` AIC (for estimates with a known
    covariance: gAIC).
    """

    title: ClassVar[str] = "Dose-response curve"

    shape: Shape
    means: DoseMeans
    estimate: Floats
    covariance: Floats
    deviance: float
    sigma: float
    df: float
    criterion: float
    alpha: float = 0.05
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """One row per parameter, with limits by t (by the normal distribution for a known covariance)."""
        se = np.sqrt(np.diag(self.covariance))
        half = stats.t.isf(self.alpha / 2, self.df) * se
        names = ["e0", self.shape.scale, *self.shape.parameters]
        return {
            "parameter": names, "estimate": self.estimate, "se": se,
            "lower": self.estimate - half, "upper": self.estimate + half,
        }  # fmt: skip

    def at(self, dose: ArrayLike) -> Floats:
        """The curve at doses (k,)."""
        return self.shape.mean(dose, *self.estimate)

    def plot(self) -> Figure:
        """The means with limits, the curve, and its band where the covariance is known."""
        dose = curve_doses(self.means)
        gradient, known = self.gradient(dose), ~np.isnan(np.diag(self.covariance))
        spread = self.covariance[np.ix_(known, known)]
        half = stats.t.isf(self.alpha / 2, self.df) * np.sqrt(
            np.einsum("ki,ij,kj->k", gradient[:, known], spread, gradient[:, known])
        )
        curve = self.at(dose)
        band = (curve - half, curve + half) if known.any() else None
        return draw_curves(self.means, {self.shape.name: curve}, band, self.alpha)

    def gradient(self, dose: ArrayLike) -> Floats:
        """The derivatives (k, p) of the curve by the parameters."""
        return curve_gradient(self.shape, np.asarray(dose, dtype=np.float64), self.estimate)


def fit_dose_response(
    means: DoseMeans, shape: Shape, *, bounds: ArrayLike | None = None, alpha: float = 0.05
) -> DoseFit:
    """Fits a shape to dose means.

    `means` come from `compute_dose_means` (patients) or `dose_means` (estimates with covariance); `bounds` (q, 2)
    replaces the shape's box for theta. The curve minimizes (m - f)' S^-1 (m - f); for patients this is least squares
    over patients, with residual variance (pure error + distance) / (n - p) and covariance sigma^2 (J' A J)^-1, J the
    derivatives.

    Raises StatsError STA-741 for a box of the wrong shape. Notes: STA-742 (theta at the edge of its box: no standard
    errors for it), STA-743 (as many parameters as doses or more: the curve is not tested by the data).

    Source: Pinheiro et al., Stat Med 2014; 33:1646-1661.
    """
    largest = float(means.dose.max())
    box = np.asarray(shape.bounds(largest) if bounds is None else bounds, dtype=np.float64).reshape(-1, 2)
    if box.shape != (len(shape.parameters), 2) or (box[:, 0] >= box[:, 1]).any():
        expected = f"({len(shape.parameters)}, 2), lower below upper"
        raise StatsError("STA-741", f"bounds {box.tolist()}", expected, "One row per parameter of the shape.")
    root = np.asarray(np.linalg.cholesky(means.precision).T, dtype=np.float64)
    theta = _search(shape, means.dose, root, root @ means.mean, box)
    e0, slope, deviance = _project(shape, means.dose, root, root @ means.mean, theta)
    return _finish(shape, means, np.array([e0, slope, *theta]), deviance, box, alpha)


def _finish(shape: Shape, means: DoseMeans, estimate: Floats, deviance: float, box: Floats, alpha: float) -> DoseFit:
    df, variance, criterion = _accuracy(means, deviance, len(estimate))
    width = box[:, 1] - box[:, 0]
    edge = np.minimum(estimate[2:] - box[:, 0], box[:, 1] - estimate[2:]) < 1e-6 * width
    free = np.concatenate([[True, True], ~edge])
    notes = []
    if edge.any():
        names = [n for n, at in zip(shape.parameters, edge, strict=True) if at]
        notes.append(Note("STA-742", f"{', '.join(names)} at the edge of the search: standard errors take it as known"))
    if len(estimate) >= len(means.dose):
        notes.append(Note("STA-743", f"{len(estimate)} parameters for {len(means.dose)} doses"))
    jacobian = curve_gradient(shape, means.dose, estimate)[:, free]
    information = jacobian.T @ means.precision @ jacobian
    covariance = np.full((len(estimate),) * 2, np.nan)
    if np.linalg.cond(information) < 1e15:
        covariance[np.ix_(free, free)] = variance * np.linalg.inv(information)
    numbers = (deviance, math.sqrt(variance), df, criterion, alpha)
    return DoseFit(shape, means, estimate, covariance, *numbers, tuple(notes))


def _accuracy(means: DoseMeans, deviance: float, p: int) -> tuple[float, float, float]:
    """Degrees of freedom, the factor of the covariance, and AIC."""
    if means.n == 0:
        return means.df, 1.0, deviance + 2 * p
    # the precision of means of patients holds counts only: their variance is estimated about the curve
    p += means.adjusted
    n, rss = means.n, means.pure_error + deviance
    df = n - p if n > p else math.nan
    loglik = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) if rss > 0 else math.inf
    return df, rss / df, -2 * loglik + 2 * (p + 1)


def _project(shape: Shape, dose: Floats, root: Floats, z: Floats, theta: Floats) -> tuple[float, float, float]:
    """Location, scale and distance of the best curve with this theta."""
    basis = root @ np.column_stack([np.ones(len(dose)), shape.curve(dose, theta)])
    found = np.linalg.lstsq(basis, z)[0]
    off = z - basis @ found
    return float(found[0]), float(found[1]), float(off @ off)


def distances(shape: Shape, dose: Floats, root: Floats, z: Floats, theta: Floats) -> Floats:
    """The distance (g,) of the best curve at each theta (g, q)."""
    one = root.sum(axis=1)
    f = shape.curve(dose, theta) @ root.T
    one_f, zz = f @ one, z - one * (one @ z) / (one @ one)
    f = f - one_f[:, None] * one / (one @ one)
    power = np.einsum("gk,gk->g", f, f)
    along = f @ zz
    gain = np.where(power > 1e-14 * (1 + one_f**2), along**2 / np.where(power > 0, power, 1), 0.0)
    return np.asarray(zz @ zz - gain)


def _search(shape: Shape, dose: Floats, root: Floats, z: Floats, box: Floats) -> Floats:
    if not len(box):
        return np.zeros(0)
    axes = [np.linspace(low, high, GRID[len(box)]) for low, high in box]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(box))
    value = distances(shape, dose, root, z, grid)
    width = box[:, 1] - box[:, 0]

    def goal(u: Floats) -> float:
        return float(distances(shape, dose, root, z, (box[:, 0] + u * width)[None])[0])

    best: tuple[float, Floats] = (math.inf, grid[0])
    for i in np.argsort(value, kind="stable")[:STARTS]:
        u = _refine(goal, (grid[i] - box[:, 0]) / width)
        if (found := goal(u)) < best[0]:
            best = (found, box[:, 0] + u * width)
    return best[1]


def _refine(goal: Any, start: Floats) -> Floats:
    """The minimum near a grid point, within the unit box."""
    if len(start) == 1:
        step = 1 / (GRID[1] - 1)
        low, high = max(start[0] - step, 0.0), min(start[0] + step, 1.0)
        found = optimize.minimize_scalar(
            lambda v: goal(np.array([v])), bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        )
        edge = min((low, high), key=lambda v: goal(np.array([v])))
        return np.array([edge if goal(np.array([edge])) <= found.fun else found.x])
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 2000, "initial_simplex": _simplex(start)}
    found = optimize.minimize(goal, start, method="Nelder-Mead", bounds=[(0.0, 1.0)] * len(start), options=options)
    return np.asarray(found.x)


def _simplex(start: Floats) -> Floats:
    step = 0.5 / (GRID[2] - 1)
    corners = [start]
    for i in range(len(start)):
        corner = start.copy()
        corner[i] += step if corner[i] + step <= 1 else -step
        corners.append(corner)
    return np.array(corners)


def curve_gradient(shape: Shape, dose: Floats, estimate: Floats) -> Floats:
    """Derivatives (k, p) of the curve by location, scale and, by central differences of fourth order, theta."""
    slope, theta = estimate[1], estimate[2:]
    columns = [np.ones(len(dose)), shape.curve(dose, theta)]
    for i in range(len(theta)):
        step = 1e-3 * max(abs(theta[i]), 1e-8)
        at = [theta + np.eye(len(theta))[i] * step * k for k in (-2, -1, 1, 2)]
        f = [shape.curve(dose, t) for t in at]
        columns.append(slope * (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step))
    return np.column_stack(columns)
