"""Input that no method could answer raises StatsError, never an error of the libraries beneath."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import opencro.stats as st
from opencro.stats import StatsError

NAN = float("nan")
BROKEN = {"empty": [], "missing": [NAN] * 4}


def _functions() -> Iterator[tuple[str, Callable[..., Any], int]]:
    """Those whose necessary arguments are arrays by position, with their number."""
    for family in [name for name in st.__all__ if name.islower()]:
        module = getattr(st, family)
        for name in module.__all__:
            function = getattr(module, name)
            if not inspect.isfunction(function) or name.startswith("plot_"):
                continue
            needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
            if needed and all(p.annotation == "ArrayLike" and p.kind != p.KEYWORD_ONLY for p in needed):
                yield f"{family}.{name}", function, len(needed)


@pytest.mark.parametrize("what", BROKEN)
def test_broken_arrays_give_an_answer_or_a_stats_error(what: str) -> None:
    """An empty batch and a description of nothing have answers; everything else says what it needs."""
    functions, wrong, refused = list(_functions()), [], 0
    for name, function, count in functions:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                function(*[BROKEN[what]] * count)
            except StatsError:
                refused += 1
            except Exception as error:  # noqa: BLE001  the test names every other kind
                wrong.append(f"{name}: {type(error).__name__} {error}")
    assert wrong == []
    assert refused > 0.7 * len(functions) > 100


def test_trials_of_a_batch_that_do_not_pair_are_refused() -> None:
    for method in (st.linear.t_test_pooled_batch, st.linear.t_test_welch_batch):
        with pytest.raises(StatsError, match="STA-110"):
            method([[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]])
