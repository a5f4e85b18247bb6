"""From a posted page to facts: what was typed is judged, merged with what others saved, and appended or not at all."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict

from opencro.app.web.catch_up import query_of, work_of
from opencro.app.web.desk import Desk
from opencro.app.web.models import Draft, QueryRow
from opencro.app.web.sight import Sight, sight_of
from opencro.capture import EntryPlan, TypedRecord, check_complete, plan_entry, plan_queries, refuse
from opencro.capture.check_values import SEPARATOR
from opencro.capture.uploads import FORM_BYTES, check_upload, file_value, keep_upload, plain_name
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.ledger import Act, Actor, Change, Entry, FormCompleted, RecordKey, StandingRecord
from opencro.study import Form

_NAME = re.compile(r"([A-Za-z][\w.-]*)\[(\d{1,4})\]\.([A-Za-z][\w.-]*)\Z")
_RECORD = re.compile(r"(seen|remove|present):([A-Za-z][\w.-]*)\[(\d{1,4})\]\Z")


@dataclass(frozen=True)
class Posted:
    """What the page sent: text by field name, what it had seen of each record, which records go."""

    values: Mapping[str, str]
    records: tuple[TypedRecord, ...]
    reason: str
    complete: bool


@dataclass(frozen=True)
class Outcome:
    """What became of a save: nothing is written unless `saved`."""

    saved: bool
    findings: Findings = field(default_factory=Findings)
    needs_reason: bool = False
    changes: tuple[tuple[str, str, str], ...] = ()
    """Name, old and new value of what a reason is asked for."""
    theirs: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    queries: int = 0


def keep_files(root: Path, form: Form, files: Mapping[str, Any]) -> tuple[dict[str, str], list[Finding]]:
    """Keep the files that came with a page: the value of each field, and what is wrong with those not kept."""
    wanted = {item.id for group in form.groups for item in group.items if item.type == "file"}
    values: dict[str, str] = {}
    findings: list[Finding] = []
    for field_name, file in files.items():
        name = field_name.removeprefix("file:")
        match = _NAME.match(name)
        if match is None or match[3] not in wanted:
            continue
        title = plain_name(file.name or "")
        content = file.read(FORM_BYTES + 1)
        wrong = check_upload(title, content, Place(path=name))
        if wrong is not None:
            findings.append(wrong)
        else:
            values[name] = file_value(title, keep_upload(root, content))
    return values, findings


def read_posted(form: Form, data: QueryDict, kept: Mapping[str, str] | None = None) -> Posted:
    """What was typed; names that are no field of the form are left out. A group is sent whole or not at all.

    `kept` are the values of file items that came along; text that a page sends for such an item counts only where it
    takes the file away.
    """
    files = {item.id for group in form.groups for item in group.items if item.type == "file"}
    several = {item.id for group in form.groups for item in group.items if item.type == "choices"}
    values: dict[str, str] = {}
    by_record: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    seen: dict[tuple[str, int], int] = {}
    removed: set[tuple[str, int]] = set()
    for name in data:
        if match := _NAME.match(name):
            item = match[3]
            if item in files and (data.get(name) or name in (kept or {})):
                continue
            text = SEPARATOR.join(v for v in data.getlist(name) if v) if item in several else data.get(name, "")
            values[name] = text.strip().replace("\r\n", "\n")
            by_record[match[1], int(match[2])][item] = values[name]
        elif match := _RECORD.match(name):
            at = (match[2], int(match[3]))
            if match[1] == "remove":
                removed.add(at)
            elif match[1] == "seen":
                seen[at] = int(data.get(name) or 0)
    for name, stored in (kept or {}).items():
        if match := _NAME.match(name):
            values[name] = by_record[match[1], int(match[2])][match[3]] = stored
    records = tuple(
        TypedRecord(
            group,
            repeat,
            by_record.get((group, repeat), {}),
            seen.get((group, repeat), 0),
            removed=(group, repeat) in removed,
        )
        for group, repeat in sorted({*by_record, *removed})
    )
    return Posted(values, records, data.get("reason", "").strip(), "complete" in data)


def why_closed(desk: Desk, form: Form, place: RecordKey) -> Finding | None:
    """Why a form takes no values now (CAP-401), or None; CAP-309 for one that a transfer fills."""
    if form.source != "site":
        where = Place(path=str(place))
        return Finding("CAP-309", where, "a form that is not typed", "a form of the site", "Send it by its transfer.")
    return refuse("enter", work_of(desk.form_row(place)), place, wider_lock=desk.wider_lock(place))


def save(desk: Desk, form: Form, place: RecordKey, posted: Posted) -> Outcome:
    """Save a form as it was posted, with the queries that the edit checks raise and close by it."""
    actor = desk.actor_for("enter", place.site)
    sight = sight_of(desk, place.site)
    posted = _keep_seen(form, posted, sight)
    position = desk.ledger.position
    standing = desk.ledger.standing(place.participant)
    records, merged = _merge(desk, place, posted, standing)
    if merged.theirs:
        return Outcome(False, theirs=merged.theirs, values=merged.values)
    plan = plan_entry(desk.study, form, place, records, standing, position=position, unseen=sight.silent)
    findings = [*plan.findings.errors]
    row = desk.form_row(place)
    completed = bool(row and work_of(row).completed)
    if posted.complete and not findings:
        findings += [f for f in check_complete(form, place, _after(standing, plan)) if _sees(sight, form, f.place.path)]
    if findings:
        return Outcome(False, Findings(tuple(findings)) + plan.findings, values=merged.values)
    if (plan.overwrites or (completed and plan.entries)) and not posted.reason:
        return Outcome(False, plan.findings, True, _listed(plan, standing, sight), values=merged.values)
    acts = _query_acts(desk, place, plan)
    if posted.complete and not completed:
        acts.append(Act(FormCompleted(), place))
    return _append(desk, place, actor, [*plan.entries, *acts], posted, len(acts))


def _keep_seen(form: Form, posted: Posted, sight: Sight) -> Posted:
    """What was posted without items that the person's page does not have: nobody types over what she may not see."""
    records = tuple(
        replace(one, values={i: text for i, text in one.values.items() if sight.reads(form.id, i)})
        for one in posted.records
    )
    values = {name: text for name, text in posted.values.items() if sight.may_post(form.id, name)}
    return replace(posted, values=values, records=records)


