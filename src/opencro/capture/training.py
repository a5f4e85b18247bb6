"""What somebody must have learnt, and been trusted with, before she enters or signs: conduct/training.yaml.

Sources: 21 CFR 11.10(i) (education, training, experience); ICH E6(R3) section 2.12 and annex 1 (delegation by the
investigator, in writing). Manual: docs/training.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import Field

from opencro.capture.documents import read_document
from opencro.capture.roles import ALL_SITES, Membership, permissions, roles
from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.study import Part, Study

DOCUMENT = "conduct/training.yaml"
GATED = ("enter", "sign")


class RoleGate(Part):
    """What a role needs before it may do what is gated."""

    trainings: tuple[str, ...] = Field(default=(), description="trainings that are current on the day")
    delegation: bool = Field(default=False, description="the task is delegated to the person at the site")


class TrainingPlan(Part):
    """conduct/training.yaml: trainings by id with their titles, and what each role needs for what is gated."""

    trainings: Mapping[str, str] = Field(default={}, description="id of a training: its title")
    gated: tuple[str, ...] = Field(default=GATED, description="permissions that are withheld without them")
    roles: Mapping[str, RoleGate] = Field(default={}, description="role: what it needs; others need nothing")


@dataclass(frozen=True, slots=True)
class Training:
    """A user's newest record of a training; ISO 8601 dates, `valid_until` "" for ever."""

    training: str
    completed_on: str
    valid_until: str = ""

    def holds(self, day: str) -> bool:
        """Whether it is current on a day."""
        return self.completed_on <= day and (not self.valid_until or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Tasks delegated to a user at a site ("": everywhere) between two days, `ends_on` "" without end."""

    site: str
    tasks: tuple[str, ...]
    starts_on: str
    ends_on: str = ""

    def holds(self, task: str, site: str, day: str) -> bool:
        """Whether a task is delegated at a site on a day."""
        here = self.site in (site, ALL_SITES) and task in self.tasks
        return here and self.starts_on <= day and (not self.ends_on or day <= self.ends_on)


def read_training_plan(study: Study) -> tuple[TrainingPlan, Findings]:
    """The study's conduct/training.yaml, or one that gates nothing; TRN-001 for its form, TRN-002 for unknown names."""
    read, findings = read_document(study, DOCUMENT, TrainingPlan, "TRN-001")
    plan = read or TrainingPlan()
    return plan, findings + Findings(tuple(_unknown(plan)))


def withheld(
    plan: TrainingPlan,
    membership: Membership,
    trainings: Iterable[Training],
    delegations: Iterable[Delegation],
    day: str,
) -> dict[str, tuple[str, ...]]:
    """What a membership permits and is withheld on a day: permission -> what is missing, in words.

    `day` is an ISO 8601 date. A role that the plan does not name is withheld nothing.
    """
    gate = plan.roles.get(membership.role)
    if gate is None or membership.role not in roles():
        return {}
    current = {one.training for one in trainings if one.holds(day)}
    untrained = tuple(f"training: {plan.trainings.get(t, t)}" for t in gate.trainings if t not in current)
    given = tuple(delegations)
    found = {}
    for task in plan.gated:
        if task not in roles()[membership.role].may:
            continue
        delegated = not gate.delegation or any(one.holds(task, membership.site, day) for one in given)
        missing = (*untrained, *(() if delegated else (f"delegation: {permissions()[task]}",)))
        if missing:
            found[task] = missing
    return found


def _unknown(plan: TrainingPlan) -> Iterable[Finding]:
    named = (
        *(("role", name, tuple(roles())) for name in plan.roles),
        *(("permission", name, tuple(permissions())) for name in plan.gated),
        *(("training", t, tuple(plan.trainings)) for gate in plan.roles.values() for t in gate.trainings),
    )
    for what, name, known in named:
        if name not in known:
            remedy = suggest(name, known) or f"Name one of: {', '.join(known)}."
            yield Finding("TRN-002", Place(DOCUMENT), f'{what} "{name}"', f"a known {what}", remedy)
