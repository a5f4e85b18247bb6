"""Least squares means of a generalized linear model, on the scale of the outcome: risks, counts, rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import stats

from opencro.stats.formula import LsMeans, MeanContrasts, ModelMatrix, ls_means
from opencro.stats.generalized.families import Array
from opencro.stats.generalized.fits import GeneralizedFit
from opencro.stats.generalized.gee import GeeFit
from opencro.stats.generalized.ordinal import OrdinalFit
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class ResponseMeans(Result):
    """Model means on the scale of the outcome; `link_means` holds them on the scale of the link, for contrasts."""

    title: ClassVar[str] = "Least squares means on the scale of the outcome"

    mean: Array
    se: Array
    lower: Array
    upper: Array
    link_means: LsMeans
    notes: tuple[Note, ...]

    def columns(self) -> Mapping[str, Any]:
        """The levels, then mean, standard error and interval."""
        levels = {name: column for name, column in self.link_means.columns().items()
                  if name in (*self.link_means.by, *self.link_means.specs)}  # fmt: skip
        return levels | {name: getattr(self, name) for name in ("mean", "se", "lower", "upper")}


@dataclass(frozen=True)
class Ratios(Result):
    """Exponentiated coefficients or contrasts: odds, rate or risk ratios, as the link says, with their intervals."""

    title: ClassVar[str] = "Ratios"

    term: tuple[str, ...]
    ratio: Array
    lower: Array
    upper: Array
    p: Array
    notes: tuple[Note, ...]

    def plot(self, *, axes: Axes | None = None) -> Axes:
        """A forest: ratios with their intervals on a logarithmic axis, a line at 1; infinite ones are left out."""
        import matplotlib.pyplot as plt  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        ax: Axes = axes if axes is not None else plt.subplots(figsize=(6, 0.6 + 0.4 * len(self.term)))[1]
        place = np.arange(len(self.term))[::-1]
        good = np.isfinite(self.ratio) & np.isfinite(self.lower) & np.isfinite(self.upper)
        ax.hlines(place[good], self.lower[good], self.upper[good], color="0.3")
        ax.plot(self.ratio[good], place[good], "s", color="tab:blue")
        ax.axvline(1.0, color="0.7", linewidth=1, zorder=0)
        ax.set_xscale("log")
        ax.set_yticks(place, self.term)
        ax.set_xlabel("ratio")
        return ax


def compute_ratios(fit: GeneralizedFit | GeeFit | OrdinalFit | MeanContrasts) -> Ratios:
    """Odds, rate or risk ratios: exp of the coefficients of a logit or log model and of their interval limits.

    `fit`: a fit of this family with a logit or log link, or contrasts of its least squares means
    (`pairwise_differences(means.link_means)`). Returns one row per term or contrast.
    Example: `compute_ratios(fit_logistic(y, x))`.
    """
    terms, p = (fit.contrast, fit.p_value) if isinstance(fit, MeanContrasts) else (fit.term, fit.p)
    return Ratios(terms, np.exp(fit.estimate), np.exp(fit.lower), np.exp(fit.upper), p, fit.notes)


def response_means(
    fit: GeneralizedFit, matrix: ModelMatrix, specs: str | Sequence[str], *, by: str | Sequence[str] = (),
    weights: Any = "equal", at: Mapping[str, Any] | None = None, offset: float = 0.0, alpha: float = 0.05,
) -> ResponseMeans:  # fmt: skip
    """Least squares means of factors, carried back to the scale of the outcome: g^-1(L b + offset).

    `fit`: a fit to `matrix.x`; `specs`, `by`, `weights`, `at`: as in `formula.ls_means`. `offset`: log time of the
    rate, 0 for the rate per unit of time (as R emmeans offset = 0; SAS LSMEANS takes the mean offset unless told).
    Limits are those of the link, carried over; `se` by the delta method. Raises STA-205 for infinite estimates,
    STA-011. Source: Searle, Speed and Milliken 1980, The American Statistician 34:216-221 (the means); the delta
    method. Example: `response_means(fit, model_matrix("y ~ ARM + REGION", data), "ARM")`.
    """
    if not np.isfinite(fit.estimate).all():
        raise StatsError("STA-205", "a fit with infinite estimates", "finite ones", "Drop the term, or use Firth's.")
    means = ls_means(matrix, fit.estimate, fit.covariance, specs, by=by, weights=weights, at=at, alpha=alpha)
    eta = means.estimate + offset
    half = stats.norm.isf(alpha / 2) * means.se
    inverse = fit.link.inverse
    return ResponseMeans(
        inverse(eta), fit.link.slope(eta) * means.se, inverse(eta - half), inverse(eta + half), means, means.notes
    )
