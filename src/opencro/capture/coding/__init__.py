"""Medical coding: texts that were collected get the codes of a dictionary, as facts like all others."""

from opencro.capture.coding.assign import (
    Coder,
    plan_auto_coding,
    plan_coding_queries,
    plan_manual_coding,
    plan_uncoding,
    suggest_codes,
)
from opencro.capture.coding.formats import find_dictionary, read_dictionary
from opencro.capture.coding.match import TermIndex, index_terms, normalise, rank_candidates
from opencro.capture.coding.model import Dictionary
from opencro.capture.coding.plan import CodedItem, CodingPlan, Synonyms, read_coding_plan, read_synonyms, version_of
from opencro.capture.coding.state import current_synonyms, read_coding, uncoded_terms
from opencro.capture.coding.upversion import plan_upversion, upversion_impact

__all__ = [
    "CodedItem",
    "Coder",
    "CodingPlan",
    "Dictionary",
    "Synonyms",
    "TermIndex",
    "current_synonyms",
    "find_dictionary",
    "index_terms",
    "normalise",
    "plan_auto_coding",
    "plan_coding_queries",
    "plan_manual_coding",
    "plan_uncoding",
    "plan_upversion",
    "rank_candidates",
    "read_coding",
    "read_coding_plan",
    "read_dictionary",
    "read_synonyms",
    "suggest_codes",
    "uncoded_terms",
    "upversion_impact",
    "version_of",
]
