"""What a page judges while it is typed: the same expressions that the server judges at the save, as trees.

A check whose values all stand on the form, or in other forms of the same visit or participant, speaks at once; one that
looks at another visit speaks when the form is saved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from opencro.app.web.sight import Sight
from opencro.kernel.expression import Expression, parse_expression, render_json
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import EditCheck, Form, Item, Study, item_types, translate


def live_rules(
    study: Study, form: Form, place: RecordKey, standing: Iterable[StandingRecord], sight: Sight, language: str
) -> dict[str, Any]:
    """`asked` and `derived` by item, `checks`, and `outer`: values of other forms that the checks name."""
    held = list(standing)
    items = [item for group in form.groups for item in group.items if sight.reads(form.id, item.id)]
    own = {item.id for item in items}
    outer: dict[str, str] = {}
    checks = []
    for check in study.checks:
        if check.form != form.id or check.id in sight.silent:
            continue
        expression = parse_expression(check.when)
        if not isinstance(expression, Expression):
            continue
        named = [name for name in expression.names() if _own(name, form) not in own]
        found = {name: _value_of(study, name, place, held) for name in named}
        if any(value is None for value in found.values()) or not all(_reads(sight, name) for name in named):
            continue
        outer |= {name: value or "" for name, value in found.items()}
        checks.append(_check(study, form, check, expression, language))
    return {
        "form": form.id,
        "asked": dict(_expressions(study, form, items, "show_when")),
        "derived": dict(_expressions(study, form, items, "derive")),
        "checks": checks,
        "outer": outer,
    }


def _own(name: str, form: Form) -> str:
    return name.removeprefix(f"{form.id}.")


def _reads(sight: Sight, name: str) -> bool:
    form, _, item = name.rpartition(".")
    return sight.reads(form, item)


def _value_of(study: Study, name: str, place: RecordKey, held: list[StandingRecord]) -> str | None:
    """The value of `FORM.ITEM` for a place, "" where there is none; None where a page cannot tell."""
    form, _, item = name.rpartition(".")
    if form not in study.forms or not item.isidentifier():
        return None
    wide = study.forms[form].participant_level
    if not wide and not place.event:
        return None
    at = [r for r in held if r.key.form == form and (wide or r.key[2:4] == place[2:4]) and item in r.values]
    return None if len(at) > 1 else at[0].values[item] if at else ""


def _expressions(study: Study, form: Form, items: Iterable[Item], kind: str) -> Iterator[tuple[str, Any]]:
    for item in items:
        expression = parse_expression(getattr(item, kind)) if getattr(item, kind) else None
        if isinstance(expression, Expression):
            yield item.id, _tree(study, form, expression)


def _tree(study: Study, form: Form, expression: Expression) -> Any:
    types = dict(item_types(form))
    for name in expression.names():
        other, _, item = name.rpartition(".")
        if other in study.forms and item in item_types(study.forms[other]):
            types[name] = item_types(study.forms[other])[item]
    return json.loads(render_json(expression, types))


def _check(study: Study, form: Form, check: EditCheck, expression: Expression, language: str) -> dict[str, Any]:
    message = translate(study, language, f"check.{check.id}", check.message)
    said = {"id": check.id, "item": check.item or "", "severity": check.severity, "message": message}
    return {**said, "when": _tree(study, form, expression)}
