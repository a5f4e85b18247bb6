"""Units of measurement and their conversions, kept as exact fractions and applied to whole columns at once.

Source: the `units` pack, which cites NIST SP 811, the SI Brochure and UCUM for each dimension.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.located import read_located
from opencro.terms.model import unknown_name
from opencro.terms.pack import PackInfo

Floats = npt.NDArray[np.float64]
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:/\d+)?$", re.IGNORECASE)
_EXACT_BELOW = 2**53


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: a value v in it is `v * factor + offset` in the coherent unit of its dimension."""

    name: str
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """`to = from * scale + shift`, both exact."""

    from_unit: str
    to_unit: str
    scale: Fraction
    shift: Fraction

    def apply(self, values: npt.ArrayLike) -> Floats:
        """Convert an array of any shape; NaN stays NaN.

        The numerators are integers where they fit into 53 bits, so that whole numbers such as 212 F come out exact.
        """
        array = np.asarray(values, dtype=np.float64)
        below = lcm(self.scale.denominator, self.shift.denominator)
        times, plus = int(self.scale * below), int(self.shift * below)
        if max(abs(times), abs(plus), below) < _EXACT_BELOW:
            return (array * float(times) + float(plus)) / float(below)
        return array * float(self.scale) + float(self.shift)


@dataclass(frozen=True)
class Units:
    """All units of one pack, found by name or by another spelling."""

    version: str
    units: tuple[Unit, ...] = field(repr=False)

    @cached_property
    def _by_spelling(self) -> dict[str, Unit]:
        return {word: unit for unit in self.units for word in (unit.name, *unit.also)}

    @cached_property
    def _by_folded(self) -> dict[str, Unit | None]:
        """Spellings in any case; None where case tells two units apart (nm and nM)."""
        folded: dict[str, Unit | None] = {}
        for word, unit in self._by_spelling.items():
            folded[word.casefold()] = unit if folded.get(word.casefold(), unit) == unit else None
        return folded

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every known spelling."""
        return tuple(self._by_spelling)

    def find(self, spelling: str) -> Unit | None:
        """The unit of this spelling; case counts only where two units differ by nothing else."""
        word = spelling.strip()
        return self._by_spelling.get(word) or self._by_folded.get(word.casefold())

    def conversion(self, from_unit: str, to_unit: str, place: Place | None = None) -> Conversion | Finding:
        """How to get from one unit to another, or TRM-040 (unknown unit), TRM-041 (not the same kind of quantity)."""
        source, target = self.find(from_unit), self.find(to_unit)
        for spelling, unit in ((from_unit, source), (to_unit, target)):
            if unit is None:
                return unknown_name("TRM-040", f'unit "{spelling}"', spelling, self.spellings, place)
        if source is None or target is None or source.dimension != target.dimension:
            got = " and ".join(f"{u.name} is {u.dimension}" for u in (source, target) if u)
            return Finding("TRM-041", place or Place(), got, "units of one dimension", "Correct the unit.")
        shift = (source.offset - target.offset) / target.factor
        return Conversion(source.name, target.name, source.factor / target.factor, shift)

    def convert(self, values: npt.ArrayLike, from_unit: str, to_unit: str, place: Place | None = None) -> Floats:
        """Convert an array from one unit to another.

        Arguments: `values` of any shape, NaN where missing; units in any known spelling. Returns float64, same shape.
        Errors: Refused with TRM-040 or TRM-041.

        >>> from opencro.terms import TermsStore
        >>> TermsStore().units().convert([212.0], "F", "C")
        array([100.])
        """
        found = self.conversion(from_unit, to_unit, place)
        if isinstance(found, Finding):
            raise Refused([found])
        return found.apply(values)


def read_units(folder: Path, info: PackInfo) -> Units:
    """Read `units.yaml`; refused with TRM-042 when a factor is no exact number or a spelling names two units."""
    located, findings = read_located(folder / "units.yaml", folder.parent.parent)
    if located is None or findings:
        raise Refused(findings)
    units: list[Unit] = []
    owners: dict[str, str] = {}
    for dimension, body in located.value.get("dimensions", {}).items():
        for i, item in enumerate(body.get("units", ())):
            place = located.place("dimensions", dimension, "units", i)
            factor, offset = _exact(item.get("factor")), _exact(item.get("offset", 0))
            if factor is None or offset is None or factor <= 0:
                findings.append(_unfit(place, f"factor {item.get('factor')!r}", "an exact number above 0"))
                continue
            unit = Unit(str(item["name"]), dimension, factor, offset, tuple(str(a) for a in item.get("also", ())))
            findings += _check_spellings(unit, owners, place)
            units.append(unit)
    if findings:
        raise Refused(findings)
    return Units(info.version, tuple(units))


def _check_spellings(unit: Unit, owners: dict[str, str], place: Place) -> list[Finding]:
    findings = []
    for word in (unit.name, *unit.also):
        if word in owners:
            findings.append(_unfit(place, f'spelling "{word}" of {owners[word]} and {unit.name}', "one unit each"))
        owners[word] = unit.name
    return findings


def _unfit(place: Place, got: str, expected: str) -> Finding:
    return Finding("TRM-042", place, got, expected, "Correct units.yaml.")


def _exact(value: Any) -> Fraction | None:
    text = repr(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
    if not _NUMBER.match(text):
        return None
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1") if Fraction(below or "1") else None
