"""Draws the picture of the README from a demo: `python tools/draw_trace.py demo/cdiscpilot01 docs/trace.svg`.

It shows the first adverse event of a participant whose first dose was corrected, because that is what a trace is for.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import polars as pl
from rich.console import Console

from opencro.app.cli.render import history_table, trace_tree
from opencro.app.trace import trace_dataset_cell
from opencro.app.wiring import open_study_ledger
from opencro.study import load_study


def main() -> None:
    """Find such a participant, trace, draw."""
    folder, picture = Path(sys.argv[1]), Path(sys.argv[2])
    study = load_study(folder)
    with open_study_ledger(study) as ledger:
        changes = ledger.changes_frame()
    events = set(changes.filter(pl.col("form") == "AE").get_column("participant"))
    corrected = changes.filter((pl.col("item") == "EXSTDAT") & pl.col("old").is_not_null() & (pl.col("event") == "BL"))
    participant = next(p for p in corrected.get_column("participant") if p in events)
    where = {"USUBJID": study.file.usubjid.format(study=study.id, participant=participant), "AESEQ": "1"}
    answer = trace_dataset_cell(study, "AE", "AESTDY", where)
    console = Console(record=True, width=172, file=io.StringIO(), highlight=False)
    console.print(trace_tree(answer))
    console.print()
    console.print(history_table(answer))
    words = " ".join(f"{name}={value}" for name, value in where.items())
    drawn = console.export_svg(title=f"opencro trace {folder.name} AE.AESTDY {words}")
    # Fonts of the reader's machine do; a picture loads nothing from elsewhere.
    plain = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    picture.write_text(re.sub(r"<!--.*?-->", "", plain, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
