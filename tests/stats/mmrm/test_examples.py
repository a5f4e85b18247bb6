"""The examples in the docstrings print what they say."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from opencro.stats.mmrm import batch, model


@pytest.mark.parametrize("module", [model, batch])
def test_examples(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
