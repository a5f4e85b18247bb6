"""Plan a trial and know how it will behave: `import opencro.design as de`, `de.sequential.group_sequential(...)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from opencro.design.errors import DesignError

if TYPE_CHECKING:
    from opencro.design import (
        adaptive,
        early,
        fixed,
        forecast,
        randomization,
        sequential,
        simulation,
        single_arm,
        trial,
    )

__all__ = [
    "DesignError",
    "adaptive",
    "early",
    "fixed",
    "forecast",
    "randomization",
    "sequential",
    "simulation",
    "single_arm",
    "trial",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A family of designs is imported when it is first asked for: Numba and SciPy take their time."""
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
