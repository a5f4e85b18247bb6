"""What should be there and is not: required items without a value, forms of visits that took place.

Source: the study's forms and schedule; whether an item is asked is the item's own `show_when`.
"""

from __future__ import annotations

import polars as pl

from opencro.capture.edit_check import run_edit_checks
from opencro.capture.form_acts import FORM
from opencro.capture.lock_rules import LockRules, is_typed
from opencro.capture.trail_items import PLACE
from opencro.ledger import Snapshot
from opencro.study import EditCheck, Form, Item, ItemGroup, Study

_VISIT = FORM[:4]
_ITEM_SCHEMA: dict[str, type[pl.DataType]] = {
    **{name: pl.Int64 if "repeat" in name else pl.String for name in PLACE},
    "item": pl.String,
}


def standing_forms(study: Study, snapshot: Snapshot) -> pl.DataFrame:
    """One row (site .. form_repeat) for each form instance that has records."""
    frames = [_keys(snapshot, form, group) for form in study.forms.values() for group in form.groups]
    return (
        pl.concat([pl.DataFrame(schema=_ITEM_SCHEMA).select(PLACE), *frames]).select(FORM).unique(maintain_order=True)
    )


def empty_items(study: Study, snapshot: Snapshot) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Place and item of every required item that is asked and has no value; and the items that could not be judged."""
    checks = [
        EditCheck(id="REQUIRED", form=form.id, item=item.id, when=_is_empty(item), message="No value.")
        for form in study.forms.values()
        for group in form.groups
        for item in group.items
        if item.required and not item.derive
    ]
    run = run_edit_checks(study, snapshot, checks)
    frames = [
        one.hits.select(
            "site", "participant", "event", "event_repeat", pl.lit(one.check.form).alias("form"), "form_repeat",
            pl.lit(one.group).alias("group"), "group_repeat", pl.lit(one.check.item).alias("item"),
        )
        for one in run.runs
    ]  # fmt: skip
    frames += [
        _absent(snapshot, form, group) for form in study.forms.values() for group in form.groups if len(form.groups) > 1
    ]
    found = pl.concat([pl.DataFrame(schema=_ITEM_SCHEMA), *(f.cast(_ITEM_SCHEMA) for f in frames)])  # type: ignore[arg-type]
    return found, tuple(f"{check.form}.{check.item}: {reason}" for check, reason in run.not_run)


def missing_forms(study: Study, snapshot: Snapshot, rules: LockRules) -> pl.DataFrame:
    """Place and `why` of every typed form that is asked for at a visit that took place and has no record.

    A visit took place when any record stands at it. A form that belongs to the participant is asked for once, from the
    first of its visits on; so is one of `rules.once`. A log of the participant may be empty.
    """
    forms = standing_forms(study, snapshot)
    visits = forms.filter(pl.col("event") != "").select(_VISIT).unique(maintain_order=True)
    have = forms.select(*_VISIT, "form").unique()
    frames = [
        _missing_form(study, form, visits, have, rules)
        for form in study.forms.values()
        if form.id not in rules.optional and is_typed(form) and not _is_log(form)
    ]
    return pl.concat([pl.DataFrame(schema={**_ITEM_SCHEMA, "why": pl.String}).drop("item"), *frames])


def _missing_form(study: Study, form: Form, visits: pl.DataFrame, have: pl.DataFrame, rules: LockRules) -> pl.DataFrame:
    at = [v for a in study.protocol.schedule.activities if form.id in a.forms for v in a.visits]
    asked = visits.filter(pl.col("event").is_in(at))
    mine = have.filter(pl.col("form") == form.id)
    if form.participant_level or form.id in rules.once:
        missing = (
            asked.select("site", "participant").unique(maintain_order=True).join(mine, on="participant", how="anti")
        )
        missing = missing.with_columns(event=pl.lit(""), event_repeat=pl.lit(0, pl.Int64))
        why = pl.lit("no record of the participant")
    else:
        missing = asked.join(mine, on=["participant", "event", "event_repeat"], how="anti")
        why = pl.lit("no record at a visit that took place")
    return missing.select(
        *_VISIT, pl.lit(form.id).alias("form"), pl.lit(1, pl.Int64).alias("form_repeat"),
        pl.lit("").alias("group"), pl.lit(0, pl.Int64).alias("group_repeat"), why.alias("why"),
    )  # fmt: skip


def _is_log(form: Form) -> bool:
    """A log of the participant without a record says that nothing happened."""
    return form.participant_level and (form.repeating or all(group.repeating for group in form.groups))


def _absent(snapshot: Snapshot, form: Form, group: ItemGroup) -> pl.DataFrame:
    """The always asked items of a group that a form was saved without."""
    always = [item.id for item in group.items if item.required and not item.show_when]
    if group.repeating or not always:
        return pl.DataFrame(schema=_ITEM_SCHEMA)
    others = pl.concat([_keys(snapshot, form, other) for other in form.groups]).select(FORM).unique(maintain_order=True)
    without = others.join(_keys(snapshot, form, group), on=list(FORM), how="anti")
    keyed = without.with_columns(group=pl.lit(group.id), group_repeat=pl.lit(1, pl.Int64), item=pl.lit(always))
    return keyed.explode("item").select(list(_ITEM_SCHEMA))


def _keys(snapshot: Snapshot, form: Form, group: ItemGroup) -> pl.DataFrame:
    records = snapshot.records(form.id, group.id, [])
    return records.with_columns(form=pl.lit(form.id), group=pl.lit(group.id)).select(PLACE)


def _is_empty(item: Item) -> str:
    empty = f"`{item.id}` is missing"
    return f"({item.show_when}) and {empty}" if item.show_when else empty