def _sees(sight: Sight, form: Form, path: str | None) -> bool:
    return sight.sees(form.id, (path or "").rpartition(".")[2])


def _append(desk: Desk, place: RecordKey, actor: Actor, entries: Sequence[Entry], posted: Posted, acts: int) -> Outcome:
    try:
        if entries:
            desk.append(entries, actor, posted.reason or None)
    except Refused as refused:
        if "LED-010" not in refused.findings.codes():
            return Outcome(False, refused.findings, values=posted.values)
        standing = desk.ledger.standing(place.participant)
        _, merged = _merge(desk, place, posted, standing)
        return Outcome(False, theirs=merged.theirs or {"": ""}, values=merged.values)
    drop_draft(desk, place)
    return Outcome(True, queries=acts)


@dataclass(frozen=True)
class _Merged:
    values: dict[str, str]
    theirs: dict[str, str]


def _merge(
    desk: Desk, place: RecordKey, posted: Posted, standing: Iterable[StandingRecord]
) -> tuple[list[TypedRecord], _Merged]:
    """Records as they are now with what was typed on them.

    Where a record moved on since the page was made, only what the person changed is kept: an item that she left as it
    was takes the other's value, and an item that both changed is put before her.
    """
    now = {r.key: r for r in standing}
    made: list[TypedRecord] = []
    values, theirs = dict(posted.values), {}
    for one in posted.records:
        key = place._replace(group=one.group, group_repeat=one.repeat)
        current = now.get(key)
        last = current.last_fact if current else 0
        if last == one.seen_fact:
            made.append(one)
            continue
        base = _values_at(desk, key, one.seen_fact)
        held = dict(current.values) if current else {}
        mine: dict[str, str] = {}
        for item, text in one.values.items():
            if text == base.get(item, ""):
                values[f"{one.group}[{one.repeat}].{item}"] = held.get(item, "")
                continue
            mine[item] = text
            if held.get(item, "") not in (text, base.get(item, "")):
                theirs[f"{one.group}[{one.repeat}].{item}"] = held.get(item, "")
        made.append(TypedRecord(one.group, one.repeat, mine, last, one.removed))
    return made, _Merged(values, theirs)


