"""The mixed model for repeated measures, from a formula and columns of data, or from plain arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.formula import ModelMatrix, model_matrix
from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.fit import MmrmFit
from opencro.stats.mmrm.precision import compute_precision
from opencro.stats.mmrm.rows import Rows, check_rows, scale_rows
from opencro.stats.mmrm.search import Solution, rungs, search
from opencro.stats.result import Note, StatsError


@dataclass(frozen=True)
class Settings:
    """How a fit is done; see `fit_mmrm`."""

    covariance: str = "us"
    reml: bool = True
    df: str = "satterthwaite"
    vcov: str = "asymptotic"
    fallback: Sequence[str] | None = None
    alpha: float = 0.05


def fit_mmrm(
    formula: str, data: Mapping[str, Any] | pl.DataFrame, *, subject: str, visit: str, covariance: str = "us",
    group: str | None = None, weights: str | None = None, coordinates: str | Sequence[str] = (), reml: bool = True,
    df: str = "satterthwaite", vcov: str = "asymptotic", fallback: Sequence[str] | None = None,
    levels: Mapping[str, Sequence[Any]] | None = None, reference: Mapping[str, Any] | None = None, alpha: float = 0.05,
) -> MmrmFit:  # fmt: skip
    """Fits a linear model whose errors are correlated within a subject: y_i = X_i b + e_i, e_i ~ N(0, V_i).

    `formula` e.g. "CHG ~ BASE + ARM * AVISIT"; `subject`, `visit`: columns of `data` with at most one row per pair.
    `covariance`: "us" unstructured; "toep" Toeplitz, "ad" ante-dependence, "ar1" autoregressive, "cs" compound
    symmetry, an "h" after them for a variance per visit; "sp_exp" sd^2 rho^d, "sp_gau" sd^2 exp(-d^2 / range^2), d the
    distance of `coordinates` (columns). `group`: column, each level has its own covariance. `weights`: column w,
    V = S / sqrt(w w'). `reml` or full likelihood. `df`: one of `DF_METHODS`. `vcov`: one of `VCOV_METHODS`.
    `fallback`: covariances to try in turn where one can't be estimated; None: those that follow it in us, toeph, ar1h,
    csh, ar1, cs. `levels`, `reference`: as in `model_matrix`. `alpha`: 1 - confidence level.
    Raises StatsError STA-301 to STA-310; Note STA-313 tells that a fallback was used.

    Definitions that differ: "kenward-roger" has the second derivatives in the parameters of R's mmrm,
    "kenward-roger-linear" has none, as SAS's DDFM=KR for TYPE=UN. BIC counts subjects; ML counts coefficients too.

    Source: Mallinckrodt et al., Drug Inf J 2008; 42:303. Kenward, Roger, Biometrics 1997; 53:983.

    >>> d = {"id": [1, 1, 2, 2, 3, 3], "t": ["a", "b"] * 3, "y": [1.0, 2, 4, 3, 2, 5]}
    >>> fit_mmrm("y ~ t", d, subject="id", visit="t").sigma.shape
    (1, 2, 2)
    """
    places = (coordinates,) if isinstance(coordinates, str) else tuple(coordinates)
    named = {"subject": subject, "visit": visit, "group": group, "weights": weights, "coordinates": places}
    others = tuple(n for n in (subject, visit, group, weights, *places) if n is not None)
    matrix = model_matrix(formula, data, levels=levels, reference=reference, complete=others)
    columns = {name: _column(data, name, matrix.keep) for name in others}
    rows = _rows_of(matrix, columns, named, (levels or {}).get(visit))
    settings = Settings(covariance, reml, df, vcov, fallback, alpha)
    return _fit(rows, settings, matrix.names, matrix, named)


def fit_mmrm_arrays(
    x: ArrayLike, y: ArrayLike, subject: ArrayLike, visit: ArrayLike, *, covariance: str = "us",
    group: ArrayLike | None = None, weights: ArrayLike | None = None, coordinates: ArrayLike | None = None,
    reml: bool = True, df: str = "satterthwaite", vcov: str = "asymptotic", fallback: Sequence[str] | None = None,
    names: Sequence[str] | None = None, alpha: float = 0.05,
) -> MmrmFit:  # fmt: skip
    """`fit_mmrm` on plain arrays: a model matrix `x` (rows, p) and vectors (rows,); `coordinates` (rows, dimensions).

    Rows whose `y` is NaN are not analysed. `names` (p,) are those of the columns. The options are those of `fit_mmrm`;
    what needs a formula (least squares means, tests of terms, predictions) raises StatsError STA-314.

    >>> x = np.tile(np.eye(2), (3, 1))
    >>> fit_mmrm_arrays(x, [1.0, 2, 4, 3, 2, 5], [1, 1, 2, 2, 3, 3], [0, 1] * 3).estimate.round(3)
    array([2.333, 3.333])
    """
    rows = check_rows(x, y, subject, visit, group=group, weights=weights, coordinates=coordinates)
    titles = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(len(rows.kept)))
    return _fit(rows, Settings(covariance, reml, df, vcov, fallback, alpha), titles, None, {})


def _rows_of(
    matrix: ModelMatrix, column: Mapping[str, NDArray[Any]], named: Mapping[str, Any], order: Sequence[Any] | None
) -> Rows:
    if matrix.response is None:
        raise StatsError("STA-303", "a formula without a response", "y ~ ...", "Write the response before ~.")
    group, weights, places = named["group"], named["weights"], named["coordinates"]
    codes, labels = _visits(matrix, named["visit"], column[named["visit"]], order)
    rows = check_rows(
        matrix.x, matrix.response, column[named["subject"]], codes,
        group=None if group is None else column[group],
        weights=None if weights is None else column[weights],
        coordinates=np.column_stack([column[n] for n in places]) if places else None,
    )  # fmt: skip
    visits = tuple(labels[i] for i in rows.visits)
    return replace(rows, visits=visits, notes=(*rows.notes, *(_order_note(visits) if order is None else ())))


def _fit(
    rows: Rows, settings: Settings, names: tuple[str, ...], matrix: ModelMatrix | None, named: Mapping[str, Any]
) -> MmrmFit:
    scaled = scale_rows(rows)
    solution = search(scaled, rungs(settings.covariance, settings.fallback), reml=settings.reml)
    precision = compute_precision(rows, scaled, solution, settings.df, settings.vcov)
    point, layout = solution.optimum.point, solution.layout
    inner = scaled.least_squares + scaled.size * np.linalg.solve(scaled.triangle, point.beta[0])
    beta, covariance = _expand(rows.kept, inner, precision.spread.covariance())
    df = np.full(len(beta), np.nan)
    df[rows.kept] = precision.single_df(np.eye(len(inner)))
    variance = np.diagonal(covariance)
    se = np.sqrt(np.where(variance > 0, variance, np.nan))
    half = stats.t.isf(settings.alpha / 2, df) * se
    criterion = float(point.value[0]) + (scaled.constant if settings.reml else scaled.constant_ml)
    theta = unscale_theta(solution, scaled.size)
    count = theta.size + (0 if settings.reml else len(inner))
    return MmrmFit(
        names, beta, se, df, beta - half, beta + half, beta / se, 2 * stats.t.sf(np.abs(beta / se), df), covariance,
        solution.structure.name, np.zeros((0, 0, 0)) if layout.by_class else point.sigma[0] * scaled.size**2, theta,
        rows.groups, rows.visits, criterion, criterion + 2 * count,
        criterion + count * float(np.log(len(rows.subjects))), settings.reml, len(rows.y), len(rows.subjects),
        solution.attempts, settings.alpha, named, matrix, precision, solution, rows, scaled,
        (*(() if matrix is None else matrix.notes), *rows.notes, *notes_of(solution)),
    )  # fmt: skip


def unscale_theta(solution: Solution, size: float) -> Floats:
    """The parameters (groups, size) on the scale of y."""
    theta = np.array(solution.optimum.point.theta[0])
    theta[:, : solution.structure.pick.shape[1]] += np.log(size)
    return np.asarray(theta)


def notes_of(solution: Solution) -> tuple[Note, ...]:
    """The ladder, where more than one covariance was tried."""
    if len(solution.attempts) == 1:
        return ()
    tried = "; ".join(f"{a.covariance}: {a.outcome}" for a in solution.attempts)
    return (Note("STA-313", f"the covariance is {solution.structure.name}, not the first choice ({tried})"),)


def _order_note(visits: tuple[Any, ...]) -> tuple[Note, ...]:
    """Text sorts "Week 12" before "Week 8", which a covariance that knows neighbours would take for their order."""
    if not all(isinstance(v, str) for v in visits):
        return ()
    numbers = [[int(n) for n in re.findall(r"\d+", v)] for v in visits]
    if not all(numbers) or numbers == sorted(numbers):
        return ()
    order = ", ".join(visits)
    return (Note("STA-316", f"the visits are taken in the order {order}; give their order in `levels`"),)


def _expand(kept: NDArray[np.bool_], beta: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    whole, spread = np.full(len(kept), np.nan), np.full((len(kept), len(kept)), np.nan)
    whole[kept], spread[np.ix_(kept, kept)] = beta, covariance
    return whole, spread


def _column(data: Mapping[str, Any] | pl.DataFrame, name: str, keep: NDArray[np.bool_]) -> NDArray[Any]:
    return np.asarray(pl.Series(name, data[name], strict=False).filter(pl.Series(keep)).to_numpy())


def _visits(
    matrix: ModelMatrix, visit: str, values: NDArray[Any], order: Sequence[Any] | None
) -> tuple[ArrayLike, tuple[Any, ...]]:
    """Codes of the visits and their labels, in the order of the levels where the model has the visit as a factor."""
    if visit in matrix.levels:
        return matrix.columns_used[visit].codes, matrix.levels[visit]  # type: ignore[union-attr]
    labels, codes = np.unique(values, return_inverse=True)
    if order is None:
        return codes, tuple(labels.tolist())
    unknown = set(labels.tolist()) - set(order)
    if unknown:
        remedy = "Add it to the levels."
        raise StatsError("STA-303", f"{visit} = {min(map(str, unknown))!r}", f"one of {list(order)}", remedy)
    place = {label: i for i, label in enumerate(order)}
    return np.array([place[v] for v in labels.tolist()])[codes], tuple(order)
