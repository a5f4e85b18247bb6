"""What the edit checks of a form read beyond its page: values of other forms and of other visits.

A browser that evaluates the checks while a form is typed is given these; they are looked up by the same code that runs
the checks, so both read the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from opencro.capture.edit_check import gather_values
from opencro.capture.standing import StandingRecords
from opencro.kernel.expression import Expression, parse_expression
from opencro.ledger import RecordKey, StandingRecord
from opencro.study import EditCheck, Form, ItemGroup, Study, item_types

Outer = Mapping[int, Mapping[str, str]]


def outer_values(
    study: Study, place: RecordKey, standing: Iterable[StandingRecord], checks: Iterable[EditCheck]
) -> dict[str, Outer]:
    """For each check of the form at `place` by its id: number of the record -> name -> value, "" where there is none.

    `standing` are all records of the participant. Numbers go as far as any visit has records of the group, so that a
    record which is added on the page finds its own. A check that reads nothing beyond the form has no numbers; one that
    cannot be run is left out.
    """
    form = study.forms[place.form]
    given = list(checks)
    beyond = [check for check in given if _reads_beyond(form, check)]
    found: dict[str, Outer] = {check.id: {} for check in given if check not in beyond}
    held = {record.key: record for record in standing}
    blank = {
        key: StandingRecord(key, {}, 0)
        for group in form.groups
        for number in range(1, _count(group, place, held) + 1)
        if (key := place._replace(group=group.id, group_repeat=number)) not in held
    }
    records = StandingRecords((*held.values(), *blank.values()), 0)
    here = (pl.col("event") == place.event) & (pl.col("event_repeat") == place.event_repeat)
    here &= pl.col("form_repeat") == place.form_repeat
    for check, judged in gather_values(study, records, beyond).items():
        names = [source.name for source in judged.sources if source.visit or source.form.id != form.id]
        rows = judged.frame.filter(here).select("group_repeat", pl.col(names).fill_null("")).iter_rows(named=True)
        found[check] = {row["group_repeat"]: {name: row[name] for name in names} for row in rows}
    return found


def _reads_beyond(form: Form, check: EditCheck) -> bool:
    expression = parse_expression(check.when)
    own = {name for item in item_types(form) for name in (item, f"{form.id}.{item}")}
    return not isinstance(expression, Expression) or not own.issuperset(expression.names())


def _count(group: ItemGroup, place: RecordKey, held: Iterable[RecordKey]) -> int:
    numbers = (key.group_repeat for key in held if (key.form, key.group) == (place.form, group.id))
    return max(numbers, default=1) if group.repeating else 1
