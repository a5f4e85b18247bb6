"""The rows of a display: which lines there are, and which analysis stands in each of their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from opencro.analysis.displays.columns import Groups, Leaf, count_people
from opencro.analysis.displays.model import DEFAULT_SLOT, CellSpec, Display, Order, Row, Scope
from opencro.analysis.results import METHODS, Analysis, Cell, Material, compute_results, group_column


@dataclass(frozen=True)
class Context:
    """What the nodes above have said: scope and groups."""

    dataset: str
    population: str
    where: str = ""
    method: str = ""
    of: str = ""
    take: str = ""
    order: tuple[str, ...] = ()
    per: tuple[str, ...] | None = None
    options: tuple[tuple[str, object], ...] = ()
    groups: Groups = ()

    def under(self, scope: Scope) -> Context:
        """The context below a node."""
        where = " and ".join(f"({w})" for w in (self.where, scope.where) if w) if scope.where else self.where
        return replace(
            self,
            dataset=scope.dataset or self.dataset,
            population=scope.population or self.population,
            where=where,
            method=scope.method or self.method,
            of=self.of if scope.of is None else scope.of,
            take=scope.take or self.take,
            order=scope.order or self.order,
            per=self.per if scope.per is None else scope.per,
            options=tuple({**dict(self.options), **scope.options}.items()),
        )


@dataclass(frozen=True)
class PlannedCell:
    """What a cell will show, and where its results stand."""

    spec: CellSpec
    cell: Cell


@dataclass
class PlannedRow:
    """A line before its numbers are known; `cells` by the number of the column."""

    labels: list[str]
    level: int = 0
    blank: bool = False
    keep: bool = False
    cells: dict[int, PlannedCell] = field(default_factory=dict)


class Planner:
    """Walks the tree of rows."""

    def __init__(self, display: Display, leaves: tuple[Leaf, ...], material: Material) -> None:
        self._display = display
        self._leaves = leaves
        self._material = material
        self._pending: dict[int, str] = {}
        self._blank = False
        self._beside: list[tuple[Mapping[str, CellSpec], Context]] = []

    def rows(self) -> list[PlannedRow]:
        """All lines in order."""
        context = Context(self._display.dataset, self._display.population).under(self._display)
        return [line for row in self._display.rows for line in self._walk(row, context, 0)]

    def _walk(self, row: Row, context: Context, level: int) -> Iterator[PlannedRow]:
        context = context.under(row)
        self._blank = self._blank or row.blank
        if row.each is None:
            yield from self._node(row, context, level, row.label)
            return
        for identity, title in self._groups(row, context):
            self._blank = self._blank or row.blank
            below = replace(context, groups=(*context.groups, (row.each, identity)))
            for stub, words in row.labels.items():
                people = str(count_people(context.population, below.groups, self._material)) if "{N}" in words else ""
                self._pending[stub] = words.replace("{label}", title).replace("{N}", people)
            yield from self._node(row, below, level, (row.label or "{label}").replace("{label}", title))

    def _node(self, row: Row, context: Context, level: int, label: str) -> Iterator[PlannedRow]:
        below = level
        if row.beside:
            self._beside.append((row.beside, context))
        cells = self._display.sets[row.same] if row.same is not None else row.cells
        if row.stub is not None and not cells:
            self._pending[row.stub] = label
        elif cells or label:
            yield self._line(label, cells, context, level, keep=row.keep)
            below = level + 1
        for name, spec in row.lines.items():
            yield self._line(name, {DEFAULT_SLOT: spec}, context, below, keep=True)
        for child in row.rows:
            yield from self._walk(child, context, below)

    def _line(
        self, label: str, cells: Mapping[str, CellSpec], context: Context, level: int, *, keep: bool
    ) -> PlannedRow:
        labels = [self._pending.pop(i, "") for i in range(len(self._display.stub))]
        labels[-1] = label or labels[-1]
        line = PlannedRow(labels, level, self._blank, keep)
        self._blank = False
        for number, leaf in enumerate(self._leaves):
            if leaf.slot in cells:
                self._place(line, number, leaf, cells[leaf.slot], context)
        if cells:
            waiting, self._beside = self._beside, []
            for specs, there in waiting:
                for number, leaf in enumerate(self._leaves):
                    if leaf.slot in specs:
                        self._place(line, number, leaf, specs[leaf.slot], there)
        return line

    def _place(self, line: PlannedRow, number: int, leaf: Leaf, spec: CellSpec, context: Context) -> None:
        here = context if leaf.population is None else replace(context, population=leaf.population)
        here = here.under(spec)
        groups = dict((*here.groups, *leaf.groups))
        if any(groups.get(grouping) not in wanted for grouping, wanted in spec.only.items()):
            return
        groups = {g: v for g, v in groups.items() if g not in spec.without} | dict(spec.at)
        contrast = ""
        if "across" in METHODS[here.method].options:
            across = str(dict(here.options).get("across", ""))
            mine = groups.pop(across, "")
            contrast = mine
            if spec.pair is not None:
                contrast = ":".join(spec.pair)
            elif spec.versus is not None:
                if mine in ("", spec.versus):
                    return
                contrast = f"{mine}:{spec.versus}"
            contrast += f"@{spec.visit}" if spec.visit else ""
        if here.method == "count" and not {"base", "within"} & set(dict(here.options)):
            base = tuple(g for g, _ in leaf.groups if g in groups and self._material.divides_subjects(g))
            here = replace(here, options=(*here.options, ("base", base)))
        analysis = self._analysis(here, tuple(groups))
        line.cells[number] = PlannedCell(spec, Cell(analysis, tuple(groups.values()), contrast))

    def _analysis(self, context: Context, by: tuple[str, ...]) -> Analysis:
        options = tuple(sorted((name, _hashable(value)) for name, value in context.options))
        wanted = METHODS[context.method].options if context.method in METHODS else ()
        kept = tuple((name, value) for name, value in options if name in wanted)
        return Analysis(
            context.method, context.dataset, context.population, context.of, context.where, by, context.take,
            context.order, context.per, kept,
        )  # fmt: skip

    def _groups(self, row: Row, context: Context) -> list[tuple[str, str]]:
        """Ids and titles of the groups of a row's grouping, in order, within the groups above it."""
        assert row.each is not None
        grouping = self._material.groups_of(row.each)
        declared = [group.id for group in grouping.groups] if grouping is not None else []
        wanted = list(row.groups) or declared
        if not wanted or row.occurring:
            found = self._occurring(row, context)
            wanted = [g for g in wanted if g in found] if wanted else found
        if isinstance(row.sort, Order):
            wanted = self._by_count(row, context, wanted, row.sort)
        elif row.sort == "name":
            wanted = sorted(wanted)
        return [(g, g if grouping is None else grouping.group(g).title) for g in wanted]

    def _occurring(self, row: Row, context: Context) -> list[str]:
        rows = self._combinations(row, context)
        return rows[group_column(row.each or "")].unique(maintain_order=True).to_list()

    def _combinations(self, row: Row, context: Context) -> pl.DataFrame:
        by = (*(grouping for grouping, _ in context.groups), row.each or "")
        rows = self._material.combinations(
            self._analysis(replace(context, method="count", of="", take="", options=()), by)
        )
        for grouping, group in context.groups:
            rows = rows.filter(pl.col(group_column(grouping)) == group)
        return rows

    def _by_count(self, row: Row, context: Context, groups: list[str], order: Order) -> list[str]:
        above = (*context.groups, *order.count_in.items())
        by = (*(grouping for grouping, _ in above), row.each or "")
        analysis = self._analysis(replace(context, method="count", of="", take="", options=()), by)
        counted = compute_results(self._material, [analysis])
        values = tuple(group for _, group in above)
        numbers = {g: counted.of(Cell(analysis, (*values, g))).get("n") or 0 for g in groups}
        return sorted(groups, key=lambda g: (-float(numbers[g]), g))


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
