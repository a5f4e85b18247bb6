"""The JSON Schemas of every file of a study's folder, gathered from the rooms that read them."""

from __future__ import annotations

import opencro.analysis
import opencro.analysis.displays
import opencro.analysis.figures
import opencro.capture
import opencro.design.trial
import opencro.rehearsal
import opencro.study
import opencro.submission
import opencro.tabulation


def render_every_schema() -> dict[str, str]:
    """File name -> text; `opencro init` puts them into `.schemas/`, where the editor finds them."""
    rooms = (
        opencro.study,
        opencro.capture,
        opencro.design.trial,
        opencro.tabulation,
        opencro.analysis,
        opencro.analysis.displays,
        opencro.analysis.figures,
        opencro.submission,
        opencro.rehearsal,
    )
    return {name: text for room in rooms for name, text in room.render_schemas().items()}
