"""From sheets to entries: records as the site types them, corrections, queries and answers, signatures, transfers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from opencro.kernel.hashing import canonical_json, sha256_hex
from opencro.ledger import (
    Act,
    Change,
    DataImported,
    FormCompleted,
    FormSigned,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    RecordKey,
    Removal,
)
from opencro.rehearsal.desk import CENTRAL, Desk
from opencro.rehearsal.draws import Ints
from opencro.rehearsal.firing import CheckBench
from opencro.rehearsal.mistakes import AGAIN, REASONS, RESENT, WRONG_PERSON, Mistakes, make_mistakes
from opencro.rehearsal.records import Sheet
from opencro.rehearsal.world import Texts, World
from opencro.study import EditCheck

MEANING = "The data on this form are complete and true"


@dataclass
class Clerk:
    """Lays sheets on the desks; counts records, corrections, removals, queries and signatures, and filled items."""

    world: World
    desk: Desk
    bench: CheckBench
    definition: str
    counts: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    by_form: dict[str, int] = field(default_factory=dict)
    _queries: Iterator[int] = field(default_factory=lambda: count(1))

    def take(self, sheet: Sheet, block: int) -> None:
        """Lay all entries that a sheet leads to on the desks of their days."""
        random = self.world.draws.named("entry", sheet.form.id, sheet.group.id, block)
        mistakes = make_mistakes(sheet, self.world.plan.entry, self.world.study.codelists, random)
        keys = self._keys(sheet)
        entered = _values(mistakes.entered)
        day = self._entry_days(sheet, random)
        self._count(sheet, mistakes)
        changes = [Change(key, values) for key, values in zip(keys, entered, strict=True)]
        transferred = sheet.form.source == "transfer"
        if transferred:
            self._lay_transfer(sheet, day, changes, block)
        else:
            self._lay_by_site(sheet, day, changes)
        settled = self._correct(sheet, mistakes, keys, entered, day, random)
        if not transferred:
            self._query(sheet, mistakes, keys, day, settled, random)
            self._sign(sheet, mistakes, keys, entered, settled)

    def _keys(self, sheet: Sheet) -> list[RecordKey]:
        cohort, visits = self.world.cohort, self.world.visits.visits
        form, group = sheet.form.id, sheet.group.id
        logged = sheet.form.participant_level
        sites = [self.world.sites[s] for s in cohort.site[sheet.person].tolist()]
        events = ["" if logged else visits[v].id for v in sheet.visit.tolist()]
        repeats = zip(sheet.form_repeat.tolist(), sheet.group_repeat.tolist(), strict=True)
        at = 0 if logged else 1
        people = (cohort.ids[p] for p in sheet.person.tolist())
        return [
            RecordKey(site, person, event, at, form, form_repeat, group, group_repeat)
            for site, person, event, (form_repeat, group_repeat) in zip(sites, people, events, repeats, strict=True)
        ]

    def _entry_days(self, sheet: Sheet, random: np.random.Generator) -> Ints:
        plan = self.world.plan.entry
        if sheet.form.source == "transfer":
            every = plan.transfer_every
            return self.desk.turn(-(-(sheet.known + 1) // every) * every)
        low, high = plan.delay_days
        return self.desk.turn(sheet.known + random.integers(low, high + 1, len(sheet)))

    def _count(self, sheet: Sheet, mistakes: Mistakes) -> None:
        self._add("records", len(sheet))
        self._add("corrections", len(mistakes.right))
        self._add("removals", len(mistakes.removed))
        self.by_form[sheet.form.id] = self.by_form.get(sheet.form.id, 0) + len(sheet)
        for item, column in sheet.columns.items():
            name = f"{sheet.form.id}.{item}"
            self.filled[name] = self.filled.get(name, 0) + int(np.count_nonzero(column != None))  # noqa: E711

    def _add(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def _lay_by_site(self, sheet: Sheet, day: Ints, changes: list[Change]) -> None:
        site = self.world.cohort.site[sheet.person]
        order = np.lexsort((site, day))
        edges = np.flatnonzero(np.diff(day[order]) | np.diff(site[order])) + 1
        for chunk in np.split(order, edges):
            first = int(chunk[0])
            name = self.world.sites[int(site[first])]
            self.desk.lay(int(day[first]), name, "coordinator", [changes[i] for i in chunk.tolist()])

    def _lay_transfer(self, sheet: Sheet, day: Ints, changes: list[Change], block: int) -> None:
        """Everything of a batch in one file, and the fact that it came."""
        for each in np.unique(day).tolist():
            batch = [changes[i] for i in np.flatnonzero(day == each).tolist()]
            content = canonical_json([[*change.key, dict(change.values)] for change in batch])
            file = f"{sheet.form.id}.{sheet.group.id}.{block:04d}.{each}.json"
            fact = DataImported(file=file, format="json", sha256=sha256_hex(content), rows=len(batch))
            place = RecordKey(form=sheet.form.id, group=sheet.group.id)
            self.desk.lay(each, CENTRAL, "data manager", [Act(fact, place), *batch])

    def _correct(
        self,
        sheet: Sheet,
        mistakes: Mistakes,
        keys: list[RecordKey],
        entered: list[dict[str, str]],
        day: Ints,
        random: np.random.Generator,
    ) -> Ints:
        """Corrections and re-entries on their days; returns the day on which each record is settled."""
        settled = day.copy()
        transferred = sheet.form.source == "transfer"
        role = "data manager" if transferred else "coordinator"
        for i in sorted({*mistakes.right, *mistakes.removed}):
            site = CENTRAL if transferred else keys[i].site
            settled[i] = self.desk.turn(day[i : i + 1] + mistakes.after[i])[0]
            if i in mistakes.right:
                item, true = mistakes.right[i]
                reason = RESENT if transferred else REASONS[int(random.integers(len(REASONS)))]
                self.desk.lay(int(settled[i]), site, role, [Change(keys[i], {item: true}, reason=reason)])
                continue
            self.desk.lay(int(settled[i]), site, role, [Removal(keys[i], reason=WRONG_PERSON)])
            settled[i] = self.desk.turn(settled[i : i + 1] + 1)[0]
            self.desk.lay(int(settled[i]), site, role, [Change(keys[i], entered[i], reason=AGAIN)])
        return settled

    def _query(
        self,
        sheet: Sheet,
        mistakes: Mistakes,
        keys: list[RecordKey],
        day: Ints,
        settled: Ints,
        random: np.random.Generator,
    ) -> None:
        fired = [(check, i) for check, i in self.bench.run(sheet, mistakes) if check.severity != "warning"]
        waits = random.integers(1, 11, len(fired))
        for (check, i), wait in zip(fired, waits, strict=True):
            answered = int(max(settled[i], self.desk.turn(day[i : i + 1] + wait)[0]))
            text = "Corrected." if i in mistakes.right else "Confirmed, as in the source."
            self._raise(check, keys[i], int(day[i]), answered, text)
            settled[i] = max(settled[i], answered)

    def _raise(self, check: EditCheck, key: RecordKey, day: int, answered: int, text: str) -> None:
        name = f"Q{next(self._queries):06d}"
        raised = QueryRaised(query=name, item=check.item or "", rule=check.id, text=check.message)
        self.desk.lay(day, key.site, "edit checks", [Act(raised, key)])
        again = int(self.desk.turn(np.array([answered if answered > day else day + 1]))[0])
        self.desk.lay(again, key.site, "coordinator", [Act(QueryAnswered(query=name, text=text), key)])
        closed = int(self.desk.turn(np.array([again + 1]))[0])
        self.desk.lay(closed, CENTRAL, "data manager", [Act(QueryClosed(query=name), key)])
        self._add("queries", 1)

    def _sign(
        self,
        sheet: Sheet,
        mistakes: Mistakes,
        keys: list[RecordKey],
        entered: list[dict[str, str]],
        settled: Ints,
    ) -> None:
        """One signature for each form of a visit, when all of it is settled."""
        wait = self.world.plan.entry.signed_after
        forms: dict[RecordKey, list[int]] = {}
        for i, key in enumerate(keys):
            group = key.group if len(sheet.form.groups) > 1 else ""
            forms.setdefault(key._replace(group=group, group_repeat=0), []).append(i)
        for place, members in forms.items():
            final = [[list(keys[i]), _settled(entered[i], mistakes, i)] for i in members]
            digest = sha256_hex(canonical_json([self.definition, final]))
            fact = FormSigned(printed_name=f"Investigator of site {place.site}", meaning=MEANING, sha256=digest)
            done = settled[members].max(keepdims=True)
            self.desk.lay(int(done[0]), place.site, "coordinator", [Act(FormCompleted(), place._replace(group=""))])
            day = self.desk.turn(done + wait)[0]
            self.desk.lay(int(day), place.site, "investigator", [Act(fact, place)])
        self._add("signatures", len(forms))


def _settled(values: dict[str, str], mistakes: Mistakes, i: int) -> dict[str, str]:
    """The values of a record after its correction."""
    if i not in mistakes.right:
        return values
    item, true = mistakes.right[i]
    return {**values, item: true}


def _values(columns: dict[str, Texts]) -> list[dict[str, str]]:
    """The values of each record; items without a value are left out."""
    names = list(columns)
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
