"""Runs the examples of a family's docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil


def run_examples(family: str) -> int:
    """How many examples of `opencro.stats.<family>` were run; a wrong one raises with both outputs."""
    package = importlib.import_module(f"opencro.stats.{family}")
    ran = 0
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        found = doctest.testmod(
            importlib.import_module(module.name), optionflags=doctest.ELLIPSIS, raise_on_error=False, verbose=False
        )
        assert not found.failed, f"{module.name}: {found.failed} examples print something else"
        ran += found.attempted
    return ran
