"""What keeps a form, participant, site or study from being locked, each blocker by name, with place and remedy.

The checklist is computed for all forms at once and then narrowed to the scope. Manual: docs/locking.md.

Source: ICH E6(R3) section 3.16.1(r) (locking after the planned checks); requirement 38.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from opencro.capture.form_acts import FORM, last_acts, standing_flags, standing_queries
from opencro.capture.lock_rules import LockRules, is_typed
from opencro.capture.required import empty_items, missing_forms, standing_forms
from opencro.capture.sdv_plan import SdvTargets
from opencro.capture.sdv_progress import judge_items, required_values
from opencro.capture.trail_items import PLACE
from opencro.capture.trail_marks import mark_after_lock, mark_values
from opencro.kernel.finding import Finding, Findings, Place
from opencro.ledger import FormLocked, FormUnlocked, Ledger, RecordKey
from opencro.study import Study


class Blocker(NamedTuple):
    """A kind of blocker: what is wrong, what is expected instead, what to do."""

    what: str
    expected: str
    remedy: str


BLOCKERS: Mapping[str, Blocker] = {
    "LCK-001": Blocker("open queries", "no open query", "Have the site answer it, then close it."),
    "LCK-002": Blocker("answered queries", "no answered query", "Read the answer and close the query, or reopen it."),
    "LCK-003": Blocker(
        "missing forms", "a record", "Have the site enter it, or name the form under `optional` in conduct/lock.yaml."
    ),
    "LCK-004": Blocker("empty required items", "a value", "Have the site give it, or say why it is missing."),
    "LCK-005": Blocker("values to be verified", "a value verified as it stands", "Have the monitor verify it."),
    "LCK-006": Blocker("forms that are not complete", "a complete form", "Have the site complete it."),
    "LCK-007": Blocker("unsigned forms", "a signed form", "Have the investigator sign it."),
    "LCK-008": Blocker("stale signatures", "a signature of what stands", "Have the investigator sign it again."),
    "LCK-009": Blocker("uncoded terms", "a coded term", "Code it, or raise a query about it."),
    "LCK-010": Blocker("marks for review", "no mark for review", "Review the place and take the mark off."),
}
"""Code -> kind of blocker."""

COLUMNS = ("code", *PLACE, "item", "got")
_SCHEMA: dict[str, type[pl.DataType]] = {name: pl.Int64 if "repeat" in name else pl.String for name in COLUMNS}


@dataclass(frozen=True)
class Checklist:
    """The blockers of a scope at a position, one row each (`COLUMNS`), in the order of codes and places.

    `not_judged` holds items whose `show_when` looks at several records, so that nobody can say whether they are asked.
    """

    scope: RecordKey
    position: int
    blockers: pl.DataFrame
    not_judged: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing keeps the scope from being locked."""
        return self.blockers.is_empty()

    def counts(self) -> dict[str, int]:
        """How many blockers each code has; codes without one are not there."""
        return dict(self.blockers.group_by("code").len().sort("code").iter_rows())

    def findings(self, code: str | None = None, *, most: int | None = None) -> Findings:
        """The blockers (of one code, the first `most`) as findings with place, got, expected and remedy."""
        rows = self.blockers if code is None else self.blockers.filter(pl.col("code") == code)
        rows = rows if most is None else rows.head(most)
        return Findings(tuple(_finding(*row) for row in rows.iter_rows()))


def pre_lock_checklist(
    study: Study,
    ledger: Ledger,
    scope: RecordKey = RecordKey(),  # noqa: B008  a frozen value
    *,
    rules: LockRules | None = None,
    targets: SdvTargets | None = None,
    uncoded: pl.DataFrame | None = None,
) -> Checklist:
    """The blockers of every form that `scope` covers: a form, visit, participant or site; left out, the whole study.

    `targets` are those of the plan of source data verification (`plan_sdv`), `uncoded` the terms without a code
    (`uncoded_terms`: columns of `PLACE`, item, term); without them neither is asked for.
    """
    rules = rules or LockRules()
    snapshot = ledger.snapshot(participant=scope.participant or None)
    trail = ledger.trail_frame(scope.participant or None, until=snapshot.position)
    empty, not_judged = empty_items(study, snapshot)
    parts = [
        _queries(trail),
        _blockers("LCK-003", missing_forms(study, snapshot, rules), pl.col("why")),
        _blockers("LCK-004", empty, pl.lit("no value")),
        *_acts(study, trail, standing_forms(study, snapshot), rules),
        _blockers("LCK-010", standing_flags(trail), pl.format('marked by {}: "{}"', "actor", "note")),
    ]
    if targets is not None:
        judged = judge_items(required_values(snapshot, targets), trail)
        parts.append(_blockers("LCK-005", judged.filter(pl.col("state") != "verified"), pl.col("state")))
    if uncoded is not None:
        parts.append(_blockers("LCK-009", uncoded, pl.format('"{}" has no code', "term")))
    found = pl.concat(parts).filter(_covered_by(scope)).sort("code", *PLACE, "item")
    return Checklist(scope, snapshot.position, found, not_judged)


