"""Receiver operating characteristic: the curve, its area after DeLong, comparisons of areas, partial areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from opencro.stats.agreement.pairs import Floats, check_alpha, check_choice
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RocCurve(Result):
    """The curve: who scores above a threshold is called positive. `best` is the row with the largest Youden index."""

    title: ClassVar[str] = "ROC curve"
    aside: ClassVar[frozenset[str]] = frozenset({"best"})
    threshold: Floats
    sensitivity: Floats
    specificity: Floats
    youden: Floats
    best: int

    def plot(self) -> Axes:
        """Sensitivity against 1 - specificity."""
        from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        axes = Figure(figsize=(4.5, 4.5), layout="constrained").subplots()
        axes.plot(1 - self.specificity, self.sensitivity, color="black")
        axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=0.8)
        axes.set_xlabel("1 - specificity")
        axes.set_ylabel("sensitivity")
        return axes


@dataclass(frozen=True)
class Area(Result):
    """An area under the curve with its interval and the test of 1/2."""

    title: ClassVar[str] = "Area under the ROC curve"
    estimate: float
    se: float
    lower: float
    upper: float
    z: float
    p_value: float
    positives: int
    negatives: int
    alpha: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class AreaDifference(Result):
    """The difference of two areas under the curve."""

    title: ClassVar[str] = "Difference of two areas under the curve"
    method: str
    first: float
    second: float
    estimate: float
    se: float
    lower: float
    upper: float
    z: float
    p_value: float
    alpha: float
    notes: tuple[Note, ...] = ()


def roc_curve(scores: ArrayLike, positive: ArrayLike) -> RocCurve:
    """The empirical ROC curve.

    Args:
        scores: finite; a larger score speaks for the condition (turn the sign of a score that speaks against it).
        positive: who has the condition, as booleans or 0/1.

    Returns:
        Thresholds (half-way between neighbouring scores, with -inf and inf), sensitivity, specificity, Youden's index.

    Raises:
        StatsError: STA-760 for scores and labels that don't fit or a missing group.

    Source: Youden, Cancer 1950;3:32-35; R `pROC::roc`.

    Example:
        >>> roc_curve([1, 2, 3, 4], [0, 0, 1, 1]).threshold.tolist()
        [-inf, 1.5, 2.5, 3.5, inf]
    """
    cases, controls = _groups(scores, positive)
    values = np.unique(np.concatenate([cases, controls]))
    cuts = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
    sensitivity = 1 - np.searchsorted(np.sort(cases), cuts, side="right") / cases.size
    specificity = np.searchsorted(np.sort(controls), cuts, side="right") / controls.size
    youden = sensitivity + specificity - 1
    return RocCurve(cuts, sensitivity, specificity, youden, int(np.argmax(youden)))


def area_under_curve(
    scores: ArrayLike, positive: ArrayLike, *, alpha: float = 0.05, interval: Literal["wald", "logit"] = "wald"
) -> Area:
    """The area under the ROC curve with the variance of DeLong, DeLong and Clarke-Pearson.

    Args:
        scores: finite; a larger score speaks for the condition.
        positive: who has the condition, as booleans or 0/1.
        alpha: 1 minus the confidence level.
        interval: "wald" clipped to [0, 1], as SAS and pROC; "logit" on the logit scale.

    Returns:
        Area, standard error, interval, test of 1/2. Perfect separation has standard error 0 (note STA-763).

    Raises:
        StatsError: STA-760 for scores and labels that don't fit, fewer than two persons in a group, STA-761 options.

    Formula: P(case > control) + P(equal)/2; var = S10/m + S01/n, the variances of each person's share of pairs.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837-845; Sun and Xu, IEEE SPL 2014;21:1389-1393.

    Example:
        >>> area_under_curve([1, 2, 3, 4, 5], [0, 0, 1, 0, 1]).estimate
        0.83333...
    """
    check_choice("interval", interval, ("wald", "logit"))
    z = float(norm.isf(check_alpha(alpha) / 2))
    (area,), covariance, (m, n) = _delong([scores], positive)
    se = float(np.sqrt(covariance[0, 0]))
    lower, upper = max(area - z * se, 0.0), min(area + z * se, 1.0)
    if interval == "logit" and 0 < area < 1:
        logit, half = np.log(area / (1 - area)), z * se / (area * (1 - area))
        lower, upper = (float(1 / (1 + np.exp(-(logit + side * half)))) for side in (-1, 1))
    statistic, p, notes = _test(area - 0.5, se)
    return Area(float(area), se, float(lower), float(upper), statistic, p, m, n, alpha, notes)


def compare_areas_paired(
    first: ArrayLike, second: ArrayLike, positive: ArrayLike, *, alpha: float = 0.05
) -> AreaDifference:
    """DeLong's comparison of the areas of two scores of the same persons.

    Args:
        first, second: finite scores of the same persons; larger ones speak for the condition.
        positive: who has the condition, as booleans or 0/1.
        alpha: 1 minus the confidence level.

    Returns:
        Both areas, their difference, its standard error, interval and test; equal scores have z NaN (STA-763).

    Raises:
        StatsError: as `area_under_curve`.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837-845. SAS `LOGISTIC ... ROCCONTRAST`.

    Example:
        >>> compare_areas_paired([1, 2, 3, 4, 5], [2, 1, 5, 3, 4], [0, 0, 1, 0, 1]).estimate
        -0.16666...
    """
    areas, covariance, _ = _delong([first, second], positive)
    spread = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return _difference("DeLong, paired", areas, float(spread), alpha)


def compare_areas(
    first: ArrayLike,
    first_positive: ArrayLike,
    second: ArrayLike,
    second_positive: ArrayLike,
    *,
    alpha: float = 0.05,
) -> AreaDifference:
    """The comparison of the areas of scores of different persons.

    Args:
        first, second: finite scores; larger ones speak for the condition.
        first_positive, second_positive: who has the condition, as booleans or 0/1.
        alpha: 1 minus the confidence level.

    Returns:
        As `compare_areas_paired`, with the normal distribution (pROC takes Welch's degrees of freedom).

    Raises:
        StatsError: as `area_under_curve`.

    Source: Hanley and McNeil, Radiology 1982;143:29-36, with DeLong's variances.

    Example:
        >>> compare_areas([1, 2, 3, 4], [0, 1, 0, 1], [1, 2, 3, 4], [0, 0, 1, 1]).estimate
        -0.25
    """
    one, other = _delong([first], first_positive), _delong([second], second_positive)
    areas = np.concatenate([one[0], other[0]])
    return _difference("DeLong, unpaired", areas, float(one[1][0, 0] + other[1][0, 0]), alpha)


def partial_area(
    scores: ArrayLike,
    positive: ArrayLike,
    *,
    low: float = 0.9,
    high: float = 1.0,
    focus: Literal["specificity", "sensitivity"] = "specificity",
    corrected: bool = False,
) -> float:
    """The area under the part of the ROC curve with specificity (or sensitivity) from `low` to `high`.

    Args:
        scores: finite; a larger score speaks for the condition.
        positive: who has the condition, as booleans or 0/1.
        low, high: the range, 0 <= low < high <= 1.
        focus: what the range is of.
        corrected: McClish's scale, on which 1/2 is no better than chance and 1 is perfect.

    Returns:
        The area, at most high - low, or its corrected form.

    Raises:
        StatsError: STA-760 for scores and labels that don't fit, STA-761 for another range.

    Formula: trapezoids of the curve between the bounds; corrected (1 + (area - min)/(max - min))/2.

    Source: McClish, Medical Decision Making 1989;9:190-195. R `pROC::auc(partial.auc = c(1, 0.9))`.

    Example:
        >>> partial_area([1, 2, 3, 4, 5], [0, 0, 1, 0, 1], low=0.5)
        0.33333...
    """
    check_choice("focus", focus, ("specificity", "sensitivity"))
    if not 0 <= low < high <= 1:
        raise StatsError("STA-761", f"low={low}, high={high}", "0 <= low < high <= 1", "Give a range of rates.")
    area = _trapezoids(roc_curve(scores, positive), focus, low, high)
    chance = ((1 - low) ** 2 - (1 - high) ** 2) / 2
    return float((1 + (area - chance) / (high - low - chance)) / 2 if corrected else area)


def _trapezoids(curve: RocCurve, focus: str, low: float, high: float) -> float:
    """The area under the broken line between two abscissas."""
    along, across = curve.specificity, curve.sensitivity
    if focus == "sensitivity":
        along, across = across[::-1], along[::-1]
    total = 0.0
    for x0, x1, y0, y1 in zip(along[:-1], along[1:], across[:-1], across[1:], strict=True):
        left, right = max(x0, low), min(x1, high)
        if right > left:
            slope = (y1 - y0) / (x1 - x0)
            total += (right - left) * (2 * y0 + slope * (left + right - 2 * x0)) / 2
    return total


def _groups(scores: ArrayLike, positive: ArrayLike, least: int = 1) -> tuple[Floats, Floats]:
    values, labels = np.asarray(scores, dtype=np.float64), _labels(positive)
    if values.ndim != 1 or values.shape != labels.shape or not np.isfinite(values).all():
        got = f"scores of shape {values.shape} and labels of shape {labels.shape}"
        raise StatsError("STA-760", got, "equally many finite scores and labels", "Leave persons without a score out.")
    cases, controls = values[labels], values[~labels]
    if min(cases.size, controls.size) < least:
        got = f"{cases.size} with and {controls.size} without the condition"
        raise StatsError("STA-760", got, f"at least {least} of each", "The curve needs both groups.")
    return cases, controls


def _labels(positive: ArrayLike) -> NDArray[np.bool_]:
    labels = np.asarray(positive)
    if labels.dtype != np.bool_ and not np.isin(labels, (0, 1)).all():
        raise StatsError("STA-760", "labels other than 0 and 1", "booleans or 0/1", 'E.g. outcome == "Poor".')
    return labels.astype(np.bool_)


def _delong(scores: list[ArrayLike], positive: ArrayLike) -> tuple[Floats, Floats, tuple[int, int]]:
    """Areas of several scores of the same persons and their covariance, by midranks."""
    each = [_groups(s, positive, 2) for s in scores]
    m, n = each[0][0].size, each[0][1].size
    shares = []
    for cases, controls in each:
        pooled = rankdata(np.concatenate([cases, controls]))
        shares.append(((pooled[:m] - rankdata(cases)) / n, 1 - (pooled[m:] - rankdata(controls)) / m))
    by_case, by_control = (np.stack(v) for v in zip(*shares, strict=True))
    covariance = np.atleast_2d(np.cov(by_case)) / m + np.atleast_2d(np.cov(by_control)) / n
    return by_case.mean(axis=1), covariance, (m, n)


def _test(gap: float, se: float) -> tuple[float, float, tuple[Note, ...]]:
    if se <= 1e-15:
        return float("nan"), float("nan"), (Note("STA-763", "the standard error is 0: perfectly separated, or equal"),)
    return float(gap / se), float(2 * norm.sf(abs(gap / se))), ()


def _difference(method: str, areas: Floats, spread: float, alpha: float) -> AreaDifference:
    gap, se = float(areas[0] - areas[1]), float(np.sqrt(max(spread, 0.0)))
    half = float(norm.isf(check_alpha(alpha) / 2)) * se
    z, p, notes = _test(gap, se)
    return AreaDifference(method, float(areas[0]), float(areas[1]), gap, se, gap - half, gap + half, z, p, alpha, notes)
