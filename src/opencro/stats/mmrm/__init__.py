"""Mixed models for repeated measures."""

from opencro.stats.mmrm.batch import MmrmBatch, fit_mmrm_batch, refit_mmrm_batch
from opencro.stats.mmrm.fit import MmrmFit
from opencro.stats.mmrm.model import fit_mmrm, fit_mmrm_arrays
from opencro.stats.mmrm.precision import DF_METHODS, VCOV_METHODS
from opencro.stats.mmrm.prediction import Predictions
from opencro.stats.mmrm.search import LADDER, Attempt
from opencro.stats.mmrm.structures import STRUCTURES

__all__ = [
    "DF_METHODS",
    "LADDER",
    "STRUCTURES",
    "VCOV_METHODS",
    "Attempt",
    "MmrmBatch",
    "MmrmFit",
    "Predictions",
    "fit_mmrm",
    "fit_mmrm_arrays",
    "fit_mmrm_batch",
    "refit_mmrm_batch",
]
