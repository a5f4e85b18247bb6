"""What an amendment reaches: from changed parts to forms and items, and from those to datasets, analyses, people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from opencro.kernel.expression import Expression, parse_expression
from opencro.study.amendment.model import Change, Touched
from opencro.study.amendment.parts import name_of
from opencro.study.model.form import Form
from opencro.study.model.whole import Study

FormItem = tuple[str, str]


def declared_mentions(study: Study, form: str, item: str) -> list[str]:
    """`DATASET.VARIABLE` of every declaration under tabulation/ that takes a form and mentions an item of it."""
    found = []
    for name, document in study.documents.items():
        if not name.startswith("tabulation/"):
            continue
        value = document.value
        owner = name_of(document)
        names = {f"{form}.{item}"} | _names_in_rows(value, form, item)
        for section in ("variables", "supplemental", "working"):
            declared = value.get(section)
            for variable, declaration in declared.items() if isinstance(declared, dict) else ():
                if names & _words(declaration):
                    found.append(f"{owner}.{variable}")
    return found


def _names_in_rows(value: dict[str, Any], form: str, item: str) -> set[str]:
    """Names of an item in the rows of a declaration: its own, and its role where tests are unpivoted."""
    names: set[str] = set()
    sources = value.get("sources")
    for source in sources if isinstance(sources, list) else ():
        if not isinstance(source, dict) or source.get("form") != form:
            continue
        names.add(item)
        unpivot = source.get("unpivot")
        if isinstance(unpivot, dict) and isinstance(unpivot.get("items"), dict):
            listed = unpivot.get("tests")
            tests = [str(test) for test in listed] if isinstance(listed, list) else []
            roles = unpivot["items"].items()
            names |= {role for role, text in roles for test in tests if str(text).replace("{test}", test) == item}
    return names


def declared_analyses(study: Study, datasets: Iterable[str]) -> list[str]:
    """Documents under analysis/ that mention one of the datasets."""
    names = {name.split(".")[0] for name in datasets}
    documents = [document for file, document in study.documents.items() if file.startswith("analysis/")]
    return [name_of(document) for document in documents if names & _words(document.value)]


def _nothing(*_: object) -> tuple[str, ...]:
    """Nobody was asked."""
    return ()


@dataclass(frozen=True, slots=True)
class Downstream:
    """What the stages after the protocol know, as functions that `app` plugs in.

    `touches(study, form, item)` gives datasets or `DATASET.VARIABLE`s made from an item; `touches_design(study, kind)`
    those made from a kind of protocol part (arm, visit, criterion, ...); `analyses(study, datasets)` the analyses and
    displays that use any of these; `in_flight(forms, visits)` the participants who have data in one of the forms, or
    one of the visits still to come.
    """

    touches: Callable[[Study, str, str], Iterable[str]] = declared_mentions
    touches_design: Callable[[Study, str], Iterable[str]] = _nothing
    analyses: Callable[[Study, Iterable[str]], Iterable[str]] = declared_analyses
    in_flight: Callable[[Iterable[str], Iterable[str]], Iterable[str]] = _nothing


READ_ALONE = Downstream()
"""The declarations of the study folder are read; no later stage and no ledger is asked."""


def find_touched(
    changes: Iterable[Change], before: Study, after: Study, downstream: Downstream = READ_ALONE
) -> Touched:
    """What changes reach in either definition."""
    items: set[FormItem] = set()
    forms: set[str] = set()
    visits: set[str] = set()
    datasets: set[str] = set()
    for change in changes:
        for study in (before, after):
            reached = set(_items(change, study))
            items |= reached
            forms |= {form for form, _ in reached} | set(_forms(change, study))
            datasets |= set(downstream.touches_design(study, change.kind))
        visits |= set(_visits(change))
        datasets |= _declared(change)
    for study in (before, after):
        datasets |= {name for form, item in items for name in downstream.touches(study, form, item)}
    analyses = {change.id for change in changes if change.kind == "analysis"}
    analyses |= {name for study in (before, after) for name in downstream.analyses(study, sorted(datasets))}
    return Touched(
        forms=tuple(sorted(forms)),
        items=tuple(sorted(f"{form}.{item}" for form, item in items)),
        visits=tuple(sorted(visits)),
        datasets=tuple(sorted(datasets)),
        analyses=tuple(sorted(analyses)),
        participants=tuple(sorted(set(downstream.in_flight(sorted(forms), sorted(visits))))),
    )


def _declared(change: Change) -> set[str]:
    return {change.id} if change.kind in ("variable", "tabulation") else set()


def _visits(change: Change) -> Iterator[str]:
    """Visits that are not as they were: themselves, or by what is done at them."""
    if change.kind == "visit":
        yield change.id
    if change.kind == "activity":
        if change.field == "visits":
            yield from set(change.before or ()) ^ set(change.after or ())
        elif not change.field or change.field == "forms":
            yield from (change.before or {}).get("visits", ()) if isinstance(change.before, dict) else ()
            yield from (change.after or {}).get("visits", ()) if isinstance(change.after, dict) else ()


def _forms(change: Change, study: Study) -> Iterator[str]:
    """Forms that a change reaches beside those of its items."""
    activities = study.protocol.schedule.activities
    if change.kind in ("form", "group"):
        yield change.id.split(".")[0]
    elif change.kind == "visit":
        yield from (form for a in activities if change.id in a.visits for form in a.forms)
    elif change.kind == "activity":
        yield from (form for a in activities if a.id == change.id for form in a.forms)
    elif change.kind == "transfer":
        yield from (t.form for t in study.transfers.values() if t.id == change.id)
    elif change.kind == "translation":
        yield from (f for f in study.forms if {f"form.{f}", *_group_keys(study.forms[f])} & set(_texts(change)))
    elif change.kind == "check":
        yield from (check.form for check in study.checks if check.id == change.id)


def _items(change: Change, study: Study) -> Iterator[FormItem]:
    """Items whose question, answers or rules a change reaches."""
    if change.kind == "item":
        form, item = change.id.rsplit(".", 1)
        yield form, item
    elif change.kind in ("code list", "code"):
        codelist = change.id.split("/")[0]
        yield from (
            (f.id, i.id) for f in study.forms.values() for g in f.groups for i in g.items if i.codes == codelist
        )
    elif change.kind == "form" and change.action != "changed":
        yield from ((change.id, name) for name in _item_ids(study.forms.get(change.id)))
    elif change.kind == "translation":
        yield from _translated(set(_texts(change)), study)
    elif change.kind in ("criterion", "population"):
        rules = {("criterion", part.id): part.rule for part in study.protocol.eligibility.criteria}
        rules |= {("population", part.id): part.rule for part in study.protocol.objectives.populations}
        yield from _named(rules.get((change.kind, change.id), ""), study)


def _texts(change: Change) -> Iterator[str]:
    """The keys of the texts whose translation changed."""
    whole = change.before if change.action == "removed" else change.after
    yield from [change.field] if change.field else whole


def _group_keys(form: Form) -> set[str]:
    return {f"group.{form.id}.{group.id}" for group in form.groups}


def _translated(keys: set[str], study: Study) -> Iterator[FormItem]:
    for form in study.forms.values():
        for item in (item for group in form.groups for item in group.items):
            own = {f"{kind}.{form.id}.{item.id}" for kind in ("item", "help", "section")}
            if own & keys or any(key.startswith(f"code.{item.codes}.") for key in keys if item.codes):
                yield form.id, item.id


def _item_ids(form: Form | None) -> list[str]:
    return [] if form is None else [item.id for group in form.groups for item in group.items]


def _named(rule: str, study: Study) -> Iterator[FormItem]:
    expression = parse_expression(rule)
    names = expression.items() if isinstance(expression, Expression) else ()
    for form in study.forms.values():
        for item in _item_ids(form):
            if item in names or f"{form.id}.{item}" in names:
                yield form.id, item


def _words(value: Any) -> set[str]:
    """Every name in the texts and keys of a value, dotted names whole and by their parts."""
    if isinstance(value, dict):
        return set().union(*(_words(k) | _words(v) for k, v in value.items()))
    if isinstance(value, list):
        return set().union(*(_words(v) for v in value))
    names = re.findall(r"[A-Za-z_][A-Za-z0-9_.]*", value) if isinstance(value, str) else []
    return {*names, *(part for name in names for part in name.split("."))}
