"""Running rules: one scan per dataset for all rules that need only its records, an own frame for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from opencro.conformance.bench import Bench, MissingColumn, UnknownWord
from opencro.conformance.compile import compile_condition, leaves, unknown_words
from opencro.conformance.issues import make_issues
from opencro.conformance.join import join_datasets
from opencro.conformance.model import Issue, Report, Rule, RuleOutcome, Status, Table
from opencro.conformance.operations import OPERATIONS, Library, NoDataset, Work, run_operations
from opencro.conformance.scope import why_not
from opencro.conformance.tables import KINDS, ROW, by_name, schema_of, view
from opencro.terms import TermsStore


@dataclass(frozen=True)
class Setting:
    """For which standard a run is made, and what of its published metadata is at hand."""

    standard: str = "sdtmig"
    substandard: str = ""
    library: Library = field(default_factory=dict)
    limit: int = 1000
    store: TermsStore = field(default_factory=TermsStore)


@dataclass(frozen=True)
class _Result:
    status: Status
    reason: str = ""
    count: int = 0
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class _Task:
    rule: Rule
    table: Table
    frame: pl.DataFrame
    expr: pl.Expr
    constants: Mapping[str, Any]


def conform(datasets: Iterable[Table], rules: Iterable[Rule], setting: Setting | None = None) -> Report:
    """Check datasets against rules.

    Arguments:
        datasets: each dataset once; joins find their partners among them.
        rules: as `parse_rule` and `read_rules` make them.
        setting: standard, substandard, library metadata, and how many findings a rule may hold per dataset.

    Returns the outcome of every rule, in order: a rule that cannot run says which word it lacks.
    """
    setting = setting or Setting()
    tables = by_name(datasets)
    rules = tuple(rules)
    results: dict[str, dict[str, _Result]] = {rule.id: {} for rule in rules}
    runnable = {rule.id: rule for rule in rules if not why_not_run(rule)}
    for table in tables.values():
        _check_table(table, tables, tuple(runnable.values()), setting, results)
    return Report(tuple(_outcome(rule, results[rule.id]) for rule in rules))


def why_not_run(rule: Rule) -> str:
    """The words of a rule that are not known here, or an empty string."""
    if rule.check is None:
        return "rule type JSONata"
    words = [] if rule.type in KINDS else [f"rule type {rule.type}"]
    words += unknown_words(rule.check)
    words += [f"operation {o.get('operator')}" for o in rule.operations if o.get("operator") not in OPERATIONS]
    return ", ".join(dict.fromkeys(words))


def _check_table(
    table: Table, tables: Mapping[str, Table], rules: tuple[Rule, ...], setting: Setting, results: dict[str, Any]
) -> None:
    for kind in dict.fromkeys(rule.type for rule in rules):
        _check_kind(kind, table, tables, tuple(rule for rule in rules if rule.type == kind), setting, results)


def _check_kind(
    kind: str,
    table: Table,
    tables: Mapping[str, Table],
    rules: tuple[Rule, ...],
    setting: Setting,
    results: dict[str, Any],
) -> None:
    frame: pl.DataFrame | None = None
    tasks = []
    for rule in rules:
        seen = results[rule.id]
        if table.whole in seen and "domains" in rule.scope and not rule.splits:
            continue
        outside = why_not(rule, table, tables, setting.standard, setting.substandard)
        if outside:
            seen[table.whole] = _Result(Status.SKIPPED, f"outside its {outside} scope")
            continue
        if frame is None:
            frame = view(kind, table, tables, frozenset(word for r in rules for word in _words(r)))
        prepared = _prepare(rule, table, tables, setting, frame)
        if isinstance(prepared, _Result):
            seen[table.whole] = prepared
        else:
            tasks.append(prepared)
    for task, result in _evaluate(tasks, setting.limit):
        results[task.rule.id][table.whole] = result


def _words(rule: Rule) -> Iterator[str]:
    yield from rule.outputs
    for leaf in leaves(rule.check) if rule.check else ():
        yield leaf.name
        yield from (str(v) for v in (leaf.value if isinstance(leaf.value, list) else [leaf.value]))
    for operation in rule.operations:
        yield from (str(v) for v in operation.values())


def _prepare(
    rule: Rule, table: Table, tables: Mapping[str, Table], setting: Setting, frame: pl.DataFrame
) -> _Task | _Result:
    constants: Mapping[str, Any] = {}
    try:
        if rule.matches:
            frame = join_datasets(rule, table, tables, frame)
        if rule.operations:
            work = Work(table, tables, setting.library, frame, store=setting.store)
            run_operations(rule.operations, work)
            frame, constants = work.frame, work.constants
        if not frame.height:
            return _Result(Status.SKIPPED, "no records")
        assert rule.check is not None
        expr = compile_condition(rule.check, Bench(schema_of(frame), table.prefix, constants))
    except MissingColumn as column:
        return _Result(Status.SKIPPED, f"no column {column}")
    except KeyError as key:
        return _Result(Status.SKIPPED, f"no column {key.args[0]}")
    except NoDataset as name:
        return _Result(Status.SKIPPED, f"no dataset {name}")
    except UnknownWord as word:
        return _Result(Status.NOT_RUN, str(word))
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        return _Result(Status.ERROR, f"{type(error).__name__}: {str(error)[:200]}")
    return _Task(rule, table, frame, expr, constants)


def _evaluate(tasks: list[_Task], limit: int) -> Iterator[tuple[_Task, _Result]]:
    """All tasks on the same frame in one select; when it fails, each on its own."""
    frames: dict[int, list[_Task]] = {}
    for task in tasks:
        frames.setdefault(id(task.frame), []).append(task)
    for group in frames.values():
        named = {f"\0{n}": task for n, task in enumerate(group)}
        try:
            marks = group[0].frame.select(pl.col(ROW), *(t.expr.alias(name) for name, t in named.items()))
        except pl.exceptions.PolarsError:
            yield from ((task, _alone(task, limit)) for task in group)
            continue
        for name, task in named.items():
            yield task, _result(task, marks[name], limit)


def _alone(task: _Task, limit: int) -> _Result:
    try:
        marks = task.frame.select(pl.col(ROW), task.expr.alias("\0broken"))["\0broken"]
    except pl.exceptions.PolarsError as error:
        return _Result(Status.ERROR, f"{type(error).__name__}: {str(error)[:200]}")
    return _result(task, marks, limit)


def _result(task: _Task, mark: pl.Series, limit: int) -> _Result:
    if not mark.any():
        return _Result(Status.PASSED)
    broken = task.frame.filter(mark)
    count, issues = make_issues(task.rule, task.table, broken, task.constants, limit)
    return _Result(Status.FAILED, "", count, issues)


def _outcome(rule: Rule, results: Mapping[str, _Result]) -> RuleOutcome:
    lacking = why_not_run(rule)
    if lacking:
        return RuleOutcome(rule, Status.NOT_RUN, lacking)
    order = (Status.NOT_RUN, Status.ERROR, Status.FAILED, Status.PASSED, Status.SKIPPED)
    status = next((s for s in order if any(r.status is s for r in results.values())), Status.SKIPPED)
    reasons = dict.fromkeys(r.reason for r in results.values() if r.status is status and r.reason)
    outcome = RuleOutcome(rule, status, "; ".join(reasons))
    return replace(
        outcome,
        count=sum(r.count for r in results.values()),
        issues=tuple(issue for r in results.values() for issue in r.issues),
        datasets={name: r.status.value if not r.reason else f"{r.status}: {r.reason}" for name, r in results.items()},
    )
