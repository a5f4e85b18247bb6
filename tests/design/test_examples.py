"""The examples of docstrings in early, simulation and randomization run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import opencro.design


def _modules() -> list[str]:
    found = pkgutil.walk_packages(opencro.design.__path__, "opencro.design.")
    rooms = (
        "opencro.design.early",
        "opencro.design.simulation",
        "opencro.design.randomization",
        "opencro.design.streams",
    )
    return [m.name for m in found if m.name.startswith(rooms)]


@pytest.mark.parametrize("name", _modules())
def test_examples(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
