"""Which edit checks speak on what was entered: counted for the report, and raised as queries."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from opencro.kernel.expression import Expression, Types, parse_expression, to_polars
from opencro.rehearsal.mistakes import Mistakes
from opencro.rehearsal.records import Sheet
from opencro.study import EditCheck, Study, item_types


@dataclass
class CheckBench:
    """Runs a study's edit checks over sheets; a check that looks at other forms cannot be run on one record."""

    study: Study
    fired: dict[str, int] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)
    _ready: dict[str, list[tuple[EditCheck, Expression, set[str]]]] = field(default_factory=dict)
    _types: dict[str, Types] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for check in self.study.checks:
            expression = parse_expression(check.when)
            form = self.study.forms.get(check.form)
            groups = [{item.id for item in group.items} for group in form.groups] if form is not None else []
            names = set(expression.names()) if isinstance(expression, Expression) else set()
            if isinstance(expression, Expression) and any(names <= group for group in groups):
                self.fired[check.id] = 0
                self._ready.setdefault(check.form, []).append((check, expression, names))
                self._types.setdefault(check.form, item_types(self.study.forms[check.form]))
            else:
                self.not_run.append(check.id)

    def run(self, sheet: Sheet, mistakes: Mistakes) -> list[tuple[EditCheck, int]]:
        """Check and record, for each check that speaks of what was entered at first."""
        columns = mistakes.entered
        ready = [entry for entry in self._ready.get(sheet.form.id, []) if entry[2] <= set(columns)]
        if not ready:
            return []
        names = sorted(set().union(*(entry[2] for entry in ready)))
        frame = pl.DataFrame({name: pl.Series(columns[name].tolist(), dtype=pl.String) for name in names})
        types = self._types[sheet.form.id]
        truth = frame.select(to_polars(expression, types).alias(check.id) for check, expression, _ in ready)
        found = []
        for check, _, _ in ready:
            hits = np.flatnonzero(truth[check.id].to_numpy())
            self.fired[check.id] += len(hits)
            found += [(check, i) for i in hits.tolist()]
        return found
