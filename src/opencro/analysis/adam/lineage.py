"""Where an analysis value comes from: the declaration is run again, and each step is asked which cells it took.

Nothing is recorded beside the data. A step that carries a value from another record is asked for the record's number
in place of the value, so that the trace picks exactly what the derivation picked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from opencro.analysis.adam.derive.derivation import chosen, in_order
from opencro.analysis.adam.model import AnalysisDataset, Step
from opencro.analysis.adam.run import AT, COPIED, FROM, ROW, Trail, arguments_of, plain, run_dataset
from opencro.tabulation import Trace

Leaf = Callable[[str, str, int], Trace]
"""The trace of a cell of a tabulated dataset: dataset, variable, row (from 0) of the frame that was handed in."""
_PICKED = "\u00b7picked"
_CODE = "opencro.analysis.adam.derive"


def plain_leaf(sources: Mapping[str, pl.DataFrame]) -> Leaf:
    """Ends a trace at the cells of tabulated datasets, where nothing is known of the records behind them."""

    def leaf(dataset: str, variable: str, row: int) -> Trace:
        value = sources[dataset].get_column(variable)[row]
        return Trace(dataset, variable, row, value, f"{dataset}.{variable} as tabulated.", "", "", ())

    return leaf


@dataclass
class Tracer:
    """Runs of some datasets that can be asked; the frames of `sources` hold one participant, or all of them."""

    datasets: Mapping[str, AnalysisDataset]
    sources: Mapping[str, pl.DataFrame]
    leaf: Leaf
    _around: dict[str, pl.DataFrame] = field(default_factory=dict)
    _trails: dict[str, Trail] = field(default_factory=dict)
    _known: dict[tuple[str, str, int, int], Trace] = field(default_factory=dict)

    def frame(self, name: str) -> pl.DataFrame:
        """A dataset's work frame in its order, made when it is asked for."""
        if name not in self._around:
            if name not in self.datasets:
                self._around[name] = plain(self.sources[name])
            else:
                for needed in sorted(self.datasets[name].needs()):
                    self.frame(needed)
                trail = Trail()
                self._around[name] = run_dataset(self.datasets[name], self._around, trail)
                self._trails[name] = trail
        return self._around[name]

    def trace(self, name: str, variable: str, place: int) -> Trace:
        """The trace of a variable in a row of `frame(name)`, from 0."""
        frame = self.frame(name)
        if name not in self.datasets:
            return self.leaf(name, variable, place)
        return self._cell(name, variable, int(frame.get_column(ROW)[place]), len(self.datasets[name].steps))

    def _cell(self, name: str, variable: str, row: int, until: int) -> Trace:
        """The trace of a cell as it was before step `until`."""
        key = (name, variable, row, until)
        if key not in self._known:
            self._known[key] = self._find(name, variable, row, until)
        return self._known[key]

    def _find(self, name: str, variable: str, row: int, until: int) -> Trace:
        dataset, trail = self.datasets[name], self._trails[name]
        for i in reversed(range(until)):
            step, before, after = dataset.steps[i], trail.before[i], trail.before[i + 1]
            new = before.filter(pl.col(ROW) == row).is_empty()
            if not new and (step.derivation.rows == "make" or variable not in step.makes()):
                continue
            if not new and step.when and chosen(before.filter(pl.col(ROW) == row), step.when).is_empty():
                continue
            if new and step.derivation.rows != "make":
                continue
            sources = self._made(name, i, row, variable) if new else self._changed(name, i, row, variable)
            return self._told(dataset, step, variable, row, _value(after, variable, row), sources)
        return self._gathered(name, variable, row)

    def _told(
        self, dataset: AnalysisDataset, step: Step, variable: str, row: int, value: object, sources: list[Trace]
    ) -> Trace:
        code = f"{_CODE}.derive_{step.derivation.name}"
        declared = f"{dataset.file}:{step.line}"
        return Trace(
            dataset.name, variable, row, _plain_value(value), step.words(variable), code, declared, tuple(sources)
        )

    def _gathered(self, name: str, variable: str, row: int) -> Trace:
        first = self._trails[name].before[0].filter(pl.col(ROW) == row)
        source, at = first.item(0, FROM), int(first.item(0, AT))
        dataset = self.datasets[name]
        if variable not in self.frame(source).columns:
            return Trace(name, variable, row, None, "Missing: no step makes it for this record.", "", dataset.file, ())
        found = self.trace(source, variable, at)
        if variable not in dataset.variables:
            return found
        words = f"{source}.{variable} of the record that gave the row."
        return Trace(name, variable, row, found.value, words, "", dataset.file, (found,))

    def _changed(self, name: str, i: int, row: int, variable: str) -> list[Trace]:
        """The cells from which a step took a value of a row that was there before."""
        step, before = self.datasets[name].steps[i], self._trails[name].before[i]
        if step.derivation.carries:
            return self._carried(name, i, row)
        if step.derivation.name == "time_to_event":
            return self._happened(name, i, row)
        found: list[Trace] = []
        if step.source:
            found += self._from_source(step, before, row, variable)
        matched = {n for value in step.of_role("columns") for n in value if step.source}
        own = step.reads() - matched if step.derivation.name != "supplemental" else frozenset[str]()
        return found + [self._cell(name, n, row, i) for n in sorted(own) if n in before.columns]

    def _happened(self, name: str, i: int, row: int) -> list[Trace]:
        """The date of the event or of the censoring that the row tells of."""
        step, before, after = (
            self.datasets[name].steps[i],
            self._trails[name].before[i],
            self._trails[name].before[i + 1],
        )
        told = {key: _value(after, key, row) for key in ("ADT", "EVNTDESC", "SRCVAR")}
        for hit in step.happenings(own=False):
            if (hit.description, hit.date) == (told["EVNTDESC"], told["SRCVAR"]):
                rows = chosen(self._around[step.source].with_row_index(_PICKED), hit.where)
                for key in next(iter(step.of_role("columns"))):
                    rows = rows.filter(pl.col(key) == _value(before, key, row))
                rows = in_order(rows.filter(pl.col(hit.date) == told["ADT"]), [hit.sequence] if hit.sequence else [])
                return [self.trace(step.source, hit.date, int(p)) for p in rows.get_column(_PICKED).to_list()[:1]]
        return [self._cell(name, str(told["SRCVAR"]), row, i)] if told["SRCVAR"] else []

    def _carried(self, name: str, i: int, row: int) -> list[Trace]:
        step, before = self.datasets[name].steps[i], self._trails[name].before[i]
        arguments = arguments_of(step, before, self._around)
        value = str(arguments.get(step.derivation.carries, _default(step, step.derivation.carries)))
        asked = {**arguments, step.derivation.carries: _PICKED, "new": "\u00b7of"}
        rows = before.with_columns(pl.col(ROW).cast(pl.Int64).alias(_PICKED))
        picked = _value(step.derivation.function(rows, **asked), "\u00b7of", row)
        return [] if picked is None else [self._cell(name, value, int(str(picked)), i)]

    def _from_source(self, step: Step, before: pl.DataFrame, row: int, variable: str) -> list[Trace]:
        source = self._around.get(step.source, before).with_row_index(_PICKED)
        one = before.filter(pl.col(ROW) == row)
        taken = dict(next(iter(step.of_role("taken")), {}))
        if step.derivation.name == "merged":
            arguments = {**step.arguments, "source": source, "new": {_PICKED: _PICKED}}
            places = step.derivation.function(one, **arguments).get_column(_PICKED).drop_nulls().to_list()
            return [self.trace(step.source, taken[variable], int(p)) for p in places]
        if step.derivation.name == "supplemental":
            source = source.filter(pl.col("QNAM") == taken[variable])
            sequence = str(step.arguments.get("sequence", ""))
            number = pl.col("IDVARVAL").cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
            source = source.filter(number == one.item(0, sequence)) if sequence else source
            keys, column = [str(step.arguments.get("by", "USUBJID"))], "QVAL"
        else:
            keys, column = list(next(iter(step.of_role("columns")))), _column_of(step)
            for where in step.of_role("condition"):
                source = chosen(source, where)
        for key in keys:
            source = source.filter(pl.col(key) == one.item(0, key))
        if step.derivation.name == "merged_flag":
            source = source.head(1)
        return [self.trace(step.source, column or keys[0], int(p)) for p in source.get_column(_PICKED).to_list()]

    def _made(self, name: str, i: int, row: int, variable: str) -> list[Trace]:
        """The cells from which a row that a step added took a value."""
        step, trail = self.datasets[name].steps[i], self._trails[name]
        before, after = trail.before[i], trail.before[i + 1]
        made = after.filter(pl.col(ROW) == row)
        given = {n for value in step.of_role("given") for n in value} | set(step.derivation.makes)
        if variable in given or variable not in made.columns:
            return []
        copied = made.item(0, COPIED) if COPIED in made.columns else None
        if copied is not None:
            return [self._cell(name, variable, int(copied), i)]
        if made.item(0, variable) is None:
            return []
        rows = before
        for where in step.of_role("condition"):
            rows = chosen(rows, where)
        for code in ("parameters", "items"):
            if code in step.arguments:
                parameter = str(step.arguments.get("parameter", "PARAMCD"))
                rows = rows.filter(pl.col(parameter).is_in(list(step.arguments[code])))
        keys = [n for value in step.of_role("columns") for n in value]
        for key in keys:
            rows = rows.filter(pl.col(key).eq_missing(pl.lit(made.item(0, key))))
        kept = {n for value in step.of_role("kept") for n in value} | set(keys)
        if variable in kept:
            return [self._cell(name, variable, int(n), i) for n in rows.get_column(ROW).to_list()[:1]]
        value = str(step.arguments.get("value", _default(step, "value")))
        return [self._cell(name, value, int(n), i) for n in rows.get_column(ROW).to_list()]


def _default(step: Step, name: str) -> object:
    return next(p.default for p in step.derivation.parameters if p.name == name)


def _column_of(step: Step) -> str:
    """The column of the source that a step is about; empty where only the record counts."""
    return next(iter(step.of_role("source column")), "")


def _value(frame: pl.DataFrame, variable: str, row: int) -> object:
    one = frame.filter(pl.col(ROW) == row)
    return one.item(0, variable) if one.height and variable in frame.columns else None


def _plain_value(value: object) -> str | float | int | None:
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | float | int) else str(value)
