"""A study as REDCap sees one: instruments, fields, events, arms, which form stands at which event, what repeats.

An instrument is a form; a repeating group of a form is an instrument of its own that repeats. An event is a visit;
forms of the participant stand in an event of their own where the study has visits, and in none where it has none (a
classic
project).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from opencro.app.redcap.dictionary import difference, row_of
from opencro.app.redcap.document import RedcapDocument, read_redcap
from opencro.study import Form, Item, Study

CLASSIC_EVENT = "event_1_arm_1"
LOG_EVENT = "log_arm_1"
_ARM = re.compile(r"(?:.*_)?arm_(\d{1,2})\Z")
Repeat = Literal["no", "instrument", "event"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A form, or a repeating group of one (`by_group`): its groups in order."""

    name: str
    label: str
    form: str
    groups: tuple[str, ...]
    by_group: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name in REDCap, where it is in the study, and its dictionary row."""

    name: str
    instrument: str
    form: str
    group: str
    item: Item | None
    row: Mapping[str, str]

    @property
    def type(self) -> str:
        """REDCap's field type."""
        return self.row["field_type"]

    @property
    def codes(self) -> str:
        """The code list of its item, or ""."""
        return (self.item.codes or "") if self.item else ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its unique name, the visit that it is ("" for forms outside visits), and its arm."""

    unique: str
    name: str
    arm: int
    visit: str
    day_offset: int = 0
    offset_min: int = 0
    offset_max: int = 0
    label: str = ""


@dataclass(frozen=True)
class Project:
    """A study in REDCap's words; made by `project_of`."""

    study: Study
    document: RedcapDocument
    instruments: Mapping[str, Instrument]
    fields: Mapping[str, Field]
    status: Mapping[str, Field]
    """Instrument -> the field of its form status, where the form has one."""
    events: Mapping[str, Event]
    arms: Mapping[int, str]
    longitudinal: bool
    repeats: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(event, instrument) -> custom label of what repeats; instrument "" for a whole event."""

    @property
    def record_id(self) -> str:
        """The name of the field that names the record."""
        return next(iter(self.fields))

    @cached_property
    def mapping(self) -> tuple[tuple[str, str], ...]:
        """(event, instrument) pairs in order."""
        if not self.longitudinal:
            return tuple((CLASSIC_EVENT, name) for name in self.instruments)
        asked: dict[str, set[str]] = {}
        for activity in self.study.protocol.schedule.activities:
            for visit in activity.visits:
                asked.setdefault(visit, set()).update(activity.forms)
        logs = {f.id for f in self.study.forms.values() if f.participant_level}
        return tuple(
            (event.unique, i.name)
            for event in self.events.values()
            for i in self.instruments.values()
            if i.form in (asked.get(event.visit, set()) if event.visit else logs)
        )

    @cached_property
    def mapped(self) -> frozenset[tuple[str, str]]:
        """The same pairs, to be looked up."""
        return frozenset(self.mapping)

    @property
    def has_repeats(self) -> bool:
        """Whether anything repeats."""
        return bool(self.repeats)

    def repeat_of(self, event: str, instrument: str) -> Repeat:
        """How an instrument repeats at an event."""
        if (event, "") in self.repeats:
            return "event"
        return "instrument" if (event, instrument) in self.repeats else "no"

    def fields_of(self, instrument: str) -> list[Field]:
        """The fields of an instrument in order, without its status."""
        return [f for f in self.fields.values() if f.instrument == instrument]

    @cached_property
    def instrument_at(self) -> dict[tuple[str, str], Instrument]:
        """(form, group) -> the instrument that it belongs to."""
        return {(i.form, group): i for i in self.instruments.values() for group in i.groups}

    def names_in(self, form: str, group: str) -> Mapping[str, str]:
        """Item -> field, of one group of a form."""
        return self._names.get((form, group), {})

    @cached_property
    def _names(self) -> dict[tuple[str, str], dict[str, str]]:
        found: dict[tuple[str, str], dict[str, str]] = {}
        for one in (*self.fields.values(), *self.status.values()):
            if one.item is not None:
                found.setdefault((one.form, one.group), {})[one.item.id] = one.name
        return found

    def event_of_visit(self, visit: str) -> Event | None:
        """The event that a visit is."""
        return self._by_visit.get(visit)

    @cached_property
    def _by_visit(self) -> dict[str, Event]:
        return {event.visit: event for event in self.events.values()}


def project_of(study: Study) -> Project:
    """A study in REDCap's words."""
    document = read_redcap(study)
    longitudinal = document.longitudinal
    if longitudinal is None:
        longitudinal = bool(study.protocol.schedule.visits)
    instruments = _instruments(study, document)
    events = _events(study, document, longitudinal)
    fields, status = _fields(study, document, instruments)
    arms = {int(m[1]): arm.name for arm in study.protocol.design.arms if (m := _ARM.fullmatch(arm.id))}
    arms |= {event.arm: f"Arm {event.arm}" for event in events.values() if event.arm not in arms}
    project = Project(study, document, instruments, fields, status, events, dict(sorted(arms.items())), longitudinal)
    return replace(project, repeats=_repeats(project))


def unique_name(title: str) -> str:
    """A name as REDCap makes it of words: small letters, `_` for spaces, no other signs, at most 18."""
    words = re.sub(r"[^a-z0-9_]+", "", re.sub(r"\s+", "_", title.strip().lower()))[:18].strip("_")
    return words if words[:1].isalpha() else f"n_{words}".strip("_")


