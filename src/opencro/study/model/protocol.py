"""The protocol as typed data: who is treated how, who is seen when, who may take part, and what is asked.

Source: CDISC USDM v4.0; SDTMIG 3.4 section 7 (trial design); ICH E9(R1) for estimands; ICH M11 for names.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from opencro.study.model.part import Name, Part, Text


class Arm(Part):
    """A planned path through the trial."""

    id: Name
    name: Text
    type: Literal["experimental", "active comparator", "placebo comparator", "sham comparator", "no intervention"] = (
        "experimental"
    )
    description: str = ""
    ratio: int = Field(default=1, ge=0, description="share of this arm in randomization")


class Epoch(Part):
    """A planned period of the trial, the same for all arms."""

    id: Name
    name: Text
    type: Literal["screening", "run-in", "treatment", "washout", "follow-up"] = "treatment"
    description: str = ""


class Element(Part):
    """A building block of arms: what is done to a participant from one event to the next."""

    id: Name
    name: Text
    start_rule: Text
    end_rule: str = ""
    duration: str = Field(default="", pattern=r"^(P[0-9YMWDTHS.]+)?$", description="planned duration, ISO 8601")


class Cell(Part):
    """Which elements an arm passes in an epoch, in order, with the branch taken at its end."""

    arm: Name
    epoch: Name
    elements: tuple[Name, ...] = Field(min_length=1)
    branch: str = ""
    transition: str = ""


class Visit(Part):
    """A planned encounter: its number, target day and window around it."""

    id: Name
    name: Text
    number: float = Field(description="VISITNUM")
    day: int | None = Field(default=None, description="target study day (VISITDY); there is no day 0")
    window: tuple[int, int] | None = Field(default=None, description="days before (<= 0) and after (>= 0) the target")
    epoch: Name | None = None
    arms: tuple[Name, ...] = Field(default=(), description="arms that have this visit; empty = all")
    contact: Literal["site", "telephone", "home", "remote"] = "site"
    start_rule: str = ""
    end_rule: str = ""
    unscheduled: bool = False


class Activity(Part):
    """Something done at visits: the forms that record it."""

    id: Name
    name: Text
    forms: tuple[Name, ...] = ()
    visits: tuple[Name, ...] = Field(default=(), description="visits at which it is done, in order")
    note: str = ""


class Criterion(Part):
    """An inclusion or exclusion criterion."""

    id: Name
    type: Literal["inclusion", "exclusion"]
    text: Text
    version: str = "1"
    rule: str = Field(default="", description="the same as an expression over items, where it can be computed")


class Endpoint(Part):
    """A variable in which an objective is judged."""

    id: Name
    text: Text
    level: Literal["primary", "secondary", "exploratory"] = "primary"
    purpose: str = ""


class Objective(Part):
    """A question that the trial asks, with its endpoints."""

    id: Name
    level: Literal["primary", "secondary", "exploratory"]
    text: Text
    endpoints: tuple[Endpoint, ...] = ()


class IntercurrentEvent(Part):
    """An event after treatment start that bears on the endpoint, and the strategy for it."""

    name: Text
    strategy: Literal[
        "treatment policy", "hypothetical", "composite variable", "while on treatment", "principal stratum"
    ]
    text: str = ""


class Estimand(Part):
    """The treatment effect in the five attributes of ICH E9(R1) section A.3.3."""

    id: Name
    treatment: Text
    population: Name
    endpoint: Name
    summary: Text = Field(description="population-level summary measure")
    events: tuple[IntercurrentEvent, ...] = ()


class Population(Part):
    """A set of participants, in words and, where it can be computed, as a rule."""

    id: Name
    name: Text
    text: Text
    rule: str = ""


class Parameter(Part):
    """A trial summary parameter (TS): a code of the TSPARMCD code list and its value or values."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")
    name: str = ""
    values: tuple[str, ...] = ()
    null_flavor: str = ""


class Design(Part):
    """protocol/design.yaml: arms, epochs, elements and which cell holds which."""

    arms: tuple[Arm, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    elements: tuple[Element, ...] = ()
    cells: tuple[Cell, ...] = ()


class Schedule(Part):
    """protocol/schedule.yaml: visits and what is done at them."""

    visits: tuple[Visit, ...] = ()
    activities: tuple[Activity, ...] = ()


class Eligibility(Part):
    """protocol/eligibility.yaml."""

    criteria: tuple[Criterion, ...] = ()


class Objectives(Part):
    """protocol/objectives.yaml: objectives with endpoints, estimands, populations."""

    objectives: tuple[Objective, ...] = ()
    estimands: tuple[Estimand, ...] = ()
    populations: tuple[Population, ...] = ()


class Summary(Part):
    """protocol/summary.yaml: trial summary parameters."""

    parameters: tuple[Parameter, ...] = ()


class Protocol(Part):
    """The readable split of a protocol, whole."""

    design: Design = Design()
    schedule: Schedule = Schedule()
    eligibility: Eligibility = Eligibility()
    objectives: Objectives = Objectives()
    summary: Summary = Summary()
