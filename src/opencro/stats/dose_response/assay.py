"""Curves of laboratory assays and toxicology: log-logistic, Weibull, log-normal, for measures and for counts.

response = lower + (upper - lower + stimulus dose) g(u), u = slope (ln dose - ln mid), or slope (dose - mid). Source:
Ritz C, Baty F, Streibig JC, Gerhard D. Dose-response analysis using R. PLoS ONE 2015; 10:e0146021; Finney DJ. Probit
Analysis, 3rd ed. 1971 (counts); Brain P, Cousens R. Weed Research 1989; 29:93-96 (stimulus at low doses).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from scipy.special import gammaln, ndtr, xlogy

from opencro.stats.dose_response.shapes import Floats
from opencro.stats.result import Note, Result, StatsError

NAMES = ("slope", "lower", "upper", "mid", "asymmetry", "stimulus")
FAR = 600.0


@dataclass(frozen=True)
class AssayCurve:
    """A family of curves: the free `parameters` among those of NAMES, the others `fixed`."""

    name: str
    parameters: tuple[str, ...]
    share: Callable[[Floats], Floats]
    fixed: Mapping[str, float] = field(default_factory=dict)
    log_dose: bool = True

    def full(self, theta: Floats) -> Floats:
        """All six parameters in the order of NAMES."""
        values = {"lower": 0.0, "upper": 1.0, "asymmetry": 1.0, "stimulus": 0.0, **self.fixed}
        values.update(zip(self.parameters, theta.tolist(), strict=True))
        return np.array([values[name] for name in NAMES])

    def mean(self, dose: Floats, theta: Floats) -> Floats:
        """The response at doses (k,)."""
        slope, lower, upper, mid, asymmetry, stimulus = self.full(theta)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            u = slope * (np.log(dose) - math.log(mid) if self.log_dose and mid > 0 else dose - mid)
            part = self.share(np.clip(u, -FAR, FAR)) ** asymmetry
        return np.asarray(lower + (upper - lower + stimulus * dose) * part)

    def ends(self, theta: Floats) -> tuple[float, float]:
        """The response without dose and that of a dose beyond all bounds."""
        slope, lower, upper, _, asymmetry, _ = self.full(theta)
        far = self.share(np.array([-FAR, FAR]) * np.sign(slope)) ** asymmetry
        return float(lower + (upper - lower) * far[0]), float(lower + (upper - lower) * far[1])


def _logistic(u: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(u)))


def _weibull(u: Floats) -> Floats:
    return np.asarray(np.exp(-np.exp(np.minimum(u, 300.0))))


def _normal(u: Floats) -> Floats:
    return np.asarray(ndtr(u))


_ALL = ("slope", "lower", "upper", "mid")
LOG_LOGISTIC_2 = AssayCurve("log-logistic, 2 parameters", ("slope", "mid"), _logistic)
LOG_LOGISTIC_3 = AssayCurve("log-logistic, 3 parameters", ("slope", "upper", "mid"), _logistic)
LOG_LOGISTIC_4 = AssayCurve("log-logistic, 4 parameters", _ALL, _logistic)
LOG_LOGISTIC_5 = AssayCurve("log-logistic, 5 parameters", (*_ALL, "asymmetry"), _logistic)
LOGISTIC_4 = AssayCurve("logistic, 4 parameters", _ALL, _logistic, log_dose=False)
WEIBULL_4 = AssayCurve("Weibull type 1, 4 parameters", _ALL, _weibull)
LOG_NORMAL_2 = AssayCurve("log-normal, 2 parameters", ("slope", "mid"), _normal)
HORMESIS_4 = AssayCurve("Brain-Cousens, 4 parameters", ("slope", "upper", "mid", "stimulus"), _logistic)


@dataclass(frozen=True)
class AssayFit(Result):
    """A fitted assay curve; its table has a row per parameter. `covariance` (p, p) inverts the observed information."""

    title: ClassVar[str] = "Assay curve"

    curve: AssayCurve
    estimate: Floats
    covariance: Floats
    df: float
    log_likelihood: float
    sigma: float
    largest_dose: float
    alpha: float
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """One row per parameter, with limits by t (counts: by the normal distribution)."""
        se = np.sqrt(np.diag(self.covariance))
        half = stats.t.isf(self.alpha / 2, self.df) * se
        shown = {"estimate": self.estimate, "se": se, "lower": self.estimate - half, "upper": self.estimate + half}
        return {"parameter": list(self.curve.parameters), **shown}

    def at(self, dose: ArrayLike) -> Floats:
        """The curve at doses (k,)."""
        return self.curve.mean(np.asarray(dose, dtype=np.float64), self.estimate)


def fit_assay_curve(dose: ArrayLike, response: ArrayLike, curve: AssayCurve, *, alpha: float = 0.05) -> AssayFit:
    """A curve through measures by least squares.

    `dose` (n,) at least 0, `response` (n,); rows with a missing value are left out. Starts from a grid of slopes and
    middles, lower and upper being solved for. Covariance: residual variance times the inverse of half the second
    derivatives of the sum of squares. Raises StatsError STA-740 for unfit arrays; Note STA-743 with as many parameters
    as doses.

    Source: Ritz et al., PLoS ONE 2015; 10:e0146021.
    """
    x, y = _checked(dose, response)
    theta = _start(x, y, np.ones(len(x)), curve)
    theta = optimize.least_squares(lambda t: curve.mean(x, t) - y, theta, x_scale="jac", xtol=1e-12, ftol=1e-12).x

    def goal(t: Floats) -> float:
        off = curve.mean(x, t) - y
        return float(off @ off) / 2

    theta, hessian = _polish(goal, theta)
    n, p, rss = len(x), len(theta), 2 * goal(theta)
    variance = rss / (n - p) if n > p else math.nan
    log_likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) if rss > 0 else math.inf
    numbers = (n - p if n > p else math.nan, log_likelihood, math.sqrt(variance), float(x.max()), alpha)
    return AssayFit(curve, theta, variance * _inverse(hessian), *numbers, notes=_few(x, p))


def fit_assay_counts(
    dose: ArrayLike, affected: ArrayLike, total: ArrayLike, curve: AssayCurve, *, alpha: float = 0.05
) -> AssayFit:
    """A curve through shares of affected by maximum likelihood of the binomial distribution.

    `dose` (n,), `affected` of `total` (n,). Limits are by the normal distribution, the covariance inverts the observed
    information. Raises StatsError STA-740 for unfit arrays or counts.

    Source: Finney DJ. Probit Analysis, 3rd ed. 1971, chapter 4.
    """
    x, y = _checked(dose, affected)
    n = np.asarray(total, dtype=np.float64)
    if n.shape != x.shape or (y < 0).any() or (y > n).any() or (n <= 0).any():
        raise StatsError("STA-740", "counts that are no parts of totals", "0 <= affected <= total", "Check the counts.")
    constant = float((gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)).sum())

    def goal(t: Floats) -> float:
        mean = np.clip(curve.mean(x, t), 1e-12, 1 - 1e-12)
        return -float((xlogy(y, mean) + xlogy(n - y, 1 - mean)).sum())

    start = _start(x, (y + 0.25) / (n + 0.5), n, curve)
    found = optimize.minimize(
        goal, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10, "xatol": 1e-8}
    )
    theta, hessian = _polish(goal, np.asarray(found.x))
    numbers = (math.inf, constant - goal(theta), math.nan, float(x.max()), alpha)
    return AssayFit(curve, theta, _inverse(hessian), *numbers, notes=_few(x, len(theta)))


def _checked(dose: ArrayLike, response: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(dose, dtype=np.float64), np.asarray(response, dtype=np.float64)
    here = np.isfinite(x) & np.isfinite(y) if x.shape == y.shape and x.ndim == 1 else np.zeros(1, dtype=bool)
    if here.sum() < 2 or (x[here] < 0).any() or not (x[here] > 0).any():
        raise StatsError("STA-740", f"dose {x.shape}, response {y.shape}", "equal lengths, doses from 0", "Check both.")
    return x[here], y[here]


def _few(x: Floats, p: int) -> tuple[Note, ...]:
    levels = len(np.unique(x))
    return (Note("STA-743", f"{p} parameters for {levels} doses"),) if p >= levels else ()


def _start(x: Floats, y: Floats, weight: Floats, curve: AssayCurve) -> Floats:
    """The best of a grid of slopes and middles, the ends being linear and lower below upper."""
    positive = np.unique(x[x > 0])
    places = np.geomspace(positive[0] / 2, positive[-1], 25) if curve.log_dose else np.linspace(0, positive[-1], 25)
    scale = 1.0 if curve.log_dose else 4.0 / positive[-1]
    unit = replace(curve, parameters=("slope", "mid"), fixed={"lower": 0.0, "upper": 1.0})
    best = (math.inf, np.zeros(0))
    for slope in (0.5, 1.0, 2.0, 4.0, 8.0, -0.5, -1.0, -2.0, -4.0, -8.0):
        for mid in places:
            part = unit.mean(x, np.array([slope * scale, mid]))
            size, ends = _fit_ends(x, y, weight, curve, part)
            given = {"slope": slope * scale, "mid": float(mid), "asymmetry": 1.0, **ends}
            if size < best[0] and ends["lower"] <= ends["upper"]:
                best = (size, np.array([given[name] for name in curve.parameters]))
    return best[1]


def _fit_ends(x: Floats, y: Floats, weight: Floats, curve: AssayCurve, part: Floats) -> tuple[float, dict[str, float]]:
    columns = {"lower": 1 - part, "upper": part, "stimulus": x * part}
    ends = {"lower": 0.0, "upper": 1.0, "stimulus": 0.0}
    free = [name for name in columns if name in curve.parameters]
    rest = y if "upper" in free else y - part
    root = np.sqrt(weight)
    basis = np.column_stack([columns[name] for name in free]) if free else np.zeros((len(x), 0))
    found = np.linalg.lstsq(basis * root[:, None], rest * root)[0]
    off = (rest - basis @ found) * root
    return float(off @ off), {**ends, **dict(zip(free, found.tolist(), strict=True))}


def _polish(goal: Callable[[Floats], float], theta: Floats) -> tuple[Floats, Floats]:
    """Newton's steps to the last digits, and the second derivatives there."""
    for _ in range(8):
        gradient, hessian = _derivatives(goal, theta)
        if np.linalg.eigvalsh(hessian)[0] <= 0:
            break
        step = np.linalg.solve(hessian, gradient)
        if goal(theta - step) > goal(theta):
            break
        theta = theta - step
        if np.abs(step / np.maximum(np.abs(theta), 1e-8)).max() < 1e-9:
            break
    return theta, _derivatives(goal, theta)[1]


