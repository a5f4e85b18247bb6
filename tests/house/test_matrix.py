"""The traceability matrix is made by the run itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest_plugins = ["pytester"]


@pytest.mark.requirement(46)
def test_every_requirement_is_numbered_once_and_has_a_state(root: Path) -> None:
    rows = yaml.safe_load((root / "docs/validation/requirements.yaml").read_text(encoding="utf-8"))["requirements"]
    assert [r["number"] for r in rows] == list(range(1, 49))
    assert {r["state"] for r in rows} <= {"built", "partly", "planned"}


@pytest.mark.requirement(46)
def test_a_built_requirement_without_a_passing_test_fails_a_full_run(pytester: pytest.Pytester, root: Path) -> None:
    tests = pytester.mkdir("tests")
    conftest = (root / "tests/conftest.py").read_text(encoding="utf-8")
    (tests / "conftest.py").write_text(conftest, encoding="utf-8")
    (tests / "test_one.py").write_text(
        "import pytest\n@pytest.mark.requirement(1)\ndef test_one(): pass\n", encoding="utf-8"
    )
    docs = pytester.mkdir("docs")
    (docs / "validation").mkdir()
    listed = "requirements:\n  - {{number: {}, state: built, title: t, source: s}}\n"
    pytester.makeini("[pytest]\ntestpaths = tests\nmarkers =\n    requirement(n): x\n")
    (docs / "validation/requirements.yaml").write_text(listed.format(1), encoding="utf-8")
    assert pytester.runpytest_subprocess("-p", "no:cacheprovider").ret == 0
    assert "tests/test_one.py::test_one | passed" in (pytester.path / "build/validation/matrix.md").read_text()
    (docs / "validation/requirements.yaml").write_text(listed.format(2), encoding="utf-8")
    assert pytester.runpytest_subprocess("-p", "no:cacheprovider").ret == 1
