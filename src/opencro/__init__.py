"""openCRO: a protocol goes in, a submission comes out, every number is traceable.

In a notebook: `from opencro import Study, build`, then `study = Study.load("mystudy")`, `made = build(study)`,
`made.frame("AE")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opencro.app.build import build
    from opencro.app.check import check_everything as check
    from opencro.app.trace import trace_dataset_cell as trace
    from opencro.app.wiring import open_study_ledger as open_ledger
    from opencro.study import Study

__all__ = ["Study", "build", "check", "open_ledger", "trace"]

_WHERE = {
    "Study": ("opencro.study", "Study"),
    "build": ("opencro.app.build", "build"),
    "check": ("opencro.app.check", "check_everything"),
    "open_ledger": ("opencro.app.wiring", "open_study_ledger"),
    "trace": ("opencro.app.trace", "trace_dataset_cell"),
}


def __getattr__(name: str) -> Any:
    """The few names of a notebook, fetched when they are first used: `import opencro.kernel` stays light (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module 'opencro' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
