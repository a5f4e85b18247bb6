"""Value-level metadata: results by test code, supplemental values by name.

Source: CDISC Define-XML 2.1 section 4.3 (ValueListDef, WhereClauseDef).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opencro.submission.define_xml.model import (
    ItemDef,
    ItemRef,
    MethodDef,
    RangeCheck,
    ValueListDef,
    WhereClauseDef,
    words,
)
from opencro.submission.describe.derivation import method_of, method_oid, origin_of, origin_type
from opencro.submission.describe.subject import Subject
from opencro.submission.describe.types import has_length, text_type
from opencro.tabulation import ValueSummary


@dataclass(frozen=True)
class ValueLevel:
    """A value list with the items, conditions and methods that it needs."""

    dataset: str
    variable: str
    values: ValueListDef
    items: tuple[ItemDef, ...]
    conditions: tuple[WhereClauseDef, ...]
    methods: tuple[MethodDef, ...]


def value_levels(subject: Subject) -> Iterator[ValueLevel]:
    """The value lists of all datasets: --ORRES by --TESTCD, QVAL by QNAM."""
    for name, outline in subject.datasets.items():
        for (condition, variable), parts in outline.summary.levels.items():
            yield _value_level(subject, name, condition, variable, parts)


def value_list_oid(dataset: str, variable: str) -> str:
    """VL.VS.VSORRES."""
    return f"VL.{dataset}.{variable}"


def _value_level(
    subject: Subject, dataset: str, condition: str, variable: str, parts: Mapping[str, ValueSummary]
) -> ValueLevel:
    definitions, refs, conditions, methods = [], [], [], []
    for order, (code, values) in enumerate(sorted(parts.items(), key=lambda part: part[0]), start=1):
        oid, clause = f"IT.{dataset}.{variable}.{code}", f"WC.{dataset}.{condition}.{code}"
        definition, method = _item(subject, dataset, variable, code, values, oid)
        definitions.append(definition)
        methods += [method] if method else []
        method_ref = method.oid if method else ""
        refs.append(ItemRef(oid, "No", order, method_oid=method_ref, where_clause_oids=(clause,)))
        check = RangeCheck(f"IT.{dataset}.{condition}", "EQ", values=(code,))
        conditions.append(WhereClauseDef(clause, checks=(check,)))
    listed = ValueListDef(value_list_oid(dataset, variable), items=tuple(refs))
    return ValueLevel(dataset, variable, listed, tuple(definitions), tuple(conditions), tuple(methods))


def _item(
    subject: Subject, dataset: str, variable: str, code: str, values: ValueSummary, oid: str
) -> tuple[ItemDef, MethodDef | None]:
    parent = dataset.removeprefix("SUPP")
    declared = subject.declared(parent, code if dataset.startswith("SUPP") else variable)
    kind = text_type(values)
    definition = ItemDef(
        oid,
        code,
        kind,
        length=values.longest if has_length(kind) else None,
        significant_digits=values.decimals if kind == "float" else None,
        description=words(declared.label if declared and dataset.startswith("SUPP") else ""),
        origins=origin_of(subject, parent, declared),
    )
    if not dataset.startswith("SUPP") or declared is None or origin_type(declared) != "Derived":
        return definition, None
    made = method_of(parent, declared)
    return definition, made and MethodDef(method_oid(dataset, code), made.name, made.type, made.description)
