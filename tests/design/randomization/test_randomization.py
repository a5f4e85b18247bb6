"""Randomization: lists that another program makes, properties known in closed form, a test that is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from scipy.stats import kstest

from opencro.design import DesignError
from opencro.design import randomization as rnd


def _numbers(seed: int, stratum: int, number: int, purpose: int = 100) -> Iterator[float]:
    """Another program: the stream of docs/simulation.md in plain Python."""
    block = 0
    while True:
        c, k = [block, purpose, number, stratum], [seed % 2**32, seed >> 32]
        for _ in range(10):
            p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(q >> 32) ^ c[1] ^ k[0], q % 2**32, (p >> 32) ^ c[3] ^ k[1], p % 2**32]
            k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
        yield from ((word + 0.5) / 2**32 for word in c)
        block += 1


def _blocks(ratio: list[int], sizes: list[int], length: int, u: Iterator[float]) -> list[int]:
    """Another program: permuted blocks by the words of their docstring."""
    found: list[int] = []
    while len(found) < length:
        size = sizes[int(next(u) * len(sizes))] if len(sizes) > 1 else sizes[0]
        block = [arm for arm, share in enumerate(ratio) for _ in range(share * size // sum(ratio))]
        for i in range(size - 1, 0, -1):
            j = int(next(u) * (i + 1))
            block[i], block[j] = block[j], block[i]
        found += block
    return found[:length]


def _minimized(levels: list[list[int]], ratio: list[int], bias: float, u: Iterator[float]) -> list[int]:
    """Another program: minimization of ranges by the words of its page."""
    arms, share, found = len(ratio), [r / sum(ratio) for r in ratio], []
    for i, row in enumerate(levels):
        score = []
        for arm in range(arms):
            total = 0.0
            for f, level in enumerate(row):
                past = [a for j, a in enumerate(found) if levels[j][f] == level]
                even = [(past.count(k) + (k == arm)) / (share[k] * arms) for k in range(arms)]
                total += max(even) - min(even)
            score.append(total)
        best = [k for k in range(arms) if score[k] <= min(score) + 1e-9]
        liked = sum(share[k] for k in best)
        chance = [
            share[k]
            if len(best) == arms
            else bias * share[k] / liked
            if k in best
            else (1 - bias) * share[k] / (1 - liked)
            for k in range(arms)
        ]
        x, arm = next(u), 0
        while arm < arms - 1 and x >= sum(chance[: arm + 1]):
            arm += 1
        found.append(arm)
        assert i == len(found) - 1
    return found


@pytest.mark.requirement(30)
@pytest.mark.parametrize(("ratio", "sizes"), [((1, 1), (4,)), ((1, 1), (2, 4, 6)), ((2, 1, 1), (4, 8))])
def test_another_program_makes_the_same_blocks(ratio: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    seed, names = 2**40 + 17, ["A", "B", "C"][: len(ratio)]
    made = rnd.make_list(rnd.PermutedBlocks(ratio, sizes), arms=names, length=50, seed=seed, strata=["x", "y", "z"])
    for number, stratum in enumerate(["x", "y", "z"]):
        got = [a for a, s in zip(made.arm, made.stratum, strict=True) if s == stratum]
        assert got == [names[k] for k in _blocks([*ratio], [*sizes], 50, _numbers(seed, number, 0))]
    assert (
        made.digest
        == rnd.make_list(
            rnd.PermutedBlocks(ratio, sizes), arms=names, length=50, seed=seed, strata=["x", "y", "z"]
        ).digest
    )


@pytest.mark.requirement(30)
@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (1, 1, 1)])
def test_another_program_minimizes_the_same(ratio: tuple[int, ...]) -> None:
    levels = np.random.default_rng(1).integers(0, 3, (60, 2))
    got = rnd.minimize(rnd.Minimization(ratio, 0.85), levels, seed=99)[0]
    assert got.tolist() == _minimized(levels.tolist(), [*ratio], 0.85, _numbers(99, 0, 0))


@pytest.mark.requirement(30)
def test_an_adaptive_draw_is_repeated_from_its_record() -> None:
    shares, seed = [0.2, 0.5, 0.3], 7
    drawn = [rnd.next_arm(shares, number=n, seed=seed, stratum=2) for n in range(1, 400)]
    repeated = [next(_numbers(seed, 2, n, 101)) for n in range(1, 400)]
    assert drawn == [int(u >= 0.2) + int(u >= 0.7) for u in repeated]
    assert np.bincount(drawn) / 399 == pytest.approx(shares, abs=0.1)


@pytest.mark.parametrize("half", [1, 2, 3, 5])
def test_blocks_are_guessed_as_often_as_theory_says(half: int) -> None:
    """Blackwell & Hodges (1957): half + (4^half / C(2 half, half) - 1)/2 of the 2 half participants of a block."""
    found = rnd.assess_schemes({"b": rnd.PermutedBlocks(sizes=(2 * half,))}, participants=20 * half, lists=4000, seed=1)
    exact = (half + (4**half / comb(2 * half, half) - 1) / 2) / (2 * half)
    assert found.correct_guess[0] == pytest.approx(exact, abs=4 * found.correct_guess_se[0])
    assert found.final_imbalance[0] == 0


def test_schemes_trade_balance_for_unpredictability() -> None:
    schemes = {
        "simple": rnd.SimpleRandomization(), "urn": rnd.Urn(), "big stick": rnd.BigStick(3), "coin": rnd.BiasedCoin(),
        "blocks": rnd.PermutedBlocks(),
    }  # fmt: skip
    found = rnd.assess_schemes(schemes, participants=200, lists=4000, seed=2).to_frame()
    guess, largest = found["correct_guess"].to_list(), found["largest_imbalance"].to_list()
    assert guess[0] == pytest.approx(0.5, abs=4 * found["correct_guess_se"][0])
    assert guess[4] > guess[3] > guess[2] > guess[1] > guess[0]
    assert largest[0] > largest[1] > largest[3]
    assert max(rnd.assess_lists(_lists(rnd.BigStick(3)), (1, 1))[2]) == 3
    assert max(rnd.assess_lists(_lists(rnd.PermutedBlocks()), (1, 1))[2]) == 2


def _lists(scheme: rnd.Scheme, lists: int = 500, length: int = 60) -> np.ndarray:
    out = np.empty((lists, length), np.int64)
    scheme.fill(out, seed=3, stratum=0, first=1)
    return out


@pytest.mark.parametrize("ratio", [(1, 1), (2, 1), (3, 2, 1)])
def test_ratios_are_kept(ratio: tuple[int, ...]) -> None:
    for scheme in (rnd.SimpleRandomization(ratio), rnd.PermutedBlocks(ratio, (sum(ratio),))):
        shares = np.bincount(_lists(scheme).ravel()) / 30_000
        assert shares == pytest.approx(np.array(ratio) / sum(ratio), abs=0.012)


def test_minimization_evens_the_margins() -> None:
    levels = np.random.default_rng(2).integers(0, 2, (100, 3))
    worst = {}
    for name, bias in (("coin", 0.5), ("0.8", 0.8), ("certain", 1.0)):
        out = rnd.minimize(rnd.Minimization(bias=bias), levels, seed=5, lists=300)
        gaps = [
            abs(2 * out[:, levels[:, f] == v].sum(1) - (levels[:, f] == v).sum()) for f, v in product(range(3), (0, 1))
        ]
        worst[name] = np.mean(np.max(gaps, axis=0))
    assert worst["certain"] < worst["0.8"] < worst["coin"]


def test_the_rerandomization_test_is_the_enumeration() -> None:
    y, arm = np.array([3.1, 5.0, 2.2, 6.1, 4.4, 7.3, 1.9, 6.6]), np.array([0, 1, 0, 1, 0, 1, 0, 1])
    halves = [set(c) for c in combinations(range(4), 2)]
    every = [[int(i in a) for i in range(4)] + [int(i in b) for i in range(4)] for a, b in product(halves, halves)]
    values = rnd.difference_of_means(y, np.array(every))
    exact = np.mean(np.abs(values) >= abs(rnd.difference_of_means(y, arm[None])[0]) - 1e-12)
    got = rnd.rerandomization_test(y, arm, rnd.PermutedBlocks(), lists=40_000, seed=1)
    assert got.p_value == pytest.approx(exact, abs=4 * got.se + 1e-4)


@pytest.mark.parametrize("scheme", [rnd.Minimization(bias=0.9), rnd.BigStick(2), rnd.PermutedBlocks(sizes=(2, 4))])
def test_without_an_effect_p_values_are_uniform_despite_a_trend(scheme: rnd.Scheme | rnd.Minimization) -> None:
    """Outcomes with a drift in time and a covariate: p-values of 200 lists of the scheme itself."""
    rng = np.random.default_rng(4)
    levels = rng.integers(0, 2, (40, 2))
    y = np.linspace(0, 2, 40) + levels[:, 0] + rng.normal(size=40)
    if isinstance(scheme, rnd.Minimization):
        arms = rnd.minimize(scheme, levels, seed=77, lists=200)
    else:
        arms = np.empty((200, 40), np.int64)
        scheme.fill(arms, seed=77, stratum=0, first=0)
    p = [rnd.rerandomization_test(y, a, scheme, levels=levels, lists=500, seed=8).p_value for a in arms]
    assert kstest(p, "uniform").pvalue > 0.001


def test_strata_are_drawn_each_from_its_own_list() -> None:
    stratum = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    y, arm = np.arange(8.0), np.array([0, 0, 1, 1, 0, 1, 0, 1])
    seen = []
    rnd.rerandomization_test(
        y, arm, rnd.PermutedBlocks(), stratum=stratum, lists=200, seed=1,
        statistic=lambda outcome, arms: seen.append(arms) or rnd.difference_of_means(outcome, arms),
    )  # fmt: skip
    assert np.all(seen[1][:, stratum == 0].sum(axis=1) == 2)
    assert np.all(seen[1][:, stratum == 1].sum(axis=1) == 2)


@pytest.mark.parametrize(
    ("code", "attempt"),
    [
        ("DES-530", lambda: rnd.SimpleRandomization((1,))),
        ("DES-531", lambda: rnd.PermutedBlocks((2, 1), (4,))),
        ("DES-532", lambda: rnd.BiasedCoin(0.4)),
        ("DES-532", lambda: rnd.BigStick(0)),
        ("DES-532", lambda: rnd.Urn(2, 0, 0)),
        ("DES-532", lambda: rnd.Minimization(bias=0.3)),
        ("DES-533", lambda: rnd.minimize(rnd.Minimization(), [0, 1], seed=1)),
        ("DES-533", lambda: rnd.make_list(rnd.BigStick(), arms=["A"], length=3, seed=1)),
        ("DES-533", lambda: rnd.next_arm([0.5, 0.6], number=1, seed=1)),
        ("DES-534", lambda: rnd.rerandomization_test([1.0], [0, 1], rnd.BigStick(), seed=1)),
    ],
)  # fmt: skip
def test_impossible_schemes_are_refused(code: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(DesignError, match=code):
        attempt()
