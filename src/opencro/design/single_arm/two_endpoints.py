"""Two-stage trials of one arm that watch response and toxicity: Bryant and Day's design."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import binom

from opencro.design.errors import DesignError
from opencro.stats import Result


@dataclass(frozen=True)
class BryantDay(Result):
    """Go on after n1 with more than `r1` responses and at least `c1` without toxicity, likewise succeed after n.

    Errors: `alpha_response` where toxicity is acceptable and response is not, `alpha_toxicity` the other way round;
    `power` where both are good; `expected_n` where both are bad.
    """

    title: ClassVar[str] = "Two-stage design, response and toxicity (Bryant and Day)"

    n1: int
    r1: int
    c1: int
    n: int
    r: int
    c: int
    alpha_response: float
    alpha_toxicity: float
    power: float
    expected_n: float


def _passes(n1: int, limit1: int, n: int, limit: int, p: float) -> tuple[float, float]:
    """P(more than limit1 of n1), P(that, and more than limit of n)."""
    x = np.arange(limit1 + 1, n1 + 1)
    first = binom.pmf(x, n1, p)
    return float(first.sum()), float((first * binom.sf(limit - x, n - n1, p)).sum())


def bryant_day(
    response: tuple[float, float], safe: tuple[float, float], *, alpha_response: float = 0.1,
    alpha_toxicity: float = 0.1, beta: float = 0.1, n_max: int = 60,
) -> BryantDay:  # fmt: skip
    """The Bryant-Day design with the smallest expected size where both endpoints are bad, endpoints independent.

    `response`, `safe`: (unacceptable, acceptable) probabilities of a response and of no toxicity; beta: of rejecting a
    treatment that is acceptable in both. Raises DES-302, DES-303. Source: Bryant J, Day R. Biometrics 1995;
    51:1372-1383.
    """
    if not all(0 < low < high < 1 for low, high in (response, safe)):
        raise DesignError("DES-302", f"{response}, {safe}", "unacceptable < acceptable, in 0 to 1", "Order the rates.")
    best: BryantDay | None = None
    for n in range(4, n_max + 1):
        if best is not None and n > best.expected_n * 3:
            break
        for n1 in range(2, n - 1):
            if best is not None and n1 >= best.expected_n:
                break
            best = _better(best, n1, n, response, safe, (alpha_response, alpha_toxicity, beta))
    if best is None:
        raise DesignError("DES-303", f"at most {n_max} participants", "a larger trial", "Raise n_max or the errors.")
    return best


def _candidates(n1: int, n: int, rates: tuple[float, float], alpha: float, beta: float) -> list[tuple[float, ...]]:
    """(limit1, limit, P(on | bad), level, power) of one endpoint that could be part of a design."""
    kept: list[tuple[float, ...]] = []
    for limit1 in range(n1):
        for limit in range(limit1, n):
            on, level = _passes(n1, limit1, n, limit, rates[0])
            if level > alpha:
                continue
            power = _passes(n1, limit1, n, limit, rates[1])[1]
            if power < 1 - beta:
                break
            kept.append((limit1, limit, on, level, power))
            break  # a higher limit only loses power
    return kept


def _better(
    best: BryantDay | None, n1: int, n: int, response: tuple[float, float], safe: tuple[float, float],
    errors: tuple[float, float, float],
) -> BryantDay | None:  # fmt: skip
    first = _candidates(n1, n, response, errors[0], errors[2])
    second = _candidates(n1, n, safe, errors[1], errors[2]) if first else []
    for a, b in itertools.product(first, second):
        power, expected = a[4] * b[4], n1 + a[2] * b[2] * (n - n1)
        if power >= 1 - errors[2] and (best is None or expected < best.expected_n - 1e-12):
            best = BryantDay(n1, int(a[0]), int(b[0]) + 1, n, int(a[1]), int(b[1]) + 1, a[3] * b[4], b[3] * a[4], power,
                             expected)  # fmt: skip
    return best
