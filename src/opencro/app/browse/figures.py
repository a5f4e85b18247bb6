"""What the browser tells of each figure: the picture, what it shows in words, and the numbers that are drawn."""

from __future__ import annotations

import html
from pathlib import Path

from opencro.analysis.figures import Drawing
from opencro.app.browse.people import write_script

SHOWN = 500
"""Rows of numbers on the page, at most; the build's Parquet file has all."""


def write_figure(drawing: Drawing, folder: Path) -> None:
    """The picture as SVG, and a page around it."""
    pictures = folder / "figures"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / f"{drawing.id}.svg").write_bytes(drawing.svg)
    page = (
        f'<figure><img src="figures/{drawing.id}.svg" alt="{html.escape(drawing.alt)}">'
        f"<figcaption>{html.escape(drawing.alt)}</figcaption></figure>{_numbers(drawing)}"
    )
    write_script(
        folder / "tables" / f"{drawing.id}.js", "table", {"id": drawing.id, "html": page, "cells": {}, "sources": []}
    )


def _numbers(drawing: Drawing) -> str:
    frame = drawing.frame
    if frame.is_empty():
        return ""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_word(value))}</td>" for value in row) + "</tr>"
        for row in frame.head(SHOWN).iter_rows()
    )
    more = f"<p>The first {SHOWN:,} of {frame.height:,} rows.</p>" if frame.height > SHOWN else ""
    return (
        f'<details><summary>The numbers behind it</summary>{more}<div class="wide" tabindex="0"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _word(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
