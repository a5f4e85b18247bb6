"""Every algorithm that a declaration may name, by its word."""

from __future__ import annotations

from opencro.tabulation.algorithms.algorithm import Algorithm
from opencro.tabulation.algorithms.assign import (
    CollectedItem,
    Constant,
    ParticipantIdentity,
    StudyIdentity,
    Template,
    VariableCopy,
)
from opencro.tabulation.algorithms.derive import Aligned, Case, Computed, FirstPresent, Greatest, NumericOf
from opencro.tabulation.algorithms.finding_class import BaselineFlag, RangeIndicator, StandardResult
from opencro.tabulation.algorithms.lookup import FormItem, Lookup
from opencro.tabulation.algorithms.text import CutText, FixedDecimals, PartOfText
from opencro.tabulation.algorithms.timing import EpochOf, IsoDate, SequenceNumber, StudyDayOf, VisitFact

ALGORITHMS: dict[str, type[Algorithm]] = {
    algorithm.key: algorithm
    for algorithm in (
        Constant, StudyIdentity, ParticipantIdentity, CollectedItem, VariableCopy, Template, IsoDate, StudyDayOf,
        SequenceNumber, VisitFact, EpochOf, Computed, NumericOf, Aligned, Case, FirstPresent, Greatest, Lookup,
        FormItem, StandardResult, BaselineFlag, RangeIndicator, PartOfText, CutText, FixedDecimals,
    )
}  # fmt: skip
