"""Group sequential designs: bounds, spending, operating characteristics, by exact integration."""

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
from opencro.design.sequential.operating import OperatingCharacteristics, compute_operating
from opencro.design.sequential.plan import GroupSequentialDesign, group_sequential
from opencro.design.sequential.spending import (
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    PiecewiseLinear,
)

__all__ = [
    "FutilityConditionalPower",
    "FutilityPredictivePower",
    "FutilityZ",
    "GivenBounds",
    "GroupSequentialDesign",
    "HaybittlePeto",
    "HwangShihDeCani",
    "KimDeMets",
    "LanDeMetsOBrienFleming",
    "LanDeMetsPocock",
    "OBrienFleming",
    "OperatingCharacteristics",
    "PiecewiseLinear",
    "Pocock",
    "WangTsiatis",
    "compute_operating",
    "group_sequential",
]
