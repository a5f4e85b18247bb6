"""Procedures that treat all hypotheses alike: Bonferroni, Šidák, Holm, Hochberg, Hommel, Benjamini-Hochberg and
-Yekutieli.

Each is given twice: for one family with names and decisions, and `_batch` for an array whose last axis are the
hypotheses. Holm, Hochberg and Hommel are closed tests whose local test of an intersection of k hypotheses rejects
when p_(l) <= c(l, k) alpha for some l; `compute_symmetric_closure` is the one shortcut for all of them (Dmitrienko &
Tamhane 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.multiplicity.pvalues import AdjustedP, Floats, check_p_values, judge
from opencro.stats.result import Note, Result


def compute_symmetric_closure(p: Floats, critical: Floats) -> Floats:
    """Adjusted p-values of the closed test whose intersections of size k use `critical[k - 1, l - 1]` for p_(l).

    For hypothesis i the hardest intersection of size k is i with the k - 1 largest of the others, so that m
    intersections a hypothesis are enough instead of 2^m.
    """
    m = p.shape[-1]
    order = np.argsort(p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=-1)
    highest = np.zeros_like(ranked)
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in range(1, m + 1):
            own = _quotient(ranked[..., : m - k + 1], critical[k - 1, 0])
            others = _quotient(ranked[..., m - k + 1 :], critical[k - 1, 1:k])
            rest = others.min(axis=-1, keepdims=True) if k > 1 else np.inf
            value = np.minimum(own, rest)
            highest[..., : m - k + 1] = np.maximum(highest[..., : m - k + 1], value)
            highest[..., m - k + 1 :] = np.maximum(highest[..., m - k + 1 :], value[..., -1:])
    return _unsort(np.minimum(highest, 1.0), order)


def _quotient(p: Floats, critical: Floats | np.float64) -> Floats:
    return np.where(critical > 0, p / critical, np.inf)


def _unsort(ranked: Floats, order: np.ndarray) -> Floats:
    out = np.empty_like(ranked)
    np.put_along_axis(out, order, ranked, axis=-1)
    return out


def critical_constants(component: str, m: int, truncation: float = 1.0) -> Floats:
    """c(l, k) of a component, mixed with Bonferroni: truncation * c(l, k) + (1 - truncation) / m.

    `component` is "bonferroni" (1/m for the smallest), "holm" (1/k for the smallest), "hochberg" (1/(k - l + 1)) or
    "hommel" (l/k, Simes). Zero where the local test does not look at p_(l).
    """
    k, rank = np.arange(1, m + 1)[:, None], np.arange(1, m + 1)[None, :]
    inside, first = rank <= k, rank == 1
    full = {
        "bonferroni": np.where(first & inside, 1 / m, 0.0),
        "holm": np.where(first & inside, 1 / k, 0.0),
        "hochberg": np.where(inside, 1 / np.maximum(k - rank + 1, 1), 0.0),
        "hommel": np.where(inside, rank / k, 0.0),
    }[component]
    return np.asarray(np.where(full > 0, truncation * full + (1 - truncation) / m, 0.0))


def adjust_bonferroni_batch(p: ArrayLike) -> Floats:
    """Bonferroni: min(1, m p), for `p` of shape (..., m); see `adjust_bonferroni`."""
    values = check_p_values(p)
    return np.asarray(np.minimum(values * values.shape[-1], 1.0))


def adjust_sidak_batch(p: ArrayLike) -> Floats:
    """Šidák: 1 - (1 - p)^m, for `p` of shape (..., m); see `adjust_sidak`."""
    values = check_p_values(p)
    return _power(values, values.shape[-1])


def _power(p: Floats, exponent: Floats | int) -> Floats:
    with np.errstate(divide="ignore"):  # log(0) for p = 1 gives the right 1
        return np.asarray(-np.expm1(exponent * np.log1p(-p)))


def adjust_holm_batch(p: ArrayLike) -> Floats:
    """Holm's step-down, for `p` of shape (..., m); see `adjust_holm`."""
    values = check_p_values(p)
    order = np.argsort(values, axis=-1, kind="stable")
    m = values.shape[-1]
    ranked = np.take_along_axis(values, order, axis=-1) * np.arange(m, 0, -1)
    return _unsort(np.minimum(np.maximum.accumulate(ranked, axis=-1), 1.0), order)


def adjust_holm_sidak_batch(p: ArrayLike) -> Floats:
    """Step-down Šidák, for `p` of shape (..., m); see `adjust_holm_sidak`."""
    values = check_p_values(p)
    order = np.argsort(values, axis=-1, kind="stable")
    ranked = _power(np.take_along_axis(values, order, axis=-1), np.arange(values.shape[-1], 0, -1).astype(float))
    return _unsort(np.maximum.accumulate(ranked, axis=-1), order)


def _step_up(values: Floats, factor: Floats) -> Floats:
    order = np.argsort(values, axis=-1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-1) * factor
    smallest = np.minimum.accumulate(ranked[..., ::-1], axis=-1)[..., ::-1]
    return _unsort(np.minimum(smallest, 1.0), order)


def adjust_hochberg_batch(p: ArrayLike) -> Floats:
    """Hochberg's step-up, for `p` of shape (..., m); see `adjust_hochberg`."""
    values = check_p_values(p)
    return _step_up(values, np.arange(values.shape[-1], 0, -1).astype(float))


def adjust_hommel_batch(p: ArrayLike) -> Floats:
    """Hommel's closed Simes test, for `p` of shape (..., m); see `adjust_hommel`."""
    values = check_p_values(p)
    return compute_symmetric_closure(values, critical_constants("hommel", values.shape[-1]))


