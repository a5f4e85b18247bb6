"""Reading `conduct/rehearsal.yaml` and whether all that it names exists.

Findings: REH-001 not as documented, REH-002 unknown form or item, REH-003 unknown visit, REH-004 unknown arm, REH-005
unknown list, REH-006 a value that cannot be drawn, REH-007 nobody can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.kernel.located import Located
from opencro.rehearsal.model import BASES, DOCUMENT, LEAVING, FormPlan, Number, RehearsalPlan, Value
from opencro.study import Form, Study, validation_findings


def read_plan(study: Study) -> RehearsalPlan:
    """The study's own plan, or the plan of defaults where it has none; Refused with REH-001..007."""
    findings = list(_check_schedule(study))
    document = study.documents.get(DOCUMENT)
    if document is None:
        if findings:
            raise Refused(findings)
        return RehearsalPlan()
    try:
        plan = RehearsalPlan.model_validate(document.value)
    except ValidationError as error:
        raise Refused(validation_findings(error, document, "REH-001", model=RehearsalPlan)) from error
    findings += check_plan(study, plan, document)
    if findings:
        raise Refused(findings)
    return plan


def check_plan(study: Study, plan: RehearsalPlan, document: Located) -> list[Finding]:
    """Findings REH-002..006 about what a plan names."""
    return list(_Checker(study, plan, document).findings())


def _check_schedule(study: Study) -> Iterator[Finding]:
    if not any(not visit.unscheduled for visit in study.protocol.schedule.visits):
        yield Finding(
            "REH-007",
            Place("protocol/schedule.yaml"),
            "no visit is planned",
            "at least one",
            "Add the visits of the schedule.",
        )


class _Checker:
    """Walks a plan with the place in the document at hand."""

    def __init__(self, study: Study, plan: RehearsalPlan, document: Located) -> None:
        self._study = study
        self._plan = plan
        self._document = document
        self._visits = [visit.id for visit in study.protocol.schedule.visits]
        self._arms = [arm.id for arm in study.protocol.design.arms]

    def findings(self) -> Iterator[Finding]:
        """Everything that is named and does not exist."""
        visits, leaving = self._plan.visits, self._plan.leaving
        yield from self._known("REH-003", [v for v in (visits.first_dose,) if v], self._visits, "visits", "first_dose")
        yield from self._known("REH-003", [later.visit for later in visits.later], self._visits, "visits", "later")
        yield from self._known("REH-003", visits.kept, self._visits, "visits", "kept")
        yield from self._known("REH-002", visits.unscheduled_forms, self._study.forms, "visits", "unscheduled_forms")
        yield from self._arms_of(leaving.share, "leaving", "share")
        for name, form_plan in self._plan.forms.items():
            form = self._study.forms.get(name)
            if form is None:
                yield from self._known("REH-002", [name], self._study.forms, "forms", name)
            else:
                yield from self._form(form, form_plan)

    def _form(self, form: Form, plan: FormPlan) -> Iterator[Finding]:
        at = ("forms", form.id)
        items = [item.id for group in form.groups for item in group.items]
        yield from self._known("REH-003", plan.at, [*self._visits, LEAVING], *at, "at")
        yield from self._known("REH-002", plan.left_empty, items, *at, "left_empty")
        yield from self._values(plan.items, items, *at, "items")
        for i, row in enumerate(plan.rows):
            yield from self._known("REH-003", row.at, [*self._visits, LEAVING], *at, "rows", i, "at")
            yield from self._values(row.items, items, *at, "rows", i, "items")
        if plan.episodes is not None:
            lists = [plan.episodes.list] if plan.episodes.list else []
            yield from self._known("REH-005", lists, self._plan.lists, *at, "episodes", "list")
            yield from self._arms_of(plan.episodes.mean, *at, "episodes", "mean")
            yield from self._values(plan.episodes.none, items, *at, "episodes", "none")

    def _values(self, values: Mapping[str, Value], items: list[str], *at: str | int) -> Iterator[Finding]:
        yield from self._known("REH-002", values, items, *at)
        for item, value in values.items():
            yield from self._value(value, items[: items.index(item)] if item in items else items, *at, item)

    def _value(self, value: Value, before: list[str], *at: str | int) -> Iterator[Finding]:
        bases = [base for base in (value.date, value.until) if base is not None]
        yield from self._known("REH-003", bases, [*BASES, *self._visits], *at)
        if value.copy_of is not None:
            yield from self._known("REH-006", [value.copy_of], before, *at)
        if value.when:
            expression = parse_expression(value.when, self._document.place(*at))
            names = expression.names() if isinstance(expression, Expression) else []
            yield from () if isinstance(expression, Expression) else expression
            yield from self._known("REH-006", names, before, *at)
        if isinstance(value.number, Number):
            yield from self._arms_of(value.number.weekly, *at)
        for arm, own in (value.by_arm or {}).items():
            yield from self._known("REH-004", [arm], self._arms, *at)
            yield from self._value(own, before, *at)

    def _arms_of(self, given: float | Mapping[str, float], *at: str | int) -> Iterator[Finding]:
        if isinstance(given, Mapping):
            yield from self._known("REH-004", given, self._arms, *at)

    def _known(self, code: str, names: Iterable[str], known: Iterable[str], *at: str | int) -> Iterator[Finding]:
        kinds = {
            "REH-002": "a form or item of the study",
            "REH-003": "a visit of the schedule",
            "REH-004": "an arm of the design",
            "REH-005": "one of `lists`",
            "REH-006": "an item of the form that stands before it",
        }
        permitted = list(known)
        for name in names:
            if name not in permitted:
                remedy = suggest(name, permitted) or "Correct the name."
                yield Finding(code, self._document.place(*at), f'"{name}"', kinds[code], remedy)
