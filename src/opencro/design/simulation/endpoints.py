"""A trial with several correlated endpoints, and any analysis of them: full records, a plain Python function decides.

Endpoints of one participant are joined by a Gaussian copula: one standard normal number an endpoint, correlated as
asked, turned into each endpoint's own distribution. A larger number means a larger mean, a response, a higher count, a
later event. Streams: purpose 10 + the endpoint's place, one uniform number a participant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri, pdtr

from opencro.design.errors import DesignError
from opencro.design.fixed.clock import Hazard
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.records import fill_uniforms, invert_hazard
from opencro.stats import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Decide = Callable[[Mapping[str, Floats], Ints], Mapping[str, Bools]]
PURPOSE, CHUNK = 10, 500


@dataclass(frozen=True)
class Measured:
    """A normal measurement: a mean for each arm, one standard deviation."""

    mean: tuple[float, ...]
    sd: float = 1.0

    def draw(self, z: Floats, arm: int) -> Floats:
        """Values from standard normal numbers."""
        return self.mean[arm] + self.sd * z


@dataclass(frozen=True)
class Response:
    """Yes (1) or no (0): a probability for each arm."""

    rate: tuple[float, ...]

    def draw(self, z: Floats, arm: int) -> Floats:
        """Values from standard normal numbers."""
        return np.asarray(z > -ndtri(self.rate[arm]), dtype=float)


@dataclass(frozen=True)
class Count:
    """A Poisson number of events: a mean for each arm."""

    mean: tuple[float, ...]

    def draw(self, z: Floats, arm: int) -> Floats:
        """Values from standard normal numbers."""
        mean = self.mean[arm]
        below = pdtr(np.arange(math.ceil(mean + 12 * math.sqrt(mean) + 12)), mean)
        return np.asarray(np.searchsorted(below, ndtr(z)), dtype=float)


@dataclass(frozen=True)
class Onset:
    """The time to an event: a hazard for each arm; infinite where it never comes. Censoring is the analysis's."""

    hazard: tuple[Hazard, ...]

    def draw(self, z: Floats, arm: int) -> Floats:
        """Values from standard normal numbers."""
        return invert_hazard(self.hazard[arm], -log_ndtr(-z))


Endpoint = Measured | Response | Count | Onset


@dataclass(frozen=True)
class Population:
    """Participants of a trial: how many, in which ratio, with which endpoints and which correlation of their normals.

    Arms alternate by the ratio, arm 0 first. `correlation`: a matrix in the order of the endpoints; None: independent.
    DesignError DES-526.
    """

    participants: int
    endpoints: Mapping[str, Endpoint]
    ratio: tuple[int, ...] = (1, 1)
    correlation: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        wrong = [n for n, e in self.endpoints.items() if len(next(iter(vars(e).values()))) != len(self.ratio)]
        if self.participants < 1 or not self.endpoints or min(self.ratio) < 1 or wrong:
            raise DesignError(
                "DES-526", f"{self.participants} participants, ratio {self.ratio}, endpoints {list(self.endpoints)}",
                f"participants and endpoints with {len(self.ratio)} arms each" + (f", not {wrong}" * bool(wrong)),
                "Give every endpoint one value an arm.",
            )  # fmt: skip
        self.root()

    def arms(self) -> Ints:
        """The arm of each participant in order."""
        block = np.repeat(np.arange(len(self.ratio)), self.ratio)
        return np.resize(block, self.participants)

    def root(self) -> Floats:
        """The Cholesky factor of the correlation."""
        count = len(self.endpoints)
        matrix = np.eye(count) if self.correlation is None else np.asarray(self.correlation, float)
        proper = matrix.shape == (count, count) and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)
        if not proper or np.linalg.eigvalsh(matrix)[0] <= 0:
            raise DesignError(
                "DES-526", f"correlation {matrix.tolist()}",
                f"a positive definite correlation matrix of {count} endpoints",
                "Use a matrix with ones on its diagonal; correlations that contradict each other have no trial.",
            )  # fmt: skip
        return np.asarray(np.linalg.cholesky(matrix))


