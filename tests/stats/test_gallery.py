"""Every page of the gallery prints what it says, and every public method stands on one."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

import opencro.stats as st
from opencro.stats import Result
from tests.stats.gallery import PAGES, run_page

PAGE_NAMES = sorted(p.name for p in PAGES.glob("*.md"))
SOURCE = Path(st.__file__).parent


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_a_page_prints_what_it_says(name: str) -> None:
    text = (PAGES / name).read_text(encoding="utf-8")
    assert run_page(text, name) == text, "run `python -m tests.stats.gallery` and read the difference"


@pytest.mark.parametrize("family", sorted(n for n in st.__all__ if n.islower()))
def test_every_public_method_stands_on_its_familys_page(family: str) -> None:
    module = importlib.import_module(f"opencro.stats.{family}")
    text = (PAGES / f"{family}.md").read_text(encoding="utf-8")
    verbs = [n for n in module.__all__ if inspect.isfunction(inspect.unwrap(getattr(module, n)))]
    assert not [n for n in verbs if not re.search(rf"\b{n}\b", text)]


@pytest.mark.parametrize("family", sorted(n for n in st.__all__ if n.islower()))
def test_every_result_is_frozen_and_every_name_explains_itself(family: str) -> None:
    module = importlib.import_module(f"opencro.stats.{family}")
    for name in module.__all__:
        thing = getattr(module, name)
        assert inspect.getdoc(thing), f"{family}.{name} has no docstring"
        if inspect.isclass(thing) and issubclass(thing, Result):
            assert thing.__dataclass_params__.frozen, name  # type: ignore[attr-defined]


def test_every_code_of_a_note_or_error_stands_in_the_gallery() -> None:
    documented = "".join(p.read_text(encoding="utf-8") for p in PAGES.glob("*.md"))
    source = "".join(p.read_text(encoding="utf-8") for p in SOURCE.rglob("*.py"))
    assert not {c for c in re.findall(r'"(STA-\d{3})"', source) if c not in documented}
