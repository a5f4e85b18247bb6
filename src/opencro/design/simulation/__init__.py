"""Trials simulated at a named fidelity, in chunks that give the same on any number of workers."""

from opencro.design.simulation.adaptive_allocation import (
    AdaptiveCharacteristics,
    AdaptivePlan,
    simulate_adaptive_allocation,
)
from opencro.design.simulation.best_arm import probability_best, temper
from opencro.design.simulation.characteristics import Fidelity, TrialCharacteristics
from opencro.design.simulation.chunks import CHUNK, Progress, Workers, identify_task, run_replicates
from opencro.design.simulation.day_grid import simulate_days
from opencro.design.simulation.endpoints import (
    Count,
    Decisions,
    Measured,
    Onset,
    Population,
    Response,
    draw_endpoints,
    simulate_endpoints,
)
from opencro.design.simulation.enrichment import EnrichmentCharacteristics, EnrichmentPlan, simulate_enrichment
from opencro.design.simulation.grid import Grid, run_grid
from opencro.design.simulation.multi_arm import MultiArmCharacteristics, MultiArmPlan, simulate_multi_arm
from opencro.design.simulation.plan import DAYS_PER_MONTH, SurvivalPlan
from opencro.design.simulation.records import Analysis, draw_records, log_rank_z, simulate_records
from opencro.design.simulation.score_process import (
    compute_characteristics,
    simulate_information,
    simulate_score_process,
)
from opencro.design.simulation.staged import (
    Interim,
    Mean,
    Proportion,
    StagedCharacteristics,
    StagedPlan,
    by_conditional_power,
    simulate_stages,
)

__all__ = [
    "CHUNK",
    "DAYS_PER_MONTH",
    "AdaptiveCharacteristics",
    "AdaptivePlan",
    "Analysis",
    "Count",
    "Decisions",
    "EnrichmentCharacteristics",
    "EnrichmentPlan",
    "Fidelity",
    "Grid",
    "Interim",
    "Mean",
    "Measured",
    "MultiArmCharacteristics",
    "MultiArmPlan",
    "Onset",
    "Population",
    "Progress",
    "Proportion",
    "Response",
    "StagedCharacteristics",
    "StagedPlan",
    "SurvivalPlan",
    "TrialCharacteristics",
    "Workers",
    "by_conditional_power",
    "compute_characteristics",
    "draw_endpoints",
    "draw_records",
    "identify_task",
    "log_rank_z",
    "probability_best",
    "run_grid",
    "run_replicates",
    "simulate_adaptive_allocation",
    "simulate_days",
    "simulate_endpoints",
    "simulate_enrichment",
    "simulate_information",
    "simulate_multi_arm",
    "simulate_records",
    "simulate_score_process",
    "simulate_stages",
    "temper",
]
