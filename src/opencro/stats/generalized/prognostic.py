"""Prognostic covariate adjustment (PROCOVA): a score learnt elsewhere enters the analysis as one covariate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.inputs import read_labels, read_model
from opencro.stats.generalized.scoring import inverse
from opencro.stats.result import Result, StatsError


@dataclass(frozen=True)
class PrognosticDifference(Result):
    """Mean differences from the reference arm, adjusted for the prognostic score.

    `correlation` is that of score and outcome within arms; `variance_ratio` = 1 - correlation^2 is the variance that
    the adjustment leaves, and so the fraction of the participants that suffices.
    """

    title: ClassVar[str] = "Prognostic covariate adjustment"

    arm: tuple[str, ...]
    reference: str
    difference: Array
    se: Array
    t: Array
    df: int
    p: Array
    lower: Array
    upper: Array
    correlation: float
    variance_ratio: float


def procova(
    y: ArrayLike, arm: ArrayLike, score: ArrayLike, z: ArrayLike | None = None, *, reference: str | None = None,
    errors: Literal["model", "HC1", "HC3"] = "HC3", alpha: float = 0.05,
) -> PrognosticDifference:  # fmt: skip
    """Mean differences between arms with a prognostic score as covariate: y = arm + score + z, least squares.

    `y` (n,); `arm` (n,): labels; `score` (n,): the outcome under control that a model trained on other data predicts
    from baseline; `z` (n, q): further covariates. `reference`: an arm, the first if not given. `errors`: "model" (equal
    variances) or a sandwich; t with n - p degrees of freedom. Raises STA-201, STA-202, STA-216 (unknown arm).
    Sources: Schuler et al. 2022, International J. of Biostatistics 18:329-356; EMA/CHMP qualification opinion on
    PROCOVA, 2022. Example: `procova(y, arm, score)`.
    """
    outcome = np.asarray(y, dtype=np.float64)
    codes, labels = read_labels(arm, len(outcome), "arm")
    names = [str(v) for v in labels.tolist()]
    against = "" if not names else names[0] if reference is None else reference
    if against not in names or len(names) < 2:
        raise StatsError("STA-216", f"the arm {against!r} among {names}", "one of two or more arms", "Check `arm`.")
    others = [i for i, name in enumerate(names) if name != against]
    dummies = (codes[:, None] == np.array(others)).astype(np.float64)
    scores = np.asarray(score, dtype=np.float64)
    more = np.zeros((len(outcome), 0)) if z is None else np.asarray(z, dtype=np.float64).reshape(len(outcome), -1)
    data = read_model(outcome, np.column_stack([np.ones(len(outcome)), dummies, scores, more]))
    if len(data.y) <= data.x.shape[1]:
        raise StatsError(
            "STA-201", f"{len(data.y)} rows", f"more than {data.x.shape[1]}, one per term", "Drop covariates."
        )
    beta, covariance, df = _least_squares(data.y, data.x, errors)
    k = slice(1, 1 + len(others))
    se = np.sqrt(np.diag(covariance))[k]
    t, half = beta[k] / se, stats.t.isf(alpha / 2, df) * se
    inner = [v - np.array([v[codes == a].mean() for a in range(len(names))])[codes] for v in (outcome, scores)]
    rho = float(inner[0] @ inner[1] / np.sqrt((inner[0] @ inner[0]) * (inner[1] @ inner[1])))
    return PrognosticDifference(
        tuple(names[i] for i in others), against, beta[k], se, t, df, 2 * stats.t.sf(np.abs(t), df), beta[k] - half,
        beta[k] + half, rho, 1 - rho**2,
    )  # fmt: skip


def _least_squares(y: Array, x: Array, errors: str) -> tuple[Array, Array, int]:
    n, p = x.shape
    bread = inverse((x.T @ x)[None])[0]
    beta = bread @ x.T @ y
    residual = y - x @ beta
    if errors == "model":
        return beta, bread * float(residual @ residual) / (n - p), n - p
    leverage = ((x @ bread) * x).sum(1)
    weight = np.sqrt(n / (n - p)) if errors == "HC1" else 1 / np.maximum(1 - leverage, 1e-10)
    scores = x * (residual * weight)[:, None]
    return beta, bread @ (scores.T @ scores) @ bread, n - p
