"""What a study may say about its virtual participants: `conduct/rehearsal.yaml`, every part of it optional.

Source: docs/rehearsal.md. Numbers are facts about a population (means, spreads, frequencies), never records of persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from opencro.study import Name, Part

DOCUMENT = "conduct/rehearsal.yaml"
BASES = ("visit", "consent", "birth", "randomization", "first_dose", "last_dose", "end", "start", "stop")
"""What a date may be counted from, besides the id of a visit."""

LEAVING = "leaving"
"""Stands for the last visit of a person wherever a visit may be named in `at`."""

PersonField = Literal["participant", "site", "number", "usubjid", "sex", "age", "arm", "reason", "cause", "visit"]
Share = float
KINDS = ("constant", "choice", "number", "date", "person", "text", "entry", "copy_of", "ongoing", "by_arm")


class Number(Part):
    """A measured number: the person's own level, a trend, the deviation of the visit, the deviation of the moment.

    `with_person` and `with_visit` tie it to a named trait: coefficient times a standard normal number that all items
    with that name share, within the person or within the person's visit.
    """

    mean: float
    sd: float = Field(default=0, ge=0, description="from measurement to measurement")
    person_sd: float = Field(default=0, ge=0, description="from person to person")
    lognormal: bool = Field(default=False, description="`mean` is the median; spreads are those of the logarithm")
    weekly: float | Mapping[Name, float] = Field(default=0.0, description="change a week after the first dose, by arm")
    with_person: Mapping[Name, float] = {}
    with_visit: Mapping[Name, float] = {}
    minimum: float | None = None
    maximum: float | None = None
    decimals: int | None = Field(default=None, ge=0, le=6)


class Value(Part):
    """Where the values of an item come from: exactly one of the kinds, and what bends them."""

    constant: str | None = None
    choice: Mapping[str, float] | None = Field(default=None, description="answer: weight; the empty answer is none")
    number: Number | None = None
    date: str | None = Field(default=None, description="a base, or the id of a visit that took place")
    person: PersonField | None = None
    text: str | None = Field(default=None, description="words with person fields in braces; `{n}` counts the records")
    entry: str | None = Field(default=None, description="column of the list from which the event was drawn")
    copy_of: str | None = Field(default=None, description="item of the same record that stands before it")
    ongoing: tuple[str, str] | None = Field(default=None, description="answers for an ongoing and an ended event")
    by_arm: Mapping[Name, Value] | None = None

    days: int | tuple[int, int] = Field(default=0, description="days after `date`, or from..to")
    until: str | None = Field(default=None, description="base that a date does not pass; stands in for an unknown one")
    partial: Share = Field(default=0, ge=0, le=1, description="share of dates without day, or without day and month")
    recode: Mapping[str, str] = Field(default={}, description="answers to others; what is not named stays")
    otherwise: str | None = Field(default=None, description="what an answer that `recode` does not name becomes")
    stays: bool = Field(default=False, description="drawn once for each person")
    trait: str = Field(default="", description="a choice that stays, and shares its draw with all of that name")
    fatal: str | None = Field(default=None, description="the answer for the event of which a person died")
    when: str = Field(default="", description="expression over the items before it; no value where it is not true")
    missing: Share = Field(default=0, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _plain_is_constant(cls, given: Any) -> Any:
        return {"constant": str(given)} if isinstance(given, str | int | float) else given

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"give exactly one of {', '.join(KINDS)}")
        if self.choice is not None and (min(self.choice.values(), default=0) < 0 or not sum(self.choice.values()) > 0):
            raise ValueError("give weights of `choice` from 0 up, at least one above 0")
        if isinstance(self.days, tuple) and self.days[0] > self.days[1]:
            raise ValueError("give `days` as from..to, the smaller number first")
        return self


class Row(Part):
    """One record of a repeating group that is made at each visit (or once, on a log)."""

    at: tuple[str, ...] = Field(default=(), description="visits; `leaving` is the last; empty: as the schedule says")
    chance: Share = Field(default=1, ge=0, le=1)
    coin: str = Field(default="", description="rows with the same coin share one draw per visit")
    tails: bool = Field(default=False, description="made where the coin did not fall within `1 - chance`")
    items: Mapping[Name, Value] = {}


class Episodes(Part):
    """Things that befall a person: events, conditions, medications, drawn from a list."""

    list: str = Field(default="", description="one of `lists`; empty: no list, `entry` gives nothing")
    mean: float | Mapping[Name, float] = Field(default=1.5, description="average number for each person, by arm")
    during: Share = Field(default=1, ge=0, le=1, description="share that starts after consent; the rest before")
    before_years: float = Field(default=10, gt=0, description="average years from start to consent, of the rest")
    duration: float = Field(default=14, gt=0, description="median days")
    spread: float = Field(default=1, ge=0, description="standard deviation of the logarithm of days")
    ongoing: Share = Field(default=0.2, ge=0, le=1)
    report: Literal["once", "first visit", "each visit"] = "once"
    leads_to_leaving: bool = Field(default=False, description="the event for which a person leaves is one of these")
    none: Mapping[Name, Value] = Field(default={}, description="the record of a person to whom nothing happened")


class FormPlan(Part):
    """How a form is filled; what is not said follows from the types of items."""

    who: Literal["screened", "failed", "randomized", "leavers", "caused"] = "screened"
    at: tuple[str, ...] = Field(default=(), description="visits in place of those of the schedule")
    chance: Share = Field(default=1, ge=0, le=1)
    items: Mapping[Name, Value] = Field(default={}, description="of every record; those of a row go before")
    rows: tuple[Row, ...] = ()
    episodes: Episodes | None = None
    left_empty: tuple[Name, ...] = Field(default=(), description="items that nobody is expected to fill")


class Terms(Part):
    """A list to draw from: columns by name; the column `weight` says how often."""

    columns: tuple[Name, ...] = Field(min_length=1)
    rows: tuple[tuple[str | int | float | None, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _even(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("give each row one value for each column")
        return self


class Sites(Part):
    """Which sites there are; with more than `per_site` participants each, sites are added up to `most`."""

    count: int = Field(default=8, ge=1, le=9_000)
    first: int = Field(default=101, ge=1)
    most: int = Field(default=290, ge=1)
    per_site: int = Field(default=30, ge=1)
    opening_days: int = Field(default=120, ge=0, description="the last site opens so many days after the first")
    per_month: float = Field(default=1, gt=0, description="average number that a site enrols in a month")
    spread: float = Field(default=0.5, ge=0, description="of that number from site to site (of the logarithm)")
    hours_from_utc: tuple[int, ...] = Field(default=(0,), min_length=1)


class Persons(Part):
    """Who comes."""

    age: Number = Number(mean=50, person_sd=12, minimum=19, maximum=85)
    sex: Mapping[str, float] = Field(default={"F": 0.5, "M": 0.5}, min_length=1)


class Reason(Part):
    """Why people leave early; `event` when an adverse event is the reason, `death` when they died."""

    weight: float = Field(default=1, ge=0)
    event: bool = False
    death: bool = False


class Leaving(Part):
    """Who leaves before the last visit, when and why."""

    share: Share | Mapping[Name, Share] = 0.15
    early: float = Field(default=1, gt=0, description="1: evenly over the trial; above 1: rather at its beginning")
    completed: str = "COMPLETED"
    failed: str = "SCREEN FAILURE"
    reasons: Mapping[str, Reason] = {"WITHDRAWAL BY SUBJECT": Reason()}


class Later(Part):
    """A visit that only those have who left early."""

    visit: Name
    chance: Share = Field(ge=0, le=1)
    days: tuple[int, int] | None = Field(default=None, description="after leaving; left out: the visit's own day")


class Visits(Part):
    """How people keep to the schedule."""

    first_dose: Name | None = Field(default=None, description="visit of study day 1; left out: the first from day 1 on")
    screening_days: tuple[int, int] = Field(default=(7, 14), description="from consent to the first dose")
    failures: Share = Field(default=0.17, ge=0, le=1)
    missed: Share = Field(default=0.03, ge=0, le=1)
    kept: tuple[Name, ...] = Field(
        default=(), description="visits that nobody misses, besides first, first dose and last"
    )
    outside: Share = Field(default=0.06, ge=0, le=1)
    unscheduled: Share = Field(default=0.03, ge=0, le=1)
    unscheduled_forms: tuple[Name, ...] = ()
    later: tuple[Later, ...] = ()


class Entry(Part):
    """How data come in: days to entry, slips of the hand and their correction, transfers."""

    delay_days: tuple[int, int] = (0, 4)
    mistakes: Share = Field(default=0.012, ge=0, le=0.5, description="records with one wrong value at first")
    removed: Share = Field(default=0.001, ge=0, le=0.5, description="records that are taken out and entered again")
    corrected_after: tuple[int, int] = (1, 20)
    signed_after: int = Field(default=28, ge=1)
    transfer_every: int = Field(default=28, ge=1)


class RehearsalPlan(Part):
    """conduct/rehearsal.yaml."""

    sites: Sites = Sites()
    persons: Persons = Persons()
    visits: Visits = Visits()
    leaving: Leaving = Leaving()
    entry: Entry = Entry()
    forms: Mapping[Name, FormPlan] = {}
    lists: Mapping[Name, Terms] = {}
