"""The schemas of the documents that capture reads are current, and refuse what the readers refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from opencro.capture import render_schemas


def test_the_published_schemas_are_current(root: Path) -> None:
    folder = root / "src/opencro/capture/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("sites", {"zone": "UTC", "sites": {"701": {"zone": "Asia/Tokyo", "name": "North"}}}, {"zones": "UTC"}),
        (
            "coding_items",
            {"dictionaries": {"e": "1"}, "items": [{"item": "AE.AETERM", "dictionary": "e"}]},
            {"items": 1},
        ),
        ("synonyms", {"synonyms": {"e": {"sore head": "E1"}}}, {"synonyms": []}),
        ("check_cases", {"checks": {"A": {"fires": [{"X": "1"}], "passes": [{}]}}}, {"checks": {"A": {"fire": []}}}),
        ("reconciliation", {"listings": []}, {"listings": [{"id": "X"}]}),
        ("lock", {"once": ["DS"], "optional": ["CM"]}, {"once": "DS"}),
        ("sdv", {"seed": "s", "levels": [{"id": "a", "items": ["DM"]}]}, {"levels": []}),
        ("audit_review", {"late_days": 3, "office_hours": [8, 18], "burst": {"facts": 9}}, {"late_days": -1}),
    ],
)
def test_a_schema_accepts_a_document_and_refuses_a_mistake(
    name: str, good: dict[str, object], bad: dict[str, object]
) -> None:
    validator = Draft202012Validator(json.loads(render_schemas()[f"{name}.schema.json"]))
    assert validator.is_valid(good)
    assert not validator.is_valid(bad)