@dataclass(frozen=True)
class Decisions(Result):
    """The share of trials in which each decision of the analysis is true, with its Monte Carlo standard error."""

    title: ClassVar[str] = "Decisions"
    aside: ClassVar[frozenset[str]] = frozenset({"counts"})

    names: tuple[str, ...]
    counts: Ints
    trials: int
    seed: int
    scenario: int

    def columns(self) -> Mapping[str, Any]:
        """One row a decision."""
        share = self.counts / self.trials
        error = np.sqrt(share * (1 - share) / self.trials)
        return {"fidelity": "full records", "characteristic": list(self.names), "estimate": share, "se": error}

    def summary(self) -> pl.DataFrame:
        """Columns characteristic, estimate, se."""
        return self.to_frame().select("characteristic", "estimate", "se")


def draw_endpoints(
    population: Population, *, seed: int, scenario: int = 0, first: int = 0, trials: int = 1
) -> dict[str, Floats]:
    """The endpoints of replicates `first`, `first` + 1, ...: an array (trials, participants) for each.

    >>> endpoints = {"pain": Measured((5.0, 4.0)), "cured": Response((0.2, 0.4))}
    >>> trial = Population(100, endpoints, correlation=((1, -0.5), (-0.5, 1)))
    >>> {name: values.shape for name, values in draw_endpoints(trial, seed=1).items()}
    {'pain': (1, 100), 'cured': (1, 100)}
    """
    normals = np.empty((len(population.endpoints), trials, population.participants))
    for place in range(normals.shape[0]):
        fill_uniforms(np.uint64(seed), scenario, first, PURPOSE + place, normals[place])
    joined = np.einsum("ij,jtn->itn", population.root(), ndtri(normals))
    arms, found = population.arms(), {}
    for z, (name, endpoint) in zip(joined, population.endpoints.items(), strict=True):
        values = np.empty_like(z)
        for arm in range(len(population.ratio)):
            values[:, arms == arm] = endpoint.draw(z[:, arms == arm], arm)
        found[name] = values
    return found


def simulate_endpoints(
    population: Population, decide: Decide, *, trials: int = 5_000, seed: int, scenario: int = 0, workers: Workers = 1
) -> Decisions:
    """How often each decision of an analysis of one's own is taken.

    `decide(values, arms)` gets the endpoints, arrays (trials, participants), and the arms (participants,); it returns
    named decisions, arrays of truth (trials,). It is called for up to 500 trials at once, so NumPy in it is fast. For
    several workers it must be a function of a module. DesignError DES-526 where an answer has another shape.

    >>> def better(values, arms):
    ...     gain = values["pain"][:, arms == 0].mean(axis=1) - values["pain"][:, arms == 1].mean(axis=1)
    ...     return {"less pain": gain > 0}
    >>> trial = Population(50, {"pain": Measured((5.0, 4.0))})
    >>> simulate_endpoints(trial, better, trials=200, seed=1).counts.tolist()
    [200]
    """
    names = tuple(decide(draw_endpoints(population, seed=seed, scenario=scenario, trials=2), population.arms()))
    task = partial(_count, population, decide, names, seed, scenario)
    counts = run_replicates(task, trials, workers=workers, chunk=CHUNK)
    return Decisions(names, counts, trials, seed, scenario)


def _count(
    population: Population, decide: Decide, names: tuple[str, ...], seed: int, scenario: int, first: int, last: int
) -> Ints:
    values = draw_endpoints(population, seed=seed, scenario=scenario, first=first, trials=last - first)
    answers = decide(values, population.arms())
    taken = [np.asarray(answers[name]) for name in names]
    if any(answer.shape != (last - first,) for answer in taken):
        raise DesignError(
            "DES-526", f"decisions of shapes {[a.shape for a in taken]}",
            f"one truth for each of {last - first} trials",
            "Sum over participants (axis 1), not over trials.",
        )  # fmt: skip
    return np.array([int(answer.sum()) for answer in taken])
