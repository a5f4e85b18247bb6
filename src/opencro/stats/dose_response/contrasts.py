"""Tests of dose-response signal by contrasts: one contrast for trend, or the best contrast for each of several shapes.

Source: Bretz F, Pinheiro JC, Branson M. Biometrics 2005; 61:738-748, section 3; Pinheiro J, Bornkamp B, Glimm E, Bretz
F. Stat Med 2014; 33:1646-1661, section 3 (general estimates).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from opencro.stats.dose_response.estimates import DoseMeans
from opencro.stats.dose_response.shapes import Floats, Shape
from opencro.stats.dose_response.tails import Maxima, directional_maxima, maximum_tail
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class Candidate:
    """A shape with a guess of its theta, as it stands in a protocol."""

    shape: Shape
    theta: tuple[float, ...] = ()


def candidate(shape: Shape, *theta: float) -> Candidate:
    """A candidate for multiple contrast tests: a shape and its theta, e.g. `candidate(EMAX, 0.2)`.

    Raises StatsError STA-745 for the wrong number of parameters.

    >>> from opencro.stats.dose_response.shapes import EMAX
    >>> candidate(EMAX, 0.2).theta
    (0.2,)
    """
    if len(theta) != len(shape.parameters):
        names = ", ".join(shape.parameters) or "no parameter"
        raise StatsError("STA-745", f"{len(theta)} parameters of {shape.name}", names, "Guess each of them.")
    return Candidate(shape, tuple(float(v) for v in theta))


@dataclass(frozen=True)
class ContrastTests(Result):
    """Contrast tests, vectors (m,): estimate, standard error, statistic, adjusted and unadjusted p values.

    `contrasts` (m, k) have length 1, `correlation` (m, m) is that of the statistics, `critical_value` the bound that
    keeps `alpha` for all tests together.
    """

    title: ClassVar[str] = "Multiple contrast test"
    aside: ClassVar[frozenset[str]] = frozenset({"contrasts", "correlation", "critical_value", "alpha", "dose"})

    name: tuple[str, ...]
    estimate: Floats
    se: Floats
    df: float
    statistic: Floats
    p_value: Floats
    adjusted_p: Floats
    dose: Floats
    contrasts: Floats
    correlation: Floats
    critical_value: float
    alpha: float
    notes: tuple[Note, ...] = ()


def optimal_contrasts(
    dose: ArrayLike, candidates: Mapping[str, Candidate], *, weights: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
) -> Floats:  # fmt: skip
    """The contrast (m, k) that finds each candidate with the greatest power.

    `dose` (k,) ascending; `weights` (k,) patients per dose (equal by default) or the `covariance` (k, k) of the
    estimates. c is proportional to S^-1 (f - (1'S^-1 f / 1'S^-1 1)), length 1, with positive product with f. Raises
    StatsError STA-745 for a shape that is flat at these doses. Source: Bretz, Pinheiro, Branson, Biometrics 2005;
    61:738-748, equation 3.

    >>> from opencro.stats.dose_response.shapes import LINEAR
    >>> optimal_contrasts([0, 1, 2], {"linear": candidate(LINEAR)}).round(4).tolist()
    [[-0.7071, 0.0, 0.7071]]
    """
    d = np.asarray(dose, dtype=np.float64)
    if covariance is not None:
        precision = np.linalg.inv(np.asarray(covariance, dtype=np.float64))
    else:
        precision = np.diag(np.ones(len(d)) if weights is None else np.asarray(weights, dtype=np.float64))
    one = precision.sum(axis=1)
    rows = []
    for name, given in candidates.items():
        f = given.shape.curve(d, np.array(given.theta))
        off = f - (one @ f) / one.sum()
        if not np.abs(off).max() > 1e-10 * max(np.abs(f).max(), 1e-300):
            raise StatsError("STA-745", f"{name} is flat at these doses", "a shape that rises or falls", "Guess anew.")
        c = precision @ off
        rows.append(c / np.linalg.norm(c))
    return np.array(rows)


def multiple_contrast_test(
    means: DoseMeans,
    candidates: Mapping[str, Candidate],
    *,
    alternative: Alternative = "greater",
    alpha: float = 0.025,
) -> ContrastTests:
    """Is there a dose-response signal? The best contrast of each candidate, adjusted for their number.

    `means` from `compute_dose_means` or `dose_means`; "greater" looks for candidates that rise as guessed, "less" for
    their mirror images. adjusted p = 1 - P(max T < t), T multivariate t with the contrasts' correlation (normal where
    `means.df` is infinite). Unlike elsewhere `alpha` is 0.025 one-sided by default, as in MCP-Mod.

    Source: Bretz, Pinheiro, Branson, Biometrics 2005; 61:738-748, section 3.
    """
    contrasts = optimal_contrasts(means.dose, candidates, covariance=np.linalg.inv(means.precision))
    return contrast_tests(means, dict(zip(candidates, contrasts, strict=True)), alternative=alternative, alpha=alpha)


def contrast_tests(
    means: DoseMeans,
    contrasts: Mapping[str, Sequence[float] | Floats],
    *,
    alternative: Alternative = "greater",
    alpha: float = 0.025,
) -> ContrastTests:
    """Tests of one's own contrasts (k,) of dose means, adjusted for their number; see `multiple_contrast_test`.

    Raises StatsError STA-745 for coefficients that don't add up to 0.

    >>> from opencro.stats.dose_response.estimates import compute_dose_means
    >>> means = compute_dose_means([0, 0, 1, 1, 2, 2], [1.0, 2, 3, 5, 4, 7])
    >>> contrast_tests(means, {"trend": [-1, 0, 1]}).statistic.round(4)
    array([2.6186])
    """
    rows = np.array([np.asarray(c, dtype=np.float64) for c in contrasts.values()])
    if rows.shape != (len(contrasts), len(means.dose)) or np.abs(rows.sum(axis=1)).max() > 1e-8 * np.abs(rows).max():
        raise StatsError("STA-745", f"contrasts {rows.tolist()}", f"{len(means.dose)} numbers that add up to 0", "")
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    # the correlation depends on the design only, and is known even where nothing varies
    relative = rows @ np.linalg.inv(means.precision) @ rows.T
    size = np.sqrt(np.diag(relative))
    correlation = relative / np.outer(size, size)
    np.fill_diagonal(correlation, 1.0)
    se = np.sqrt(np.einsum("mk,kl,ml->m", rows, means.covariance, rows))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = rows @ means.mean / se
    turned = {"greater": statistic, "less": -statistic, "two-sided": np.abs(statistic)}[alternative]
    two = alternative == "two-sided"
    maxima = directional_maxima(correlation, two_sided=two)
    adjusted = [maximum_tail(float(t), maxima, means.df) for t in turned]
    plain = stats.t.sf(turned, means.df) * (2 if two else 1)
    critical = _critical(maxima, len(rows), means.df, alpha / 2 if two else alpha, alpha)
    return ContrastTests(
        tuple(contrasts), rows @ means.mean, se, means.df, statistic, plain, np.array(adjusted), means.dose, rows,
        correlation, critical, alpha, means.notes,
    )  # fmt: skip


def trend_test(
    means: DoseMeans, scores: ArrayLike | None = None, *, alternative: Alternative = "greater", alpha: float = 0.025
) -> ContrastTests:
    """Does the mean rise with the dose? The contrast for a straight line in `scores` (k,), the doses unless given.

    c is proportional to S^-1 (s - weighted mean of s), the best contrast for that line; 0, 1, 2, ... as scores are the
    ordinal trend test. Source: Tukey JW, Ciminera JL, Heyse JF. Biometrics 1985; 41:295-301.

    >>> from opencro.stats.dose_response.estimates import compute_dose_means
    >>> trend_test(compute_dose_means([0, 0, 1, 1, 5, 5], [1.0, 2, 3, 5, 4, 7]), [0, 1, 2]).statistic.round(4)
    array([2.6186])
    """
    s = means.dose if scores is None else np.asarray(scores, dtype=np.float64)
    if s.shape != means.dose.shape or np.ptp(s) == 0:
        raise StatsError("STA-745", f"scores {s.tolist()}", f"{len(means.dose)} numbers, not all equal", "See docs.")
    one = means.precision.sum(axis=1)
    contrast = means.precision @ (s - (one @ s) / one.sum())
    return contrast_tests(means, {"trend": contrast}, alternative=alternative, alpha=alpha)


def maximum_critical_value(
    correlation: ArrayLike, *, df: float = math.inf, two_sided: bool = False, alpha: float = 0.025
) -> float:
    """The bound that the largest of correlated t statistics exceeds with probability `alpha`.

    `correlation` (m, m), `df` positive or infinite; `two_sided` bounds absolute values.
    Source: Genz A, Bretz F. Computation of Multivariate Normal and t Probabilities, 2009; Somerville (see `tails`).

    >>> round(maximum_critical_value([[1, 0], [0, 1]], alpha=0.05), 4)
    1.9545
    """
    r = np.asarray(correlation, dtype=np.float64)
    if r.ndim != 2 or r.shape[0] != r.shape[1] or not r.size or not np.isfinite(r).all():
        raise StatsError("STA-745", f"a correlation of shape {r.shape}", "numbers (m, m)", "Give one row per contrast.")
    return _critical(directional_maxima(r, two_sided=two_sided), len(r), df, alpha / 2 if two_sided else alpha, alpha)


def _critical(maxima: Maxima, count: int, df: float, tail: float, alpha: float) -> float:
    """The root between the bound of one statistic and Bonferroni's."""
    low, high = stats.t.isf(tail, df), stats.t.isf(tail / count, df)
    if count == 1 or not np.isfinite(low):
        return float(low)
    root = optimize.brentq(lambda q: maximum_tail(q, maxima, df) - alpha, low - 1e-3, high + 1e-3, xtol=1e-9)
    return float(root)
