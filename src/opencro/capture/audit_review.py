"""Review of the audit trail: filters over its facts, what a reviewer should look at, counts per user and site.

A review is computed over the whole trail, then filtered, so that a lock or a query outside the filter is not forgotten.
Who reviewed what is a fact of its own: `trail_reviewed` makes it, the caller appends it.

Source: ICH E6(R3) section 4.2.3; EMA Guideline on computerised systems (2023), section 6.2.2.
Manual: docs/audit-review.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import polars as pl
from pydantic import Field

from opencro.capture.documents import read_document
from opencro.capture.sites import Sites
from opencro.capture.trail_marks import (
    MARKS,
    mark_after_lock,
    mark_after_query,
    mark_bursts,
    mark_hours,
    mark_late,
    mark_values,
    record_dates,
)
from opencro.kernel.finding import Finding, Findings
from opencro.ledger import Act, Ledger, TrailReviewed
from opencro.study import Part, Study

DOCUMENT = "conduct/audit_review.yaml"
_BY = ("actor", "role", "site")
_ORDER = ("facts", "values", "entries", "edits", "removals", *MARKS[:-1], "bursts", "largest_burst")


class Burst(Part):
    """From how many facts on, none later than `gap_minutes` after the one before, work out of hours is a burst."""

    facts: int = Field(default=20, ge=2)
    gap_minutes: int = Field(default=5, ge=1)


class ReviewRules(Part):
    """conduct/audit_review.yaml: what counts as late, as night, and as a burst."""

    late_days: int = Field(
        default=5, ge=0, description="days from the record's date to its entry that are still in time"
    )
    office_hours: tuple[int, int] = Field(default=(7, 20), description="first hour and end of the day on site, 0 to 24")
    burst: Burst = Burst()


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which facts a reviewer looks at; None: all.

    `kind` is a stored name with or without its version (`record-changed`), `since` and `until` begin an ISO 8601 time
    in UTC (`2026-01`, `2026-01-31T12`), both inclusive, `reason` is a part of the reason's text in any case.
    """

    user: str | None = None
    role: str | None = None
    site: str | None = None
    participant: str | None = None
    kind: str | None = None
    source: str | None = None
    since: str | None = None
    until: str | None = None
    reason: str | None = None

    def as_words(self) -> dict[str, str]:
        """The filters that are set, as a `TrailReviewed` fact keeps them."""
        return {f.name: str(getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) is not None}


@dataclass(frozen=True)
class TrailReview:
    """The facts that pass the filter, with a column of booleans for each mark, and what they add up to.

    `facts`: the columns of `Ledger.trail_frame`, then entry, edit, removal, values, local (the site's clock),
    days (from the record's date to its entry), the marks, burst_id. `counts`: one row per user, role and site.
    """

    position: int
    filters: TrailFilter
    rules: ReviewRules
    facts: pl.DataFrame
    counts: pl.DataFrame

    def marked(self, mark: str) -> pl.DataFrame:
        """The facts that carry a mark: one of `MARKS`; ValueError for any other."""
        if mark not in MARKS:
            raise ValueError(f"no mark {mark}; known are {', '.join(MARKS)}")
        return self.facts.filter(pl.col(mark))


def read_rules(study: Study) -> tuple[ReviewRules, Findings]:
    """The study's conduct/audit_review.yaml, or the defaults; findings REV-001, REV-002 (hours that are no day)."""
    read, findings = read_document(study, DOCUMENT, ReviewRules, "REV-001")
    rules = read or ReviewRules()
    start, end = rules.office_hours
    if not 0 <= start < end <= 24:
        place = study.documents[DOCUMENT].place("office_hours")
        remedy = "Give the first hour and the end, e.g. [7, 20]."
        wrong = Finding("REV-002", place, f"office hours {start} to {end}", "0 <= start < end <= 24", remedy)
        return ReviewRules(), Findings((*findings, wrong))
    return rules, findings


def review_trail(
    study: Study,
    ledger: Ledger,
    where: TrailFilter | None = None,
    *,
    rules: ReviewRules | None = None,
    sites: Sites | None = None,
) -> TrailReview:
    """Review the trail as it stands now, by rules (`read_rules`) and sites (`read_sites`), else by defaults."""
    where, rules, sites = where or TrailFilter(), rules or ReviewRules(), sites or Sites()
    position = ledger.position
    trail = mark_values(ledger.trail_frame(until=position))
    trail = mark_after_lock(mark_after_query(trail))
    trail = mark_bursts(mark_hours(trail, sites, rules.office_hours), rules.burst.facts, rules.burst.gap_minutes)
    trail = mark_late(trail, record_dates(study, trail), rules.late_days)
    facts = trail.filter(_passes(where))
    return TrailReview(position, where, rules, facts, count_marks(facts))


def trail_reviewed(review: TrailReview) -> Act:
    """The fact that this review took place."""
    return Act(TrailReviewed(review.position, review.filters.as_words()))


def count_marks(facts: pl.DataFrame, by: tuple[str, ...] = _BY) -> pl.DataFrame:
    """What marked facts add up to, one row per `by`, those with most to look at first."""
    counted = facts.group_by(by, maintain_order=True).agg(
        facts=pl.len().cast(pl.Int64),
        values=pl.col("values").sum(),
        entries=pl.col("entry").sum().cast(pl.Int64),
        edits=pl.col("edit").sum().cast(pl.Int64),
        removals=pl.col("removal").sum().cast(pl.Int64),
        **{mark: pl.col(mark).sum().cast(pl.Int64) for mark in MARKS[:-1]},
        bursts=pl.col("burst_id").drop_nulls().n_unique().cast(pl.Int64),
        largest_burst=pl.col("burst_id")
        .drop_nulls()
        .value_counts()
        .struct.field("count")
        .max()
        .fill_null(0)
        .cast(pl.Int64),
    )
    weight = pl.sum_horizontal("late", "after_query", "after_lock", "night", "weekend")
    return counted.select(*by, *_ORDER).sort(weight, *by, descending=[True, *(False for _ in by)])


def _passes(where: TrailFilter) -> pl.Expr:
    same = {"actor": where.user, "role": where.role, "site": where.site, "participant": where.participant,
            "source": where.source}  # fmt: skip
    tests = [pl.col(column) == value for column, value in same.items() if value is not None]
    if where.kind is not None:
        tests.append((pl.col("kind") == where.kind) | pl.col("kind").str.starts_with(f"{where.kind}/"))
    if where.since is not None:
        tests.append(pl.col("recorded_at") >= where.since)
    if where.until is not None:
        tests.append(pl.col("recorded_at").str.slice(0, len(where.until)) <= where.until)
    if where.reason is not None:
        tests.append(pl.col("reason").str.to_lowercase().str.contains(where.reason.lower(), literal=True))
    return pl.all_horizontal(tests) if tests else pl.lit(value=True)
