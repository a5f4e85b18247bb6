"""TA, TE, TV, TI and TS out of the protocol itself: nobody types the design twice.

Source: CDISC SDTMIG 3.1.2 section 7 (trial design datasets).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opencro.study import Study

_TEXT = pl.String()
_NUMBER = pl.Float64()

Cells = list[dict[str, str | float | None]]


def derive_trial_design(study: Study) -> dict[str, pl.DataFrame]:
    """The trial design domains for which the protocol has something to say, in the order of the protocol."""
    made = {}
    for domain, (columns, rows_of) in _DOMAINS.items():
        rows = rows_of(study)
        if rows:
            identity = {"STUDYID": study.id, "DOMAIN": domain}
            schema = {"STUDYID": _TEXT, "DOMAIN": _TEXT, **columns}
            frame = pl.DataFrame([{**identity, **row} for row in rows], schema=schema)
            made[domain] = frame.with_columns(pl.col(pl.String).replace("", None))
    return made


def _arm_rows(study: Study) -> Cells:
    design = study.protocol.design
    names = {e.id: e.name for e in design.elements}
    epochs = {e.id: e for e in design.epochs}
    place = {e.id: i for i, e in enumerate(design.epochs)}
    rows: Cells = []
    for arm in design.arms:
        order = 0
        for cell in sorted((c for c in design.cells if c.arm == arm.id), key=lambda c: place[c.epoch]):
            for i, element in enumerate(cell.elements):
                order += 1
                last = i == len(cell.elements) - 1
                rows.append({
                    "ARMCD": arm.id, "ARM": arm.name, "TAETORD": float(order), "ETCD": element,
                    "ELEMENT": names[element],
                    "TABRANCH": cell.branch if last else None, "TATRANS": cell.transition if last else None,
                    "EPOCH": epochs[cell.epoch].name,
                })  # fmt: skip
    return rows


def _element_rows(study: Study) -> Cells:
    return [
        {"ETCD": e.id, "ELEMENT": e.name, "TESTRL": e.start_rule, "TEENRL": e.end_rule, "TEDUR": e.duration}
        for e in sorted(study.protocol.design.elements, key=lambda e: e.id)
    ]


def _visit_rows(study: Study) -> Cells:
    names = {a.id: a.name for a in study.protocol.design.arms}
    rows: Cells = []
    for visit in sorted(study.protocol.schedule.visits, key=lambda v: v.number):
        if visit.unscheduled:
            continue
        planned: dict[str, str | float | None] = {
            "VISITNUM": visit.number, "VISIT": visit.name, "VISITDY": None if visit.day is None else float(visit.day),
            "TVSTRL": visit.start_rule, "TVENRL": visit.end_rule,
        }  # fmt: skip
        rows.extend({**planned, "ARMCD": arm, "ARM": names.get(arm or "")} for arm in visit.arms or (None,))
    return rows


def _criterion_rows(study: Study) -> Cells:
    return [
        {"IETESTCD": c.id, "IETEST": c.text, "IECAT": c.type.upper(), "TIRL": c.rule}
        for c in study.protocol.eligibility.criteria
    ]


def _summary_rows(study: Study) -> Cells:
    rows: Cells = []
    for parameter in study.protocol.summary.parameters:
        for i, value in enumerate(parameter.values, start=1):
            rows.append({"TSSEQ": float(i), "TSPARMCD": parameter.code, "TSPARM": parameter.name, "TSVAL": value})
    return rows


_DOMAINS: dict[str, tuple[dict[str, pl.DataType], Callable[[Study], Cells]]] = {
    "TA": (
        {"ARMCD": _TEXT, "ARM": _TEXT, "TAETORD": _NUMBER, "ETCD": _TEXT, "ELEMENT": _TEXT, "TABRANCH": _TEXT,
         "TATRANS": _TEXT, "EPOCH": _TEXT},
        _arm_rows,
    ),
    "TE": ({"ETCD": _TEXT, "ELEMENT": _TEXT, "TESTRL": _TEXT, "TEENRL": _TEXT, "TEDUR": _TEXT}, _element_rows),
    "TV": (
        {"VISITNUM": _NUMBER, "VISIT": _TEXT, "VISITDY": _NUMBER, "ARMCD": _TEXT, "ARM": _TEXT, "TVSTRL": _TEXT,
         "TVENRL": _TEXT},
        _visit_rows,
    ),
    "TI": ({"IETESTCD": _TEXT, "IETEST": _TEXT, "IECAT": _TEXT, "TIRL": _TEXT}, _criterion_rows),
    "TS": ({"TSSEQ": _NUMBER, "TSPARMCD": _TEXT, "TSPARM": _TEXT, "TSVAL": _TEXT}, _summary_rows),
}  # fmt: skip


def design_place(domain: str) -> str:
    """The file of the protocol that a trial design domain comes from."""
    files = {"TA": "design", "TE": "design", "TV": "schedule", "TI": "eligibility", "TS": "summary"}
    return f"protocol/{files[domain]}.yaml"
