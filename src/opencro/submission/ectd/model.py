"""What an eCTD sequence is made of: backbones (index.xml, the regional one) with leaves that name files.

Source: ICH eCTD specification 3.2.2; ICH study tagging file specification 2.6.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

M1 = "m1-administrative-information-and-prescribing-information"
M5351 = "m5-3-5-1-study-reports-of-controlled-clinical-studies-pertinent-to-the-claimed-indication"
INDEX = "index.xml"
INDEX_MD5 = "index-md5.txt"
US_REGIONAL = "m1/us/us-regional.xml"


def md5_of(path: Path) -> str:
    """The MD5 of a file, as ICH asks for it, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class Operation(StrEnum):
    """What a leaf does to the dossier."""

    NEW = "new"
    REPLACE = "replace"
    APPEND = "append"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a backbone; `href` is relative to the backbone, `modified_file` is `../0001/index.xml#id` or empty."""

    id: str
    operation: Operation
    href: str
    title: str
    checksum: str
    modified_file: str = ""
    checksum_type: str = "md5"
    heading: str = M5351


@dataclass(frozen=True, slots=True)
class Backbone:
    """A backbone as it was read: its path in the sequence, the DTD it names, its leaves; None where it is not XML."""

    path: str
    dtd: str
    leaves: tuple[Leaf, ...] | None

    def file_of(self, leaf: Leaf) -> str:
        """The path in the sequence of the file that a leaf names; empty for a deletion."""
        folder = self.path.rpartition("/")[0]
        return f"{folder}/{leaf.href}" if folder and leaf.href else leaf.href


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence as it stands in its folder."""

    number: str
    folder: Path
    backbones: tuple[Backbone, ...]
    files: tuple[str, ...]

    def leaves(self) -> Iterator[tuple[Backbone, Leaf]]:
        """Every leaf with its backbone."""
        for backbone in self.backbones:
            for leaf in backbone.leaves or ():
                yield backbone, leaf


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that a study sends: its path in the sequence, its content, its title and file tag (name, info-type)."""

    path: str
    content: bytes | Path = field(repr=False)
    title: str
    tag: tuple[str, str]

    def md5(self) -> str:
        """The checksum of the bytes."""
        if isinstance(self.content, Path):
            return md5_of(self.content)
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class StudySection:
    """A study below 5.3.5.1: id and title, indication, categories of the tagging file, where the file stands."""

    id: str
    title: str
    indication: str
    folder: str
    categories: Mapping[str, str]
    """Category -> value with the code list in which it is permitted, e.g. `type-of-control` -> `placebo`."""
