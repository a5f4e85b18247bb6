"""What a figure declares: analysis/figures/<id>.yaml.

The head says of whom and of what; exactly one of the kinds below says how it is drawn. Populations, groupings, `where`,
`take` and `order` mean what they mean in a display.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opencro.study import Name, Part, Text

KINDS = ("kaplan_meier", "means", "boxes", "waterfall", "swimmer", "spider", "events", "liver", "forest", "profile")
Level = Annotated[float, Field(gt=0, lt=1)]
Pair = tuple[Name, Name]


class KaplanMeierKind(Part):
    """Curves of the time to an event, with the numbers at risk below."""

    time: Name = "AVAL"
    event: Text = Field(default="CNSR == 0", description="expression over the dataset that is true for an event")
    every: float = Field(gt=0, description="distance of the times at which numbers at risk stand")
    end: float | None = Field(default=None, gt=0, description="end of the axis; the last follow-up when left out")
    shows: Literal["without", "with"] = Field(default="without", description="participants without or with an event")
    level: Level = Field(default=0.95, description="confidence level")
    band: bool = Field(default=False, description="limits as a band around each curve")
    test: bool = Field(default=False, description="the log-rank test below the figure")


class MeansKind(Part):
    """Means with limits over time, and the numbers of participants below."""

    of: Name = "AVAL"
    x: Name = Field(default="AVISITN", description="variable of the axis; a number")
    x_text: Name | None = Field(default=None, description="variable with the words of each x, e.g. AVISIT")
    even: bool = Field(default=False, description="every x at the same distance, as for boxes")
    bars: Literal["limits", "se", "sd", "none"] = "limits"
    level: Level = 0.95
    line: float | None = Field(default=None, description="a horizontal line, e.g. 0 for no change")


class BoxesKind(Part):
    """Boxes by visit and group: quartiles as SAS has them, whiskers to 1.5 times their distance, points beyond."""

    of: Name = "AVAL"
    x: Name = "AVISITN"
    x_text: Name | None = None
    line: float | None = None


class WaterfallKind(Part):
    """One bar for each participant, from the greatest to the least."""

    of: Name = Field(description="e.g. the best change, in percent or in units; one row each, or say `take`")
    lines: tuple[float, ...] = Field(default=(), description="horizontal lines, e.g. -30 and 20")
    text: Name | None = Field(default=None, description="variable written at the end of each bar")
    per_page: int = Field(default=150, ge=10, description="so many participants stand on a page")


class Marks(Part):
    """What happened: rows of a dataset, each a mark at its day."""

    dataset: Name
    day: Name = "ADY"
    label: Name = Field(default="PARAMCD", description="variable whose values tell the marks apart")
    where: str = ""


class SwimmerKind(Part):
    """One bar for each participant from start to end, with marks of what happened."""

    start: Name | float = Field(default=0, description="variable or number at which a bar begins")
    end: Name = Field(description="variable at which it ends")
    going: str = Field(default="", description="expression that is true for those who go on; they get an arrow")
    marks: tuple[Marks, ...] = ()
    per_page: int = Field(default=45, ge=5, description="so many participants stand on a page")


class SpiderKind(Part):
    """A line for each participant over time."""

    of: Name = "CHG"
    x: Name = "ADY"
    lines: tuple[float, ...] = ()
    per_page: int = Field(default=100, ge=5, description="so many participants stand on a page")


class EventsKind(Part):
    """Shares of participants with each event in two groups, and the difference with its limits."""

    term: Name = "AEDECOD"
    pair: Pair = Field(description="two groups of `by`: the first minus the second")
    shape: Literal["dots", "volcano"] = "dots"
    at_least: float = Field(default=0, ge=0, le=100, description="terms with this share in percent in either group")
    most: int = Field(default=30, ge=1, le=60, description="so many terms at most, those that differ most; dots only")
    level: Level = 0.95
    alpha: Level = Field(default=0.05, description="a volcano names the terms with a smaller p, and has a line there")


class LiverKind(Part):
    """eDISH: each participant's greatest transaminase against bilirubin, in multiples of the upper limit."""

    transaminase: tuple[Text, ...] = Field(default=("ALT", "AST"), min_length=1, description="values of `parameter`")
    bilirubin: Text = "BILI"
    parameter: Name = "PARAMCD"
    value: Name = "AVAL"
    upper: Name = Field(default="A1HI", description="variable with the upper limit of the normal range")
    limits: tuple[float, float] = Field(default=(3, 2), description="multiples: of transaminase, of bilirubin")


