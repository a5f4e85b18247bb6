"""A bench with a small study, on which an algorithm is tried as a declaration would name it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opencro.kernel.finding import Finding
from opencro.study import Study
from opencro.study.model.form import Code, CodeList
from opencro.study.model.protocol import Arm, Cell, Design, Element, Epoch, Protocol, Schedule, Visit
from opencro.study.model.whole import StudyFile
from opencro.tabulation.algorithms import ALGORITHMS
from opencro.tabulation.algorithms.algorithm import Bench
from opencro.tabulation.algorithms.derive import column_of
from opencro.tabulation.model import Domain, UnitConversion
from opencro.tabulation.table import Table

Made = Callable[..., list[Any]]


def _study() -> Study:
    design = Design(
        arms=(Arm(id="A", name="Arm"),),
        epochs=(Epoch(id="SCR", name="Screening", type="screening"), Epoch(id="TRT", name="Treatment")),
        elements=(
            Element(id="SCRN", name="Screen", start_rule="consent"),
            Element(id="DRUG", name="Drug", start_rule="first dose"),
        ),
        cells=(Cell(arm="A", epoch="SCR", elements=("SCRN",)), Cell(arm="A", epoch="TRT", elements=("DRUG",))),
    )
    schedule = Schedule(
        visits=(
            Visit(id="BL", name="BASELINE", number=3, day=1),
            Visit(id="UNS", name="UNSCHEDULED 3.1", number=3.1, unscheduled=True),
        )
    )
    sex = CodeList(id="SEX", codes=(Code(value="1", term="F"), Code(value="2", label="M"), Code(value="U")))
    file = StudyFile(id="S1", title="A study", version="1", sponsor="Sponsor", usubjid="{study}-{participant}")
    protocol = Protocol(design=design, schedule=schedule)
    return Study(Path(), file, protocol, {}, {"SEX": sex}, (), {}, {})


def table_of(name: str, rows: Mapping[str, Sequence[object]], conversions: Sequence[UnitConversion] = ()) -> Table:
    """A work table; columns that start with `_` or `raw.` stand as they would after rows were gathered."""
    return Table(Domain(name, (), {}, {}, {}, conversions=tuple(conversions)), pl.DataFrame(rows, strict=False))


@pytest.fixture
def findings() -> list[Finding]:
    """What the algorithm said about the data."""
    return []


@pytest.fixture
def made(findings: list[Finding]) -> Made:
    """Make a variable: `made({"item": "SEX"}, rows)`; `others` are further domains, `forms` the records of forms."""

    def make(
        body: Mapping[str, object],
        rows: Mapping[str, Sequence[object]],
        others: Mapping[str, Mapping[str, Sequence[object]]] | None = None,
        forms: Mapping[str, Mapping[str, Sequence[object]]] | None = None,
        conversions: Sequence[UnitConversion] = (),
    ) -> list[Any]:
        word = next(iter(body))
        table = table_of("XX", rows, conversions)
        tables = {name: table_of(name, other) for name, other in (others or {}).items()} | {"XX": table}
        bench = Bench(_study(), tables, lambda form, _group: pl.DataFrame((forms or {})[form], strict=False), findings)
        algorithm = ALGORITHMS[word].model_validate(dict(body))
        assert algorithm.words().strip(), "every algorithm says in words what it does"
        return column_of(table, algorithm.compute(table, bench)).to_list()

    return make
