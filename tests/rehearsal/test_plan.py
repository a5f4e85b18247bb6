"""What a study says about its rehearsal is checked against the study, with line and suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.rehearsal import read_plan
from opencro.study import init_study, load_study

CASES = [
    ("sites: {cuont: 3}", "REH-001"),
    ("forms: {VS: {items: {SYSBP: {number: {mean: 1}, constant: x}}}}", "REH-001"),
    ("forms: {AE: {items: {AESEV: {choice: {MILD: -1, SEVERE: 2}}}}}", "REH-001"),
    ("lists: {x: {columns: [a, b], rows: [[1]]}}", "REH-001"),
    ("forms: {VZ: {}}", "REH-002"),
    ("forms: {VS: {items: {SYSBQ: '1'}}}", "REH-002"),
    ("visits: {unscheduled_forms: [XX]}", "REH-002"),
    ("visits: {first_dose: BASELIN}", "REH-003"),
    ("visits: {kept: [WEEK44]}", "REH-003"),
    ("forms: {VS: {at: [WEEK5]}}", "REH-003"),
    ("forms: {VS: {items: {VSDAT: {date: vist}}}}", "REH-003"),
    ("leaving: {share: {ACTVE: 0.1}}", "REH-004"),
    ("forms: {VS: {items: {SYSBP: {by_arm: {ACTIV: '1'}}}}}", "REH-004"),
    ("forms: {AE: {episodes: {list: evnts}}}", "REH-005"),
    ("forms: {AE: {items: {AETERM: {copy_of: AEOUT}}}}", "REH-006"),
    ("forms: {AE: {items: {AETERM: {constant: x, when: 'AEOUT is present'}}}}", "REH-006"),
]


@pytest.mark.parametrize(("text", "code"), CASES, ids=[f"{code} {text[:40]}" for text, code in CASES])
def test_a_plan_that_does_not_fit_is_refused_at_its_line(tmp_path: Path, text: str, code: str) -> None:
    folder = init_study(tmp_path / "study", "ABC", "A study")
    (folder / "conduct" / "rehearsal.yaml").write_text(f"# first line\n{text}\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_plan(load_study(folder))
    assert refused.value.findings.codes()[0] == code
    finding = refused.value.findings.items[0]
    assert finding.place.file == "conduct/rehearsal.yaml"
    assert finding.place.line == 2


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    folder = init_study(tmp_path / "study", "ABC", "A study")
    (folder / "conduct" / "rehearsal.yaml").write_text("visits: {first_dose: BASELIN}\n", encoding="utf-8")
    with pytest.raises(Refused, match='Did you mean "BASELINE"'):
        read_plan(load_study(folder))


def test_a_study_without_visits_cannot_be_rehearsed(tmp_path: Path) -> None:
    folder = init_study(tmp_path / "study", "ABC", "A study")
    schedule = folder / "protocol" / "schedule.yaml"
    schedule.write_text("visits: []\nactivities: []\n", encoding="utf-8")
    (folder / "conduct" / "rehearsal.yaml").unlink()
    with pytest.raises(Refused) as refused:
        read_plan(load_study(folder))
    assert refused.value.findings.codes() == ("REH-007",)


def test_every_code_and_every_key_of_a_plan_is_documented(root: Path) -> None:
    from opencro.rehearsal import model

    text = (root / "docs" / "rehearsal.md").read_text(encoding="utf-8")
    parts = (model.RehearsalPlan, model.Sites, model.Persons, model.Visits, model.Leaving, model.Entry, model.FormPlan,
             model.Row, model.Episodes, model.Value, model.Number, model.Terms, model.Reason, model.Later)  # fmt: skip
    missing = [f"{part.__name__}.{key}" for part in parts for key in part.model_fields if f"`{key}`" not in text]
    assert not missing
    assert all(f"REH-00{n}" in text for n in range(1, 8))
