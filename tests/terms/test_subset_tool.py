"""The tool that makes the shipped subset: the same bytes again, and no selection of what is not published."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from opencro.kernel.finding import Refused
from opencro.terms.store import SHIPPED

PACK = "sdtm-ct/2025-03-28"


@pytest.fixture(scope="module")
def tool(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_terms_subset", root / "tools/make_terms_subset.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def published(shared: Path) -> Path:
    return shared / "cdisc/ct/SDTM_Terminology_2025-03-28_NCI-EVS.tar.xz"


@pytest.mark.peer
def test_the_shipped_subset_is_what_the_tool_makes(tool: ModuleType, published: Path, tmp_path: Path) -> None:
    made = tool.make_subset(published, "2025-03-28", tmp_path)
    for name in ("pack.yaml", "codelists.tsv", "terms.tsv"):
        assert (made / name).read_bytes() == (SHIPPED / PACK / name).read_bytes()


@pytest.mark.peer
def test_the_shipped_part_of_adam_is_what_the_tool_makes(tool: ModuleType, shared: Path, tmp_path: Path) -> None:
    made = tool.make_adam_subset(shared / "cdisc/ct/adamct-2026-03-27.parquet", "2026-03-27", tmp_path)
    for name in ("pack.yaml", "codelists.tsv", "terms.tsv"):
        assert (made / name).read_bytes() == (SHIPPED / "adam-ct/2026-03-27" / name).read_bytes()


@pytest.mark.peer
def test_a_selected_term_that_is_not_published_is_a_finding(tool: ModuleType, published: Path, tmp_path: Path) -> None:
    selection = tmp_path / "selection.yaml"
    selection.write_text("also: [C1]\nno_definitions: []\npartial:\n  C71620:\n    terms: [kg, furlong]\n")
    with pytest.raises(Refused) as caught:
        tool.make_subset(published, "2025-03-28", tmp_path, selection)
    assert [(f.code, f.got) for f in caught.value.findings] == [
        ("TRM-030", "code list C1 is not published"),
        ("TRM-030", "term furlong of C71620 is not published"),
    ]
    assert not (tmp_path / "sdtm-ct").exists()