def changes_after_lock(ledger: Ledger) -> pl.DataFrame:
    """Statistics of what moved after a lock, by site and form: site, form ("" for wider locks), locks, unlocks, facts,
    values and participants that moved on a place that had been frozen or locked, while_locked (should be 0).
    """
    trail = mark_after_lock(mark_values(ledger.trail_frame()))
    kind = pl.col("kind")
    counted = trail.group_by("site", "form").agg(
        locks=(kind == FormLocked.NAME).sum().cast(pl.Int64),
        unlocks=(kind == FormUnlocked.NAME).sum().cast(pl.Int64),
        facts=pl.col("after_lock").sum().cast(pl.Int64),
        values=pl.col("values").filter(pl.col("after_lock")).sum(),
        participants=pl.col("participant").filter(pl.col("after_lock")).n_unique().cast(pl.Int64),
        while_locked=pl.col("while_locked").sum().cast(pl.Int64),
    )
    return counted.filter(pl.sum_horizontal("locks", "unlocks", "facts") > 0).sort("site", "form")


def _blockers(code: str, places: pl.DataFrame, got: pl.Expr) -> pl.DataFrame:
    item = pl.col("item") if "item" in places.columns else pl.lit("")
    blockers = places.select(pl.lit(code).alias("code"), *PLACE, item.alias("item"), got.alias("got"))
    return blockers.cast(_SCHEMA)  # type: ignore[arg-type]


def _queries(trail: pl.DataFrame) -> pl.DataFrame:
    standing = standing_queries(trail)
    said = pl.format('{} query {}: "{}"', "state", "query", "text")
    return pl.concat(
        [
            _blockers(c, standing.filter(pl.col("state") == s), said)
            for c, s in (("LCK-001", "open"), ("LCK-002", "answered"))
        ]
    )


def _acts(study: Study, trail: pl.DataFrame, forms: pl.DataFrame, rules: LockRules) -> list[pl.DataFrame]:
    """Forms that are not complete, not signed, or changed after the signature."""
    typed = [form.id for form in study.forms.values() if is_typed(form)]
    of_group = pl.lit("").alias("group"), pl.lit(0, pl.Int64).alias("group_repeat")
    acts = (
        forms.filter(pl.col("form").is_in(typed))
        .join(last_acts(trail), on=list(FORM), how="left")
        .with_columns(of_group)
    )
    to_sign = acts.filter(~pl.col("form").is_in(list(rules.unsigned)))
    never = to_sign.filter(pl.col("signed") == 0)
    stale = to_sign.filter(pl.col("signed") > 0, pl.col("changed") > pl.col("signed"))
    return [
        _blockers("LCK-006", acts.filter(pl.col("completed") == 0), pl.lit("not complete")),
        _blockers("LCK-007", never, pl.lit("not signed")),
        _blockers(
            "LCK-008",
            stale,
            pl.format("changed in fact {} after {} signed in fact {}", "changed", "signed_by", "signed"),
        ),
    ]


def _covered_by(scope: RecordKey) -> pl.Expr:
    parts = [pl.col(name) == value for name, value in zip(PLACE, scope, strict=True) if value]
    return pl.all_horizontal(parts) if parts else pl.lit(value=True)


def _finding(code: str, *row: str | int) -> Finding:
    *place, item, got = row
    key = RecordKey(*place)  # type: ignore[arg-type]
    kind = BLOCKERS[code]
    path = f"{key}.{item}" if item else str(key)
    return Finding(code, Place(path=path), str(got), kind.expected, kind.remedy)
