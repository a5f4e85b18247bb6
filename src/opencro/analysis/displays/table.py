"""A filled display: words in rows and columns, with the results behind each cell; what renderers read."""

from __future__ import annotations

from dataclasses import dataclass

from opencro.analysis.results import Cell


@dataclass(frozen=True)
class HeaderCell:
    """A heading over `span` columns; `leaf` where no heading stands below it."""

    text: str
    span: int = 1
    first: int = 0


@dataclass(frozen=True)
class Listed:
    """Where a listed value stands: the row of its dataset, from 0, and the variables as DATASET.VARIABLE."""

    dataset: str
    row: int
    variables: tuple[str, ...]


@dataclass(frozen=True)
class TableCell:
    """What a cell shows, and what it was made of: the results of a table, the row and variables of a listing."""

    text: str = ""
    source: Cell | Listed | None = None


@dataclass(frozen=True)
class TableRow:
    """Labels (as many as label columns) and cells; `level` indents the last label; `blank` is an empty line before.

    `fresh` begins a new page; `again` are the cells where a row stands first on a page and repeats are shown again.
    """

    labels: tuple[str, ...]
    cells: tuple[TableCell, ...]
    level: int = 0
    blank: bool = False
    keep: bool = False
    fresh: bool = False
    again: tuple[TableCell, ...] = ()


@dataclass(frozen=True)
class Table:
    """A display that is filled: `header` has rows from the top, the label columns count among its columns.

    `kind` is the word before its number.
    """

    id: str
    number: str
    title: str
    subtitle: str
    population: str
    header: tuple[tuple[HeaderCell, ...], ...]
    rows: tuple[TableRow, ...]
    footnotes: tuple[str, ...]
    label_columns: int
    widths: tuple[float, ...]
    aligns: tuple[str, ...]
    lines_per_page: int = 40
    kind: str = "Table"

    @property
    def name(self) -> str:
        """Kind and number, e.g. Table 14-1.01."""
        return f"{self.kind} {self.number}"

    def heading_align(self, cell: HeaderCell) -> str:
        """Where a heading stands over its columns: left over labels, else as its column where that is left or right."""
        lowest = cell.span == 1 and any(cell is one for one in self.header[-1])
        own = self.aligns[cell.first]
        return "left" if cell.first < self.label_columns else own if lowest and own in ("left", "right") else "center"

    @property
    def columns(self) -> int:
        """All columns, those of labels among them."""
        return len(self.widths)

    def texts(self) -> list[list[str]]:
        """The body as plain words, labels first."""
        return [[*row.labels, *(cell.text for cell in row.cells)] for row in self.rows]
