"""The examples in the docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import opencro.stats.survival as survival

NAMES = {"np": np, **{name: getattr(survival, name) for name in survival.__all__}}


@pytest.mark.parametrize("module", sorted(m.name for m in pkgutil.iter_modules(survival.__path__)))
def test_examples(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"opencro.stats.survival.{module}"), extraglobs=NAMES)
    assert found.failed == 0
