"""docs/figures.md tells of every kind, key and finding, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opencro.analysis.figures.model import KINDS, Figure

ROOM = Path(__file__).resolve().parents[3] / "src/opencro/analysis/figures"


@pytest.fixture
def page(root: Path) -> str:
    """The manual."""
    return (root / "docs/figures.md").read_text(encoding="utf-8")


def test_every_finding_has_its_line_and_every_line_its_finding(page: str) -> None:
    source = "\n".join(p.read_text(encoding="utf-8") for p in ROOM.glob("*.py"))
    assert set(re.findall(r'"(FIG-\d{3})"', source)) == set(re.findall(r"^\| (FIG-\d{3}) ", page, re.MULTILINE))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_line_with_its_keys(page: str, kind: str) -> None:
    (line,) = re.findall(rf"^\| `{kind}` .*$", page, re.MULTILINE)
    (model,) = [m for m in Figure.model_fields[kind].annotation.__args__ if m is not type(None)]  # type: ignore[union-attr]
    assert not [key for key in model.model_fields if f"`{key}`" not in line]


def test_the_example_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "docs/figures.md", "exec"), {})
    assert "2 marks of Response" in capsys.readouterr().out
