"""Analysis of covariance: a treatment compared after covariates, for one trial or for many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.formula import (
    LsMeans,
    MeanContrasts,
    differences_from,
    ls_means,
    model_matrix,
    pairwise_differences,
    t_p_value,
)
from opencro.stats.linear.batch import fit_linear_batch
from opencro.stats.linear.fit import Floats, LinearModel, fit_linear
from opencro.stats.linear.variance_analysis import AnovaTable, anova_type_iii
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class Ancova(Result):
    """Least squares means of the arms, their differences, and type III tests of the terms.

    Its table is that of the differences; `means`, `differences`, `tests` and `fit` are whole results.
    """

    title: ClassVar[str] = "Analysis of covariance: differences of least squares means"

    means: LsMeans
    differences: MeanContrasts
    tests: AnovaTable
    fit: LinearModel
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """The differences."""
        return self.differences.columns()


def ancova(
    y: ArrayLike,
    arm: ArrayLike,
    covariates: Mapping[str, ArrayLike] | None = None,
    *,
    reference: str | float | None = None,
    interactions: Collection[str] = (),
    weights: Literal["equal", "observed", "outer"] = "equal",
    alpha: float = 0.05,
) -> Ancova:
    """Compares arms after covariates.

    `y` (n,) the response, `arm` (n,) labels, `covariates` (n,) each: numbers, or labels for factors such as sites.
    Those named in `interactions` also interact with the arm. With `reference` only differences from that arm are
    given, else all (later minus earlier level). `weights` as in `formula.ls_means`: "observed" is SAS's OM. Rows with
    a missing value are left out (Note STA-005).

    y = arm + covariates (+ arm:covariate) + error; tests and limits by t on n - rank degrees of freedom.
    Raises StatsError STA-109 for a covariate named like the response or arm. Source: Fisher RA. Statistical Methods for
    Research Workers, 4th ed. 1932, section 49.1.

    >>> ancova([1.0, 2, 3, 5], ["P", "P", "D", "D"], {"base": [1.0, 2, 1, 3]}).differences.contrast
    ('P - D',)
    """
    others = dict(covariates or {})
    if clash := {"y", "arm"} & set(others):
        raise StatsError("STA-109", f"a covariate named {clash.pop()!r}", "another name", "Rename the covariate.")
    arms = np.asarray(arm)
    data = {"y": y, "arm": arms if arms.dtype.kind not in "if" else arms.tolist(), **others}
    terms = ["arm", *(f"`{name}`" for name in others), *(f"arm:`{name}`" for name in interactions)]
    matrix = model_matrix("y ~ " + " + ".join(terms), data, factors={"arm"})
    fit = fit_linear(matrix, alpha=alpha)
    means = ls_means(*fit.parts, "arm", weights=weights, df=fit.df, alpha=alpha)
    differences = pairwise_differences(means, reverse=True) if reference is None else differences_from(means, reference)
    return Ancova(means, differences, anova_type_iii(fit), fit, (*fit.notes, *means.notes))


@dataclass(frozen=True)
class AncovaBatch:
    """Arrays (trials, arms - 1): each arm against the first; `df` and `sigma` (trials,)."""

    estimate: Floats
    se: Floats
    t: Floats
    p_value: Floats
    df: Floats
    sigma: Floats


def ancova_batch(
    y: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None = None,
    *,
    arms: int | None = None,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> AncovaBatch:
    """`ancova` for many trials, without least squares means: each arm against arm 0.

    `y` (trials, n), NaN where missing; `arm` (trials, n) or (n,), whole numbers from 0; `covariates` (trials, n, k),
    (n, k), (trials, n) or (n,), numbers (factors as indicators). `arms` is the number of arms (default: found in
    `arm`). A trial without enough data has NaN. Raises StatsError STA-110 for shapes that don't fit.

    >>> ancova_batch([[1.0, 2, 3, 5]], [0, 0, 1, 1], [1.0, 2, 1, 3]).estimate.round(4)
    array([[2.]])
    """
    values, codes = np.asarray(y, dtype=np.float64), np.asarray(arm)
    if values.ndim != 2 or codes.shape not in (values.shape, values.shape[1:]) or codes.dtype.kind not in "iub":
        raise StatsError(
            "STA-110", f"y {values.shape}, arm {codes.shape}", "(trials, n) and whole numbers", "See ancova."
        )
    count = arms or int(codes.max()) + 1
    extra = _covariate_block(covariates, values.shape)
    whole = codes.shape[:-1] if extra is None or extra.ndim == 2 else values.shape[:1]
    shape = (*whole, values.shape[1])
    x = np.empty((*shape, count + (0 if extra is None else extra.shape[-1])))
    x[..., 0] = 1.0
    for k in range(1, count):
        x[..., k] = codes == k
    if extra is not None:
        x[..., count:] = extra
    fit = fit_linear_batch(x, values)
    at = slice(1, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (fit.beta[:, at] - null) / fit.se[:, at]
    p = t_p_value(t, fit.df[:, None], alternative)
    return AncovaBatch(fit.beta[:, at], fit.se[:, at], t, p, fit.df, fit.sigma)


def _covariate_block(covariates: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    if covariates is None:
        return None
    given = np.asarray(covariates, dtype=np.float64)
    if given.shape in (shape, shape[1:]):
        given = given[..., None]
    if given.shape[:-1] not in (shape, shape[1:]):
        raise StatsError("STA-110", f"covariates {given.shape}", f"{(*shape, 'k')} or {(shape[1], 'k')}", "See ancova.")
    centre = np.nanmean(given, axis=-2, keepdims=True)
    return np.asarray(given - centre)
