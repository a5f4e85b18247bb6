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
class TableCell:
    """What a cell shows, and the results it was made of."""

    text: str = ""
    source: Cell | None = None


@dataclass(frozen=True)
class TableRow:
    """Labels (as many as label columns) and cells; `level` indents the last label; `blank` is an empty line before."""

    labels: tuple[str, ...]
    cells: tuple[TableCell, ...]
    level: int = 0
    blank: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Table:
    """A display that is filled: `header` has rows from the top, the label columns count among its columns."""

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

    @property
    def columns(self) -> int:
        """All columns, those of labels among them."""
        return len(self.widths)

    def texts(self) -> list[list[str]]:
        """The body as plain words, labels first."""
        return [[*row.labels, *(cell.text for cell in row.cells)] for row in self.rows]
