"""Decisions by posterior probability, how often they are right, and how likely they are before the data are in.

For binomial outcomes every possible result of a trial is enumerated, so that all probabilities here are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.bayes.comparisons import probability_greater, probability_greater_batch
from opencro.stats.bayes.conjugate import predict_binomial, update_binomial
from opencro.stats.bayes.mixtures import BetaMixture, Floats, Mixture
from opencro.stats.result import Result, StatsError


@dataclass(frozen=True)
class Criterion:
    """One condition of success: P(theta > margin) > probability, or of a difference of two parameters.

    `above` False turns it round: P(theta <= margin) > probability.
    """

    probability: float
    margin: float = 0.0
    above: bool = True

    def __post_init__(self) -> None:
        """A probability inside 0 to 1."""
        if not 0 < self.probability < 1:
            raise StatsError("STA-807", f"a probability of {self.probability}", "between 0 and 1", "Give e.g. 0.95.")

    def holds(self, chance_above: float) -> bool:
        """Whether P(theta > margin) = `chance_above` meets the condition."""
        return (chance_above if self.above else 1 - chance_above) > self.probability


@dataclass(frozen=True)
class DecisionTable(Result):
    """The decision for every result of a trial: `success` (n1 + 1,) for one arm, (n1 + 1, n2 + 1) for two.

    Its table gives, per number of events in the first arm, the numbers in the second arm that make a success.
    """

    title: ClassVar[str] = "Decisions by outcome"

    n1: int
    n2: int
    success: NDArray[np.bool_]

    def columns(self) -> Mapping[str, Any]:
        """Events in arm 1 and whether, or for which events in arm 2, the trial succeeds."""
        events = np.arange(self.n1 + 1)
        if self.success.ndim == 1:
            return {"events_1": events, "success": [bool(s) for s in self.success]}
        kept = self.success.any(1)
        shown = [_span(row) for row in self.success[kept]]
        return {"events_1": events[kept], "events_2_for_success": shown}


def decide(first: Mixture, criteria: Criterion | list[Criterion], second: Mixture | None = None) -> bool:
    """Whether posteriors meet all criteria: of one parameter, or of the difference first - second.

    `first`, `second`: posteriors of one kind; two criteria make a dual-criterion rule. Source: Roychoudhury, Scheuer
    and Neuenschwander 2018, Clinical Trials 15:452-461. R RBesT decision1S, decision2S.
    Example: `decide(drug, Criterion(0.95), placebo)`.
    """
    rules = [criteria] if isinstance(criteria, Criterion) else criteria
    chances = [
        float(first.sf(rule.margin)) if second is None else probability_greater(first, second, margin=rule.margin)
        for rule in rules
    ]
    return all(rule.holds(chance) for rule, chance in zip(rules, chances, strict=True))


def decision_table_one_arm(prior: BetaMixture, n: int, criteria: Criterion | list[Criterion]) -> DecisionTable:
    """The decision after 0, 1, ..., n events in a single arm.

    `prior`: of the probability; `n`: participants; `criteria`: on the probability itself.
    Source: Roychoudhury et al. 2018, Clinical Trials 15:452-461. Example: `decision_table_one_arm(prior, 40,
    Criterion(0.9, 0.6))`.
    """
    success = [decide(update_binomial(prior, x, n), criteria) for x in range(n + 1)]
    return DecisionTable(n, 0, np.array(success))


def decision_table_two_arms(
    prior1: BetaMixture, n1: int, prior2: BetaMixture, n2: int, criteria: Criterion | list[Criterion]
) -> DecisionTable:
    """The decision for every pair of event counts in two arms, on the difference arm 1 - arm 2.

    `prior1`, `prior2`: of the probabilities; `n1`, `n2`: participants. Source: Schmidli et al. 2014, Biometrics
    70:1023-1032, section 5. R RBesT decision2S_boundary.
    Example: `decision_table_two_arms(BetaMixture(1, 0.5, 1), 24, map_prior, 6, Criterion(0.95))`.
    """
    first = [update_binomial(prior1, x, n1) for x in range(n1 + 1)]
    second = [update_binomial(prior2, x, n2) for x in range(n2 + 1)]
    success = np.ones((n1 + 1, n2 + 1), dtype=np.bool_)
    for rule in [criteria] if isinstance(criteria, Criterion) else criteria:
        chance = probability_greater_batch(first, second, margin=rule.margin)
        success &= (chance if rule.above else 1 - chance) > rule.probability
    return DecisionTable(n1, n2, success)


def success_probability(table: DecisionTable, p1: ArrayLike, p2: ArrayLike | None = None) -> Floats:
    """Probability that the trial succeeds if the true probabilities are p1 (and p2): type I error and power, exact.

    `table`: of decisions; `p1`, `p2`: numbers or arrays of one shape. R RBesT oc1S, oc2S. Raises STA-807 where p2 is
    missing. Source: Schmidli et al. 2014, Biometrics 70:1023-1032, section 5. Example: `success_probability(table,
    0.6, 0.25)`.
    """
    first = np.asarray(p1, dtype=np.float64)
    chance1 = stats.binom.pmf(np.arange(table.n1 + 1), table.n1, first[..., None])
    if table.success.ndim == 1:
        return np.asarray(chance1 @ table.success)
    if p2 is None:
        raise StatsError("STA-807", "no p2", "the probability of the second arm", "Give p2.")
    second = np.asarray(p2, dtype=np.float64)
    chance2 = stats.binom.pmf(np.arange(table.n2 + 1), table.n2, second[..., None])
    return np.asarray(np.einsum("...i,ij,...j->...", chance1, table.success.astype(np.float64), chance2))


def assurance(table: DecisionTable, belief1: BetaMixture, belief2: BetaMixture | None = None) -> float:
    """Probability of success averaged over what is believed of the probabilities before the trial.

    `belief1`, `belief2`: design priors or posteriors so far; need not be the analysis priors.
    Source: O'Hagan, Stevens and Campbell 2005, Pharmaceutical Statistics 4:187-201. R RBesT pos1S, pos2S.
    Example: `assurance(table, BetaMixture(1, 12, 8), BetaMixture(1, 11, 32))`.
    """
    chance1 = predict_binomial(belief1, table.n1)
    if table.success.ndim == 1:
        return float(chance1 @ table.success)
    if belief2 is None:
        raise StatsError("STA-807", "no belief of the second arm", "a beta mixture", "Give belief2.")
    return float(chance1 @ table.success @ predict_binomial(belief2, table.n2))


def predictive_probability(
    table: DecisionTable, belief1: BetaMixture, seen1: tuple[int, int], belief2: BetaMixture | None = None,
    seen2: tuple[int, int] = (0, 0),
) -> float:  # fmt: skip
    """Probability, at an interim look, that the trial will succeed at its end.

    `table`: decisions at the full size; `belief1`, `belief2`: priors for prediction; `seen1`, `seen2`: (events, n) so
    far. What is to come is beta-binomial given what was seen. Raises STA-802, STA-807.
    Source: Lee and Liu 2008, Clinical Trials 5:93-106. Example: `predictive_probability(table, prior, (16, 23))`.
    """
    chance1 = _to_come(belief1, seen1, table.n1)
    if table.success.ndim == 1:
        return float(chance1 @ table.success)
    if belief2 is None:
        raise StatsError("STA-807", "no belief of the second arm", "a beta mixture", "Give belief2.")
    return float(chance1 @ table.success @ _to_come(belief2, seen2, table.n2))


def _to_come(belief: BetaMixture, seen: tuple[int, int], size: int) -> Floats:
    """Probabilities of the final number of events, 0 to `size`."""
    events, n = seen
    if n > size:
        raise StatsError("STA-807", f"{n} seen of {size}", "at most the final size", "Check the interim data.")
    final = np.zeros(size + 1)
    final[events : events + size - n + 1] = predict_binomial(update_binomial(belief, events, n), size - n)
    return final


def _span(row: NDArray[np.bool_]) -> str:
    """The events of arm 2 that make a success, as runs: "0-3", "0-1, 5"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    runs = [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)
