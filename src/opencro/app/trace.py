"""`opencro trace`: from a cell of a dataset to the keystrokes, and from an item to everything that depends on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from opencro.analysis import find_analysis_dependents, load_datasets
from opencro.app.trace_analysis import trace_analysis
from opencro.app.wiring import open_study_ledger, records_of, terms_of
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import ItemChange, Ledger, RecordKey
from opencro.study import Study
from opencro.tabulation import (
    Domain,
    ItemSource,
    Records,
    Tabulation,
    Trace,
    design_place,
    find_dependents,
    load_domains,
    load_links,
    tabulate,
    trace_cell,
)
from opencro.tabulation.algorithms.algorithm import Bench

TRIAL_DESIGN = ("TA", "TE", "TV", "TI", "TS")


@dataclass(frozen=True)
class KeyedItem:
    """An item at the end of a trace: its record on the form and everything that was ever entered in it."""

    source: ItemSource
    key: RecordKey
    label: str
    history: tuple[ItemChange, ...]


@dataclass(frozen=True)
class Answer:
    """The answer for one cell: the derivations as a tree, and the items with their history."""

    dataset: str
    variable: str
    where: Mapping[str, str]
    trace: Trace
    items: tuple[KeyedItem, ...]


def trace_dataset_cell(
    study: Study, dataset: str, variable: str, where: Mapping[str, str], *, database: str | None = None
) -> Answer:
    """Trace the cell of `variable` in the one row of `dataset` whose variables have the values of `where`.

    `where` must name USUBJID. Raises Refused (TRC-001..004) when nothing or more than one row fits.
    """
    analysis = load_datasets(study)
    with open_study_ledger(study, database) as ledger:
        participant = _participant(study, dataset, where)
        snapshot = ledger.snapshot(participant=participant)
        if dataset in analysis:
            found = trace_analysis(study, (snapshot, ledger.snapshot()), analysis, (dataset, variable), where)
            return Answer(dataset, variable, where, found, tuple(_keyed(study, ledger, s) for s in found.items()))
        records = records_of(study, snapshot)
        domains = load_domains(study)
        domain, name, keys = _behind_supplemental(domains, dataset, variable, where)
        _check_names(domains, domain, [name, *keys])
        made = _tabulate(study, domains, records, [(domain, n) for n in (name, *keys)])
        row = _find_row(made, domain, keys)
        trace = trace_cell(study, made, Bench(study, made.tables, records), domain, name, row)
        items = tuple(_keyed(study, ledger, source) for source in trace.items())
    return Answer(dataset, variable, where, trace, items)


def trace_dependents(study: Study, form: str, item: str) -> tuple[str, ...]:
    """Everything that an item of a form can reach, as `AE.AESEV`; `AE.*` where it decides which rows there are.

    In place of an item a tabulated variable may be named: then the analysis variables that it reaches.
    """
    domains, analysis = load_domains(study), load_datasets(study)
    items = {i.id for g in study.forms[form].groups for i in g.items} if form in study.forms else set()
    if item not in items and form in domains and item in domains[form].variables:
        return find_analysis_dependents(analysis, [f"{form}.{item}"])
    if form not in study.forms:
        raise Refused([_finding("TRC-005", f'form "{form}" does not exist', "a form", suggest(form, study.forms))])
    if item not in items:
        raise Refused([_finding("TRC-006", f'form {form} has no item "{item}"', "an item", suggest(item, items))])
    tabulated = find_dependents(study, domains, form, item, load_links(study))
    qualified = [name.split(".") for name in tabulated]
    supplemental = [f"SUPP{d}.*" for d, v in qualified if d in domains and v in domains[d].supplemental]
    return tuple(sorted({*tabulated, *find_analysis_dependents(analysis, [*tabulated, *supplemental])}))


def _tabulate(
    study: Study, domains: Mapping[str, Domain], records: Records, wanted: Sequence[tuple[str, str]]
) -> Tabulation:
    catalogue = terms_of(study).catalogue("sdtmig", study.file.standards["sdtmig"])
    return tabulate(study, domains, records, catalogue, wanted)


def _participant(study: Study, dataset: str, where: Mapping[str, str]) -> str:
    if dataset in TRIAL_DESIGN:
        got = f"{dataset} comes from the protocol, not from participants"
        raise Refused([_finding("TRC-001", got, "a dataset about participants", f"See {design_place(dataset)}.")])
    if "USUBJID" not in where:
        raise Refused([_finding("TRC-002", "no USUBJID", "the row's USUBJID", "Give USUBJID=... for the row.")])
    before, _, after = study.file.usubjid.replace("{study}", study.id).partition("{participant}")
    return where["USUBJID"].removeprefix(before).removesuffix(after)


def _behind_supplemental(
    domains: Mapping[str, Domain], dataset: str, variable: str, where: Mapping[str, str]
) -> tuple[str, str, Mapping[str, str]]:
    """For SUPP-- the row of the parent domain and its supplemental variable."""
    if not dataset.startswith("SUPP") or dataset[4:] not in domains:
        return dataset, variable, where
    parent = {k: v for k, v in where.items() if k in ("STUDYID", "USUBJID")}
    if where.get("IDVAR"):
        parent[where["IDVAR"]] = where.get("IDVARVAL", "").strip()
    return dataset[4:], where.get("QNAM", variable), parent


def _check_names(domains: Mapping[str, Domain], domain: str, names: Sequence[str]) -> None:
    if domain not in domains:
        got = f"dataset {domain} is not made from records"
        raise Refused([_finding("TRC-001", got, "a declared domain", suggest(domain, domains))])
    known = domains[domain].all_variables()
    wrong = [
        _finding("TRC-003", f"{domain} has no variable {name}", "a declared variable", suggest(name, known))
        for name in names
        if name not in known
    ]
    if wrong:
        raise Refused(wrong)


def _find_row(made: Tabulation, domain: str, where: Mapping[str, str]) -> int:
    frame = made.tables[domain].frame.with_row_index("_at")
    for name, value in where.items():
        column = pl.col(name)
        is_number = frame.schema[name] == pl.Float64
        frame = frame.filter(column == (_number(name, value) if is_number else value))
    if frame.height != 1:
        keys = ", ".join(f"{k}={v}" for k, v in where.items())
        remedy = "Add a variable that tells the rows apart, e.g. the --SEQ." if frame.height else "Correct the values."
        raise Refused([_finding("TRC-004", f"{frame.height} rows of {domain} have {keys}", "exactly one row", remedy)])
    return int(frame.item(0, "_at"))


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused([_finding("TRC-007", f'{name}="{text}"', f"a number: {name} is numeric", "")]) from None


def _keyed(study: Study, ledger: Ledger, source: ItemSource) -> KeyedItem:
    fact = next(iter(ledger.facts(after=source.record - 1, until=source.record)))
    labels = {i.id: i.label for g in study.forms[source.form].groups for i in g.items}
    history: Sequence[ItemChange] = ledger.history(fact.key, source.item)
    return KeyedItem(source, fact.key, labels.get(source.item, source.item), tuple(history))


def as_document(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON values."""
    return {
        "dataset": answer.dataset,
        "variable": answer.variable,
        "where": dict(answer.where),
        "trace": _document(answer.trace),
        "items": [
            {
                "record": str(item.key),
                "form": item.source.form,
                "item": item.source.item,
                "label": item.label,
                "value": item.source.value,
                "history": [_change(change) for change in item.history],
            }
            for item in answer.items
        ],
    }


def _change(change: ItemChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in ItemChange.__slots__}


def _document(trace: Trace | ItemSource) -> dict[str, Any]:
    if isinstance(trace, ItemSource):
        return {"item": f"{trace.form}.{trace.item}", "record": trace.record, "value": trace.value}
    return {
        "variable": f"{trace.domain}.{trace.variable}",
        "value": trace.value,
        "derivation": trace.words,
        "code": trace.code,
        "declared": trace.declared,
        "sources": [_document(source) for source in trace.sources],
    }


def _finding(code: str, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(), got, expected, remedy or "Correct it.")
