"""Common difference, ratio and odds ratio over strata by Mantel-Haenszel sums, and tests that the effects are equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from opencro.stats.binary.interval import Floats, Limits, critical_value
from opencro.stats.binary.score_core import odds_mle
from opencro.stats.binary.score_engine import check_tables
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class CommonEffect(Result):
    """An effect that is the same in all strata; `se` belongs to the log for a ratio."""

    title: ClassVar[str] = "Common effect over strata"
    method: str
    estimate: float
    se: float
    lower: float
    upper: float
    alpha: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Homogeneity(Result):
    """A test that the effect is the same in all strata."""

    title: ClassVar[str] = "Homogeneity of the odds ratio"
    method: str
    chi_square: float
    df: int
    p_value: float
    notes: tuple[Note, ...] = ()


def mantel_haenszel_difference_batch(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    variance: Literal["sato", "greenland-robins"] = "sato",
) -> Limits:
    """Mantel-Haenszel limits of p1 - p2 for counts of shape (trials, strata); see `mantel_haenszel_difference`."""
    d, se = _difference(check_tables(x1, n1, x2, n2, strata=True), variance)
    half = critical_value(alpha) * se
    return Limits(d, d - half, d + half)


def mantel_haenszel_difference(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    variance: Literal["sato", "greenland-robins"] = "sato",
) -> CommonEffect:
    """Common difference p1 - p2 with Mantel-Haenszel weights w = n1 n2 / N.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level.
        variance: "sato" holds for many small strata too (SAS COMMONRISKDIFF(CL=MH)); "greenland-robins" is
            sum w² [p1(1-p1)/n1 + p2(1-p2)/n2] / (sum w)² (the "CMH-weighted" difference of R tern).

    Returns:
        sum w (p1 - p2) / sum w with its Wald interval.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 options, STA-503 not one value a stratum.

    Source: Greenland and Robins, Biometrics 1985;41:55-68; Sato, Biometrics 1989;45:1323-1324.

    Example:
        >>> mantel_haenszel_difference([8, 5], [20, 9], [4, 3], [19, 12]).estimate
        0.22957...
    """
    tables = _one_trial(x1, n1, x2, n2)
    d, se = (float(v[0]) for v in _difference(tables, variance))
    half = critical_value(alpha) * se
    return CommonEffect(f"Mantel-Haenszel difference ({variance})", d, se, d - half, d + half, alpha, _left_out(tables))


def mantel_haenszel_ratio_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Mantel-Haenszel limits of p1 / p2 for counts of shape (trials, strata); see `mantel_haenszel_ratio`."""
    r, se = _ratio(check_tables(x1, n1, x2, n2, strata=True))
    return _log_limits(r, se, alpha)


