"""A table as HTML: headings with scope for a screen reader, each cell with the number of its place for its lineage."""

from __future__ import annotations

import html
import re

from opencro.analysis.displays.table import HeaderCell, Table, TableRow

FIGURE_SPACE = "\u2007"
STYLE = """
:root { color-scheme: light dark; --line: #8a8f98; --soft: #e3e6ea; --mark: #0b6bcb; }
@media (prefers-color-scheme: dark) { :root { --soft: #2b3038; --mark: #7ab8ff; } }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
.display { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .6rem; }
caption span { display: block; font-weight: 400; }
thead { border-top: 2px solid var(--line); border-bottom: 1px solid var(--line); }
tbody { border-bottom: 2px solid var(--line); }
th { font-weight: 600; padding: .2rem .6rem; vertical-align: bottom; white-space: pre-line; }
th.label, tbody th { text-align: left; font-weight: 400; white-space: pre-line; }
thead th.over { border-bottom: 1px solid var(--soft); }
td { padding: .15rem .6rem; text-align: center; vertical-align: top; white-space: pre; }
thead th.right { text-align: right; }
td.right, td.decimal { text-align: right; } td.left { text-align: left; }
tr.blank > * { padding-top: 1rem; }
tbody tr:hover { background: var(--soft); }
.notes { font-size: .87em; margin: .6rem 0 0; padding: 0; list-style: none; }
"""


def render_html(table: Table, *, whole: bool = True) -> str:
    """A page, or with `whole` off only the table to be put into one; no script, no address of anybody else."""
    caption = f"{table.name} {table.title}"
    under = "".join(f"<span>{_words(t)}</span>" for t in (table.subtitle, table.population) if t)
    head = "".join(_header(cells, table, level) for level, cells in enumerate(table.header))
    body = "".join(_row(row, number, table) for number, row in enumerate(table.rows))
    notes = "".join(f"<li>{_words(note)}</li>" for note in table.footnotes)
    part = (
        f'<div class="display" tabindex="0" role="region" aria-label="{_words(caption)}"><table id="{table.id}">'
        f"<caption>{_words(caption)}{under}</caption><thead>{head}</thead><tbody>{body}</tbody></table></div>"
        f'<ul class="notes">{notes}</ul>'
    )
    if not whole:
        return part
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_words(caption)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main>{part}</main></body></html>\n"
    )


def _header(cells: tuple[HeaderCell, ...], table: Table, level: int) -> str:
    made = []
    for cell in cells:
        last = level == len(table.header) - 1
        span = f' colspan="{cell.span}"' if cell.span > 1 else ""
        scope = "colgroup" if cell.span > 1 else "col"
        align = table.heading_align(cell)
        kind = {"left": "label", "right": "right"}.get(align, "over" if not last and cell.text else "")
        tag = "th" if cell.text or last else "td"
        made.append(f'<{tag} scope="{scope}"{span} class="{kind}">{_words(cell.text)}</{tag}>')
    return f"<tr>{''.join(made)}</tr>"


def _row(row: TableRow, number: int, table: Table) -> str:
    labels = []
    for place, label in enumerate(row.labels):
        indent = f' style="padding-left: {0.6 + 1.2 * row.level:.1f}rem"' if place == len(row.labels) - 1 else ""
        labels.append(f'<th scope="row"{indent}>{_words(label)}</th>' if label else "<td></td>")
    cells = []
    for place, cell in enumerate(row.cells):
        align = table.aligns[table.label_columns + place]
        mark = f' data-cell="{number}.{place}"' if cell.source is not None and cell.text else ""
        # Figure spaces are as wide as figures, so that blanks align numbers in any font.
        words = cell.text if align == "left" else cell.text.replace(" ", FIGURE_SPACE)
        cells.append(f'<td class="{align}"{mark}>{_words(words)}</td>')
    kind = ' class="blank"' if row.blank else ""
    return f"<tr{kind}>{''.join(labels)}{''.join(cells)}</tr>"


def _words(text: str) -> str:
    return re.sub(r"\t", "  ", html.escape(text))
