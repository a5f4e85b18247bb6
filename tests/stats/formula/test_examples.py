"""The examples in the docstrings of these families run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

FAMILIES = ("formula", "linear", "summary", "dose_response", "bioequivalence")


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_run(family: str) -> None:
    face = importlib.import_module(f"opencro.stats.{family}")
    names = {name: getattr(face, name) for name in face.__all__}
    tried = 0
    for module in pkgutil.iter_modules(face.__path__):
        found = doctest.testmod(importlib.import_module(f"{face.__name__}.{module.name}"), extraglobs=names)
        assert found.failed == 0, module.name
        tried += found.attempted
    assert tried
