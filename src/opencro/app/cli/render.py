"""Answers as trees and tables for a terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from opencro.app.trace import Answer
from opencro.app.trace_result import ResultTrace
from opencro.tabulation import ItemSource, Trace


def trace_tree(answer: Answer) -> Tree:
    """A trace: the value on top, below it what it was made from."""
    where = ", ".join(f"{k}={v}" for k, v in answer.where.items())
    tree = Tree(f"[bold]{answer.dataset}.{answer.variable}[/bold] where {escape(where)}")
    _grow(tree, answer.trace)
    return tree


def _grow(tree: Tree, node: Trace | ItemSource) -> None:
    if isinstance(node, ItemSource):
        shown = _shown(node.value)
        tree.add(f"[green]form {node.form}, item {node.item}[/green] = {shown} [dim](fact {node.record})[/dim]")
        return
    branch = tree.add(
        f"[bold cyan]{node.domain}.{node.variable}[/bold cyan] = {_shown(node.value)}\n"
        f"  {escape(node.words)}\n  [dim]{escape(node.declared)} · {node.code.rsplit('.', 1)[-1]}[/dim]"
    )
    for source in node.sources:
        _grow(branch, source)


def _shown(value: object) -> str:
    if value is None:
        return "[dim]missing[/dim]"
    return escape(f'"{value}"' if isinstance(value, str) else f"{value:g}")


def result_tree(behind: ResultTrace) -> Tree:
    """A number of a table: how it was computed, and who is behind it."""
    at = f"{behind.display}: {behind.row}, {behind.column}"
    tree = Tree(f"[bold]{escape(behind.shown)}[/bold] in {escape(at)}")
    how = tree.add(f"[bold cyan]{escape(behind.method)}[/bold cyan]")
    for line in behind.where:
        how.add(escape(line))
    values = tree.add("at full precision")
    for name, value in behind.operations.items():
        values.add(f"{name} = {_shown(value)}")
    people = behind.participants
    rows = tree.add(f"{behind.rows.height:,} rows of {behind.dataset} from {len(people)} participants")
    for start in range(0, min(len(people), 60), 6):
        rows.add("  ".join(people[start : start + 6]))
    if len(people) > 60:
        rows.add(f"... and {len(people) - 60} more; --json gives all")
    if people:
        variable = behind.cell.analysis.of or "USUBJID"
        rows.add(f"[dim]next: opencro trace STUDY {behind.dataset}.{variable} USUBJID={people[0]} ...[/dim]")
    return tree


def history_table(answer: Answer) -> Table:
    """Who entered what, when and why: a line for each change of each item behind the value."""
    table = Table(title="What was entered", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in ("item", "record", "when (UTC)", "who", "role", "old", "new", "why", "how", "fact"):
        table.add_column(name, overflow="fold")
    for item in answer.items:
        for change in item.history:
            table.add_row(
                f"{item.source.form}.{item.source.item}", escape(str(item.key)), change.recorded_at,
                escape(change.actor), escape(change.role), escape(change.old or ""), escape(change.new or ""),
                escape(change.reason), change.source, str(change.seq),
            )  # fmt: skip
    return table
