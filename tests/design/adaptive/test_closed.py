"""Closed tests of arms and populations: family-wise error by simulation, agreement with simple cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import adaptive as ad
from opencro.design import sequential as gs

DESIGN = gs.group_sequential(2)
NAN = math.nan


def _arms(rng: np.random.Generator, effects: list[float], n: int = 20) -> ad.ArmMeans:
    """Two stages; the worse of two arms is dropped at the look, so that the selection depends on the data."""
    first = rng.normal([*effects, 0.0], 1 / math.sqrt(n))
    second = rng.normal([*effects, 0.0], 1 / math.sqrt(n))
    sizes = [float(n)] * 3
    worse = int(np.argmin(first[:2]))
    kept = [NAN if j == worse else float(n) for j in range(2)] + [float(n)]
    mean = [NAN if math.isnan(k) else float(v) for k, v in zip(kept, second, strict=True)]
    one = [1.0] * 3
    return ad.ArmMeans([sizes, kept], [first.tolist(), mean], [one, one], known_variance=True)


def _hits(effects: list[float], count: int = 1500) -> np.ndarray:
    rng = np.random.default_rng(11)
    found = []
    for _ in range(count):
        family = _arms(rng, effects)
        sets = ad.intersections_of(2)
        p = [[ad.adjust("parametric", family, stage, s) for s in sets] for stage in range(2)]
        hit = np.zeros(3, bool)
        for i in range(3):
            column = [row[i] for row in p if not math.isnan(row[i])]
            z = ad.combine(DESIGN, column)
            hit[i] = any(ad.rejects(DESIGN, k + 1, float(v)) for k, v in enumerate(z))
        found.append([hit[0] and hit[1], hit[0] and hit[2]])
    return np.array(found)


@pytest.mark.parametrize("effects", [[0.0, 0.0], [-0.5, 0.0], [1.0, 0.0]])
def test_selection_of_the_better_arm_does_not_raise_the_family_wise_error(effects: list[float]) -> None:
    true_nulls = [j for j, e in enumerate(effects) if e <= 0]
    rate = _hits(effects)[:, true_nulls].any(axis=1).mean()
    assert rate <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 1500)


def test_one_arm_is_the_simple_combination_test() -> None:
    family = ad.ArmMeans([[20, 20], [22, 18]], [[1.0, 0.4], [0.9, 0.3]], [[1.1, 1.0], [0.9, 1.0]])
    simple = ad.MeanStages([20, 22], [20, 18], [1.0, 0.9], [0.4, 0.3], [1.1, 0.9], [1.0, 1.0])
    closed, plain = ad.closed_combination_test(DESIGN, family), ad.analyse_stages(DESIGN, simple)
    assert closed.repeated_p[:, 0] == pytest.approx(plain.repeated_p)
    assert closed.lower[:, 0] == pytest.approx(plain.lower, abs=1e-6)
    assert "arm 1" in str(closed)


@pytest.mark.parametrize("kind", ["parametric", "bonferroni", "sidak", "simes"])
def test_a_hypothesis_is_rejected_where_its_p_is_small_enough(kind: str) -> None:
    family = ad.ArmMeans([[30] * 3] * 2, [[1.0, 0.3, 0.0], [1.1, 0.2, 0.0]], [[1.0] * 3] * 2)
    found = ad.closed_combination_test(DESIGN, family, intersection=kind)  # type: ignore[arg-type]
    assert (found.rejected == (found.repeated_p <= 0.025 + 1e-12)).all()
    assert found.rejected[1, 0]
    assert not found.rejected[1, 1]


def test_the_conditional_dunnett_test_without_dropping_is_dunnetts_test() -> None:
    n, first, second = 30.0, [0.5, 0.3, 0.0], [0.6, 0.1, 0.0]
    family = ad.ArmMeans([[n] * 3] * 2, [first, second], [[1.0] * 3] * 2)
    found = ad.conditional_dunnett(family, information=0.5)
    from opencro.stats import multiplicity as mult

    z = (np.array(first[:2]) + np.array(second[:2])) / 2 / math.sqrt(2 / (2 * n))
    adjusted = 1 - mult.compute_dunnett_probability(float(z[0]), [n, n], n, np.inf, alternative="greater")
    assert found.p_value[0] == pytest.approx(adjusted, abs=1e-6)


def test_impossible_tables_are_refused() -> None:
    with pytest.raises(DesignError, match="DES-409"):
        ad.ArmMeans([[10, NAN]], [[1, 1]], [[1, 1]])
    with pytest.raises(DesignError, match="DES-409"):
        ad.conditional_dunnett(ad.ArmMeans([[10, 10]], [[1, 1]], [[1, 1]]), information=0.5)
    with pytest.raises(DesignError, match="DES-407"):
        ad.NestedPopulations(ad.LogRankStages([1], [1]), ad.LogRankStages([1], [1]), 1, 1, [0.0])
