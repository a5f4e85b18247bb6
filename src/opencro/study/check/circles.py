"""No derived item waits for itself, by way of other derivations or of what shows an item (STU-111)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding
from opencro.study.check.items import items_of
from opencro.study.check.subject import Subject
from opencro.study.model.form import Form, Item
from opencro.study.model.whole import Study


def circle_findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each circle, at a derivation in it; circles of `show_when` alone are no concern of this."""
    graph = item_graph(subject.study)
    if not _has_circle(graph):
        return
    derived = {
        f"{form.id}.{item.id}": (subject.form_files[form.id], (*key, "derive"))
        for form in subject.study.forms.values()
        for key, item in items_of(form)
        if item.derive
    }
    for name, at in derived.items():
        circle = _circle(graph, name)
        if circle and name == min(set(circle) & set(derived)):
            got = f"{name} needs itself: {' from '.join(circle)}"
            yield subject.finding("STU-111", at, got, "a value that can be computed", "Break the circle.")


def item_graph(study: Study) -> dict[str, tuple[str, ...]]:
    """`FORM.ITEM` -> the items that its `derive` and its `show_when` name, as `FORM.ITEM`."""
    own = {form.id: {item.id for _, item in items_of(form)} for form in study.forms.values()}
    count = Counter(name for names in own.values() for name in names)
    owner = {name: form for form, names in own.items() for name in names if count[name] == 1}
    whole = {f"{form}.{name}" for form, names in own.items() for name in names}

    def place(form: Form, name: str) -> str:
        if name in own[form.id]:
            return f"{form.id}.{name}"
        return name if name in whole else f"{owner[name]}.{name}" if name in owner else ""

    return {
        f"{form.id}.{item.id}": tuple(filter(None, (place(form, name) for name in _names(item))))
        for form in study.forms.values()
        for _, item in items_of(form)
    }


def derivation_order(study: Study) -> tuple[str, ...]:
    """The derived items as `FORM.ITEM`, each after those that it needs; empty where there is a circle."""
    derived = {f"{form.id}.{item.id}" for form in study.forms.values() for _, item in items_of(form) if item.derive}
    try:
        return tuple(name for name in TopologicalSorter(item_graph(study)).static_order() if name in derived)
    except CycleError:
        return ()


def _names(item: Item) -> Iterator[str]:
    for text in (item.derive, item.show_when):
        expression = parse_expression(text) if text else None
        if isinstance(expression, Expression):
            yield from expression.items()


def _has_circle(graph: Mapping[str, tuple[str, ...]]) -> bool:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def _circle(graph: Mapping[str, tuple[str, ...]], start: str) -> tuple[str, ...]:
    """The shortest way from an item to itself, with it at both ends; empty where there is none."""
    came_from: dict[str, str] = {}
    pending = deque([start])
    while pending:
        here = pending.popleft()
        for name in graph.get(here, ()):
            if name == start:
                way = [start]
                while here != start:
                    way.append(here)
                    here = came_from[here]
                return (start, *reversed(way[1:]), start)
            if name not in came_from:
                came_from[name] = here
                pending.append(name)
    return ()
