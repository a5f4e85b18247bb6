"""Training and delegation withhold what a role would permit."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.capture import Delegation, Membership, RoleGate, Training, TrainingPlan, read_training_plan, withheld
from opencro.study import init_study, load_study

PLAN = TrainingPlan(
    trainings={"gcp": "Good Clinical Practice"},
    roles={
        "coordinator": RoleGate(trainings=("gcp",), delegation=True),
        "investigator": RoleGate(trainings=("gcp",)),
    },
)
DAY = "2026-03-01"
GCP = Training("gcp", "2026-01-01", "2026-03-01")
ENTER = Delegation("001", ("enter",), "2026-02-01")


@pytest.mark.requirement(22)
@pytest.mark.parametrize(
    ("trainings", "delegations", "missing"),
    [
        ([GCP], [ENTER], {}),
        ([], [ENTER], {"enter": ("training: Good Clinical Practice",)}),
        ([GCP], [], {"enter": ("delegation: enter, change and complete forms",)}),
        ([Training("gcp", "2026-01-01", "2026-02-28")], [ENTER], {"enter": ("training: Good Clinical Practice",)}),
        ([Training("gcp", "2026-03-02")], [ENTER], {"enter": ("training: Good Clinical Practice",)}),
        ([Training("gcp", "2020-01-01")], [ENTER], {}),
        (
            [GCP],
            [Delegation("002", ("enter",), "2026-02-01")],
            {"enter": ("delegation: enter, change and complete forms",)},
        ),
        ([GCP], [Delegation("001", (), "2026-02-01")], {"enter": ("delegation: enter, change and complete forms",)}),
        (
            [GCP],
            [Delegation("001", ("enter",), "2026-02-01", "2026-02-28")],
            {"enter": ("delegation: enter, change and complete forms",)},
        ),
    ],
)
def test_who_is_not_trained_or_trusted_today_does_not_enter(
    trainings: list[Training], delegations: list[Delegation], missing: dict[str, tuple[str, ...]]
) -> None:
    assert withheld(PLAN, Membership("coordinator", "001"), trainings, delegations, DAY) == missing


@pytest.mark.requirement(22)
def test_an_investigator_signs_after_the_training_and_other_roles_need_nothing() -> None:
    held = Membership("investigator", "001")
    assert set(withheld(PLAN, held, [], [], DAY)) == {"enter", "sign"}
    assert withheld(PLAN, held, [GCP], [], DAY) == {}
    assert withheld(PLAN, Membership("monitor"), [], [], DAY) == {}
    assert not Membership("investigator", "001", frozenset({"sign"})).permits("sign")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("roles: {coordinator: {trainings: [gcp]}}\ntrainings: {gcp: GCP}\n", []),
        ("roles: {coordinator: {training: [gcp]}}\n", ["TRN-001"]),
        ("roles: {coordinater: {}}\n", ["TRN-002"]),
        ("roles: {coordinator: {trainings: [gpc]}}\ntrainings: {gcp: GCP}\n", ["TRN-002"]),
        ("gated: [enters]\n", ["TRN-002"]),
    ],
)
def test_a_plan_is_read_or_says_what_is_wrong(tmp_path: Path, text: str, codes: list[str]) -> None:
    folder = init_study(tmp_path / "S", "S", "A study")
    (folder / "conduct" / "training.yaml").write_text(text)
    assert [f.code for f in read_training_plan(load_study(folder))[1]] == codes


def test_the_example_of_the_documentation_is_read(tmp_path: Path, root: Path) -> None:
    folder = init_study(tmp_path / "S", "S", "A study")
    example = (root / "docs" / "training.md").read_text().split("```yaml\n")[1].split("```")[0]
    (folder / "conduct" / "training.yaml").write_text(example)
    plan, findings = read_training_plan(load_study(folder))
    assert not list(findings)
    assert plan.roles["coordinator"].delegation
