"""The columns of a display: the tree of headings with the groups and the slot of each column at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opencro.analysis.displays.model import DEFAULT_SLOT, Column, Display
from opencro.analysis.displays.table import HeaderCell
from opencro.analysis.results import Analysis, Material, group_column

Groups = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Leaf:
    """One column: its slot, its groups, its headings from the top, its population where it has its own."""

    slot: str
    groups: Groups
    headings: tuple[str, ...]
    width: float
    align: str
    population: str | None = None


def expand_columns(display: Display, material: Material) -> tuple[Leaf, ...]:
    """The columns from left to right."""
    return tuple(
        leaf
        for column in display.columns
        for leaf in _leaves(column, display, material, Leaf(DEFAULT_SLOT, (), (), 1, ""))
    )


def _leaves(column: Column, display: Display, material: Material, above: Leaf) -> Iterator[Leaf]:
    own = column.id or above.slot
    people = column.population or above.population
    for more, label in _branches(column, material):
        here = (*above.groups, *more)
        template = column.label if label is None else label[0]
        text = _heading(template, label, here, people or display.population, material)
        leaf = Leaf(own, here, (*above.headings, text), column.width, column.align, people)
        if not column.columns:
            yield leaf
        for child in column.columns:
            yield from _leaves(child, display, material, leaf)


def _branches(column: Column, material: Material) -> Iterator[tuple[Groups, tuple[str, str] | None]]:
    """The groups that a column adds, with its template and the group's own label; None for a column without groups."""
    if column.each is None:
        yield (), None
        return
    grouping = material.definitions.groupings[column.each]
    total = None if column.total is None else ((), (column.label, column.total.label))
    if total is not None and column.total is not None and column.total.first:
        yield total
    wanted = column.groups or tuple(group.id for group in grouping.groups)
    for identity in wanted:
        yield ((column.each, identity),), (column.label, grouping.group(identity).title)
    if total is not None and column.total is not None and not column.total.first:
        yield total


def _heading(template: str, label: tuple[str, str] | None, groups: Groups, population: str, material: Material) -> str:
    text = template.replace("{label}", "" if label is None else label[1])
    if "{N}" in text:
        text = text.replace("{N}", str(count_people(population, groups, material)))
    return text


def count_people(population: str, groups: Groups, material: Material) -> int:
    """How many participants of a population are in all of these groups."""
    by = tuple(identity for identity, _ in groups if material.divides_subjects(identity))
    rows = material.population_rows(Analysis("count", "ADSL", population), by)
    for identity, group in groups:
        if identity in by:
            rows = rows.filter(rows[group_column(identity)] == group)
    return rows.height


def stack_headings(stub: Sequence[str], leaves: Sequence[Leaf]) -> tuple[tuple[HeaderCell, ...], ...]:
    """Rows of headings from the top; equal headings side by side under the same one become one with a span."""
    depth = max(len(leaf.headings) for leaf in leaves)
    paths = [("",) * (depth - len(leaf.headings)) + leaf.headings for leaf in leaves]
    rows = []
    for level in range(depth):
        last = level == depth - 1
        cells = [HeaderCell(text if last else "", 1, i) for i, text in enumerate(stub)]
        start = 0
        while start < len(paths):
            stop = start + 1
            while not last and stop < len(paths) and paths[stop][: level + 1] == paths[start][: level + 1]:
                stop += 1
            cells.append(HeaderCell(paths[start][level], stop - start, len(stub) + start))
            start = stop
        rows.append(tuple(cells))
    return tuple(rows)
