"""Whatever is done to the files of a study, `check` answers with findings that have a place and a remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencro.kernel.finding import render_finding
from opencro.study import check_study, diff_studies, read_study, render_diff, render_schedule

NAMES = ["study.yaml", "protocol/design.yaml", "protocol/schedule.yaml", "protocol/objectives.yaml"]
NAMES += ["forms/AE.yaml", "forms/codelists.yaml", "forms/checks.yaml", "conduct/transfers/VS.yaml"]
WORDS = [
    "null",
    "[]",
    "{}",
    "[[1]]",
    "-",
    ":",
    "true",
    "0",
    "-1",
    "1e999",
    ".5",
    '"',
    "'",
    "\t",
    "{a: b}",
    "ÿ",
    "!!x y",
    "%",
]


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, str, float, str]:
    """A file, what is done to one of its places, where, and with which word."""
    action = draw(st.sampled_from(["word", "line", "value", "twice", "cut", "text"]))
    word = draw(st.sampled_from(WORDS) | st.text(max_size=5))
    return draw(st.sampled_from(NAMES)), action, draw(st.floats(0, 0.999)), word


def _damaged(text: str, action: str, where: float, word: str) -> str:
    lines = text.splitlines(keepends=True)
    at = int(where * len(lines))
    line = lines[at]
    if action == "cut":
        return text[: int(where * len(text))]
    if action == "text":
        place = int(where * len(text))
        return text[:place] + word + text[place:]
    if action == "line":
        lines[at] = ""
    elif action == "twice":
        lines[at] = line + line
    elif action == "value":
        lines[at] = line.split(":", 1)[0] + f": {word}\n"
    else:
        parts = line.split(" ")
        parts[int(where * 1000) % len(parts)] = word
        lines[at] = " ".join(parts)
    return "".join(lines)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study that stays as it is."""
    return Path(shutil.copytree(Path(__file__).parent / "small", tmp_path_factory.mktemp("pristine") / "study"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damages(), min_size=1, max_size=3))
def test_check_always_answers(pristine: Path, tmp_path: Path, done: list[tuple[str, str, float, str]]) -> None:
    root = tmp_path / "study"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(pristine, root)
    for name, action, where, word in done:
        text = (root / name).read_text(encoding="utf-8") or " "
        damaged = _damaged(text, action, where, word).encode("utf-8", "surrogatepass")
        (root / name).write_bytes(damaged)
    findings = check_study(root)
    assert all(render_finding(f) and f.place.file and f.remedy for f in findings)
    study = read_study(root).study
    if study is not None:
        before = read_study(pristine).study
        assert before is not None
        assert render_schedule(study)
        assert render_diff(diff_studies(before, study))
