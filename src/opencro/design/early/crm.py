"""The continual reassessment method: one parameter, two curves, all data; also with incomplete follow-up (TITE).

Risk at dose j is skeleton_j^exp(b) (empiric) or expit(a + exp(b) (logit skeleton_j - a)) (logistic, a = 3), prior b ~
N(0, variance 1.34). The dose whose risk at the posterior mean of b is nearest the target is the maximum tolerated dose.
Integrals are sums over equally spaced b, which for these curves are exact to more digits than double precision shows.
Sources: O'Quigley, Pepe & Fisher (1990), Biometrics 46, 33-48; Cheung & Chappell (2000), Biometrics 56, 1177-1182;
Cheung, Dose Finding by the Continual Reassessment Method (2011).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from opencro.design.early.tally import check_target
from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]
Curve = Literal["empiric", "logistic"]
_REACH, _STEP = 6.5, 0.02


@dataclass(frozen=True)
class ReassessmentDesign:
    """A continual reassessment design: prior risks, target, curve, prior variance, intercept of the logistic."""

    skeleton: tuple[float, ...]
    target: float
    curve: Curve = "empiric"
    variance: float = 1.34
    intercept: float = 3.0

    def risks(self, b: ArrayLike) -> Floats:
        """The risks (doses, values of b)."""
        slope = np.exp(np.atleast_1d(np.asarray(b, float)))
        prior = np.asarray(self.skeleton)[:, None]
        if self.curve == "empiric":
            return np.asarray(prior**slope)
        return np.asarray(expit(self.intercept + slope * (logit(prior) - self.intercept)))

    def nodes(self, step: float) -> tuple[Floats, Floats]:
        """Values of b and their prior weights, summing to 1."""
        reach = _REACH * np.sqrt(self.variance)
        b = np.linspace(-reach, reach, 2 * int(np.ceil(reach / step)) + 1)
        weight = np.exp(-(b**2) / (2 * self.variance))
        return b, weight / weight.sum()


@dataclass(frozen=True)
class Reassessment(Result):
    """What the data say: `estimate` the posterior mean of b, `risk` at it, posterior means, `mtd` (1 the lowest)."""

    title: ClassVar[str] = "Continual reassessment"

    dose: tuple[int, ...]
    risk: Floats
    mean_risk: Floats
    above_target: Floats
    estimate: float
    variance: float
    mtd: int

    def columns(self) -> Mapping[str, Any]:
        """One row a dose, with the probability of a risk above the target."""
        return {k: getattr(self, k) for k in ("dose", "risk", "mean_risk", "above_target")} | {
            "mtd": ["*" if d == self.mtd else "" for d in self.dose]
        }


def crm(
    skeleton: ArrayLike, target: float, *, curve: Curve = "empiric", variance: float = 1.34, intercept: float = 3.0
) -> ReassessmentDesign:
    """A continual reassessment design.

    `skeleton` prior risks, rising, lowest dose first; `target` risk; `variance` of the normal prior of b; `intercept`
    of the logistic curve. DesignError DES-502, DES-509 for a skeleton that does not rise inside 0 to 1.

    >>> crm([0.05, 0.12, 0.25, 0.4, 0.55], 0.25).curve
    'empiric'
    """
    check_target(target)
    prior = np.asarray(skeleton, float)
    if (
        prior.ndim != 1
        or prior.size < 2
        or np.any(np.diff(prior) <= 0)
        or prior[0] <= 0
        or prior[-1] >= 1
        or variance <= 0
    ):
        raise DesignError(
            "DES-509", f"skeleton {prior.tolist()}, variance {variance:g}",
            "rising risks inside 0 to 1, a positive variance",
            "Use `skeleton_by_indifference` for one that behaves well.",
        )  # fmt: skip
    return ReassessmentDesign(tuple(prior.tolist()), target, curve, variance, intercept)


def skeleton_by_indifference(
    halfwidth: float, target: float, prior_mtd: int, doses: int, *, curve: Curve = "empiric", intercept: float = 3.0
) -> Floats:
    """The skeleton whose indifference intervals have `halfwidth` around the target at every dose.

    `prior_mtd` the dose (1 first) believed to have the target risk; `doses` how many. DesignError DES-502, DES-504 for
    an interval that leaves 0 to 1. Source: Lee & Cheung (2009), Clin Trials 6, 227-238.

    >>> skeleton_by_indifference(0.05, 0.25, 3, 5).round(4).tolist()
    [0.084, 0.1567, 0.25, 0.3545, 0.4603]
    """
    check_target(target)
    if not 0 < halfwidth < min(target, 1 - target) or not 1 <= prior_mtd <= doses:
        raise DesignError(
            "DES-504", f"halfwidth {halfwidth:g} around {target:g}, dose {prior_mtd} of {doses}",
            "an interval inside 0 to 1, a dose among the doses", "Narrow the interval or change the dose.",
        )  # fmt: skip
    to_line = np.log if curve == "empiric" else (lambda p: logit(p) - intercept)
    from_line = np.exp if curve == "empiric" else (lambda x: expit(x + intercept))
    step = float(to_line(target + halfwidth) / to_line(target - halfwidth))
    line = to_line(target) * step ** (np.arange(doses) - (prior_mtd - 1.0))
    return np.asarray(from_line(line))


def reassess(
    design: ReassessmentDesign, dose: ArrayLike, toxic: ArrayLike, *, weight: ArrayLike | None = None
) -> Reassessment:
    """The maximum tolerated dose given the participants so far.

    `dose` of each participant, 1 the lowest; `toxic` 0 or 1; `weight` the share of the observation window completed, 1
    where None: participants without toxicity count by it (TITE), those with toxicity count fully. DesignError DES-510.

    >>> reassess(crm([0.1, 0.15, 0.2, 0.25], 0.25), [1, 1, 1, 2, 2, 2, 3, 3, 3], [0, 0, 0, 0, 0, 0, 0, 1, 1]).mtd
    3
    """
    level, y = np.asarray(dose, int) - 1, np.asarray(toxic, bool)
    w = np.ones(level.size) if weight is None else np.asarray(weight, float)
    if not (level.shape == y.shape == w.shape) or np.any(
        (level < 0) | (level >= len(design.skeleton)) | (w < 0) | (w > 1)
    ):
        raise DesignError(
            "DES-510", f"{level.size} doses, {y.size} outcomes, {w.size} weights",
            "one of each a participant, weights 0 to 1",
            "Give one dose number (1 first), outcome and weight for each participant.",
        )  # fmt: skip
    w = np.where(y, 1.0, w)
    b, prior = design.nodes(_STEP)
    risks = design.risks(b)
    with np.errstate(divide="ignore"):
        said = np.where(y[:, None], np.log(risks[level]), np.log1p(-w[:, None] * risks[level])).sum(axis=0)
    posterior = prior * np.exp(said - said.max())
    posterior /= posterior.sum()
    mean = float(posterior @ b)
    risk = design.risks(mean)[:, 0]
    above = np.where(risks > design.target, posterior, 0.0).sum(axis=1)
    doses = tuple(range(1, risk.size + 1))
    nearest = int(np.abs(risk - design.target).argmin()) + 1
    return Reassessment(doses, risk, risks @ posterior, above, mean, float(posterior @ (b - mean) ** 2), nearest)


def switch_points(design: ReassessmentDesign) -> Floats:
    """The values of b above which each next higher dose is nearer the target: (doses - 1,), rising."""
    low, high = np.full(len(design.skeleton) - 1, -30.0), np.full(len(design.skeleton) - 1, 30.0)
    for _ in range(80):
        middle = (low + high) / 2
        each = np.array([design.risks(m)[j : j + 2, 0].sum() for j, m in enumerate(middle)])
        too_low = each > 2 * design.target
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.asarray((low + high) / 2)
