"""Group sequential designs: bounds, spending, operating characteristics, by exact integration."""

from opencro.design.sequential.binomial import BinomialLooks, enumerate_binomial_looks
from opencro.design.sequential.changing_effect import ChangingEffect, compute_power_changing, plan_changing_effect
from opencro.design.sequential.delayed import DelayedResponse, decide_delayed
from opencro.design.sequential.families import (
    FutilityConditionalPower,
    FutilityPredictivePower,
    FutilityZ,
    GivenBounds,
    HaybittlePeto,
    OBrienFleming,
    Pocock,
    WangTsiatis,
)
from opencro.design.sequential.monitor import (
    Final,
    Interim,
    analyse,
    compute_conditional_error,
    compute_conditional_power,
    compute_conditional_power_final,
    compute_predictive_power,
    compute_predictive_power_final,
    compute_repeated_p,
    compute_stagewise_p,
    infer_final,
    update_bounds,
)
from opencro.design.sequential.operating import OperatingCharacteristics, compute_operating
from opencro.design.sequential.plan import GroupSequentialDesign, group_sequential
from opencro.design.sequential.spending import (
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    PiecewiseLinear,
)
from opencro.design.sequential.success import compute_success, normal_belief

__all__ = [
    "BinomialLooks",
    "ChangingEffect",
    "DelayedResponse",
    "Final",
    "FutilityConditionalPower",
    "FutilityPredictivePower",
    "FutilityZ",
    "GivenBounds",
    "GroupSequentialDesign",
    "HaybittlePeto",
    "HwangShihDeCani",
    "Interim",
    "KimDeMets",
    "LanDeMetsOBrienFleming",
    "LanDeMetsPocock",
    "OBrienFleming",
    "OperatingCharacteristics",
    "PiecewiseLinear",
    "Pocock",
    "WangTsiatis",
    "analyse",
    "compute_conditional_error",
    "compute_conditional_power",
    "compute_conditional_power_final",
    "compute_operating",
    "compute_power_changing",
    "compute_predictive_power",
    "compute_predictive_power_final",
    "compute_repeated_p",
    "compute_stagewise_p",
    "compute_success",
    "decide_delayed",
    "enumerate_binomial_looks",
    "group_sequential",
    "infer_final",
    "normal_belief",
    "plan_changing_effect",
    "update_bounds",
]
