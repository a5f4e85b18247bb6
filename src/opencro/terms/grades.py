"""Grades of laboratory values as bands on a line: from each limit outward a higher grade.

Source: the `ctcae` pack, which cites the National Cancer Institute's Common Terminology Criteria for Adverse Events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from opencro.kernel.finding import Finding, Refused
from opencro.kernel.located import read_located
from opencro.terms.pack import PackInfo

ANY = "any"
_LIMIT = re.compile(r"(?:(\d+(?:\.\d+)?) )?(LLN|ULN)(?: \+ (\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` the limit of normal that `of` names (LLN, ULN; empty: none) and `plus` a number."""

    times: float = 0.0
    of: str = ""
    plus: float = 0.0

    def at(self, lower: float, upper: float) -> float:
        """Its number where the normal range is that."""
        return self.times * {"LLN": lower, "ULN": upper, "": 0.0}[self.of] + self.plus


@dataclass(frozen=True, slots=True)
class GradedTerm:
    """A term with its grades, and by unit ("any": whichever) the limit beyond which each begins.

    `abnormal_baseline` are multiples of baseline in place of the limits where baseline was abnormal, the first of them
    with its grade where `including`. A grade of `or_baseline`, `or_percent` and `or_beyond` also holds beyond so many
    times baseline, so much change of an abnormal value in percent, or that number.
    """

    term: str
    direction: str
    grades: tuple[int, ...]
    beyond: Mapping[str, tuple[Limit, ...]]
    abnormal_baseline: tuple[float, ...] = ()
    including: bool = False
    or_baseline: Mapping[int, float] | None = None
    or_percent: Mapping[int, float] | None = None
    or_beyond: Mapping[str, Mapping[int, float]] | None = None
    note: str = ""


@dataclass(frozen=True)
class Grading:
    """A version of a scale: its terms by name in small letters."""

    version: str
    terms: Mapping[str, GradedTerm]


def read_grading(folder: Path, info: PackInfo) -> Grading:
    """Read `grades.yaml`; refused with TRM-043 where a limit cannot be read or bands would overlap or be empty."""
    located, findings = read_located(folder / "grades.yaml", folder.parent.parent)
    if located is None or findings:
        raise Refused(findings)
    terms: dict[str, GradedTerm] = {}
    for number, item in enumerate(located.value["terms"]):
        place = located.place("terms", number)
        term = _term(item)
        wrong = list(check_bands(term)) if term is not None else ["a limit cannot be read"]
        findings += [
            Finding("TRM-043", place, f"{item.get('term')}: {got}", "bands without gap or overlap", "Correct the pack.")
            for got in wrong
        ]
        if term is not None:
            terms[term.term.casefold()] = term
    if findings:
        raise Refused(findings)
    return Grading(info.version, terms)


def check_bands(term: GradedTerm) -> Iterator[str]:
    """What keeps the bands of a term from tiling the line outward: each grade's limit lies beyond the one before.

    The first limit may be one of normal and the next a number: where normal ends is the laboratory's.
    """
    if list(term.grades) != sorted(set(term.grades)):
        yield "grades that do not rise"
    outward = -1.0 if term.direction == "low" else 1.0
    for unit, limits in term.beyond.items():
        if len(limits) != len(term.grades):
            yield f"{len(limits)} limits in {unit} for {len(term.grades)} grades"
        alike = [(a, b) for a, b in pairwise(limits) if a.of == b.of]
        if any((b.times - a.times) * outward + (b.plus - a.plus) * outward <= 0 for a, b in alike):
            yield f"limits in {unit} that do not move outward"
        if any(limit.of == ("ULN" if term.direction == "low" else "LLN") for limit in limits):
            yield f"a limit in {unit} of the other end of normal"
    if term.abnormal_baseline and not all((b - a) * outward > 0 for a, b in pairwise(term.abnormal_baseline)):
        yield "multiples of baseline that do not move outward"


def _term(item: Mapping[str, Any]) -> GradedTerm | None:
    beyond = {str(unit): tuple(map(_limit, limits)) for unit, limits in item["beyond"].items()}
    if any(limit is None for limits in beyond.values() for limit in limits):
        return None
    return GradedTerm(
        str(item["term"]),
        str(item["direction"]),
        tuple(item["grades"]),
        {unit: tuple(limit for limit in limits if limit is not None) for unit, limits in beyond.items()},
        tuple(map(float, item.get("abnormal_baseline", ()))),
        bool(item.get("including", False)),
        _by_grade(item.get("or_baseline", {})),
        _by_grade(item.get("or_percent", {})),
        {str(unit): _by_grade(numbers) for unit, numbers in item.get("or_beyond", {}).items()},
        str(item.get("note", "")),
    )


def _by_grade(given: Mapping[str, float]) -> dict[int, float]:
    return {int(grade): float(number) for grade, number in given.items()}


def _limit(given: object) -> Limit | None:
    if isinstance(given, int | float):
        return Limit(plus=float(given))
    found = _LIMIT.fullmatch(str(given))
    return Limit(float(found[1] or 1), found[2], float(found[3] or 0)) if found else None
