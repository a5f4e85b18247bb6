"""The standing records of a study as REDCap lays them out: one line for each record, event and repeat instance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from opencro.app.redcap.project import Instrument, Project
from opencro.capture import LedgerState
from opencro.ledger import FormCompleted, Ledger, RecordKey, Snapshot

Place = tuple[str, str, str, int]
"""Record, event, instrument ("" unless it repeats), instance (0 unless something repeats)."""


@dataclass
class Line:
    """One line: `values` are the kept texts by field, `keys` the records of the ledger that they stand in."""

    site: str
    place: Place
    values: dict[str, str] = field(default_factory=dict)
    keys: list[RecordKey] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """Instruments that hold data here."""
    last_fact: int = 0

    @property
    def record(self) -> str:
        """The participant."""
        return self.place[0]

    @property
    def event(self) -> str:
        """The event's unique name."""
        return self.place[1]

    @property
    def instrument(self) -> str:
        """The instrument that repeats, or ""."""
        return self.place[2]

    @property
    def instance(self) -> int:
        """The repeat, from 1; 0 where nothing repeats."""
        return self.place[3]


@dataclass(frozen=True)
class Lines:
    """All lines, in REDCap's order, and the site of every record that exists."""

    lines: tuple[Line, ...]
    sites: Mapping[str, str]
    homes: Mapping[str, str] = field(default_factory=dict)
    """The site of everybody who was ever enrolled, also of records that were deleted."""

    def of(self, record: str) -> list[Line]:
        """The lines of a record."""
        return [line for line in self.lines if line.record == record]


def read_lines(
    project: Project, ledger: Ledger, records: Iterable[str] | None = None, at_sites: frozenset[str] | None = None
) -> Lines:
    """What stands now, of all records or those named, at the sites that may be seen (None: all)."""
    snapshot = ledger.snapshot()
    enrolled = dict(LedgerState(ledger).sites())
    if records is not None:
        wanted = set(records)
        enrolled = {record: site for record, site in enrolled.items() if record in wanted}
        snapshot = snapshot.limited_to(sorted(wanted))
    found: dict[Place, Line] = {}
    for site, key, values, fact in _records(snapshot):
        if at_sites is None or site in at_sites:
            _put(project, found, key, values, fact)
    standing = {place[0]: line.site for place, line in found.items()}
    ever = {participant for _, participant in snapshot.known_participants()}
    fresh = {r: s for r, s in enrolled.items() if r not in ever and (at_sites is None or s in at_sites)}
    first = next(iter(project.events), "")
    for record, site in fresh.items():
        found[record, first, "", 0] = Line(site, (record, first, "", 0))
    _complete(project, ledger, found)
    return Lines(tuple(_in_order(project, found.values())), standing | fresh, enrolled)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 2 before 10 and A2 before A10."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


def _records(snapshot: Snapshot) -> Iterator[tuple[str, RecordKey, dict[str, str], int]]:
    for form, group in snapshot.forms():
        for row in snapshot.records(form, group).iter_rows(named=True):
            site, participant = row.pop("site"), row.pop("participant")
            fact, _ = row.pop("fact"), row.pop("record")
            event, repeats = row.pop("event"), [row.pop(f"{n}_repeat") for n in ("event", "form", "group")]
            key = RecordKey(site, participant, event, repeats[0], form, repeats[1], group, repeats[2])
            yield site, key, {name: text for name, text in row.items() if text}, fact


def _put(project: Project, found: dict[Place, Line], key: RecordKey, values: Mapping[str, str], fact: int) -> None:
    instrument = instrument_of(project, key)
    event = project.event_of_visit(key.event)
    if instrument is None or event is None:
        return
    kind = project.repeat_of(event.unique, instrument.name)
    instance = key.group_repeat if instrument.by_group else key.form_repeat
    if kind == "event":
        place = (key.participant, event.unique, "", key.event_repeat or 1)
    elif kind == "instrument":
        place = (key.participant, event.unique, instrument.name, instance)
    elif instance > 1 or key.event_repeat > 1:
        return
    else:
        place = (key.participant, event.unique, "", 0)
    line = found.setdefault(place, Line(key.site, place))
    names = project.names_in(key.form, key.group)
    line.values |= {names[item]: text for item, text in values.items() if item in names}
    line.keys.append(key)
    line.touched.add(instrument.name)
    line.last_fact = max(line.last_fact, fact)


def instrument_of(project: Project, key: RecordKey) -> Instrument | None:
    """The instrument that a record of the ledger belongs to."""
    return project.instrument_at.get((key.form, key.group))


def _complete(project: Project, ledger: Ledger, found: Mapping[Place, Line]) -> None:
    """The status of forms that have no item for it: complete where somebody said so."""
    silent = [i for i in project.instruments.values() if i.name not in project.status]
    if not silent:
        return
    done = {fact.key for fact in ledger.facts(kind=FormCompleted.NAME)}
    for line in found.values():
        for key in line.keys:
            instrument = instrument_of(project, key)
            if instrument in silent:
                place = key._replace(group="", group_repeat=0)
                line.values[f"{instrument.name}_complete"] = "2" if place in done else "0"


def _in_order(project: Project, lines: Iterable[Line]) -> list[Line]:
    """By record as people count, by event, what does not repeat before what does."""
    ranks = {name: at for at, name in enumerate(project.events)}
    forms = {name: at for at, name in enumerate(project.instruments)}
    ordered = [(natural(x.record), ranks[x.event], forms.get(x.instrument, -1), x.instance, x) for x in lines]
    return [entry[-1] for entry in sorted(ordered, key=lambda entry: entry[:-1])]
