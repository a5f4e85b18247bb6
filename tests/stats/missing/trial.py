"""A small simulated trial with gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from opencro.stats import missing

ROOT = np.array([[1, 0.6, 0.4], [0, 0.8, 0.5], [0, 0, 0.77]]).T


def simulate_trial(n: int = 60, seed: int = 1, effect: float = 1.0) -> dict[str, Any]:
    """Outcomes (n, 3), arms, a baseline, and the visit at which treatment stopped; gaps are monotone."""
    rng = np.random.default_rng(seed)
    drug = np.arange(n) % 2 == 0
    baseline = rng.normal(10, 2, n)
    slope = np.array([0.3, 0.6, 1.0])
    y = 0.5 * (baseline[:, None] - 10) + drug[:, None] * effect * slope + rng.standard_normal((n, 3)) @ ROOT.T
    stop = np.where(rng.random(n) < 0.35, rng.integers(1, 3, n), 3)
    y[np.arange(3) >= stop[:, None]] = np.nan
    return {
        "outcome": y,
        "group": np.where(drug, "drug", "placebo").tolist(),
        "reference": "placebo",
        "covariates": {"baseline": baseline},
        "visits": ("w1", "w2", "w3"),
        "ice_visit": [("w1", "w2", "w3", None)[s] for s in stop],
    }


def arrange(assumption: str = "MAR", **changes: Any) -> missing.IncompleteData:
    """The trial arranged, with changes to its parts."""
    return missing.arrange_outcomes(**{**simulate_trial(), "assumption": assumption, **changes})
