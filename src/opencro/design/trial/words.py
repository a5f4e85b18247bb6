"""The design in words: the protocol's section on sample size, the analysis plan's on interim analyses, and the code."""

from __future__ import annotations

import math
from pprint import pformat
from textwrap import indent

from opencro.design.trial.model import Means, Proportions, Survival, TrialDesign
from opencro.design.trial.planned import PlannedTrial

COUNT = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def percent(value: float) -> str:
    """A share in percent, without zeros that say nothing."""
    return f"{100 * value:.4g} %"


def number(value: float, digits: int = 3) -> str:
    """A number with so many decimals; a dash for none."""
    return "–" if not math.isfinite(value) else f"{value:.{digits}f}"


def spell(count: int) -> str:
    """A small count in words."""
    return COUNT[count - 1] if count <= len(COUNT) else str(count)


def describe_assumptions(design: TrialDesign) -> list[tuple[str, str]]:
    """The assumptions as rows: what, and its value."""
    e = design.endpoint
    sides = "one-sided" if design.sided == 1 else "two-sided"
    rows = [("Objective", design.objective), ("Analysis population", design.population)]
    if isinstance(e, Means):
        rows += [("Planned difference of means", f"{e.difference:g}"), ("Standard deviation", f"{e.sd:g}")]
        rows += [("Difference under the null hypothesis", f"{e.null_difference:g}")]
    elif isinstance(e, Proportions):
        rows += [("Proportion, treatment", percent(e.treatment)), ("Proportion, control", percent(e.control))]
        rows += [("Difference under the null hypothesis", f"{e.null_difference:g}")]
    else:
        rows += [
            ("Planned hazard ratio", f"{e.hazard_ratio:g}"),
            ("Median of the controls", f"{e.control_median:g} months"),
        ]
        entry = ", then ".join(f"{p.months:g} months at relative rate {p.rate:g}" for p in e.accrual)
        rows += [("Accrual", entry), ("Follow-up of the last participant", f"{e.follow_up:g} months")]
        if e.dropout:
            rows.append(("Dropout", f"{percent(e.dropout.share)} by {e.dropout.by:g} months"))
    rows += [("Type I error", f"{percent(design.alpha)}, {sides}"), ("Power", percent(design.power))]
    rows += [("Allocation, treatment to control", f"{design.ratio:g} to 1")]
    if design.dropout:
        rows.append(("Participants without a value", percent(design.dropout)))
    return rows


def _method(design: TrialDesign, looks: int) -> str:
    e = design.endpoint
    if isinstance(e, Survival):
        return "log-rank test, events by Schoenfeld's formula, participants by the expected events of the calendar"
    if isinstance(e, Proportions):
        return "score test of the difference of proportions (pooled variance for a null difference of 0)"
    return "two-sample t test" if looks == 1 else "comparison of means, normal approximation"


def _effect(design: TrialDesign) -> str:
    e = design.endpoint
    if isinstance(e, Survival):
        return f"a hazard ratio of {e.hazard_ratio:g} with a median of {e.control_median:g} months in the control arm"
    if isinstance(e, Proportions):
        return f"proportions of {percent(e.treatment)} under treatment and {percent(e.control)} under control"
    return f"a difference of means of {e.difference:g} with a standard deviation of {e.sd:g}"


def write_protocol_text(trial: PlannedTrial) -> list[str]:
    """Paragraphs for the protocol's section on sample size."""
    d, k = trial.design, len(trial.looks.look)
    sides = "one-sided" if d.sided == 1 else "two-sided"
    first = (
        f"The trial will randomize {trial.n_total} participants, {trial.n[0]} to treatment and {trial.n[1]} to "
        f"control. This gives a power of {percent(d.power)} at a {sides} type I error of {percent(d.alpha)} if the "
        f"truth is "
        f"{_effect(d)} ({_method(d, k)})."
    )
    if d.dropout:
        first += f" The number allows for {percent(d.dropout)} of participants without a value."
    if trial.duration is not None:
        first += f" The final analysis takes place after {math.ceil(trial.count_total - 1e-9)} events, expected "
        first += f"{trial.duration:.1f} months after the first participant has entered."
    if k == 1:
        return [first]
    looks = " and ".join(_when(trial, i) for i in range(k - 1))
    second = (
        f"{spell(k - 1).capitalize()} interim {'analysis is' if k == 2 else 'analyses are'} planned, {looks}. The "
        f"bounds for efficacy follow the rule {trial.plan.efficacy_rule.name()} and keep the type I error over all "
        f"looks."
    )
    if trial.plan.futility_rule is not None:
        kind = "binding" if trial.plan.binding else "non-binding"
        second += f" The trial may stop for futility ({trial.plan.futility_rule.name()}, {kind})."
    expected = trial.expected["planned effect"]
    second += f" Under the planned effect {expected:.0f} {trial.count_name} are expected until the trial stops."
    return [first, second]


def _when(trial: PlannedTrial, i: int) -> str:
    count = math.ceil(float(trial.looks.count[i]) - 1e-9)
    month = float(trial.looks.month[i])
    expected = f", expected in month {month:.1f}" if math.isfinite(month) else ""
    return (
        f"after {count} {trial.count_name} ({percent(float(trial.looks.information[i]))} of the information{expected})"
    )


def write_plan_text(trial: PlannedTrial) -> list[str]:
    """Paragraphs for the statistical analysis plan."""
    k, looks = len(trial.looks.look), trial.looks
    if k == 1:
        return [f"The null hypothesis is rejected where the standardized statistic exceeds {looks.efficacy_z[0]:.4f}."]
    bounds = "; ".join(
        f"look {i}: Z of {z:.4f} or more (nominal p {p:.5f})"
        for i, z, p in zip(looks.look, looks.efficacy_z, looks.efficacy_p, strict=True)
    )
    spends = hasattr(trial.plan.efficacy_rule, "spend")
    moved = (
        "The bounds are computed again at each look from the information that is there: the error is spent at the "
        "actual information fraction, and at the last look what is left of it."
        if spends
        else "Where a look comes at another information fraction, its bound keeps the rule and the last bound is "
        "solved so that the type I error holds."
    )
    paragraphs = [f"Efficacy bounds as planned: {bounds}.", moved]
    if trial.plan.futility_rule is not None:
        stops = "; ".join(f"look {i}: Z of {z:.4f} or less" for i, z in zip(looks.look, looks.futility_z, strict=True)
                          if math.isfinite(z))  # fmt: skip
        kind = "bind" if trial.plan.binding else "do not bind: the efficacy bounds do not count on them"
        paragraphs.append(f"Futility bounds as planned: {stops}. They {kind}.")
    paragraphs.append(
        "Repeated confidence intervals are given at every look. After the trial has stopped, p-value, median-unbiased "
        "estimate and confidence interval follow the stagewise ordering (Tsiatis, Rosner and Mehta 1984)."
    )
    return paragraphs


def write_code(trial: PlannedTrial) -> str:
    """Python that computes the design again."""
    dumped = trial.design.model_dump(exclude_defaults=True, mode="json", exclude={"sources"})
    shown = "\n" + indent(pformat(dumped, width=96, sort_dicts=False), "    ") + "\n"
    lines = [
        "from opencro.design.trial import TrialDesign, plan_trial", "",
        f"design = TrialDesign.model_validate({shown})",
        f"trial = plan_trial({trial.name!r}, design)", "print(trial.plan)", "print(trial.looks)",
    ]  # fmt: skip
    return "\n".join(lines)
