"""An amendment as a diff: what changed, what it touches, and the change itself as a patch."""

from opencro.study.amendment.compare import diff_studies
from opencro.study.amendment.model import Change, FileChange, StudyDiff, Touched
from opencro.study.amendment.patch import amend_folder, apply_diff, revert_diff
from opencro.study.amendment.render import render_diff
from opencro.study.amendment.touched import Downstream, declared_mentions, find_touched

__all__ = [
    "Change",
    "Downstream",
    "FileChange",
    "StudyDiff",
    "Touched",
    "amend_folder",
    "apply_diff",
    "declared_mentions",
    "diff_studies",
    "find_touched",
    "render_diff",
    "revert_diff",
]
