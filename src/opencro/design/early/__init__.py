"""Early phase: dose-finding designs, their decision tables, their operating characteristics."""

from opencro.design.early.blrm import LogisticAssessment, LogisticDesign, assess_blrm, blrm
from opencro.design.early.blrm_trials import simulate_blrm
from opencro.design.early.crm import (
    Reassessment,
    ReassessmentDesign,
    crm,
    reassess,
    skeleton_by_indifference,
    switch_points,
)
from opencro.design.early.crm_trials import simulate_crm, simulate_tite_crm
from opencro.design.early.interval import IntervalDesign, boin, keyboard, mtpi2
from opencro.design.early.interval_trials import simulate_interval
from opencro.design.early.isotonic import posterior_above, select_dose
from opencro.design.early.paths import DosePaths, dose_paths
from opencro.design.early.tally import DoseFinding
from opencro.design.early.three_plus_three import ThreePlusThree, simulate_three_plus_three, three_plus_three

__all__ = [
    "DoseFinding",
    "DosePaths",
    "IntervalDesign",
    "LogisticAssessment",
    "LogisticDesign",
    "Reassessment",
    "ReassessmentDesign",
    "ThreePlusThree",
    "assess_blrm",
    "blrm",
    "boin",
    "crm",
    "dose_paths",
    "keyboard",
    "mtpi2",
    "posterior_above",
    "reassess",
    "select_dose",
    "simulate_blrm",
    "simulate_crm",
    "simulate_interval",
    "simulate_three_plus_three",
    "simulate_tite_crm",
    "skeleton_by_indifference",
    "switch_points",
    "three_plus_three",
]
