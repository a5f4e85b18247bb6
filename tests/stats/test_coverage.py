"""The page of coverage: fresh where it can be computed again at once, and exact methods keep their level on it."""

from __future__ import annotations

import re

import pytest
from benchmarks.coverage import one_proportion
from benchmarks.coverage.__main__ import PAGE, PARTS, render_table

EXACT = ("clopper_pearson", "blaker", "chan_zhang", "santner_snell", "garwood", "rate_ratio_exact")


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_enumerated_rows_are_those_of_the_code(page: str) -> None:
    assert render_table(list(one_proportion.measure())) in page


def test_every_part_stands_on_the_page(page: str) -> None:
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE) == list(PARTS.values())


@pytest.mark.parametrize("method", EXACT)
def test_an_exact_interval_never_covers_less_than_it_says(page: str, method: str) -> None:
    rows = re.findall(rf"^\| `\w+\.{method}` \|.*\n(?:\|  \|.*\n)*", page, flags=re.MULTILINE)
    shares = [float(line.split("|")[4]) for row in rows for line in row.splitlines()]
    assert shares
    assert min(shares) >= 0.95
