"""Every expression of a study can be read and fits the items that it names (EXP-001..EXP-012)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from opencro.kernel.expression import (
    PREVIOUS,
    Expression,
    Name,
    Types,
    ValueType,
    check_expression,
    parse_expression,
)
from opencro.kernel.finding import Finding, Severity
from opencro.kernel.located import Key
from opencro.study.check.items import items_of
from opencro.study.check.subject import CHECKS, ELIGIBILITY, OBJECTIVES, Subject
from opencro.study.model.form import EditCheck, Form
from opencro.study.model.value_types import VALUE_TYPES, item_types, study_types
from opencro.study.model.whole import Study


def check_expressions(subject: Subject) -> list[Finding]:
    """Findings about edit checks, `derive`, `show_when`, criteria, populations and transfers."""
    found: list[Finding] = []
    for file, key, text, types, gives in _expressions(subject):
        expression = parse_expression(text, subject.place(file, *key))
        if not isinstance(expression, Expression):
            found += expression
            continue
        columns: Types = dict.fromkeys(expression.items(), "text")
        known = columns if types is None else types
        visits = [v.id for v in subject.study.protocol.schedule.visits] if file == CHECKS else None
        findings = check_expression(expression, known, gives=gives, visits=visits)
        if file == CHECKS:
            found += _visit_findings(subject, subject.study.checks[int(key[1])], expression)
        found += [f for f in findings if f.code != "EXP-007" or not _mentions_unread(subject, f, expression)]
    return found


def _visit_findings(subject: Subject, check: EditCheck, expression: Expression) -> Iterator[Finding]:
    """EXP-012: names at visits that never have a value."""
    study = subject.study
    visits = {visit.id: visit for visit in study.protocol.schedule.visits}
    for part in expression.named():
        form = _form_of(study, check, part) if part.visit else None
        if form is None:
            continue
        asked = {
            v for activity in study.protocol.schedule.activities if form.id in activity.forms for v in activity.visits
        }
        if form.participant_level:
            yield _never_there(expression, part, f"a form of visits, {form.id} is of none", "Leave the visit out.")
        elif part.visit == PREVIOUS and study.forms[check.form].participant_level:
            remedy = "Name the visit, or use `first`."
            yield _never_there(expression, part, f"a visit to count from, {check.form} is of none", remedy)
        elif part.visit in visits and part.visit not in asked and not visits[part.visit].unscheduled:
            remedy = f"Name a visit at which {form.id} is asked for."
            finding = _never_there(expression, part, f"a visit that asks for {form.id}", remedy)
            yield replace(finding, severity=Severity.WARNING)


def _form_of(study: Study, check: EditCheck, part: Name) -> Form | None:
    given, _, item = part.item.rpartition(".")
    for name in [given] if given else [check.form, *study.forms]:
        if name in study.forms and item in item_types(study.forms[name]):
            return study.forms[name]
    return None


def _never_there(expression: Expression, part: Name, expected: str, remedy: str) -> Finding:
    return Finding("EXP-012", expression.place, f"`{part.name}` at column {part.column}", expected, remedy)


def _mentions_unread(subject: Subject, finding: Finding, expression: Expression) -> bool:
    """A name of a form that exists but could not be understood is not called unknown."""
    return any(f"`{n}`" in finding.got and n.split(".")[0] in subject.unread for n in expression.items())


def _expressions(subject: Subject) -> Iterator[tuple[str, Key, str, Types | None, ValueType]]:
    """File, path, text, known names (None: the columns of a file that is not here) and type of each expression."""
    study = subject.study
    everywhere = study_types(study)
    for i, check in enumerate(study.checks):
        if check.form in study.forms:
            known = {**everywhere, **item_types(study.forms[check.form])}
            yield CHECKS, ("checks", i, "when"), check.when, known, "boolean"
    for form in study.forms.values():
        known = {**everywhere, **item_types(form)}
        for key, item in items_of(form):
            if item.derive:
                gives = VALUE_TYPES.get(item.type, "text")
                yield subject.form_files[form.id], (*key, "derive"), item.derive, known, gives
            if item.show_when:
                yield subject.form_files[form.id], (*key, "show_when"), item.show_when, known, "boolean"
    for i, criterion in enumerate(study.protocol.eligibility.criteria):
        if criterion.rule:
            yield ELIGIBILITY, ("criteria", i, "rule"), criterion.rule, everywhere, "boolean"
    for i, population in enumerate(study.protocol.objectives.populations):
        if population.rule:
            yield OBJECTIVES, ("populations", i, "rule"), population.rule, everywhere, "boolean"
    for transfer in study.transfers.values():
        if transfer.where:
            yield subject.transfer_files[transfer.id], ("where",), transfer.where, None, "boolean"
