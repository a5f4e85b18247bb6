"""What a page judges while it is typed: the same expressions that the server judges at the save, as trees.

A check speaks at once, also where it reads other forms or visits: `outer` brings what stands there, by the number of
the record. What the reader may not see never comes to the page, so a check that reads it speaks only at the save.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from opencro.app.web.sight import Sight
from opencro.capture import outer_values
from opencro.kernel.expression import Expression, parse_expression, render_json
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import EditCheck, Form, Item, Study, item_types, study_types, translate


def live_rules(
    study: Study, form: Form, place: RecordKey, standing: Iterable[StandingRecord], sight: Sight, language: str
) -> dict[str, Any]:
    """`asked` and `derived` by item, and `checks`, each with the values that it reads beyond the page (`outer`)."""
    items = [item for group in form.groups for item in group.items if sight.reads(form.id, item.id)]
    mine = [check for check in study.checks if check.form == form.id and check.id not in sight.silent]
    outer = outer_values(study, place, standing, mine)
    checks = []
    for check in mine:
        expression = parse_expression(check.when)
        if not isinstance(expression, Expression) or check.id not in outer:
            continue
        if all(_reads(study, form, sight, name) for name in expression.items()):
            checks.append(_check(study, form, check, expression, language) | {"outer": outer[check.id]})
    return {
        "form": form.id,
        "asked": dict(_expressions(study, form, items, "show_when")),
        "derived": dict(_expressions(study, form, items, "derive")),
        "checks": checks,
    }


def _reads(study: Study, form: Form, sight: Sight, name: str) -> bool:
    """Whether the reader sees an item, wherever it is named plainly: every form that has it."""
    given, _, item = name.rpartition(".")
    if given or item in item_types(form):
        return sight.reads(given or form.id, item)
    return all(sight.reads(other.id, item) for other in study.forms.values() if item in item_types(other))


def _expressions(study: Study, form: Form, items: Iterable[Item], kind: str) -> Iterator[tuple[str, Any]]:
    for item in items:
        expression = parse_expression(getattr(item, kind)) if getattr(item, kind) else None
        if isinstance(expression, Expression):
            yield item.id, _tree(study, form, expression)


def _tree(study: Study, form: Form, expression: Expression) -> Any:
    return json.loads(render_json(expression, {**study_types(study), **item_types(form)}))


def _check(study: Study, form: Form, check: EditCheck, expression: Expression, language: str) -> dict[str, Any]:
    message = translate(study, language, f"check.{check.id}", check.message)
    said = {"id": check.id, "item": check.item or "", "severity": check.severity, "message": message}
    return {**said, "when": _tree(study, form, expression)}
