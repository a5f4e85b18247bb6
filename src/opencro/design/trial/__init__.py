"""The designs of a study: `design/*.yaml` read and planned, and their reports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from opencro.design.trial.model import TrialDesign
from opencro.design.trial.schema import render_schemas

if TYPE_CHECKING:
    from opencro.design.trial.page import render_page
    from opencro.design.trial.paper import render_paper
    from opencro.design.trial.picture import draw_design
    from opencro.design.trial.planned import LookTable, PlannedTrial, plan_trial
    from opencro.design.trial.read import read_designs
    from opencro.design.trial.simulated import SimulatedDesign, simulate_trial
    from opencro.design.trial.words import write_code, write_plan_text, write_protocol_text

__all__ = [
    "LookTable",
    "PlannedTrial",
    "SimulatedDesign",
    "TrialDesign",
    "draw_design",
    "plan_trial",
    "read_designs",
    "render_page",
    "render_paper",
    "render_schemas",
    "simulate_trial",
    "write_code",
    "write_plan_text",
    "write_protocol_text",
]

if not TYPE_CHECKING:
    _MODULES = {
        "LookTable": "planned",
        "PlannedTrial": "planned",
        "plan_trial": "planned",
        "read_designs": "read",
        "SimulatedDesign": "simulated",
        "simulate_trial": "simulated",
        "draw_design": "picture",
        "render_page": "page",
        "render_paper": "paper",
        "write_code": "words",
        "write_plan_text": "words",
        "write_protocol_text": "words",
    }

    def __getattr__(name: str) -> object:
        """What computes or draws is imported when it is first asked for: commands that only list designs start fast."""
        if name in _MODULES:
            return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
