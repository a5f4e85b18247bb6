"""Runs the examples of a family's docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil


def run_examples(family: str) -> int:
    """How many examples of `opencro.stats.<family>` were run; a wrong one fails, both outputs are printed."""
    package = importlib.import_module(f"opencro.stats.{family}")
    ran, wrong = 0, []
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        found = doctest.testmod(importlib.import_module(module.name), optionflags=doctest.ELLIPSIS)
        wrong += [module.name] * bool(found.failed)
        ran += found.attempted
    assert not wrong, f"examples print something else in {wrong}"
    return ran
