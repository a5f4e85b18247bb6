"""Analysis datasets (ADaM): declared once; data, define.xml entries and lineage come from the declaration."""

from opencro.analysis.adam import derive
from opencro.analysis.adam.assemble import Moment, dates_of, exchange_frame, outline_analysis, summarize_dataset
from opencro.analysis.adam.check import check_datasets, label_of
from opencro.analysis.adam.describe import method_of, origin_of, predecessor_of
from opencro.analysis.adam.graph import closure, find_analysis_dependents, needs_across, needs_of, order_datasets
from opencro.analysis.adam.lineage import Leaf, Tracer, plain_leaf
from opencro.analysis.adam.model import AnalysisDataset, ParameterSpec, Step, Switch, VariableSpec
from opencro.analysis.adam.read import load_datasets, read_datasets, read_switches
from opencro.analysis.adam.run import Analysed, analyse, plain
from opencro.analysis.adam.schema import render_schemas

__all__ = [
    "Analysed",
    "AnalysisDataset",
    "Leaf",
    "Moment",
    "ParameterSpec",
    "Step",
    "Switch",
    "Tracer",
    "VariableSpec",
    "analyse",
    "check_datasets",
    "closure",
    "dates_of",
    "derive",
    "exchange_frame",
    "find_analysis_dependents",
    "label_of",
    "load_datasets",
    "method_of",
    "needs_across",
    "needs_of",
    "order_datasets",
    "origin_of",
    "outline_analysis",
    "plain",
    "plain_leaf",
    "predecessor_of",
    "read_datasets",
    "read_switches",
    "render_schemas",
    "summarize_dataset",
]
