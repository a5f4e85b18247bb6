"""Values that a study computes: the derived items of a group, from the values beside them."""

from __future__ import annotations

from collections.abc import Mapping

from opencro.capture.entry import render_derived
from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.ledger import RecordKey
from opencro.study import Study, item_types


def derived_values(study: Study, key: RecordKey, row: Mapping[str, object]) -> dict[str, str]:
    """Item -> text of every derived item of a record's group, in order, so that one may read another."""
    form = study.forms[key.form]
    group = next(group for group in form.groups if group.id == key.group)
    known = {name: value for name, value in row.items() if value != ""}
    found: dict[str, str] = {}
    for item in group.items:
        expression = parse_expression(item.derive) if item.derive else None
        if isinstance(expression, Expression):
            text = render_derived(item, evaluate(expression, known, item_types(form)))
            found[item.id] = text
            known = {**known, item.id: text} if text else {n: v for n, v in known.items() if n != item.id}
    return found
