"""From the rows that break a rule to findings: which variables are shown; one per record, dataset or group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from opencro.conformance.compile import leaves
from opencro.conformance.model import Issue, Rule, Table
from opencro.conformance.tables import ROW, SOURCE

_ABSENT = "Not in dataset"


def make_issues(
    rule: Rule, table: Table, broken: pl.DataFrame, constants: Mapping[str, Any], limit: int
) -> tuple[int, tuple[Issue, ...]]:
    """How many findings there are, and the first `limit` of them; `broken` holds the rows that break the rule."""
    shown = _shown(rule, table, broken, constants)
    message = rule.message.replace("--", table.prefix)
    if rule.type == "Domain Presence Check":
        values = _values(broken.row(0, named=True), shown, constants)
        return 1, (Issue(rule.id, "STUDY", None, message, values),)
    if rule.sensitivity == "Dataset":
        values = _values(broken.row(0, named=True), shown, constants)
        return 1, (Issue(rule.id, broken[SOURCE][0] or table.name, None, message, values),)
    if rule.sensitivity == "Group" and rule.grouping:
        groups = [g.replace("--", table.prefix) for g in rule.grouping]
        broken = broken.unique(groups, keep="first", maintain_order=True)
        shown = list(dict.fromkeys([*shown, *groups]))
    sequence = f"{table.domain or ''}SEQ"
    number = "row_number" if "row_number" in broken.columns else ROW
    found = []
    for row in broken.head(limit).iter_rows(named=True):
        keys = {k: row[k] for k in ("USUBJID", sequence) if row.get(k) is not None}
        values = _values(row, shown, constants)
        found.append(Issue(rule.id, row[SOURCE] or table.name, row[number], message, values, keys))
    return broken.height, tuple(found)


def _shown(rule: Rule, table: Table, broken: pl.DataFrame, constants: Mapping[str, Any]) -> list[str]:
    if rule.outputs:
        names = [name.replace("--", table.prefix, 1) for name in rule.outputs]
    else:
        assert rule.check is not None
        names = [leaf.name.replace("--", table.prefix) for leaf in leaves(rule.check) if leaf.name]
    names = list(dict.fromkeys(names))
    for name in tuple(names):
        value = constants.get(name)
        candidates = value if isinstance(value, list) else []
        if name in broken.columns and isinstance(broken.schema[name], pl.List):
            candidates = broken[name].explode().drop_nulls().unique(maintain_order=True).to_list()
        names.extend(c for c in candidates if isinstance(c, str) and c in broken.columns and c not in names)
    return names


def _values(row: Mapping[str, Any], shown: list[str], constants: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] if name in row else constants.get(name, _ABSENT) for name in shown}
