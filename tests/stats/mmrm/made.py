"""Small simulated trials of repeated measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STRUCTURED = ("us", "toeph", "toep", "adh", "ad", "ar1h", "ar1", "csh", "cs", "sp_exp", "sp_gau")


@dataclass(frozen=True)
class Made:
    """A long table without the missing rows."""

    x: Floats
    y: Floats
    subject: NDArray[np.int64]
    visit: NDArray[np.int64]
    arm: NDArray[np.int64]
    place: Floats

    def columns(self) -> dict[str, list[object]]:
        """The same as columns for a formula."""
        return {
            "id": self.subject.tolist(),
            "visit": [f"V{v}" for v in self.visit],
            "arm": [("placebo", "active")[a] for a in self.arm],
            "base": self.x[:, 1].tolist(),
            "time": self.place[:, 0].tolist(),
            "y": self.y.tolist(),
        }


def make_trial(seed: int = 0, subjects: int = 40, visits: int = 4, missing: float = 0.15) -> Made:
    """Baseline, arm by visit; values that decline in correlation with the distance of visits."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(subjects), visits)
    visit = np.tile(np.arange(visits), subjects)
    arm = subject % 2
    base = np.repeat(rng.normal(50.0, 8.0, subjects), visits)
    step = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    deviation = 1.0 + 0.3 * np.arange(visits)
    sigma = 0.6**step * np.outer(deviation, deviation)
    error = rng.multivariate_normal(np.zeros(visits), sigma, size=subjects).reshape(-1)
    at = np.eye(visits)[visit]
    x = np.column_stack([np.ones(len(visit)), base, at[:, 1:], at * arm[:, None]])
    y = 0.3 * base + visit + 0.8 * arm * visit + error
    place = (visit + rng.uniform(-0.2, 0.2, len(visit)))[:, None]
    kept = rng.random(len(y)) >= missing
    return Made(x[kept], y[kept], subject[kept], visit[kept], arm[kept], place[kept])
