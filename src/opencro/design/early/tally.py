"""What many dose-finding trials came to: whole numbers that add up exactly, in whatever order chunks are computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.streams import inlined
from opencro.stats import Result

Ints = NDArray[np.int64]
# rows of a tally: one column a dose; SELECTED has no dose chosen in the first of its D + 1 columns
SELECTED, TREATED, TREATED_SQUARES, TOXIC, TOXIC_SQUARES, WHOLE = range(6)
# columns of its last row
TRIALS, STOPPED, ALL, ALL_SQUARES, ALL_TOXIC, ALL_TOXIC_SQUARES, OVERDOSED, TIME, TIME_SQUARES = range(9)
TICKS = 100.0  # durations are kept in hundredths, so that they add up exactly


def empty_tally(doses: int) -> Ints:
    """A tally of no trials."""
    return np.zeros((6, max(doses + 1, 9)), np.int64)


@inlined
def count_trial(tally: Ints, n: Ints, y: Ints, selected: int, stopped: bool, top_safe: int) -> None:
    """Add one trial: treated and toxic by dose, the dose chosen (-1 none), the highest dose that is truly safe."""
    tally[SELECTED, selected + 1] += 1
    treated, toxic, above = 0, 0, 0
    for j in range(n.size):
        tally[TREATED, j] += n[j]
        tally[TREATED_SQUARES, j] += n[j] * n[j]
        tally[TOXIC, j] += y[j]
        tally[TOXIC_SQUARES, j] += y[j] * y[j]
        treated += n[j]
        toxic += y[j]
        if j > top_safe:
            above += n[j]
    tally[WHOLE, TRIALS] += 1
    tally[WHOLE, STOPPED] += stopped
    tally[WHOLE, ALL] += treated
    tally[WHOLE, ALL_SQUARES] += treated * treated
    tally[WHOLE, ALL_TOXIC] += toxic
    tally[WHOLE, ALL_TOXIC_SQUARES] += toxic * toxic
    tally[WHOLE, OVERDOSED] += above >= 0.6 * treated and above > 0


@inlined
def count_duration(tally: Ints, duration: float) -> None:
    """Add how long one trial took, in whatever unit its accrual has."""
    ticks = np.int64(duration * TICKS + 0.5)
    tally[WHOLE, TIME] += ticks
    tally[WHOLE, TIME_SQUARES] += ticks * ticks


@dataclass(frozen=True)
class DoseFinding(Result):
    """Operating characteristics of a dose-finding design under one truth, each with its Monte Carlo standard error.

    By dose: `selected` the share of trials that choose it, `treated` and `toxic` the mean numbers. Of whole trials:
    `none_selected`, `stopped` (for safety), `mean_treated`, `mean_toxic`, `overdosed`: the share of trials that treat
    60 % or more of their participants above the highest dose whose true risk is at most the target.
    """

    title: ClassVar[str] = "Dose finding: operating characteristics"
    aside: ClassVar[frozenset[str]] = frozenset({"tally"})

    design: str
    target: float
    truth: tuple[float, ...]
    seed: int
    scenario: int
    tally: Ints

    @property
    def trials(self) -> int:
        """The number of trials simulated."""
        return int(self.tally[WHOLE, TRIALS])

    @property
    def selected(self) -> NDArray[np.float64]:
        """The share of trials that choose each dose."""
        return self.tally[SELECTED, 1 : len(self.truth) + 1] / self.trials

    @property
    def treated(self) -> NDArray[np.float64]:
        """The mean number treated at each dose."""
        return self.tally[TREATED, : len(self.truth)] / self.trials

    @property
    def toxic(self) -> NDArray[np.float64]:
        """The mean number with a dose-limiting toxicity at each dose."""
        return self.tally[TOXIC, : len(self.truth)] / self.trials

    @property
    def none_selected(self) -> float:
        """The share of trials that choose no dose."""
        return float(self.tally[SELECTED, 0] / self.trials)

    @property
    def stopped(self) -> float:
        """The share of trials that stop early for safety."""
        return float(self.tally[WHOLE, STOPPED] / self.trials)

    @property
    def mean_treated(self) -> float:
        """The mean number of participants."""
        return float(self.tally[WHOLE, ALL] / self.trials)

    @property
    def mean_toxic(self) -> float:
        """The mean number of participants with a dose-limiting toxicity."""
        return float(self.tally[WHOLE, ALL_TOXIC] / self.trials)

    @property
    def overdosed(self) -> float:
        """The share of trials with 60 % or more of their participants above the highest safe dose."""
        return float(self.tally[WHOLE, OVERDOSED] / self.trials)

    def columns(self) -> Mapping[str, Any]:
        """One row a dose."""
        doses = len(self.truth)
        return {
            "dose": list(range(1, doses + 1)),
            "truth": list(self.truth),
            "selected": self.selected,
            "selected_se": _share_error(self.selected, self.trials),
            "treated": self.treated,
            "treated_se": _mean_error(self.tally[TREATED], self.tally[TREATED_SQUARES], self.trials)[:doses],
            "toxic": self.toxic,
            "toxic_se": _mean_error(self.tally[TOXIC], self.tally[TOXIC_SQUARES], self.trials)[:doses],
        }

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error."""
        whole, trials = self.tally[WHOLE], self.trials
        shares = {"none selected": self.none_selected, "stopped for safety": self.stopped, "overdosed": self.overdosed}
        means = {"treated": (whole[ALL], whole[ALL_SQUARES]), "toxic": (whole[ALL_TOXIC], whole[ALL_TOXIC_SQUARES])}
        rows = [(k, v, float(_share_error(np.array([v]), trials)[0])) for k, v in shares.items()]
        rows += [
            (k, float(s / trials), float(_mean_error(np.array([s]), np.array([q]), trials)[0]))
            for k, (s, q) in means.items()
        ]
        if whole[TIME]:
            error = float(_mean_error(whole[[TIME]], whole[[TIME_SQUARES]], trials)[0]) / TICKS
            rows.append(("duration", float(whole[TIME] / trials / TICKS), error))
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")

    def __str__(self) -> str:
        whole = "  ".join(f"{k} {v:.5g} ({se:.2g})" for k, v, se in self.summary().iter_rows())
        head = (
            f"{self.design}, target {self.target:g}, {self.trials} trials, seed {self.seed}, scenario {self.scenario}"
        )
        return f"{super().__str__()}\n{head}\n{whole}"


