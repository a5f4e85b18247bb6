"""The frozen types of an amendment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Action = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a study that was added, removed or changed; `field` and the two values tell a change."""

    action: Action
    kind: str
    id: str
    field: str = ""
    before: Any = None
    after: Any = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that are replaced: at `start` (0-based, in the text before) `before` stands and becomes `after`."""

    start: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """How the text of a file becomes another; a hash is empty where the file does not exist."""

    name: str
    before_hash: str
    after_hash: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """What an amendment reaches: forms, visits, datasets, analyses and participants, each by name and sorted."""

    forms: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyDiff:
    """The difference of two definitions of a study, in words for people and as a patch for files."""

    before: str
    after: str
    changes: tuple[Change, ...] = ()
    files: tuple[FileChange, ...] = ()
    touched: Touched = Touched()

    def as_dict(self) -> dict[str, Any]:
        """The diff as plain JSON values."""
        return asdict(self)