def adjust_benjamini_hochberg_batch(p: ArrayLike) -> Floats:
    """Benjamini-Hochberg, for `p` of shape (..., m); see `adjust_benjamini_hochberg`."""
    values = check_p_values(p)
    m = values.shape[-1]
    return _step_up(values, m / np.arange(1, m + 1))


def adjust_benjamini_yekutieli_batch(p: ArrayLike) -> Floats:
    """Benjamini-Yekutieli, for `p` of shape (..., m); see `adjust_benjamini_yekutieli`."""
    values = check_p_values(p)
    rank = np.arange(1, values.shape[-1] + 1)
    return _step_up(values, values.shape[-1] * (1 / rank).sum() / rank)


def adjust_bonferroni(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Bonferroni: adjusted p = min(1, m p).

    `p`: m p-values; `alpha`: familywise level; `names`: of the hypotheses. Errors: STA-700, STA-701.
    Source: Bonferroni (1936); Westfall & Young (1993), section 2.3.1. Example: `adjust_bonferroni([0.01, 0.04])`.
    """
    return judge("Bonferroni", p, adjust_bonferroni_batch(p), alpha, names)


def adjust_sidak(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Šidák: adjusted p = 1 - (1 - p)^m, for independent (or positively orthant dependent) p-values.

    Arguments and errors as in `adjust_bonferroni`. Source: Šidák (1967) JASA 62:626. Example: `adjust_sidak([0.01,
    0.04])`.
    """
    return judge("Šidák", p, adjust_sidak_batch(p), alpha, names)


def adjust_holm(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Holm's step-down: adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)); any dependence.

    Arguments and errors as in `adjust_bonferroni`. Source: Holm (1979) Scand J Statist 6:65. With weights: a `Graph`
    whose transitions are proportional to the weights. Example: `adjust_holm([0.01, 0.04])`.
    """
    return judge("Holm", p, adjust_holm_batch(p), alpha, names)


def adjust_holm_sidak(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Step-down Šidák: adjusted p_(i) = max over j <= i of 1 - (1 - p_(j))^(m - j + 1).

    Arguments and errors as in `adjust_bonferroni`. Source: Holland & Copenhaver (1987) Biometrics 43:417 (SAS:
    STEPSID). Example: `adjust_holm_sidak([0.01, 0.04])`.
    """
    return judge("Holm-Šidák", p, adjust_holm_sidak_batch(p), alpha, names)


def adjust_hochberg(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Hochberg's step-up: adjusted p_(i) = min over j >= i of (m - j + 1) p_(j); needs the Simes inequality.

    Arguments and errors as in `adjust_bonferroni`. Source: Hochberg (1988) Biometrika 75:800.
    Example: `adjust_hochberg([0.01, 0.04])`.
    """
    return judge("Hochberg", p, adjust_hochberg_batch(p), alpha, names)


def adjust_hommel(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Hommel: the closed test with Simes' test of every intersection; needs the Simes inequality.

    Arguments and errors as in `adjust_bonferroni`. Formula: adjusted p_i is the largest Simes p-value over the
    intersections that contain i. Source: Hommel (1988) Biometrika 75:383; Wright (1992). Example:
    `adjust_hommel([0.01, 0.04])`.
    """
    return judge("Hommel", p, adjust_hommel_batch(p), alpha, names)


def adjust_benjamini_hochberg(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Benjamini-Hochberg: controls the false discovery rate, not the familywise error; p_(i) = min over j >= i of m
    p_(j) / j.

    Arguments and errors as in `adjust_bonferroni`. Source: Benjamini & Hochberg (1995) JRSS B 57:289.
    Example: `adjust_benjamini_hochberg([0.01, 0.04])`.
    """
    return judge("Benjamini-Hochberg (FDR)", p, adjust_benjamini_hochberg_batch(p), alpha, names)


def adjust_benjamini_yekutieli(p: ArrayLike, *, alpha: float = 0.05, names: Sequence[str] | None = None) -> AdjustedP:
    """Benjamini-Yekutieli: the false discovery rate under any dependence; as Benjamini-Hochberg times 1 + 1/2 + ... +
    1/m.

    Arguments and errors as in `adjust_bonferroni`. Source: Benjamini & Yekutieli (2001) Ann Statist 29:1165.
    Example: `adjust_benjamini_yekutieli([0.01, 0.04])`.
    """
    return judge("Benjamini-Yekutieli (FDR)", p, adjust_benjamini_yekutieli_batch(p), alpha, names)


@dataclass(frozen=True)
class SimesTest(Result):
    """Simes' test of the hypothesis that all of several hypotheses are true."""

    title: ClassVar[str] = "Simes' test"

    hypotheses: int
    p_value: float
    notes: tuple[Note, ...] = ()


def simes(p: ArrayLike) -> SimesTest:
    """Tests whether all hypotheses are true: p = min over l of m p_(l) / l; needs independent or positively dependent
    p.

    `p`: m p-values. Error: STA-700. The closed test that uses it for every intersection is `adjust_hommel`. Source:
    Simes (1986) Biometrika 73:751; dependence: Sarkar (1998) Ann Statist 26:494. Example: `simes([0.03, 0.04])`.
    """
    values = check_p_values(np.ravel(np.asarray(p, dtype=np.float64)))
    return SimesTest(values.size, float(simes_batch(values)))


def simes_batch(p: ArrayLike) -> Floats:
    """Simes' p-value of the intersection of all hypotheses, for `p` of shape (..., m): min over l of m p_(l) / l.

    Source: Simes (1986) Biometrika 73:751. Error: STA-700. Example: `simes_batch([0.01, 0.04])`.
    """
    values = np.sort(check_p_values(p), axis=-1)
    m = values.shape[-1]
    return np.asarray((values * m / np.arange(1, m + 1)).min(axis=-1))
