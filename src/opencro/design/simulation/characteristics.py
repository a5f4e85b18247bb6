"""Operating characteristics of a trial with looks, counted in whole numbers, each with its Monte Carlo error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opencro.design.streams import inlined
from opencro.stats import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Fidelity = Literal["analytic", "score process", "day-grid participants", "full records"]
# rows of a tally, a column a look; the last row is of whole trials
REACHED, REJECTED, FUTILE, EVENTS, TIME, Z, Z_SQUARES, WHOLE = range(8)
# columns of the last row
TRIALS, EVENTS_END, EVENTS_SQUARES, TIME_END, TIME_END_SQUARES, ENTERED, ENTERED_SQUARES = range(7)
PRECISION = 1e4


def empty_tally(looks: int) -> Ints:
    """A tally of no trials."""
    return np.zeros((8, max(looks, 7)), np.int64)


@inlined
def count_look(tally: Ints, look: int, z: float, events: float, time: float) -> None:
    """Add a look that a trial reached: its Z, events and calendar time."""
    tally[REACHED, look] += 1
    tally[EVENTS, look] += np.int64(events)
    tally[TIME, look] += np.int64(np.rint(time * PRECISION))
    score = np.int64(np.rint(z * PRECISION))
    tally[Z, look] += score
    tally[Z_SQUARES, look] += score * score


@inlined
def count_end(tally: Ints, events: int, time: float, entered: int) -> None:
    """Add a trial: events, calendar time and participants at its end."""
    end = np.int64(np.rint(time * 100))
    tally[WHOLE, TRIALS] += 1
    tally[WHOLE, EVENTS_END] += events
    tally[WHOLE, EVENTS_SQUARES] += events * events
    tally[WHOLE, TIME_END] += end
    tally[WHOLE, TIME_END_SQUARES] += end * end
    tally[WHOLE, ENTERED] += entered
    tally[WHOLE, ENTERED_SQUARES] += entered * entered


@dataclass(frozen=True)
class TrialCharacteristics(Result):
    """How a trial with looks behaves; `fidelity` says how it was found out.

    By look: the shares of trials that first reject or stop for futility there and their standard errors, and among
    trials that reach it the mean events, calendar time and Z. Whole trials: `summary()`.
    """

    title: ClassVar[str] = "Operating characteristics"
    aside: ClassVar[frozenset[str]] = frozenset({"whole"})

    fidelity: Fidelity
    trials: int
    seed: int
    scenario: int
    reject: Floats
    futile: Floats
    events: Floats
    time: Floats
    z: Floats
    z_se: Floats
    whole: Mapping[str, tuple[float, float]]

    @property
    def power(self) -> float:
        """The probability of rejecting at any look."""
        return float(self.reject.sum())

    def columns(self) -> Mapping[str, Any]:
        """One row a look."""
        return {
            "fidelity": self.fidelity, "look": list(range(1, self.reject.size + 1)), "reject": self.reject,
            "reject_se": self._error(self.reject), "futile": self.futile, "futile_se": self._error(self.futile),
            "events": self.events, "time": self.time, "z": self.z, "z_se": self.z_se,
        }  # fmt: skip

    def _error(self, share: Floats) -> Floats:
        return np.sqrt(np.maximum(share * (1 - share), 0) / self.trials) if self.trials else np.zeros(share.size)

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error (0: not simulated)."""
        rows = [(name, value, error) for name, (value, error) in self.whole.items()]
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")

    def __str__(self) -> str:
        whole = "  ".join(f"{name} {value:.5g} ({error:.2g})" for name, (value, error) in self.whole.items())
        return f"{super().__str__()}\n{self.trials} trials, seed {self.seed}, scenario {self.scenario}\n{whole}"


def summarize(tally: Ints, looks: int, fidelity: Fidelity, seed: int, scenario: int) -> TrialCharacteristics:
    """The characteristics of a tally."""
    whole = tally[WHOLE].astype(float)
    trials = int(whole[TRIALS])
    reached = np.maximum(tally[REACHED, :looks], 1)
    z = tally[Z, :looks] / PRECISION / reached
    spread = np.sqrt(np.maximum(tally[Z_SQUARES, :looks] / PRECISION**2 / reached - z**2, 0))
    reject, futile = (tally[row, :looks] / trials for row in (REJECTED, FUTILE))
    power = float(reject.sum())
    found = {
        "power": (power, float(np.sqrt(power * (1 - power) / trials))),
        "events": _mean(whole[EVENTS_END], whole[EVENTS_SQUARES], trials),
        "duration": _mean(whole[TIME_END] / 100, whole[TIME_END_SQUARES] / 1e4, trials),
        "participants": _mean(whole[ENTERED], whole[ENTERED_SQUARES], trials),
    }
    return TrialCharacteristics(
        fidelity, trials, seed, scenario, reject, futile, tally[EVENTS, :looks] / reached,
        tally[TIME, :looks] / PRECISION / reached, z, spread / np.sqrt(reached), found,
    )  # fmt: skip


def _mean(total: float, squares: float, trials: int) -> tuple[float, float]:
    mean = total / trials
    return float(mean), float(np.sqrt(max(squares / trials - mean**2, 0) / max(trials - 1, 1)))
