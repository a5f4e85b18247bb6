"""The list of kinds is a promise to old ledgers."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from opencro.ledger import KINDS

# What is stored for each kind, for ever: a change of fields is a new version, so this table only grows.
STORED = {
    "setting-changed/1": "setting old new",
    "ledger-created/1": "study purpose format",
    "study-published/1": "version sha256",
    "design-approved/1": "design definition information efficacy futility maximal_information",
    "record-changed/1": "items",
    "record-removed/1": "items",
    "data-imported/1": "file format sha256 rows",
    "data-exported/1": "what format position rows",
    "participant-enrolled/1": "enrolled_on",
    "participant-withdrawn/1": "withdrawn_on cause",
    "role-changed/1": "user old_role new_role",
    "user-logged-in/1": "user succeeded",
    "training-recorded/1": "user training completed_on valid_until",
    "delegation-changed/1": "user tasks starts_on ends_on",
    "accounts-reviewed/1": "accounts position note",
    "form-signed/1": "printed_name meaning sha256",
    "form-locked/1": "level",
    "form-unlocked/1": "level second_person",
    "source-verified/1": "items",
    "query-raised/1": "query item rule text",
    "query-answered/1": "query text",
    "query-closed/1": "query",
    "form-completed/1": "",
    "query-reopened/1": "query text",
    "query-cancelled/1": "query text",
    "review-flagged/1": "note raised",
    "treatment-unblinded/1": "circumstance seen_by",
    "unblinded-viewed/1": "what",
    "item-coded/1": "item value dictionary version code term levels method",
    "item-uncoded/1": "item",
    "synonym-changed/1": "dictionary text code",
    "trail-reviewed/1": "position filters",
}


def test_names_versions_and_fields_of_kinds_are_those_that_were_stored() -> None:
    assert {name: " ".join(f.name for f in fields(kind)) for name, kind in KINDS.items()} == STORED


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_has_a_name_and_version_and_a_section_in_the_documentation(name: str, root: Path) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+/[1-9][0-9]*", name)
    assert f"`{name}`" in (root / "docs" / "ledger.md").read_text()


def test_every_finding_code_is_documented(root: Path) -> None:
    sources = "\n".join(p.read_text() for p in (root / "src" / "opencro" / "ledger").rglob("*.py"))
    codes = set(re.findall(r'"(LED-\d{3})"', sources))
    documented = set(re.findall(r"\| (LED-\d{3}) \|", (root / "docs" / "ledger.md").read_text()))
    assert codes == documented


def test_the_example_of_the_documentation_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = (root / "docs" / "ledger.md").read_text().split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/ledger.md", "exec"), {})
    out = capsys.readouterr().out
    assert "old='120', new='130'" in out
    assert out.endswith("True\n")
