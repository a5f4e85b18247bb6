"""The JSON Schemas of the files below submission/ of a study."""

from __future__ import annotations

from opencro.submission import ectd, guides


def render_schemas() -> dict[str, str]:
    """File name -> text of the schemas of this room."""
    return {**ectd.render_schemas(), **guides.render_schemas()}
