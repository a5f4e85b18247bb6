"""The examples of the docstrings print what they say."""

from __future__ import annotations

from tests.stats.examples import run_examples


def test_examples() -> None:
    assert run_examples("agreement") >= 10
