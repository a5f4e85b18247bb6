"""The report of a design as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape

from opencro.design.trial.picture import render_svgs
from opencro.design.trial.planned import PlannedTrial
from opencro.design.trial.report import Block, Code, Grid, Heading, Picture, Words, make_report

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1f2933; background: #fff; margin: 0 auto;
  max-width: 60rem; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 1px solid #cbd2d9; }
.sub { color: #52606d; margin: 0 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid #e4e7eb; }
th { font-weight: 600; color: #52606d; border-bottom-color: #9aa5b1; }
td.n, th.n { text-align: right; }
p { max-width: 46rem; }
pre { background: #f5f7fa; border: 1px solid #e4e7eb; border-radius: 4px; padding: .8rem 1rem; overflow-x: auto;
  font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
td.n { white-space: nowrap; }
figure { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; }
figure svg { flex: 1 1 17rem; max-width: 26rem; height: auto; }
@media print { body { max-width: none; } h2 { break-after: avoid; } table, figure { break-inside: avoid; } }
"""


def render_page(trial: PlannedTrial, study: str) -> str:
    """The page: English, one column, tables that scroll by themselves on a narrow screen."""
    body = "\n".join(_render(block, trial) for block in make_report(trial))
    title = escape(trial.design.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f'<body><main><h1>{title}</h1>\n<p class="sub">{escape(study)} · design/{escape(trial.name)}.yaml · '
        f"computed by exact integration</p>\n{body}\n</main></body></html>\n"
    )


def _render(block: Block, trial: PlannedTrial) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Words(text):
            return f"<p>{escape(text)}</p>"
        case Code(text):
            return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
        case Picture():
            label = "Bounds over the looks, power and expected size over the true effect; the tables hold the numbers."
            return f'<figure role="img" aria-label="{label}">{"".join(render_svgs(trial))}</figure>'
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> str:
    def cell(tag: str, i: int, text: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{' class=n' if i >= grid.words else ''}>{escape(text)}</{tag}>"

    head = "".join(cell("th", i, h) for i, h in enumerate(grid.head))
    rows = "".join("<tr>" + "".join(cell("td", i, c) for i, c in enumerate(row)) + "</tr>" for row in grid.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
