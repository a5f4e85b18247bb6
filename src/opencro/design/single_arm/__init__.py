"""One arm with a response: two-stage designs, predictive probability, BOP2, response and toxicity together."""

from opencro.design.single_arm.predictive import (
    Bop2,
    StoppingTable,
    TableOperating,
    bop2,
    compute_table,
    predict_success,
    predictive_probability_table,
    success_from,
)
from opencro.design.single_arm.simon import (
    TwoStage,
    TwoStageInference,
    TwoStageOperating,
    admissible_designs,
    compute_two_stage,
    infer_two_stage,
    simon_minimax,
    simon_optimal,
    two_stage_designs,
)
from opencro.design.single_arm.two_endpoints import BryantDay, bryant_day

__all__ = [
    "Bop2",
    "BryantDay",
    "StoppingTable",
    "TableOperating",
    "TwoStage",
    "TwoStageInference",
    "TwoStageOperating",
    "admissible_designs",
    "bop2",
    "bryant_day",
    "compute_table",
    "compute_two_stage",
    "infer_two_stage",
    "predict_success",
    "predictive_probability_table",
    "simon_minimax",
    "simon_optimal",
    "success_from",
    "two_stage_designs",
]
