"""The phase "resolve": ids are unique and every name names something (STU-101..STU-109)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from opencro.kernel.finding import Finding
from opencro.kernel.located import Key
from opencro.study.check.items import item_findings, items_of
from opencro.study.check.subject import CHECKS, CODELISTS, DESIGN, ELIGIBILITY, OBJECTIVES, SCHEDULE, At, Subject
from opencro.study.check.translations import translation_findings
from opencro.study.model.form import Form
from opencro.study.model.transfer import Transfer


class Named(Protocol):
    """A part with an id."""

    @property
    def id(self) -> str:
        """What other parts call it."""


def resolve_study(subject: Subject) -> list[Finding]:
    """Every finding of the phase, in the order of the files."""
    found: list[Finding] = []
    for check in (_unique, _files, _design, _schedule, _objectives, _forms, _checks, _transfers, translation_findings):
        found += check(subject)
    return found


def _repeats(subject: Subject, kind: str, ids: Iterable[tuple[str, At]]) -> Iterator[Finding]:
    seen: dict[str, At] = {}
    for name, at in ids:
        first = seen.setdefault(name.casefold(), at)
        if first != at:
            got = f'{kind} "{name}" is given twice, first at {subject.place(first[0], *first[1])}'
            yield subject.finding("STU-101", at, got, "ids that are unique", "Give one of them another id.")


def _unique(subject: Subject) -> Iterator[Finding]:
    protocol = subject.study.protocol
    lists: tuple[tuple[str, str, str, Sequence[Named]], ...] = (
        ("arm", DESIGN, "arms", protocol.design.arms),
        ("epoch", DESIGN, "epochs", protocol.design.epochs),
        ("element", DESIGN, "elements", protocol.design.elements),
        ("visit", SCHEDULE, "visits", protocol.schedule.visits),
        ("activity", SCHEDULE, "activities", protocol.schedule.activities),
        ("criterion", ELIGIBILITY, "criteria", protocol.eligibility.criteria),
        ("objective", OBJECTIVES, "objectives", protocol.objectives.objectives),
        ("estimand", OBJECTIVES, "estimands", protocol.objectives.estimands),
        ("population", OBJECTIVES, "populations", protocol.objectives.populations),
        ("check", CHECKS, "checks", subject.study.checks),
    )
    for kind, file, key, parts in lists:
        yield from _repeats(subject, kind, ((part.id, (file, (key, i, "id"))) for i, part in enumerate(parts)))
    endpoints = [
        (end.id, (OBJECTIVES, ("objectives", i, "endpoints", j, "id")))
        for i, objective in enumerate(protocol.objectives.objectives)
        for j, end in enumerate(objective.endpoints)
    ]
    yield from _repeats(subject, "endpoint", endpoints)
    yield from _unique_codes(subject)


def _unique_codes(subject: Subject) -> Iterator[Finding]:
    document = subject.study.documents.get(CODELISTS)
    lists = document.value.get("codelists") if document is not None else None
    if CODELISTS.rsplit("/", 1)[-1].removesuffix(".yaml") in subject.unread or not isinstance(lists, list):
        return
    yield from _repeats(
        subject, "code list", ((c["id"], (CODELISTS, ("codelists", i, "id"))) for i, c in enumerate(lists))
    )
    for i, codelist in enumerate(lists):
        seen: set[str] = set()
        for j, code in enumerate(codelist["codes"]):
            if code["value"] in seen:
                at: At = (CODELISTS, ("codelists", i, "codes", j, "value"))
                got = f'code "{code["value"]}" is given twice in {codelist["id"]}'
                yield subject.finding("STU-101", at, got, "codes that are unique", "Take one of them away.")
            seen.add(code["value"])


def _files(subject: Subject) -> Iterator[Finding]:
    """One file holds one form, and is called like it; so two files cannot hold one id unseen."""
    for folder in ("forms/", "conduct/transfers/"):
        for name, document in subject.study.documents.items():
            if not name.startswith(folder) or name in (CHECKS, CODELISTS) or "id" not in document.value:
                continue
            own, stem = str(document.value["id"]), name.rsplit("/", 1)[-1].removesuffix(".yaml")
            if own.casefold() != stem.casefold():
                remedy = f'Rename the file to "{own}.yaml", or correct the id.'
                got = f'id "{own}" in the file {stem}.yaml'
                yield subject.finding("STU-102", (name, ("id",)), got, f'id "{stem}"', remedy)


def _design(subject: Subject) -> Iterator[Finding]:
    design = subject.study.protocol.design
    arms, epochs = [a.id for a in design.arms], [e.id for e in design.epochs]
    elements = [e.id for e in design.elements]
    for i, cell in enumerate(design.cells):
        yield from subject.unknown((DESIGN, ("cells", i, "arm")), "arm", cell.arm, arms)
        yield from subject.unknown((DESIGN, ("cells", i, "epoch")), "epoch", cell.epoch, epochs)
        for j, element in enumerate(cell.elements):
            yield from subject.unknown((DESIGN, ("cells", i, "elements", j)), "element", element, elements)


def _schedule(subject: Subject) -> Iterator[Finding]:
    schedule, design = subject.study.protocol.schedule, subject.study.protocol.design
    for i, visit in enumerate(schedule.visits):
        if visit.epoch is not None:
            at: At = (SCHEDULE, ("visits", i, "epoch"))
            yield from subject.unknown(at, "epoch", visit.epoch, [e.id for e in design.epochs])
        for j, arm in enumerate(visit.arms):
            yield from subject.unknown((SCHEDULE, ("visits", i, "arms", j)), "arm", arm, [a.id for a in design.arms])
    visits = [v.id for v in schedule.visits]
    for i, activity in enumerate(schedule.activities):
        for j, name in enumerate(activity.visits):
            yield from subject.unknown((SCHEDULE, ("activities", i, "visits", j)), "visit", name, visits)
        for j, name in enumerate(activity.forms):
            yield from subject.unknown((SCHEDULE, ("activities", i, "forms", j)), "form", name, subject.study.forms)


def _objectives(subject: Subject) -> Iterator[Finding]:
    objectives = subject.study.protocol.objectives
    populations = [p.id for p in objectives.populations]
    endpoints = [e.id for o in objectives.objectives for e in o.endpoints]
    for i, estimand in enumerate(objectives.estimands):
        at: Key = ("estimands", i)
        yield from subject.unknown((OBJECTIVES, (*at, "population")), "population", estimand.population, populations)
        yield from subject.unknown((OBJECTIVES, (*at, "endpoint")), "endpoint", estimand.endpoint, endpoints)


def _forms(subject: Subject) -> Iterator[Finding]:
    for form in subject.study.forms.values():
        file = subject.form_files[form.id]
        groups = [(group.id, (file, ("groups", i, "id"))) for i, group in enumerate(form.groups)]
        yield from _repeats(subject, "group", groups)
        items = [(item.id, (file, (*key, "id"))) for key, item in items_of(form)]
        yield from _repeats(subject, "item", items)
        for key, item in items_of(form):
            yield from item_findings(subject, file, key, item)


def _checks(subject: Subject) -> Iterator[Finding]:
    for i, check in enumerate(subject.study.checks):
        yield from subject.unknown((CHECKS, ("checks", i, "form")), "form", check.form, subject.study.forms)
        form = subject.study.forms.get(check.form)
        if form is not None and check.item is not None:
            items = [item.id for _, item in items_of(form)]
            yield from subject.unknown((CHECKS, ("checks", i, "item")), f"item of {form.id}", check.item, items)


def _transfers(subject: Subject) -> Iterator[Finding]:
    for transfer in subject.study.transfers.values():
        file = subject.transfer_files[transfer.id]
        yield from subject.unknown((file, ("form",)), "form", transfer.form, subject.study.forms)
        form = subject.study.forms.get(transfer.form)
        if form is not None:
            yield from _transfer(subject, file, transfer, form)


def _transfer(subject: Subject, file: str, transfer: Transfer, form: Form) -> Iterator[Finding]:
    groups = [group.id for group in form.groups]
    if transfer.group is not None:
        yield from subject.unknown((file, ("group",)), f"group of {form.id}", transfer.group, groups)
    elif len(groups) > 1:
        remedy = f"Name one of {', '.join(groups)}."
        got = f"no group, and {form.id} has {len(groups)}"
        yield subject.finding("STU-107", (file, ("form",)), got, "the group that the file fills", remedy)
    inside = [i.id for g in form.groups if transfer.group in (None, g.id) for i in g.items]
    for name, column in transfer.items.items():
        yield from subject.unknown((file, ("items", name)), f"item of {form.id}", name, inside)
        if column in transfer.skip:
            got = f'column "{column}" fills {name} and is skipped'
            yield subject.finding("STU-107", (file, ("items", name)), got, "one of both", "Take it out of skip.")
