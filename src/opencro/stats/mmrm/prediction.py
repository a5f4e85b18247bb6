"""Expected values of rows, given the covariates alone or the subject's other values too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.structures import SPATIAL, build_structure
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from opencro.stats.mmrm.fit import MmrmFit


@dataclass(frozen=True)
class Predictions(Result):
    """One prediction per row of the data: vectors (rows,)."""

    title: ClassVar[str] = "Predictions"

    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


def predict_rows(
    fit: MmrmFit, data: Mapping[str, Any] | pl.DataFrame, *, conditional: bool, interval: str, alpha: float
) -> Predictions:
    """Expected values of the rows of `data` with normal limits.

    `data` has the variables of the formula, the subject, the visit and, where the model has them, the group and the
    coordinates. With `conditional` a row whose response is missing is expected given the subject's rows whose response
    is there, m + S_mo S_oo^-1 (y_o - x_o beta), and a row with a response is that response; otherwise the response is
    not looked at. `interval`: "confidence" covers the error of the coefficients, "prediction" that of a value too. The
    covariance is taken as known.

    Raises StatsError STA-312 for a visit, group or interval that the model doesn't know.
    """
    if interval not in ("confidence", "prediction"):
        raise StatsError("STA-312", f"interval={interval!r}", "confidence or prediction", "Choose one of them.")
    matrix, names = fit.formula_matrix(), fit.columns_of_data
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(dict(data), strict=False)
    kept = ~np.isnan(fit.estimate)
    grid = {name: frame[name].to_list() for name in matrix.formula.variables}
    x = matrix.rows_at(grid)[:, kept]
    beta, spread = fit.estimate[kept], fit.beta_covariance[np.ix_(kept, kept)]
    mean, variance = x @ beta, np.einsum("ij,jk,ik->i", x, spread, x)
    response = matrix.formula.response
    y = np.full(len(x), np.nan)
    if conditional and response in frame.columns:
        y = frame[response].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    _, subject = np.unique(np.array(frame[names["subject"]].to_list()), return_inverse=True)
    for rows in np.split(np.argsort(subject, kind="stable"), np.cumsum(np.bincount(subject))[:-1]):
        covariance = _covariance_of(fit, frame, rows)
        known = ~np.isnan(y[rows])
        mean[rows], own, pull = _given(covariance, mean[rows], y[rows], x[rows], known)
        variance[rows] = np.einsum("ij,jk,ik->i", pull, spread, pull) + own * (interval == "prediction")
    se = np.sqrt(np.maximum(variance, 0.0))
    half = stats.norm.isf(alpha / 2) * se
    return Predictions(mean, se, mean - half, mean + half)


def _given(
    covariance: Floats, mean: Floats, y: Floats, x: Floats, known: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """The mean given the known values, the variance of a value around it, and the row that multiplies beta's error."""
    if not known.any():
        return mean, np.diagonal(covariance), x
    regression = np.linalg.solve(covariance[np.ix_(known, known)], covariance[known]).T
    centre = np.where(known, y, mean + regression @ (y - mean)[known])
    left = np.diagonal(covariance) - np.einsum("ij,ij->i", regression, covariance[:, known])
    pull = x - regression @ x[known]
    return centre, np.where(known, 0.0, left), np.where(known[:, None], 0.0, pull)


def _covariance_of(fit: MmrmFit, frame: pl.DataFrame, rows: NDArray[np.int64]) -> Floats:
    """The covariance of some rows of one subject."""
    names = fit.columns_of_data
    group = 0
    if names["group"] is not None:
        group = _position(fit.groups, frame[names["group"]][int(rows[0])], "group")
    if fit.covariance in SPATIAL:
        place = frame.select(names["coordinates"]).to_numpy().astype(float)[rows]
        distance = np.sqrt(((place[:, None] - place) ** 2).sum(axis=-1))
        sigma = build_structure(fit.covariance, len(rows), distance).sigma(fit.theta[group])
    else:
        at = [_position(fit.visits, value, "visit") for value in frame[names["visit"]].gather(rows).to_list()]
        sigma = fit.sigma[group][np.ix_(at, at)]
    if names["weights"] is not None:
        root = np.sqrt(frame[names["weights"]].gather(rows).to_numpy().astype(float))
        sigma = sigma / (root[:, None] * root)
    return np.asarray(sigma)


def _position(known: tuple[Any, ...], value: Any, what: str) -> int:
    if value not in known:
        raise StatsError("STA-312", f"{what} {value!r}", f"one of {list(known)}", f"Use a {what} that was analysed.")
    return known.index(value)
