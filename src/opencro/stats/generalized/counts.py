"""Models of counts: Poisson and negative binomial regression with a log link, time at risk as an offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from opencro.stats.generalized.dispersion import score_negative_binomial
from opencro.stats.generalized.families import LOG, NEGATIVE_BINOMIAL, POISSON
from opencro.stats.generalized.fits import GeneralizedFit, Information, assemble
from opencro.stats.generalized.inputs import check_counts, read_model


@dataclass(frozen=True)
class PoissonFit(GeneralizedFit):
    """A Poisson regression; coefficients are log rate ratios."""

    title: ClassVar[str] = "Poisson regression (maximum likelihood)"


@dataclass(frozen=True)
class NegativeBinomialFit(GeneralizedFit):
    """A negative binomial regression; coefficients are log rate ratios, `dispersion` is k (1/theta in R)."""

    title: ClassVar[str] = "Negative binomial regression (maximum likelihood)"


def fit_poisson(
    y: ArrayLike, x: ArrayLike, *, offset: ArrayLike | None = None, weights: ArrayLike | None = None,
    names: Sequence[str] | None = None, alpha: float = 0.05,
) -> PoissonFit:  # fmt: skip
    """Poisson regression by maximum likelihood: log mu = x b + offset.

    `y` (n,): counts. `x` (n, p): the design with its intercept column. `offset` (n,): log time at risk; `weights` (n,):
    frequencies; `names`: of the p terms. A group without events has an infinite coefficient and the note STA-205.
    Raises STA-201 (shapes), STA-202 (dependent columns), STA-203 (y). Source: McCullagh and Nelder 1989, section 6.2.
    SAS PROC GENMOD dist=poisson, R glm(poisson). Example: `compute_ratios(fit_poisson(y, x, offset=np.log(years)))`.
    """
    data = read_model(y, x, offset=offset, weights=weights, names=names)
    check_counts(data)
    return assemble(PoissonFit, data, POISSON, LOG, alpha=alpha)


def fit_negative_binomial(
    y: ArrayLike, x: ArrayLike, *, offset: ArrayLike | None = None, weights: ArrayLike | None = None,
    names: Sequence[str] | None = None, alpha: float = 0.05, information: Information = "expected",
) -> NegativeBinomialFit:  # fmt: skip
    """Negative binomial (NB2) regression by maximum likelihood: log mu = x b + offset, Var(Y) = mu + k mu^2.

    Arguments and errors as in `fit_poisson`. `information`: "expected" takes the errors from X'WX at the estimated k,
    as R glm.nb does; "observed" takes them from the second derivatives in coefficients and k jointly, as SAS PROC
    GENMOD does. Data without overdispersion give k = 0 and the note STA-207 (R warns, SAS gives a negative or tiny k).
    Source: Lawless 1987, Canadian Journal of Statistics 15:209-225. Example: `fit_negative_binomial(y, x,
    offset=log_t)`.
    """
    data = read_model(y, x, offset=offset, weights=weights, names=names)
    check_counts(data)
    return assemble(
        NegativeBinomialFit, data, NEGATIVE_BINOMIAL, LOG, alpha=alpha, information=information,
        engine=score_negative_binomial,
    )  # fmt: skip
