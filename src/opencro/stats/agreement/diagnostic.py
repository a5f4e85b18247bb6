"""Accuracy of a diagnostic test from its 2 x 2 table, and predictive values at another prevalence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.stats import norm

from opencro.stats import binary
from opencro.stats.agreement.pairs import Floats, check_alpha, check_choice
from opencro.stats.result import Note, Result, StatsError

_INTERVALS = {
    "wilson": binary.wilson_batch,
    "exact": binary.clopper_pearson_batch,
    "jeffreys": binary.jeffreys_batch,
    "blaker": binary.blaker_batch,
}


@dataclass(frozen=True)
class Accuracy(Result):
    """Measures of accuracy, one a row."""

    title: ClassVar[str] = "Diagnostic accuracy"
    measure: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    alpha: float
    notes: tuple[Note, ...] = ()


def diagnostic_accuracy(
    tp: int, fp: int, fn: int, tn: int, *,
    alpha: float = 0.05,
    interval: Literal["wilson", "exact", "jeffreys", "blaker"] = "wilson",
) -> Accuracy:  # fmt: skip
    """Sensitivity, specificity, predictive values, likelihood ratios and the rest of a diagnostic 2 x 2 table.

    Args:
        tp, fp, fn, tn: true and false positives, false and true negatives.
        alpha: 1 minus the confidence level.
        interval: of the proportions: Wilson (CLSI EP12), Clopper-Pearson, Jeffreys or Blaker.

    Returns:
        Prevalence, rate of positives, sensitivity, specificity, predictive values, accuracy, likelihood ratios (Katz's
        log interval), diagnostic odds ratio (Woolf) and Youden's index. Against a comparator without gold standard the
        same numbers are the positive, negative and overall percent agreement. Zero cells: note STA-764.

    Raises:
        StatsError: STA-760 for impossible counts or a table without persons with or without the condition.

    Formula: Youden's index lies between the sums of the limits of sensitivity and specificity, less 1 (R epiR).

    Source: Simel, Samsa and Matchar, J Clin Epidemiol 1991;44:763-770; CLSI EP12. R `epiR::epi.tests`.

    Example:
        >>> diagnostic_accuracy(670, 202, 74, 640).estimate[2].round(4).item()
        0.9005
    """
    check_alpha(alpha)
    check_choice("interval", interval, tuple(_INTERVALS))
    _check_cells(tp, fp, fn, tn)
    rows = np.vstack([_proportions(tp, fp, fn, tn, interval, alpha), _ratios(tp, fp, fn, tn, alpha)])
    rows = np.vstack([rows, rows[2] + rows[3] - 1])
    notes = (Note("STA-764", "zero cells: some ratios or limits are undefined"),) if min(tp, fp, fn, tn) == 0 else ()
    return Accuracy(_MEASURES, rows[:, 0], rows[:, 1], rows[:, 2], alpha, notes)


_MEASURES = (
    "prevalence",
    "positive rate",
    "sensitivity",
    "specificity",
    "positive predictive value",
    "negative predictive value",
    "accuracy",
    "positive likelihood ratio",
    "negative likelihood ratio",
    "diagnostic odds ratio",
    "Youden's index",
)


def predictive_values(tp: int, fp: int, fn: int, tn: int, prevalence: float, *, alpha: float = 0.05) -> Accuracy:
    """Predictive values at a given prevalence, for tables that were sampled by the condition.

    Args:
        tp, fp, fn, tn: true and false positives, false and true negatives.
        prevalence: in the population of interest, between 0 and 1.
        alpha: 1 minus the confidence level.

    Returns:
        Positive and negative predictive value with logit intervals; with a zero cell 1/2 is added to all (STA-764).

    Raises:
        StatsError: STA-760 for impossible counts, STA-761 for another prevalence.

    Formula: PPV = se p / (se p + (1-sp)(1-p)); var(logit) = (1-se)/(se n1) + sp/((1-sp) n0), NPV alike.

    Source: Mercaldo, Lau and Zhou, Statistics in Medicine 2007;26:2170-2183.

    Example:
        >>> predictive_values(670, 202, 74, 640, 0.1).estimate.round(4).tolist()
        [0.2943, 0.9857]
    """
    z = float(norm.isf(check_alpha(alpha) / 2))
    _check_cells(tp, fp, fn, tn)
    if not 0 < prevalence < 1:
        raise StatsError("STA-761", f"prevalence={prevalence}", "0 < prevalence < 1", "Give a proportion.")
    add = 0.5 if min(tp, fp, fn, tn) == 0 else 0.0
    a, b, c, d = (v + add for v in (tp, fp, fn, tn))
    odds = prevalence / (1 - prevalence)
    se, sp = a / (a + c), d / (b + d)
    logits = np.log([odds * se / (1 - sp), sp / ((1 - se) * odds)])
    spreads = np.array([(1 - se) / a + sp / b, se / c + (1 - sp) / d])
    half = z * np.sqrt(spreads)
    estimate, lower, upper = (1 / (1 + np.exp(-(logits + side * half))) for side in (0, -1, 1))
    notes = (Note("STA-764", "zero cells: 1/2 is added to each"),) if add else ()
    return Accuracy(_MEASURES[4:6], estimate, lower, upper, alpha, notes)


def _proportions(tp: int, fp: int, fn: int, tn: int, interval: str, alpha: float) -> Floats:
    """Rows of estimate and limits of the first seven measures; NaN where there are no persons."""
    size, ill, well = tp + fp + fn + tn, tp + fn, fp + tn
    events = np.array([ill, tp + fp, tp, tn, tp, tn, tp + tn], dtype=np.float64)
    totals = np.array([size, size, ill, well, tp + fp, fn + tn, size], dtype=np.float64)
    known = totals > 0
    rows = np.full((len(totals), 3), np.nan)
    rows[known] = np.stack(_INTERVALS[interval](events[known], totals[known], alpha=alpha), axis=1)
    return rows


def _ratios(tp: int, fp: int, fn: int, tn: int, alpha: float) -> Floats:
    """Rows of estimate and limits of the likelihood ratios and the odds ratio."""
    ill, well = tp + fn, fp + tn
    found = (
        binary.katz_batch(tp, ill, fp, well, alpha=alpha),
        binary.katz_batch(fn, ill, tn, well, alpha=alpha),
        binary.woolf_batch(tp, ill, fp, well, alpha=alpha),
    )
    return np.array([[float(v) for v in limits] for limits in found])


def _check_cells(tp: int, fp: int, fn: int, tn: int) -> None:
    cells = np.array([tp, fp, fn, tn], dtype=np.float64)
    whole = bool(((cells >= 0) & (cells == np.floor(cells))).all())
    if not whole or tp + fn == 0 or fp + tn == 0:
        raise StatsError(
            "STA-760",
            f"cells {cells.tolist()}",
            "counts, with persons with and without the condition",
            "Sensitivity needs the former, specificity the latter.",
        )
