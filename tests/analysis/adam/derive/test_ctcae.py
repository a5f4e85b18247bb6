"""CTCAE 5.0: the bands of each term tile the line; grades are those that others computed."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opencro.analysis import derive
from opencro.terms import TermsStore

TERMS = TermsStore().grading("ctcae", "5.0").terms
COLUMNS = ("AVAL", "ANRLO", "ANRHI", "BASE", "PCHG")


def _grades(rows: list[dict[str, Any]], direction: str) -> list[str | None]:
    frame = pl.DataFrame(
        [{**dict.fromkeys((*COLUMNS, "BNRIND", "AVALU", "TERM")), **row} for row in rows],
        schema={**dict.fromkeys(COLUMNS, pl.Float64), **dict.fromkeys(("BNRIND", "AVALU", "TERM"), pl.String)},
    )
    made = derive.derive_ctcae_grade(
        frame, "GRADE", direction=direction, term="TERM", unit="AVALU", low="ANRLO", high="ANRHI", baseline="BASE",
        baseline_indicator="BNRIND", change_percent="PCHG",
    )  # fmt: skip
    return made["GRADE"].to_list()


@pytest.mark.parametrize("name", TERMS)
def test_bands_tile_the_line_outward(name: str) -> None:
    """Every value has exactly one grade, grades rise outward, and each can occur."""
    term = TERMS[name]
    lower, upper = 1e6 if term.direction == "low" else 0.0, 1e-6 if term.direction == "high" else 1e9
    for unit, limits in term.beyond.items():
        normal = {"ANRLO": lower, "ANRHI": upper, "BNRIND": "NORMAL", "BASE": None}
        if all(limit.of for limit in limits):
            normal |= {"ANRLO": 100.0, "ANRHI": 100.0}
        ends = sorted({limit.at(normal["ANRLO"], normal["ANRHI"]) for limit in limits})
        assert len(ends) == len(term.grades), "no band is empty"
        between = [ends[0] / 2, *ends, *((a + b) / 2 for a, b in pairwise(ends)), ends[-1] * 2]
        rows = [{"TERM": term.term, "AVALU": "g/L" if unit == "any" else unit, "AVAL": v, **normal}
                for v in sorted(between)]  # fmt: skip
        found = [int(grade) if grade is not None else -1 for grade in _grades(rows, term.direction)]
        assert found == sorted(found, reverse=term.direction == "low")
        assert set(found) == {0, *term.grades}
        inward = dict(zip(limits, (0, *term.grades), strict=False))
        for limit, grade in inward.items():
            at = limit.at(normal["ANRLO"], normal["ANRHI"])
            assert found[sorted(between).index(at)] == grade, "a limit belongs to the lesser grade"


def _apart(row: dict[str, Any], side: str) -> bool:
    """CTCAE has ionized calcium in mmol/L alone; "2.0 - 2.5 x baseline" begins at 2.0 as "1.5 - 3.0" begins at 1.5."""
    term = str(row.get(f"ATOXDSC{side}"))
    ionized = term.endswith("(Ionized)") and row["AVALU"] == "mg/dL"
    return ionized or (term == "GGT increased" and row["AVAL"] == 80 and row["BNRIND"] == "HIGH HIGH")


def test_grades_are_those_of_another_implementation(shared: Path) -> None:
    told = json.loads((shared / "lab/ctcae/ctcae_daids_expected_grades.json").read_text(encoding="utf-8"))
    tests = [t for t in told["tests"] if t["criteria"].startswith("ctcv5")]
    compared, wrong = 0, []
    for test in tests:
        side = "L" if test["direction"] == "low" else "H"
        rows = [{**{k: r.get(k) for k in (*COLUMNS, "BNRIND", "AVALU")}, "TERM": r.get(f"ATOXDSC{side}")}
                for r in test["rows"]]  # fmt: skip
        for row, found in zip(test["rows"], _grades(rows, test["direction"]), strict=True):
            compared += 1
            if _apart(row, side):
                continue
            if found != row.get(f"ATOXGR{side}"):
                wrong.append((test["test"], row, found))
    assert len(tests) >= 40
    assert compared == 771
    assert wrong == []