def _values_at(desk: Desk, key: RecordKey, fact: int) -> dict[str, str]:
    """The values of a record as they stood after a fact."""
    values: dict[str, str] = {}
    for change in desk.ledger.history(key):
        if change.seq > fact:
            break
        if change.new is None:
            values.pop(change.item, None)
        else:
            values[change.item] = change.new
    return values


def _after(standing: Iterable[StandingRecord], plan: EntryPlan) -> list[StandingRecord]:
    records = {r.key: r for r in standing}
    for entry in plan.entries:
        before = records.pop(entry.key, None)
        if isinstance(entry, Change):
            merged = {**(before.values if before else {}), **entry.values}
            kept = {name: text for name, text in merged.items() if text is not None}
            records[entry.key] = StandingRecord(entry.key, kept, 0)
    return list(records.values())


def _listed(plan: EntryPlan, standing: Iterable[StandingRecord], sight: Sight) -> tuple[tuple[str, str, str], ...]:
    held = {r.key: {i: v for i, v in r.values.items() if sight.reads(r.key.form, i)} for r in standing}
    lines: list[tuple[str, str, str]] = []
    for entry in plan.entries:
        before = held.get(entry.key, {})
        name = f"{entry.key.group}[{entry.key.group_repeat}]"
        if isinstance(entry, Change):
            changed = {i: text or "" for i, text in entry.values.items() if sight.reads(entry.key.form, i)}
            lines += [(f"{name}.{item}", before.get(item, ""), text) for item, text in changed.items()]
        else:
            lines.append((name, ", ".join(before.values()), ""))
    return tuple(lines)


def _query_acts(desk: Desk, place: RecordKey, plan: EntryPlan) -> list[Act]:
    if not plan.entries:
        return []
    about = {one.check.id for one in plan.run.runs}
    rows = QueryRow.objects.filter(study=desk.study.id, participant=place.participant, rule__in=about)
    return plan_queries(plan.run, [query_of(row) for row in rows.order_by("last_fact")], new_query_name)


def new_query_name() -> str:
    """A name that nobody else gives at the same time: `Q` and eight letters and digits that are hard to mistake."""
    return "Q" + "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(8))


def _draft_place(desk: Desk, place: RecordKey) -> dict[str, Any]:
    parts = place._asdict()
    del parts["group"], parts["group_repeat"]
    return {"study": desk.study.id, "user_id": _user_id(desk), **parts}


def _user_id(desk: Desk) -> int:
    return int(User.objects.values_list("pk", flat=True).get(username=desk.user))


def keep_draft(desk: Desk, place: RecordKey, typed: Mapping[str, object]) -> None:
    """Keep what was typed and not saved, for this person only; never of items that she may not see."""
    sight = sight_of(desk, place.site)
    kept = {name: text for name, text in typed.items() if sight.may_post(place.form, name)}
    Draft.objects.update_or_create(**_draft_place(desk, place), defaults={"typed": kept})


def read_draft(desk: Desk, place: RecordKey) -> Draft | None:
    """What the person typed here and has not saved."""
    return Draft.objects.filter(**_draft_place(desk, place)).first()


def drop_draft(desk: Desk, place: RecordKey) -> None:
    """The draft is saved, or not wanted."""
    Draft.objects.filter(**_draft_place(desk, place)).delete()