class ForestLine(Part):
    """A line of a forest plot, or with `each` a heading and a line for every group of a grouping."""

    label: Text
    where: str = ""
    each: Name | None = None


class ForestKind(Part):
    """Estimates with limits, for everybody and for subgroups."""

    method: Literal["ancova", "hazard_ratio", "risk_difference"]
    pair: Pair = Field(description="two groups of `by`: the first against the second")
    model: str = Field(default="", description="of ancova, e.g. CHG ~ arm + BASE; the grouping `by` under its id")
    time: Name = Field(default="AVAL", description="of a hazard ratio")
    event: str = Field(default="CNSR == 0", description="of hazard ratio and risk difference")
    everybody: bool = Field(default=False, description="participants without a row have no event (risk difference)")
    level: Level = 0.95
    lines: tuple[ForestLine, ...] = Field(min_length=1)
    favors: tuple[str, str] | None = Field(default=None, description="words below the axis, left and right")

    @model_validator(mode="after")
    def _model_of_ancova(self) -> Self:
        if (self.method == "ancova") != bool(self.model):
            raise ValueError("give `model` for ancova, and for no other method")
        return self


class Track(Part):
    """Bars of one dataset in a participant's profile; without an end they go on."""

    dataset: Name
    label: Text
    start: Name | float
    end: Name | float | None = None
    text: Name = Field(description="variable that names the line on which a bar lies")
    tone: Name | None = Field(default=None, description="variable whose values shade the bars, e.g. AESEV")
    where: str = ""


class Curve(Part):
    """A measurement over time in a participant's profile."""

    dataset: Name
    label: Text
    day: Name = "ADY"
    of: Name = "AVAL"
    lower: Name | None = Field(default=None, description="variable with the lower limit of the normal range")
    upper: Name | None = None
    where: str = ""

    @model_validator(mode="after")
    def _both_limits(self) -> Self:
        if (self.lower is None) != (self.upper is None):
            raise ValueError("give both `lower` and `upper`, or neither")
        return self


class ProfileKind(Part):
    """One participant: what was taken, what happened, what was measured, on one axis of days."""

    participant: str = Field(default="", description="USUBJID; the first one when left out, or who is asked for")
    facts: Mapping[Text, Name] = Field(default={}, description="words: variable of ADSL, written below the title")
    tracks: tuple[Track, ...] = ()
    curves: tuple[Curve, ...] = ()

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if not self.tracks and not self.curves:
            raise ValueError("give `tracks` or `curves`")
        return self


class Figure(Part):
    """analysis/figures/<id>.yaml."""

    id: Name
    number: Text
    title: Text
    subtitle: str = ""
    population: Name
    dataset: Name = "ADSL"
    where: str = ""
    by: Name | None = Field(default=None, description="the grouping whose groups are told apart")
    groups: tuple[Name, ...] = Field(default=(), description="only these of its groups, in this order")
    take: Literal["first", "last", "mean", "least", "greatest"] | None = Field(
        default=None, description="one row of each participant's rows, at each x where there is one"
    )
    order: tuple[Name, ...] = Field(default=(), description="what first and last are told by")
    x_label: str = ""
    y_label: str = ""
    footnotes: tuple[str, ...] = ()
    kaplan_meier: KaplanMeierKind | None = None
    means: MeansKind | None = None
    boxes: BoxesKind | None = None
    waterfall: WaterfallKind | None = None
    swimmer: SwimmerKind | None = None
    spider: SpiderKind | None = None
    events: EventsKind | None = None
    liver: LiverKind | None = None
    forest: ForestKind | None = None
    profile: ProfileKind | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"give exactly one of {', '.join(KINDS)}")
        if self.by is None and (self.events is not None or self.forest is not None):
            raise ValueError("give `by`, the grouping that has the groups of `pair`")
        return self

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def pair(self) -> tuple[str, ...]:
        """The two groups that are compared, where its kind compares."""
        compared = self.events or self.forest
        return () if compared is None else compared.pair
