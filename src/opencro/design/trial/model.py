"""What a study says of its design: `design/*.yaml`, one file a trial design.

Assumptions and rules only; everything that follows from them is computed by `planned.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opencro.study import Part, Text

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class Rule(Part):
    """A rule for bounds: a spending function or a family, with its parameter where it has one."""

    rule: Literal[
        "lan-demets-obrien-fleming", "lan-demets-pocock", "hwang-shih-decani", "kim-demets", "obrien-fleming", "pocock",
        "wang-tsiatis", "haybittle-peto",
    ]  # fmt: skip
    parameter: float | None = Field(default=None, description="gamma, rho, delta, or the interim bound")


class Futility(Part):
    """A rule for stopping early without success: spending of the type II error, or bounds on a scale."""

    rule: Literal[
        "hwang-shih-decani", "kim-demets", "lan-demets-obrien-fleming", "lan-demets-pocock", "z", "conditional-power",
        "predictive-power",
    ]  # fmt: skip
    parameter: float | None = None
    bounds: tuple[float, ...] | None = Field(default=None, description="for z and powers: one for each interim look")
    binding: bool = False


class Means(Part):
    """A comparison of two means."""

    type: Literal["means"]
    difference: float
    sd: Positive
    null_difference: float = Field(default=0.0, description="minus the margin for non-inferiority")


class Proportions(Part):
    """A comparison of two proportions."""

    type: Literal["proportions"]
    treatment: Fraction
    control: Fraction
    null_difference: float = Field(default=0.0, description="minus the margin for non-inferiority")


class Dropout(Part):
    """The share of participants that drop out by a time."""

    share: Fraction
    by: Positive


class Period(Part):
    """Participants that enter per month, for some months (relative rates; the total is computed)."""

    months: Positive
    rate: Positive = 1.0


class Survival(Part):
    """A time to an event in months: hazard ratio, median of the controls, accrual, follow-up, dropout."""

    type: Literal["survival"]
    hazard_ratio: Positive
    control_median: Positive
    accrual: tuple[Period, ...] = Field(min_length=1)
    follow_up: Positive
    dropout: Dropout | None = None


Endpoint = Annotated[Means | Proportions | Survival, Field(discriminator="type")]


class Source(Part):
    """Where an assumption comes from."""

    assumption: Text
    source: Text


class TrialDesign(Part):
    """A trial design: its question, error rates, looks and rules, and where the assumptions come from."""

    title: Text
    objective: Text = "Superiority of the treatment over control."
    population: Text = "all randomized participants"
    endpoint: Endpoint
    alpha: Fraction = 0.025
    sided: Literal[1, 2] = 1
    power: Fraction = 0.9
    ratio: Positive = Field(default=1.0, description="treated participants for each control")
    looks: tuple[float, ...] = Field(default=(1.0,), description="information fractions, the last 1; one look: fixed")
    efficacy: Rule = Rule(rule="lan-demets-obrien-fleming")
    futility: Futility | None = None
    dropout: float = Field(default=0.0, ge=0, lt=1, description="share without a value, for means and proportions")
    sources: tuple[Source, ...] = ()