def mantel_haenszel_ratio(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> CommonEffect:
    """Common ratio p1 / p2 by Mantel-Haenszel sums with the variance of Greenland and Robins.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level.

    Returns:
        sum(x1 n2/N) / sum(x2 n1/N); `se` is that of its log. Without events in an arm the limits are NaN (STA-510).

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alpha, STA-503 not one value a stratum.

    Formula: var(log) = sum((n1 n2 m - x1 x2 N)/N²) / (sum(x1 n2/N) sum(x2 n1/N)), m = x1 + x2.

    Source: Greenland and Robins, Biometrics 1985;41:55-68, equation 13.

    Example:
        >>> mantel_haenszel_ratio([8, 5], [20, 9], [4, 3], [19, 12]).estimate
        2.02414...
    """
    tables = _one_trial(x1, n1, x2, n2)
    return _common("Mantel-Haenszel ratio", tables, _ratio(tables), alpha)


def mantel_haenszel_odds_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Mantel-Haenszel limits of the odds ratio for counts of shape (trials, strata); see `mantel_haenszel_odds`."""
    o, se = _odds(check_tables(x1, n1, x2, n2, strata=True))
    return _log_limits(o, se, alpha)


def mantel_haenszel_odds(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> CommonEffect:
    """Common odds ratio by Mantel-Haenszel sums with the variance of Robins, Breslow and Greenland.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level.

    Returns:
        sum(ad/N) / sum(bc/N); `se` is that of its log. With a sum of 0 the limits are NaN (STA-510).

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alpha, STA-503 not one value a stratum.

    Source: Mantel and Haenszel, JNCI 1959;22:719-748; Robins, Breslow and Greenland, Biometrics 1986;42:311-323.

    Example:
        >>> mantel_haenszel_odds([8, 5], [20, 9], [4, 3], [19, 12]).estimate
        2.89634...
    """
    tables = _one_trial(x1, n1, x2, n2)
    return _common("Mantel-Haenszel odds ratio", tables, _odds(tables), alpha)


def breslow_day(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, tarone: bool = True) -> Homogeneity:
    """Breslow and Day's test that the odds ratio is the same in all strata.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum.
        tarone: subtract Tarone's correction, without which the statistic isn't a chi-square for small strata.

    Returns:
        Chi-square with one degree of freedom less than informative strata (those whose four margins are not 0).

    Raises:
        StatsError: STA-501 impossible counts, STA-503 not one value a stratum; STA-505 if fewer than 2 strata inform.

    Formula: sum (x1 - a)²/V(a), a the cell with the Mantel-Haenszel odds ratio and the stratum's margins and
    1/V = 1/a + 1/(n1-a) + 1/(m-a) + 1/(n2-m+a); Tarone: minus (sum (x1 - a))² / sum V.

    Source: Breslow and Day, Statistical Methods in Cancer Research I, 1980, eq. 4.30; Tarone, Biometrika 1985;72:91-95.

    Example:
        >>> breslow_day([8, 5, 6], [20, 9, 14], [4, 3, 5], [19, 12, 16]).df
        2
    """
    tables = _one_trial(x1, n1, x2, n2)
    rows, expected, spread = _expected_cells(tables[0], float(_odds(tables)[0][0]))
    gap = rows[:, 0] - expected
    statistic = float((gap**2 / spread).sum())
    if tarone:
        statistic -= float(gap.sum() ** 2 / spread.sum())
    df, left = len(rows) - 1, tables.shape[1] - len(rows)
    notes = (Note("STA-511", f"{left} strata with a margin of 0 are left out"),) if left else ()
    method = "Breslow-Day-Tarone" if tarone else "Breslow-Day"
    return Homogeneity(method, statistic, df, float(chi2.sf(statistic, df)), notes)


def _expected_cells(table: Floats, odds: float) -> tuple[Floats, Floats, Floats]:
    """The strata that inform, their x1 expected under the common odds ratio and its variance."""
    margins = np.stack([table[:, 1], table[:, 3], table[:, 0] + table[:, 2]], axis=1)
    used = (margins > 0).all(axis=1) & (margins[:, 2] < margins[:, 0] + margins[:, 1])
    rows = table[used]
    if len(rows) < 2 or not 0 < odds < np.inf:
        raise StatsError(
            "STA-505",
            f"{len(rows)} informative strata and a common odds ratio of {odds:g}",
            "2 strata with all margins above 0 and a finite odds ratio",
            "There is nothing to compare; report the strata.",
        )
    a = np.array([odds_mle(r[0], r[1], r[2], r[3], odds / (1 + odds)) for r in rows])
    n1, n2, m = margins[used].T
    return rows, a, 1 / (1 / a + 1 / (n1 - a) + 1 / (m - a) + 1 / (n2 - m + a))


def _one_trial(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike) -> Floats:
    tables = check_tables(x1, n1, x2, n2, strata=True)
    if tables.shape[0] != 1:
        raise StatsError("STA-503", f"{tables.shape[0]} trials", "one trial", "For many trials use the _batch form.")
    return tables


def _cells(tables: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    x1, n1, x2, n2 = np.moveaxis(tables, -1, 0)
    usable = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = (np.where(usable, v, 0.0) for v in (x1, n1, x2, n2))
    return x1, n1, x2, n2, np.where(usable, n1 + n2, 1.0)


def _difference(tables: Floats, variance: str) -> tuple[Floats, Floats]:
    x1, n1, x2, n2, size = _cells(tables)
    total = (n1 * n2 / size).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        d = ((x1 * n2 - x2 * n1) / size).sum(axis=-1) / total
        if variance == "sato":
            p = (n1**2 * x2 - n2**2 * x1 + n1 * n2 * (n2 - n1) / 2) / size**2
            q = (x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * size)
            spread = (d * p.sum(axis=-1) + q.sum(axis=-1)) / total**2
        elif variance == "greenland-robins":
            one = np.where(n1 > 0, x1 * (n1 - x1) * n2**2 / np.maximum(n1, 1), 0.0)
            two = np.where(n2 > 0, x2 * (n2 - x2) * n1**2 / np.maximum(n2, 1), 0.0)
            spread = ((one + two) / size**2).sum(axis=-1) / total**2
        else:
            raise StatsError(
                "STA-502", f"variance={variance!r}", '"sato" or "greenland-robins"', "Name one of the two."
            )
    return d, np.sqrt(np.maximum(spread, 0.0))


def _ratio(tables: Floats) -> tuple[Floats, Floats]:
    x1, n1, x2, n2, size = _cells(tables)
    top, bottom = (x1 * n2 / size).sum(axis=-1), (x2 * n1 / size).sum(axis=-1)
    spread = ((n1 * n2 * (x1 + x2) - x1 * x2 * size) / size**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return top / bottom, np.sqrt(spread / (top * bottom))


def _odds(tables: Floats) -> tuple[Floats, Floats]:
    x1, n1, x2, n2, size = _cells(tables)
    p, q = (x1 + n2 - x2) / size, (n1 - x1 + x2) / size
    r, s = x1 * (n2 - x2) / size, (n1 - x1) * x2 / size
    top, bottom = r.sum(axis=-1), s.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (p * r).sum(axis=-1) / (2 * top**2) + (q * s).sum(axis=-1) / (2 * bottom**2)
        spread = spread + (p * s + q * r).sum(axis=-1) / (2 * top * bottom)
        return top / bottom, np.sqrt(spread)


def _log_limits(estimate: Floats, se: Floats, alpha: float) -> Limits:
    lost = ~np.isfinite(se)
    with np.errstate(invalid="ignore", over="ignore"):
        factor = np.exp(critical_value(alpha) * se)
        lower, upper = estimate / factor, estimate * factor
    return Limits(estimate, np.where(lost, np.nan, lower), np.where(lost, np.nan, upper))


def _common(method: str, tables: Floats, found: tuple[Floats, Floats], alpha: float) -> CommonEffect:
    limits = _log_limits(*found, alpha)
    notes = _left_out(tables)
    if not np.isfinite(found[1][0]):
        notes = (*notes, Note("STA-510", "zero cells: no finite estimate or standard error; use a score interval"))
    estimate, lower, upper = (float(v[0]) for v in limits)
    return CommonEffect(method, estimate, float(found[1][0]), lower, upper, alpha, notes)


def _left_out(tables: Floats) -> tuple[Note, ...]:
    empty = int(((tables[0, :, 1] == 0) | (tables[0, :, 3] == 0)).sum())
    return (Note("STA-511", f"{empty} strata without persons in one arm are left out"),) if empty else ()
