"""A fitted model: its coefficients, its covariances, and the questions one asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl

from opencro.stats.formula import (
    JointTests,
    LinearEstimates,
    LsMeans,
    ModelMatrix,
    compute_type_ii_contrasts,
    compute_type_iii_contrasts,
    linear_estimates,
    ls_means,
    t_limits,
    t_p_value,
)
from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.picture import draw_means
from opencro.stats.mmrm.precision import Precision
from opencro.stats.mmrm.prediction import Predictions, predict_rows
from opencro.stats.mmrm.residuals import compute_residuals
from opencro.stats.mmrm.rows import Rows, Scaled
from opencro.stats.mmrm.search import Attempt, Solution
from opencro.stats.result import Note, Result, StatsError, render_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Alternative = Literal["two-sided", "less", "greater"]
Weights = Literal["equal", "observed", "outer"]


@dataclass(frozen=True)
class MmrmFit(Result):
    """A fitted mixed model for repeated measures.

    The table has one row per column of x: vectors (p,), NaN for columns that depend on others. `beta_covariance` (p, p)
    is theirs; `sigma` (groups, visits, visits) the covariance of the visits by group (no rows where every subject has
    coordinates of its own), `theta` (groups, parameters) its parameters, `neg2_log_likelihood` the criterion with all
    its constants, `attempts` the covariances that were tried, the last of which is `covariance`.
    """

    title: ClassVar[str] = "Mixed model for repeated measures"
    aside: ClassVar[frozenset[str]] = frozenset()

    parameter: tuple[str, ...]
    estimate: Floats
    se: Floats
    df: Floats
    lower: Floats
    upper: Floats
    statistic: Floats
    p_value: Floats
    beta_covariance: Floats
    covariance: str
    sigma: Floats
    theta: Floats
    groups: tuple[Any, ...]
    visits: tuple[Any, ...]
    neg2_log_likelihood: float
    aic: float
    bic: float
    reml: bool
    observations: int
    subjects: int
    attempts: tuple[Attempt, ...]
    alpha: float
    columns_of_data: Mapping[str, Any]
    matrix: ModelMatrix | None
    precision: Precision
    solution: Solution
    rows: Rows
    scaled: Scaled
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """The coefficients."""
        names = ("parameter", "estimate", "se", "df", "lower", "upper", "statistic", "p_value")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        kind = "REML" if self.reml else "ML"
        head = (
            f"{self.observations} values of {self.subjects} subjects at {len(self.visits)} visits; covariance"
            f" {self.covariance}{f' by {len(self.groups)} groups' if len(self.groups) > 1 else ''}, {kind}:"
            f" -2 log likelihood {render_number(self.neg2_log_likelihood, 8)}; {self.precision.method} degrees of"
            f" freedom, {self.precision.vcov} covariance of coefficients"
        )
        first, rest = super().__str__().split("\n", 1)
        return f"{first}\n{head}\n{rest}"

    @property
    def parts(self) -> tuple[ModelMatrix, Floats, Floats]:
        """What the functions of `formula` take: the matrix, the coefficients, their covariance; `df=fit.df_of`."""
        return self.formula_matrix(), self.estimate, self.beta_covariance

    def df_of(self, combinations: Floats) -> float:
        """Degrees of freedom of one combination (p,) of the coefficients, or of the F test of several (k, p)."""
        kept = ~np.isnan(self.estimate)
        if combinations.ndim == 1:
            return float(self.precision.single_df(combinations[None, kept])[0])
        return self.precision.f_test(combinations[:, kept], self.estimate[kept])[2]

    def ls_means(
        self,
        specs: str | Sequence[str],
        *,
        by: str | Sequence[str] = (),
        weights: Weights = "equal",
        at: Mapping[str, Any] | None = None,
        alpha: float | None = None,
    ) -> LsMeans:
        """Least squares means by the levels of `specs`, within the levels of `by`; see `formula.ls_means`.

        Without the visit among `specs` and `by` they are averaged over the visits. Differences and other contrasts:
        `formula.pairwise_differences`, `formula.differences_from`, `formula.contrast_means`.
        """
        return ls_means(
            self.formula_matrix(), self.estimate, self.beta_covariance, specs, by=by, weights=weights, at=at,
            df=self.df_of, alpha=self.alpha if alpha is None else alpha,
        )  # fmt: skip

    def contrast(
        self, combinations: Floats, *, null: float = 0.0, alternative: Alternative = "two-sided",
        alpha: float | None = None,
    ) -> LinearEstimates:  # fmt: skip
        """Combinations (k, p) or (p,) of the coefficients with limits and tests; `null` is the value tested."""
        rows, level = np.atleast_2d(np.asarray(combinations, dtype=float)), self.alpha if alpha is None else alpha
        if self.matrix is not None:
            return linear_estimates(
                self.matrix, self.estimate, self.beta_covariance, rows, df=self.df_of, null=null,
                alternative=alternative, alpha=level,
            )  # fmt: skip
        kept = ~np.isnan(self.estimate)
        inner, known = rows[:, kept], ~(rows[:, ~kept] != 0).any(axis=1)
        estimate = np.where(known, inner @ self.estimate[kept], np.nan)
        se = np.sqrt(np.einsum("ij,jk,ik->i", inner, self.beta_covariance[np.ix_(kept, kept)], inner))
        df = self.precision.single_df(inner)
        lower, upper = t_limits(estimate, se, df, level, alternative)
        statistic = (estimate - null) / se
        p_value = t_p_value(statistic, df, alternative)
        return LinearEstimates(estimate, se, df, lower, upper, statistic, p_value, rows)

    def test_joint(self, hypotheses: Mapping[str, Floats]) -> JointTests:
        """An F test of each named hypothesis combinations @ beta = 0, `combinations` (k, p)."""
        kept = ~np.isnan(self.estimate)
        beta = self.estimate[kept]
        rows = [self.precision.f_test(np.atleast_2d(c)[:, kept], beta) for c in hypotheses.values()]
        f, numerator, denominator, p = np.array(rows).reshape(-1, 4).T
        empty = [name for name, row in zip(hypotheses, rows, strict=True) if row[1] == 0]
        flat = [name for name, row in zip(hypotheses, rows, strict=True) if row[1] > 0 and np.isnan(row[0])]
        notes = (
            *(Note("STA-311", f"{name} says nothing beyond the other terms") for name in empty),
            *(Note("STA-317", f"{name} can't be tested: the covariance of its estimates is singular") for name in flat),
        )
        return JointTests(tuple(hypotheses), numerator, denominator, f, p, notes)

    def test_terms(self, *, type: str = "III") -> JointTests:
        """Type II or III F tests of the terms of the formula; raises StatsError STA-309 for another type."""
        kinds = {"II": compute_type_ii_contrasts, "III": compute_type_iii_contrasts}
        if type not in kinds:
            raise StatsError("STA-309", f"type={type!r}", "II or III", "Choose one of these.")
        return self.test_joint(kinds[type](self.formula_matrix()))

    def predict(
        self, data: Mapping[str, Any] | pl.DataFrame, *, conditional: bool = False, interval: str = "prediction",
        alpha: float | None = None,
    ) -> Predictions:  # fmt: skip
        """Expected values for rows of data; see `predict_rows`."""
        level = self.alpha if alpha is None else alpha
        return predict_rows(self, data, conditional=conditional, interval=interval, alpha=level)

    def residuals(self, kind: str = "response") -> Floats:
        """One per analysed row: "response" y - x beta, "pearson" in standard deviations, "normalized" uncorrelated."""
        beta = self.estimate[~np.isnan(self.estimate)]
        return compute_residuals(self.rows, self.scaled, self.solution.optimum.point, beta, kind)

    def covariance_frame(self) -> pl.DataFrame:
        """`sigma` as a frame: one row per group and visit, one column per visit."""
        rows = [
            {
                "group": str(group),
                "visit": str(visit),
                **{str(v): float(c) for v, c in zip(self.visits, row, strict=True)},
            }
            for group, matrix in zip(self.groups, self.sigma, strict=False)
            for visit, row in zip(self.visits, matrix, strict=True)
        ]
        return pl.DataFrame(rows)

    def plot(self, arm: str, *, weights: Weights = "equal") -> Figure:
        """Least squares means by visit, one line with confidence limits per level of the factor `arm`."""
        self.formula_matrix()
        visit = str(self.columns_of_data["visit"])
        return draw_means(self.ls_means(arm, by=visit, weights=weights), arm, visit)

    def formula_matrix(self) -> ModelMatrix:
        """The model matrix; raises StatsError STA-314 for a fit to plain arrays."""
        if self.matrix is None:
            remedy = "Use fit_mmrm, or `contrast` and `test_joint` with combinations of the coefficients."
            raise StatsError("STA-314", "a fit to plain arrays", "a fit to a formula", remedy)
        return self.matrix
