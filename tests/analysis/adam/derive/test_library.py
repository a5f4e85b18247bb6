"""Every derivation keeps the library's rules: one order of arguments, a documented source, rows that it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

from opencro.analysis.adam import derive

_ORDER = ("source", "by", "order", "given", "new", "where")


@pytest.mark.parametrize("name", sorted(derive.DERIVATIONS))
def test_a_derivation_is_documented_and_keeps_the_order_of_arguments(name: str) -> None:
    one = derive.DERIVATIONS[name]
    signature = inspect.signature(one.function)
    assert next(iter(signature.parameters)) == "data"
    positional = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    assert positional == sorted(positional, key=_ORDER.index)
    text = inspect.getdoc(one.function) or ""
    assert text.split("\n")[0].count(".") >= 1
    assert (
        re.search(r"Source: (ADaM|SDTMIG)", text)
        or one.rows == "choose"
        or name in ("aligned", "capitalized", "first_present")
    )
    assert one.function.__name__ in derive.__all__


def test_every_parameter_in_words_exists() -> None:
    for one in derive.DERIVATIONS.values():
        named = set(re.findall(r"\{(\w+)\}", one.words))
        assert named <= {p.name for p in one.parameters}, one.name


def test_examples_run() -> None:
    for found in pkgutil.iter_modules(derive.__path__):
        module = importlib.import_module(f"opencro.analysis.adam.derive.{found.name}")
        assert doctest.testmod(module).failed == 0