def _share_error(share: NDArray[np.float64], trials: int) -> NDArray[np.float64]:
    return np.sqrt(share * (1 - share) / trials)


def _mean_error(total: Ints, squares: Ints, trials: int) -> NDArray[np.float64]:
    mean = total / trials
    return np.sqrt(np.maximum(squares / trials - mean**2, 0) / max(trials - 1, 1))


def take_truth(truth: ArrayLike, target: float) -> tuple[NDArray[np.float64], int]:
    """True risks as an array, and the index of the highest dose whose risk is at most the target (-1: none).

    DesignError DES-501 for a risk outside 0 to 1 or risks that fall with the dose, DES-502 for a target outside them.
    """
    risks = np.asarray(truth, dtype=float)
    check_target(target)
    if risks.ndim != 1 or not risks.size or not np.all((risks >= 0) & (risks <= 1)) or np.any(np.diff(risks) < 0):
        raise DesignError(
            "DES-501", f"true risks {_shown(risks)}", "one risk a dose, from 0 to 1, none below that of a lower dose",
            "Give the probability of a dose-limiting toxicity at each dose, lowest dose first.",
        )  # fmt: skip
    safe = np.flatnonzero(risks <= target + 1e-12)
    return risks, int(safe[-1]) if safe.size else -1


def check_target(target: float) -> None:
    """DesignError DES-502 unless the target is inside 0 to 1."""
    if not 0 < target < 1:
        raise DesignError(
            "DES-502", f"target {target:g}", "a probability between 0 and 1",
            "Give the risk of a dose-limiting toxicity to aim at, e.g. 0.3.",
        )  # fmt: skip


def check_counts(**counts: int) -> None:
    """DesignError DES-503 unless each count is a whole number of at least 1."""
    for name, count in counts.items():
        if count != math.floor(count) or count < 1:
            raise DesignError("DES-503", f"{name} = {count}", "a whole number of at least 1", f"Change {name}.")


def _shown(values: Sequence[float] | NDArray[np.float64]) -> str:
    return ", ".join(f"{float(v):g}" for v in np.ravel(values))
