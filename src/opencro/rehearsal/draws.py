"""Chance with a name: the same seed and the same name give the same numbers, whatever else is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass
class Draws:
    """Generators by name, and traits: standard normal numbers that stay with a person or a visit."""

    seed: int
    _traits: dict[tuple[str, int], Floats] = field(default_factory=dict)

    def named(self, *name: str | int) -> np.random.Generator:
        """A fresh generator for a name."""
        words = "/".join(str(part) for part in name).encode()
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, zlib.crc32(words), len(words)])))

    def trait(self, name: str, size: int) -> Floats:
        """`size` standard normal numbers, the same ones whenever the name is asked for."""
        key = (name, size)
        if key not in self._traits:
            self._traits[key] = self.named("trait", name).standard_normal(size)
        return self._traits[key]

    def uniform_trait(self, name: str, size: int) -> Floats:
        """As `trait`, evenly between 0 and 1."""
        key = (f"uniform/{name}", size)
        if key not in self._traits:
            self._traits[key] = self.named("uniform", name).random(size)
        return self._traits[key]


def pick(uniform: Floats, weights: Sequence[float]) -> Ints:
    """Which of the weighted things each number between 0 and 1 falls on."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    picked: Ints = np.minimum(np.searchsorted(edges / edges[-1], uniform, side="right"), len(edges) - 1)
    return picked


def by_arm(value: float | Mapping[str, float], arms: Sequence[str], arm: Ints, none: float = 0.0) -> Floats:
    """A number for each person, where it may depend on the arm; `none` for those without arm or for arms not named."""
    if not isinstance(value, Mapping):
        return np.full(len(arm), float(value))
    table = np.array([*(float(value.get(name, none)) for name in arms), none])
    shares: Floats = table[arm]
    return shares


def to_working_day(day: Ints) -> Ints:
    """Saturday becomes Friday, Sunday becomes Monday; day 0 (1970-01-01) was a Thursday."""
    weekday = (day + 3) % 7
    moved: Ints = day - (weekday == 5) + (weekday == 6)
    return moved