def _derivatives(goal: Callable[[Floats], float], theta: Floats) -> tuple[Floats, Floats]:
    """Gradient and second derivatives by central differences, extrapolated once (Richardson)."""
    p = len(theta)
    step = 2e-3 * np.maximum(np.abs(theta), 1e-6)
    units = np.eye(p) * step

    def second(i: int, j: int, k: float) -> float:
        a, b = k * units[i], k * units[j]
        corners = goal(theta + a + b) - goal(theta + a - b) - goal(theta - a + b) + goal(theta - a - b)
        return float(corners / (4 * k * k * step[i] * step[j]))

    def first(i: int, k: float) -> float:
        return float((goal(theta + k * units[i]) - goal(theta - k * units[i])) / (2 * k * step[i]))

    gradient = np.array([(4 * first(i, 0.5) - first(i, 1.0)) / 3 for i in range(p)])
    hessian = np.array([[(4 * second(i, j, 0.5) - second(i, j, 1.0)) / 3 for j in range(p)] for i in range(p)])
    return gradient, (hessian + hessian.T) / 2


def _inverse(hessian: Floats) -> Floats:
    if np.linalg.eigvalsh(hessian)[0] <= 0:
        return np.full(hessian.shape, np.nan)
    return np.asarray(np.linalg.inv(hessian))
