"""eCTD 3.2.2: sequences written, read and checked."""

from opencro.submission.ectd.application import Dossier, load_dossier, render_schemas
from opencro.submission.ectd.check import check_dossier
from opencro.submission.ectd.model import INDEX, Backbone, Leaf, Operation, PlannedFile, Sequence, StudySection
from opencro.submission.ectd.read import read_sequence, read_sequences
from opencro.submission.ectd.write import write_sequence

__all__ = [
    "INDEX",
    "Backbone",
    "Dossier",
    "Leaf",
    "Operation",
    "PlannedFile",
    "Sequence",
    "StudySection",
    "check_dossier",
    "load_dossier",
    "read_sequence",
    "read_sequences",
    "render_schemas",
    "write_sequence",
]
