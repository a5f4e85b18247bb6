"""The random streams: known answers, independence of order, and a program of its own that makes the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from opencro.design import streams

# Random123 (Salmon et al. 2011), file kat_vectors, philox4x32 with 10 rounds: counter, key, answer
KNOWN = [
    ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]  # fmt: skip


@njit
def _block(c: np.ndarray) -> tuple[np.uint64, ...]:
    return streams.philox_block(c[0], c[1], c[2], c[3], c[4], c[5])


def _independent(seed: int, scenario: int, replicate: int, purpose: int, count: int) -> list[float]:
    """The same stream in plain Python, from the description in docs/simulation.md alone."""
    numbers: list[float] = []
    block = 0
    while len(numbers) < count:
        c, k = [block, purpose, replicate, scenario], [seed % 2**32, seed >> 32]
        for _ in range(10):
            p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(q >> 32) ^ c[1] ^ k[0], q % 2**32, (p >> 32) ^ c[3] ^ k[1], p % 2**32]
            k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
        numbers += [(word + 0.5) / 2**32 for word in c]
        block += 1
    return numbers[:count]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter: list[int], key: list[int], answer: str) -> None:
    assert " ".join(f"{int(w):08x}" for w in _block(np.array([*counter, *key], np.uint64))) == answer


@pytest.mark.requirement(30)
def test_another_program_makes_the_same_numbers() -> None:
    place = {"seed": 2**63 + 12345, "scenario": 7, "replicate": 2**32 - 1, "purpose": 3}
    assert streams.draw_uniforms(11, **place).tolist() == _independent(**place, count=11)


def test_streams_of_all_keys_are_uniform_and_unrelated() -> None:
    """Fails for a key word that is not used, and for correlation of neighbours."""
    keys = [(s, c, r, p) for s in range(4) for c in range(5) for r in range(10) for p in range(2)]
    table = np.array([streams.draw_uniforms(200, seed=s, scenario=c, replicate=r, purpose=p) for s, c, r, p in keys])
    assert len({row[0] for row in table}) == len(keys)
    assert abs(table.mean() - 0.5) < 4 * np.sqrt(1 / 12 / table.size)
    related = np.corrcoef(table)[np.triu_indices(len(keys), 1)]
    assert np.abs(related).max() < 5.2 / np.sqrt(200)
