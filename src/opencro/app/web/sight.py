"""What a reader does not see: items that tell the treatment are not there, items that identify a person have no value.

Sources: ICH E6(R3) section 4.1.2 (blinding holds wherever data are shown); OWASP ASVS 5.0 section 8.2.3. What is
computed from such an item is such an item, and an edit check that reads one speaks to nobody who may not see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from opencro.app.web.desk import Desk
from opencro.app.web.models import FormRow, QueryRow
from opencro.kernel.expression import Expression, parse_expression
from opencro.study import EditCheck, Form, Item, Study

MASK = "•••"
_QUERIES_OPEN = ("LCK-001", "LCK-002")
Items = Mapping[str, frozenset[str]]
"""Items by form."""


@dataclass(frozen=True)
class Sight:
    """What is kept from a reader at one site: `absent` and `masked` items by form, and the checks that are `silent`."""

    absent: Items = field(default_factory=dict)
    masked: Items = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def sees(self, form: str, item: str) -> bool:
        """Whether the item is there for the reader."""
        return item not in self.absent.get(form, ())

    def reads(self, form: str, item: str) -> bool:
        """Whether the reader sees the item's value."""
        return self.sees(form, item) and item not in self.masked.get(form, ())

    def may_post(self, form: str, field_name: str) -> bool:
        """Whether a field `GROUP[repeat].ITEM` may come from this reader's page."""
        return self.reads(form, field_name.rpartition(".")[2])


def sight_of(desk: Desk, site: str | None) -> Sight:
    """What the person of a desk is not shown at a site (None: anywhere)."""
    absent = {} if desk.may("unblinded", site) else _items(desk.study, lambda item: item.blinded)
    masked = {} if desk.may("identifiers", site) else _items(desk.study, lambda item: item.sensitive)
    return Sight(absent, masked, _checks_reading(desk.study, absent) if absent else frozenset())


def seen_queries(desk: Desk, rows: QuerySet[QueryRow]) -> QuerySet[QueryRow]:
    """Only queries that tell nothing of an item which is not there for the reader."""
    hidden = _items(desk.study, lambda item: item.blinded)
    sites = desk.sites("unblinded")
    return rows.exclude(_about(desk.study, hidden) & _elsewhere(sites)) if hidden and sites is not None else rows


def readable_queries(desk: Desk, rows: QuerySet[QueryRow]) -> QuerySet[QueryRow]:
    """Only queries whose words the reader sees: a search in words must not find what is masked."""
    hidden = _items(desk.study, lambda item: item.sensitive)
    sites = desk.sites("identifiers")
    rows = seen_queries(desk, rows)
    return rows.exclude(_of(hidden) & _elsewhere(sites)) if hidden and sites is not None else rows


def mask_queries(desk: Desk, rows: Iterable[QueryRow]) -> list[QueryRow]:
    """The rows for showing, without what people wrote about an item whose value the reader does not see."""
    shown = []
    for row in rows:
        if row.item and not sight_of(desk, row.site).reads(row.form, row.item):
            row.text = row.text if row.rule else MASK
            row.answer, row.reopened = (MASK if said else "" for said in (row.answer, row.reopened))
        shown.append(row)
    return shown


def count_seen(desk: Desk, rows: Iterable[FormRow]) -> list[FormRow]:
    """The rows with counts of only those queries that the reader sees."""
    found = list(rows)
    hidden = _items(desk.study, lambda item: item.blinded)
    if not hidden or not found or desk.sites("unblinded") is None:
        return found
    people = {row.participant for row in found}
    queries = QueryRow.objects.filter(study=desk.study.id, participant__in=people, state__in=("open", "answered"))
    seen = Counter((_place(q), q.state) for q in seen_queries(desk, queries))
    for row in found:
        row.open_queries, row.answered_queries = seen[_place(row), "open"], seen[_place(row), "answered"]
    return found


def mask_blockers(desk: Desk, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a checklist without the words of queries, and the items, that the reader does not see."""
    sight = sight_of(desk, None)
    if not sight.absent and not sight.masked:
        return rows
    people = {row["participant"] for row in rows}
    queries = QueryRow.objects.filter(study=desk.study.id, participant__in=people)
    words = {(_place(q), f'{q.state} query {q.name}: "{q.text}"') for q in readable_queries(desk, queries)}
    for row in rows:
        at = (row["participant"], row["event"], row["event_repeat"], row["form"], row["form_repeat"])
        said = row["code"] not in _QUERIES_OPEN or (at, row["got"]) in words
        if not said or not sight.reads(row["form"], row["item"]):
            row["got"] = MASK
        if not sight.sees(row["form"], row["item"]):
            row["item"] = ""
    return rows


def _place(row: Any) -> tuple[str, str, int, str, int]:
    return row.participant, row.event, row.event_repeat, row.form, row.form_repeat


def _elsewhere(sites: frozenset[str]) -> Q:
    return ~Q(site__in=sites)


def _of(items: Items) -> Q:
    """Queries on these items."""
    wanted = Q(pk__in=[])
    for form, names in items.items():
        wanted |= Q(form=form, item__in=names)
    return wanted


def _about(study: Study, items: Items) -> Q:
    return _of(items) | Q(rule__in=_checks_reading(study, items))


def _items(study: Study, kept: Callable[[Item], bool]) -> dict[str, frozenset[str]]:
    """Items of which `kept` is true, and those that are derived from them."""
    return {form.id: names for form in study.forms.values() if (names := _with_derived(form, kept))}


def _with_derived(form: Form, kept: Callable[[Item], bool]) -> frozenset[str]:
    items = [item for group in form.groups for item in group.items]
    names = {item.id for item in items if kept(item)}
    while names and (more := {i.id for i in items if i.derive and names & set(_names(i.derive))} - names):
        names |= more
    return frozenset(names)


def _checks_reading(study: Study, items: Items) -> frozenset[str]:
    """Checks that stand at one of the items, or read one."""
    return frozenset(check.id for check in study.checks if _reads(study, check, items))


def _reads(study: Study, check: EditCheck, items: Items) -> bool:
    if check.item in items.get(check.form, ()):
        return True
    own = study.forms.get(check.form)
    here = {item.id for group in own.groups for item in group.items} if own else set()
    anywhere = frozenset().union(*items.values()) if items else frozenset()
    for form, _dot, item in (name.rpartition(".") for name in _names(check.when)):
        home = form or (check.form if item in here else "")
        if item in (items.get(home, ()) if home else anywhere):
            return True
    return False


def _names(text: str) -> tuple[str, ...]:
    parsed = parse_expression(text)
    return parsed.items() if isinstance(parsed, Expression) else ()
