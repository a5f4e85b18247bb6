"""A scale of grades whose bands would not tile the line is refused with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.terms import GradedTerm, Limit
from opencro.terms.grades import check_bands, read_grading
from opencro.terms.pack import PackInfo


@pytest.mark.parametrize(
    ("limits", "grades", "said"),
    [
        ((Limit(1, "LLN"), Limit(plus=8), Limit(plus=8)), (1, 2, 3), "outward"),
        ((Limit(1, "LLN"), Limit(plus=8), Limit(plus=10)), (1, 2, 3), "outward"),
        ((Limit(1, "LLN"), Limit(plus=8)), (2, 1), "rise"),
        ((Limit(1, "LLN"),), (1, 2), "1 limits"),
        ((Limit(1, "ULN"), Limit(plus=8)), (1, 2), "other end"),
    ],
)
def test_bands_with_a_gap_an_overlap_or_an_empty_one_are_found(
    limits: tuple[Limit, ...], grades: tuple[int, ...], said: str
) -> None:
    assert any(said in found for found in check_bands(GradedTerm("T", "low", grades, {"g/L": limits})))


def test_a_scale_that_is_wrong_is_refused_as_a_whole(tmp_path: Path) -> None:
    term = "{term: T, direction: high, grades: [1, 2], beyond: {any: [%s]}}"
    lines = [term % limits for limits in ("ULN, ULN", "ULN, 2 UNL")]
    (tmp_path / "grades.yaml").write_text("terms:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_grading(tmp_path, PackInfo("ctcae", "9", "grades", "t", "s", "l"))
    assert [f.code for f in refused.value.findings] == ["TRM-043", "TRM-043"]
    assert [f.place.line for f in refused.value.findings] == [2, 3]
