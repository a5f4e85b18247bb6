"""What follows from a trial design: bounds, participants at each look, power for other effects, expected size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from opencro.design import fixed, sequential
from opencro.design.errors import DesignError
from opencro.design.trial.model import Futility, Means, Proportions, Rule, Survival, TrialDesign
from opencro.stats import Result

Floats = NDArray[np.float64]
CURVE = 61  # points of the power curve

EFFICACY: dict[str, Callable[..., object]] = {
    "lan-demets-obrien-fleming": sequential.LanDeMetsOBrienFleming,
    "lan-demets-pocock": sequential.LanDeMetsPocock,
    "hwang-shih-decani": sequential.HwangShihDeCani,
    "kim-demets": sequential.KimDeMets,
    "obrien-fleming": sequential.OBrienFleming,
    "pocock": sequential.Pocock,
    "wang-tsiatis": sequential.WangTsiatis,
    "haybittle-peto": sequential.HaybittlePeto,
}
WITHOUT_PARAMETER = ("lan-demets-obrien-fleming", "lan-demets-pocock", "obrien-fleming", "pocock")


@dataclass(frozen=True)
class LookTable(Result):
    """The looks: what has come in, the bounds on three scales, what is spent and the power by then; a row a look."""

    title: ClassVar[str] = "Looks"

    look: tuple[int, ...]
    information: Floats
    count: Floats
    month: Floats
    efficacy_z: Floats
    efficacy_p: Floats
    efficacy_effect: Floats
    futility_z: Floats
    futility_effect: Floats
    alpha_spent: Floats
    power: Floats
    stop_null: Floats
    stop_planned: Floats


@dataclass(frozen=True)
class PlannedTrial:
    """A trial design with all that follows from it. Effects are on the scale that readers know (`effect_name`)."""

    name: str
    design: TrialDesign
    plan: sequential.GroupSequentialDesign
    n: tuple[int, int]
    n_exact: float
    count_name: str
    count_total: float
    maximal_information: float
    effect_name: str
    effect_planned: float
    effect_null: float
    looks: LookTable
    expected: dict[str, float]
    curve_effect: Floats
    curve_power: Floats
    curve_count: Floats
    duration: float | None

    @property
    def n_total(self) -> int:
        """Participants to be randomized."""
        return sum(self.n)


def rule_of(rule: Rule) -> object:
    """The spending function or family of a rule; raises DES-120 for a parameter that it has not."""
    if rule.parameter is not None and rule.rule in WITHOUT_PARAMETER:
        raise DesignError("DES-120", f"parameter {rule.parameter:g} of {rule.rule}", "none", "Leave the parameter out.")
    made = EFFICACY[rule.rule]
    return made() if rule.parameter is None else made(rule.parameter)


def futility_of(rule: Futility | None) -> object | None:
    """The futility rule; raises DES-120 where bounds are missing or not wanted."""
    if rule is None:
        return None
    scales: dict[str, Callable[..., object]] = {
        "z": sequential.FutilityZ, "conditional-power": sequential.FutilityConditionalPower,
        "predictive-power": sequential.FutilityPredictivePower,
    }  # fmt: skip
    if (rule.rule in scales) != (rule.bounds is not None):
        raise DesignError("DES-120", f"{rule.rule} with bounds {rule.bounds}", "bounds for scales alone",
                          "Give one bound for each interim look.")  # fmt: skip
    if rule.bounds is not None:
        return scales[rule.rule](rule.bounds)
    return rule_of(Rule.model_validate({"rule": rule.rule, "parameter": rule.parameter}))


def plan_bounds(design: TrialDesign) -> sequential.GroupSequentialDesign:
    """The bounds of a design; errors as `group_sequential`, and DES-120."""
    return sequential.group_sequential(
        design.looks, alpha=design.alpha, sided=design.sided, power=design.power,
        efficacy=rule_of(design.efficacy),  # type: ignore[arg-type]
        futility=futility_of(design.futility),  # type: ignore[arg-type]
        binding=design.futility.binding if design.futility else False,
    )  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    """How an endpoint counts and how its effect is read."""

    n_control: float
    count_name: str
    count: float
    information: float
    name: str
    planned: float
    null: float
    to_effect: Callable[[Floats], Floats]
    sign: float
    size: fixed.SurvivalSize | None = None


def plan_trial(name: str, design: TrialDesign) -> PlannedTrial:
    """Everything that follows from a design; raises DesignError where an assumption is impossible.

    Information: of means and proportions 1 / variance of the difference, of survival events r / (1 + r)^2.
    """
    plan = plan_bounds(design)
    scale = _scale(design, plan.inflation)
    table = _table(plan, scale)
    control = math.ceil(scale.n_control / (1 - design.dropout) - 1e-9)
    treated = math.ceil(design.ratio * scale.n_control / (1 - design.dropout) - 1e-9)
    drifts = plan.drift * np.linspace(-0.25, 1.75, CURVE)
    found = plan.operating(drifts)
    three = plan.operating()
    names = ("no effect", "half the planned effect", "planned effect")
    counts = scale.count * three.expected_information
    expected = {key: float(count) for key, count in zip(names, counts, strict=True)}
    effects = scale.to_effect(scale.sign * drifts / math.sqrt(scale.information))
    return PlannedTrial(
        name, design, plan, (treated, control), (1 + design.ratio) * scale.n_control, scale.count_name, scale.count,
        scale.information, scale.name, scale.planned, scale.null, table, expected, effects, found.power,
        scale.count * found.expected_information, scale.size.duration if scale.size else None,
    )  # fmt: skip


def _scale(design: TrialDesign, inflation: float) -> _Scale:
    e = design.endpoint
    rates = {"alpha": design.alpha, "sided": design.sided, "power": design.power, "ratio": design.ratio}
    if isinstance(e, Means):
        size = fixed.sample_size_means_z(e.difference, e.sd, null=e.null_difference, **rates)  # type: ignore[arg-type]
        if design.looks == (1.0,):
            size = fixed.sample_size_means_t(e.difference, e.sd, null=e.null_difference, **rates)  # type: ignore[arg-type]
        return _difference(design, size.n[1] * inflation, e.difference, e.null_difference, "difference of means")
    if isinstance(e, Proportions):
        size = fixed.sample_size_proportions(e.treatment, e.control, null=e.null_difference, **rates)  # type: ignore[arg-type]
        return _difference(
            design, size.n[1] * inflation, e.treatment - e.control, e.null_difference, "difference of proportions"
        )
    return _events(design, e, inflation)


def _difference(design: TrialDesign, n_control: float, planned: float, null: float, name: str) -> _Scale:
    """The information at which the drift of the plan is that of the planned difference."""
    information = (plan_bounds(design).drift / (planned - null)) ** 2
    total = n_control * (1 + design.ratio)
    count = "participants with a value" if design.dropout else "participants"
    return _Scale(n_control, count, total, information, name, planned, null, lambda x: null + x,
                  math.copysign(1.0, planned - null))  # fmt: skip


def _events(design: TrialDesign, e: Survival, inflation: float) -> _Scale:
    rates = {"alpha": design.alpha, "sided": design.sided, "power": design.power}
    events = inflation * fixed.events_schoenfeld(e.hazard_ratio, ratio=design.ratio, **rates)  # type: ignore[arg-type]
    accrual = fixed.Accrual(tuple(p.rate for p in e.accrual), tuple(p.months for p in e.accrual))
    dropout = fixed.Hazard.from_probability(e.dropout.share, e.dropout.by) if e.dropout else fixed.NEVER
    control = fixed.Hazard.from_median(e.control_median)
    trial = fixed.trial_of(e.hazard_ratio, control, accrual, dropout, design.ratio)
    size = fixed.sample_size_survival(events, trial, accrual.duration + e.follow_up)
    information = events * design.ratio / (1 + design.ratio) ** 2
    sign = math.copysign(1.0, math.log(e.hazard_ratio))
    return _Scale(size.n[1], "events", events, information, "hazard ratio", e.hazard_ratio, 1.0,
                  np.exp, sign, size)  # fmt: skip


def _table(plan: sequential.GroupSequentialDesign, scale: _Scale) -> LookTable:
    root = np.sqrt(plan.information * scale.information)
    futility = np.append(plan.futility[:-1], np.nan)
    futility = np.where(np.isfinite(futility), futility, np.nan)
    count = scale.count * plan.information
    month = np.full(count.size, np.nan)
    if scale.size is not None:
        month = np.array([scale.size.trial.time_of_events(float(c)) for c in count])
    found = plan.operating([0.0, plan.drift])
    null, planned = np.minimum(np.cumsum(found.reject + found.futility, axis=1), 1.0)
    null[-1] = planned[-1] = 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        return LookTable(
            plan.look, plan.information, count, month, plan.efficacy, plan.nominal_p,
            scale.to_effect(scale.sign * plan.efficacy / root), futility,
            scale.to_effect(scale.sign * futility / root), plan.alpha_spent, plan.power, null, planned,
        )  # fmt: skip