def _lower(word: str) -> str:
    lowered = re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_")
    return lowered if lowered[:1].isalpha() else f"f_{lowered}"


def _ordered_forms(study: Study, document: RedcapDocument) -> list[Form]:
    """Forms in REDCap's order where it is said, then in that of the schedule, then the rest."""
    order = [form for activity in study.protocol.schedule.activities for form in activity.forms]
    ranked = {name: at for at, name in reversed(list(enumerate([*document.form_order, *order])))}
    return sorted(study.forms.values(), key=lambda form: ranked.get(form.id, len(ranked)))


def _instruments(study: Study, document: RedcapDocument) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for form in _ordered_forms(study, document):
        single = tuple(g.id for g in form.groups if not g.repeating)
        if single:
            found[_lower(form.id)] = Instrument(_lower(form.id), form.title, form.id, single)
        for group in form.groups:
            if group.repeating:
                name = _lower(f"{form.id}_{group.id}")
                found[name] = Instrument(name, group.label or form.title, form.id, (group.id,), by_group=True)
    return found


def _events(study: Study, document: RedcapDocument, longitudinal: bool) -> dict[str, Event]:
    if not longitudinal:
        return {CLASSIC_EVENT: Event(CLASSIC_EVENT, "Event 1", 1, "")}
    found = {}
    for visit in study.protocol.schedule.visits:
        match = _ARM.fullmatch(visit.id)
        unique = visit.id if match else f"{_lower(visit.id)}_arm_1"
        day = visit.day
        offset = 0 if day is None else day - 1 if day > 0 else day
        low, high = visit.window or (0, 0)
        arm = int(match[1]) if match else 1
        label = document.event_labels.get(unique, "")
        found[unique] = Event(unique, visit.name, arm, visit.id, offset, -low, high, label)
    if any(form.participant_level for form in study.forms.values()):
        found[LOG_EVENT] = Event(LOG_EVENT, "Log forms", 1, "")
    return found


def _fields(
    study: Study, document: RedcapDocument, instruments: Mapping[str, Instrument]
) -> tuple[dict[str, Field], dict[str, Field]]:
    placed = [
        (instrument, group.id, item)
        for instrument in instruments.values()
        for group in study.forms[instrument.form].groups
        if group.id in instrument.groups
        for item in group.items
    ]
    counts = Counter(_lower(item.id) for _, _, item in placed)
    fields: dict[str, Field] = {}
    status: dict[str, Field] = {}
    for instrument, group, item in placed:
        bare = _lower(item.id)
        name = bare if counts[bare] == 1 else f"{instrument.name}_{bare}"
        row = row_of(name, instrument.name, item, study.codelists) | dict(document.fields.get(name, {}))
        made = Field(name, instrument.name, instrument.form, group, item, row)
        if bare == f"{_lower(instrument.form)}_complete":
            status[instrument.name] = replace(made, name=f"{instrument.name}_complete")
        else:
            fields[name] = made
    return _with_record_id(document, instruments, _with_unstored(document, instruments, fields)), status


def _with_record_id(
    document: RedcapDocument, instruments: Mapping[str, Instrument], fields: dict[str, Field]
) -> dict[str, Field]:
    """The field that names the record comes first; a study of ours has no item for it."""
    name = document.record_id
    if name in fields:
        return {name: fields[name], **{n: f for n, f in fields.items() if n != name}}
    name = "record_id" if "record_id" not in fields else "opencro_record_id"
    first = next(iter(instruments))
    row = row_of(name, first, Item(id=name, label="Participant"), {})
    return {name: Field(name, first, "", "", None, row), **fields}


def _with_unstored(
    document: RedcapDocument, instruments: Mapping[str, Instrument], fields: dict[str, Field]
) -> dict[str, Field]:
    """Descriptive fields stand where they stood; where their neighbour is gone, at the end of their form."""
    ordered = list(fields.values())
    for entry in document.unstored:
        row = {c: entry.get(c, "") for c in row_of("x", "x", Item(id="x", label="x"), {})}
        name, form = row["field_name"], row["form_name"]
        if not name or form not in instruments or name in {f.name for f in ordered}:
            continue
        mine = [at for at, f in enumerate(ordered) if f.instrument == form]
        behind = [at for at in mine if ordered[at].name == entry.get("after")]
        default = mine[-1] + 1 if mine else len(ordered)
        start = mine[0] if mine and entry.get("after") == "" else default
        at = behind[0] + 1 if behind else start
        ordered.insert(at, Field(name, form, instruments[form].form, "", None, row))
    return {f.name: f for f in ordered}


def _repeats(project: Project) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for entry in project.document.repeating:
        at = entry.event or CLASSIC_EVENT
        if at in project.events and (not entry.form or entry.form in project.instruments):
            found[at, entry.form] = entry.label
    open_visits = {v.id for v in project.study.protocol.schedule.visits if v.unscheduled}
    for event in project.events.values():
        if event.visit in open_visits:
            found.setdefault((event.unique, ""), "")
    listed = {name for _, name in found}
    for event_name, name in project.mapping:
        instrument = project.instruments[name]
        form = project.study.forms[instrument.form]
        if (instrument.by_group or form.repeating) and name not in listed:
            found.setdefault((event_name, name), "")
    return found


def extra_columns(field: Field, study: Study) -> dict[str, str]:
    """What the dictionary row of a field says beyond its item."""
    if field.item is None:
        return {}
    return difference(field.row, row_of(field.name, field.instrument, field.item, study.codelists))
