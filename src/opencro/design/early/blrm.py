"""Bayesian logistic regression with escalation under overdose control (BLRM, EWOC).

Risk at dose d is expit(log alpha + beta log(d / reference)); log alpha and log beta are bivariate normal beforehand. A
dose may be given while the probability that its risk lies above the target interval stays below a limit (0.25).
Integrals are sums over a grid of both parameters; where the edge of an interval cuts a cell, the cell counts by its
share. Sources: Neuenschwander, Branson & Gsponer (2008), Stat Med 27, 2420-2439; Babb, Rogatko & Zacks (1998), Stat Med
17, 1103-1120.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]
FINE = (601, 121)
COARSE = (120, 20)
_REACH = (7.0, 6.0)


@dataclass(frozen=True)
class LogisticDesign:
    """A logistic design: doses, reference, prior of (log alpha, log beta), edges of the intervals, limit."""

    doses: tuple[float, ...]
    reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float
    edges: tuple[float, ...]
    limit: float

    @property
    def target(self) -> float:
        """The upper end of the target interval: what counts as safe."""
        return self.edges[1]

    def nodes(self, counts: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
        """log alpha and log beta at the nodes and their prior weights, (nodes,) each."""
        axes = [
            np.linspace(m - r * s, m + r * s, c) for m, s, r, c in zip(self.mean, self.sd, _REACH, counts, strict=True)
        ]
        a, b = (x.ravel() for x in np.meshgrid(*axes, indexing="ij"))
        za, zb, rho = (a - self.mean[0]) / self.sd[0], (b - self.mean[1]) / self.sd[1], self.correlation
        weight = np.exp(-(za**2 - 2 * rho * za * zb + zb**2) / (2 * (1 - rho**2)))
        return a, b, weight / weight.sum()

    def line(self, a: Floats, b: Floats) -> Floats:
        """The log odds of toxicity (doses, nodes)."""
        return np.asarray(a + np.exp(b) * np.log(np.asarray(self.doses) / self.reference)[:, None])

    def shares(self, counts: tuple[int, int]) -> Floats:
        """The share of each node's cell with a risk below each edge: (edges, doses, nodes)."""
        a, b, _ = self.nodes(counts)
        width = 2 * _REACH[0] * self.sd[0] / (counts[0] - 1)
        below = (logit(np.asarray(self.edges))[:, None, None] - self.line(a, b)) / width + 0.5
        return np.asarray(np.clip(below, 0.0, 1.0))


@dataclass(frozen=True)
class LogisticAssessment(Result):
    """By dose: posterior mean risk, probabilities of the intervals, whether it is allowed; `next` (0: none)."""

    title: ClassVar[str] = "Bayesian logistic regression with overdose control"

    dose: tuple[float, ...]
    mean: Floats
    intervals: Floats
    overdose: Floats
    allowed: NDArray[np.bool_]
    next: int

    def columns(self) -> Mapping[str, Any]:
        """One row a dose; `p0` is below the first edge, `p1` the target interval, the others above it."""
        shares = {f"p{k}": row for k, row in enumerate(self.intervals)}
        marks = ["*" if j + 1 == self.next else "" for j in range(len(self.dose))]
        return {"dose": self.dose, "mean": self.mean, **shares, "allowed": self.allowed, "next": marks}


def blrm(
    doses: ArrayLike, reference: float, *, mean: tuple[float, float], sd: tuple[float, float], correlation: float = 0.0,
    edges: tuple[float, ...] = (0.16, 0.33), limit: float = 0.25,
) -> LogisticDesign:  # fmt: skip
    """A Bayesian logistic regression design.

    `doses` rising and above 0, `reference` in their unit; prior `mean`, `sd` and `correlation` of (log alpha, log
    beta); `edges` of the intervals of risk, the target interval between the first two; `limit` of the probability of a
    risk above the target interval. DesignError DES-512.

    >>> blrm([1, 2, 4], 4, mean=(-0.85, 0), sd=(2, 1)).target
    0.33
    """
    d, e = np.asarray(doses, float), np.asarray(edges, float)
    possible = d.ndim == 1 and d.size > 0 and d[0] > 0 and bool(np.all(np.diff(d) > 0)) and reference > 0
    rising = e.size >= 2 and bool(np.all(np.diff(np.concatenate([[0.0], e, [1.0]])) > 0))
    if not (possible and rising and min(sd) > 0 and abs(correlation) < 1 and 0 < limit <= 1):
        raise DesignError(
            "DES-512",
            f"doses {d.tolist()}, reference {reference:g}, sd {sd}, correlation {correlation:g}, edges {e.tolist()}",
            "rising doses above 0, positive sd, correlation inside -1 to 1, rising edges inside 0 to 1",
            "Correct the assumption that stands outside.",
        )  # fmt: skip
    return LogisticDesign(tuple(d.tolist()), reference, mean, sd, correlation, tuple(e.tolist()), limit)


def assess_blrm(
    design: LogisticDesign, treated: ArrayLike, toxic: ArrayLike, *, last: int | None = None
) -> LogisticAssessment:
    """What is known of each dose after `toxic` of `treated` at each, and the dose that comes next.

    Next is the allowed dose with the highest probability of the target interval, at most one above `last` (1 the
    lowest; None: the highest given so far). DesignError DES-510 for numbers that don't fit the doses.

    >>> design = blrm([1, 2, 4], 4, mean=(-0.85, 0), sd=(2, 1))
    >>> assess_blrm(design, [3, 3, 0], [0, 1, 0]).next
    2
    """
    n, y = np.asarray(treated, float), np.asarray(toxic, float)
    if n.shape != (len(design.doses),) or y.shape != n.shape or np.any((y < 0) | (y > n)):
        raise DesignError(
            "DES-510", f"{y.tolist()} toxic of {n.tolist()}",
            f"one number each for {len(design.doses)} doses, toxic <= treated",
            "Give 0 for doses not used.",
        )  # fmt: skip
    a, b, prior = design.nodes(FINE)
    line = design.line(a, b)
    used = n > 0
    said = -(y[used] @ np.logaddexp(0, -line[used]) + (n - y)[used] @ np.logaddexp(0, line[used]))
    posterior = prior * np.exp(said - said.max())
    posterior /= posterior.sum()
    below = design.shares(FINE) @ posterior
    intervals = np.diff(np.concatenate([np.zeros((1, n.size)), below, np.ones((1, n.size))]), axis=0)
    overdose = 1 - below[1]
    allowed = overdose < design.limit
    given = int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0
    reach = min((given if last is None else last) + 1, n.size)
    score = np.where(allowed[:reach], intervals[1, :reach], -1.0)
    chosen = int(score.argmax()) + 1 if score.max() >= 0 else 0
    return LogisticAssessment(design.doses, expit(line) @ posterior, intervals, overdose, allowed, chosen)
