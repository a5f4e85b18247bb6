"""Two definitions of a study compared: which parts were added, removed or changed, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opencro.study.amendment.model import Change, StudyDiff
from opencro.study.amendment.parts import ORDER, StudyPart, take_apart
from opencro.study.amendment.patch import diff_texts
from opencro.study.amendment.touched import READ_ALONE, Downstream, find_touched
from opencro.study.model.whole import Study


def diff_studies(before: Study, after: Study, downstream: Downstream = READ_ALONE) -> StudyDiff:
    """An amendment as a diff with everything that it touches.

    `downstream` says which datasets and analyses depend on an item, and which participants are in flight; left out,
    datasets are those whose declarations under tabulation/ mention a touched item.
    """
    old, new = take_apart(before), take_apart(after)
    changes: list[Change] = []
    for key, part in old.items():
        changes += [_whole("removed", part)] if key not in new else _fields(part, new[key])
    changes += [_whole("added", part) for key, part in new.items() if key not in old]
    touched = find_touched(tuple(changes), before, after, downstream)
    files = diff_texts(before.texts, after.texts)
    return StudyDiff(before.file.version, after.file.version, tuple(changes), files, touched)


def _whole(action: str, part: StudyPart) -> Change:
    if action == "removed":
        return Change("removed", part.kind, part.id, before=part.fields, file=part.file)
    return Change("added", part.kind, part.id, after=part.fields, file=part.file)


def _fields(old: StudyPart, new: StudyPart) -> Iterator[Change]:
    for field in old.fields | new.fields:
        before, after = old.fields.get(field), new.fields.get(field)
        if field == ORDER:
            before, after = _of_both(before, after), _of_both(after, before)
        if before != after:
            yield Change("changed", new.kind, new.id, field, before, after, new.file)


def _of_both(own: Any, other: Any) -> list[str]:
    return [name for name in own or () if name in (other or ())]
