"""Score intervals for two proportions: difference, ratio and odds ratio, each with and without N/(N-1)."""

from __future__ import annotations

from numpy.typing import ArrayLike

from opencro.stats.binary.interval import Alternative, Limits, ScoreInterval
from opencro.stats.binary.score_core import DIFFERENCE, ODDS, RATIO
from opencro.stats.binary.score_engine import score_batch, score_interval


def miettinen_nurminen_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Limits of p1 - p2 for arrays of tables; see `miettinen_nurminen`."""
    return score_batch(DIFFERENCE, (x1, n1, x2, n2), alpha=alpha, corrected=True)


def miettinen_nurminen(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Miettinen and Nurminen's score interval for the difference p1 - p2, with the test of p1 - p2 = null.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the difference of the hypothesis, e.g. minus the margin of a non-inferiority trial.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: z(d) = (x1/n1 - x2/n2 - d) / sqrt([p1(1-p1)/n1 + p2(1-p2)/n2] N/(N-1)), p1 and p2 the most likely rates
    with p1 - p2 = d (closed root of a cubic). The limits solve z(d) = +-z. Without N/(N-1): `farrington_manning`.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, equations 8-9, appendix I.

    Example:
        >>> miettinen_nurminen(56, 70, 48, 80).upper
        0.33817...
    """
    counts = (x1, n1, x2, n2)
    return score_interval(
        "Miettinen-Nurminen", DIFFERENCE, counts, alpha=alpha, corrected=True, null=null, alternative=alternative
    )


def farrington_manning_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Limits of p1 - p2 for arrays of tables; see `farrington_manning`."""
    return score_batch(DIFFERENCE, (x1, n1, x2, n2), alpha=alpha, corrected=False)


def farrington_manning(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Mee's score interval for p1 - p2 and the test of Farrington and Manning, which is its dual.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the difference of the hypothesis, e.g. minus the margin of a non-inferiority trial.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: as `miettinen_nurminen` without the factor N/(N-1) of the variance. SAS `RISKDIFF(METHOD=FM)` tests so;
    SAS `CL=MN(CORRECT=NO)` and `RISKDIFFCL=SCORE` give this interval.

    Source: Mee, Biometrics 1984;40:1175-1176; Farrington and Manning, Statistics in Medicine 1990;9:1447-1454.

    Example:
        >>> farrington_manning(9, 10, 3, 10).lower
        0.18212...
    """
    counts = (x1, n1, x2, n2)
    return score_interval(
        "Farrington-Manning (Mee)", DIFFERENCE, counts, alpha=alpha, corrected=False, null=null, alternative=alternative
    )


def miettinen_nurminen_ratio_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Limits of p1 / p2 for arrays of tables; see `miettinen_nurminen_ratio`."""
    return score_batch(RATIO, (x1, n1, x2, n2), alpha=alpha, corrected=True)


def miettinen_nurminen_ratio(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Miettinen and Nurminen's score interval for the ratio p1 / p2, with the test of p1 / p2 = null.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the ratio of the hypothesis, above 0.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: z(r) = (x1/n1 - r x2/n2) / sqrt([p1(1-p1)/n1 + r² p2(1-p2)/n2] N/(N-1)), p1 and p2 the most likely rates
    with p1 = r p2 (closed root of a quadratic). Without N/(N-1): `koopman`.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, equations 10-11.

    Example:
        >>> miettinen_nurminen_ratio(36, 154, 12, 77).lower
        0.84824...
    """
    counts = (x1, n1, x2, n2)
    return score_interval(
        "Miettinen-Nurminen ratio", RATIO, counts, alpha=alpha, corrected=True, null=null, alternative=alternative
    )


def koopman_batch(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Limits of p1 / p2 for arrays of tables; see `koopman`."""
    return score_batch(RATIO, (x1, n1, x2, n2), alpha=alpha, corrected=False)


def koopman(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Koopman's score interval for the ratio p1 / p2, with the test of p1 / p2 = null.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the ratio of the hypothesis, above 0.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: as `miettinen_nurminen_ratio` without the factor N/(N-1): Pearson's chi-square with one degree inverted.

    Source: Koopman, Biometrics 1984;40:513-517.

    Example:
        >>> koopman(36, 154, 12, 77).lower
        0.84923...
    """
    counts = (x1, n1, x2, n2)
    return score_interval("Koopman", RATIO, counts, alpha=alpha, corrected=False, null=null, alternative=alternative)


def miettinen_nurminen_odds_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Limits of the odds ratio for arrays of tables; see `miettinen_nurminen_odds`."""
    return score_batch(ODDS, (x1, n1, x2, n2), alpha=alpha, corrected=True)


def miettinen_nurminen_odds(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Miettinen and Nurminen's score interval for the odds ratio, with the test of odds ratio = null.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the odds ratio of the hypothesis, above 0.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: z(o) = (x1 - a) sqrt(1/a + 1/(n1-a) + 1/(m-a) + 1/(n2-m+a)) / sqrt(N/(N-1)), m = x1 + x2 and a the cell
    with odds ratio o and these margins (closed root of a quadratic). Without N/(N-1): `cornfield`.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, equations 12-13.

    Example:
        >>> miettinen_nurminen_odds(9, 10, 3, 10).lower
        2.02158...
    """
    counts = (x1, n1, x2, n2)
    return score_interval(
        "Miettinen-Nurminen odds ratio", ODDS, counts, alpha=alpha, corrected=True, null=null, alternative=alternative
    )


def cornfield_batch(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Limits of the odds ratio for arrays of tables; see `cornfield`."""
    return score_batch(ODDS, (x1, n1, x2, n2), alpha=alpha, corrected=False)


def cornfield(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Cornfield's interval for the odds ratio without continuity correction, with the test of odds ratio = null.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        null: the odds ratio of the hypothesis, above 0.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate, limits, z and p-value; the interval holds exactly the nulls that the two-sided test keeps.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha or null outside their range.

    Formula: as `miettinen_nurminen_odds` without the factor N/(N-1).

    Source: Cornfield, Proc. 3rd Berkeley Symposium 1956;4:135-148; uncorrected: Gart, Review ISI 1971;39:148-169.

    Example:
        >>> cornfield(9, 10, 3, 10).lower > 2
        True
    """
    counts = (x1, n1, x2, n2)
    return score_interval("Cornfield", ODDS, counts, alpha=alpha, corrected=False, null=null, alternative=alternative)
